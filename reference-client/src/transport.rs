//! How requests reach a server: two operations, which a program can put its own network behind.

mod http;
mod retry;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use zeroize::Zeroizing;

pub use self::http::HttpTransport;
pub use self::retry::Patience;
pub(crate) use self::retry::request_patiently;

/// Carries requests to one server.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Makes one attempt at a request.
    ///
    /// # Errors
    /// When there is no answer. Whether the request arrived is not known then.
    async fn request(&self, request: &Request) -> Result<Answer, TransportError>;

    /// Opens the WebSocket at `path`.
    ///
    /// # Errors
    /// When it cannot be opened; [`TransportError::Refused`] with the server's status.
    async fn open_socket(
        &self,
        path: &str,
        bearer: &str,
    ) -> Result<Box<dyn Socket>, TransportError>;

    /// Where the server is, for a person.
    fn server(&self) -> &str;
}

/// An open WebSocket: text frames in both directions.
#[async_trait]
pub trait Socket: Send {
    /// The next frame. `Ok(None)` after the server has closed: see [`close_code`](Self::close_code).
    ///
    /// # Errors
    /// When the connection broke.
    async fn receive(&mut self) -> Result<Option<String>, TransportError>;

    /// Sends a frame.
    ///
    /// # Errors
    /// When the connection broke.
    async fn send(&mut self, frame: String) -> Result<(), TransportError>;

    /// Why the server closed, once it has.
    fn close_code(&self) -> Option<u16>;
}

/// A request that can be repeated: the same bytes each time.
#[derive(Clone)]
pub struct Request {
    /// GET, POST, PUT or DELETE.
    pub method: &'static str,
    /// From the root: `/api/v1/…`.
    pub path: String,
    /// The access token.
    pub bearer: Option<Zeroizing<String>>,
    /// A JSON body.
    pub body: Option<Vec<u8>>,
}

/// Without token and body.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// An answer of whatever status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The `Retry-After` header, if it was a number of seconds.
    pub retry_after: Option<Duration>,
    /// The `Date` header, in milliseconds since 1970.
    pub date: Option<u64>,
}

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it broke, or took too long.
    #[error("{0}")]
    Broken(String),
    /// The socket was refused with this status.
    #[error("the connection was refused with status {0}")]
    Refused(u16),
    /// The server's address cannot be used.
    #[error("the address of the server is not usable: {0}")]
    Address(String),
}
