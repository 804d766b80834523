//! HTTP and WebSocket, over TLS or in the clear.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use reqwest::header::{self, HeaderName as Header};
use reqwest::{Client, Method, Response};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{Answer, Request, Socket, Transport, TransportError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Answers that are longer are not read to their end: the longest of the interface is a mailbox page.
const ANSWER_MAX: usize = 128 << 20;
const SUBPROTOCOL: &str = "countersign.v1";

/// A connection pool to one server.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: Client,
    server: String,
}

impl HttpTransport {
    /// A transport to the server at `server`: `https://chat.example`, or `http://` for tests.
    ///
    /// # Errors
    /// When the address is not of this form.
    pub fn new(server: &str) -> Result<Self, TransportError> {
        let server = server.trim_end_matches('/').to_owned();
        if !server.starts_with("https://") && !server.starts_with("http://") {
            let form = "it must begin with https:// or http://".to_owned();
            return Err(TransportError::Address(form));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(broken)?;
        Ok(Self { client, server })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn request(&self, request: &Request) -> Result<Answer, TransportError> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(broken)?;
        let mut building = self.client.request(method, format!("{}{}", self.server, request.path));
        if let Some(bearer) = &request.bearer {
            building = building.bearer_auth(bearer.as_str());
        }
        if let Some(body) = &request.body {
            building = building.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let mut answer = building.send().await.map_err(broken)?;
        let retry_after = text(&answer, header::RETRY_AFTER).and_then(|text| text.parse().ok());
        let mut whole = Answer {
            status: answer.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            date: text(&answer, header::DATE).and_then(http_date),
            body: Vec::new(),
        };
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if whole.body.len() + chunk.len() > ANSWER_MAX {
                return Err(TransportError::Broken("the answer does not end".to_owned()));
            }
            whole.body.extend_from_slice(&chunk);
        }
        Ok(whole)
    }

    async fn open_socket(
        &self,
        path: &str,
        bearer: &str,
    ) -> Result<Box<dyn Socket>, TransportError> {
        let address = format!("{}{path}", self.server.replacen("http", "ws", 1));
        let mut request = address.into_client_request().map_err(broken)?;
        let authorization = HeaderValue::from_str(&format!("Bearer {bearer}")).map_err(broken)?;
        let protocol = HeaderName::from_static("sec-websocket-protocol");
        request.headers_mut().insert("authorization", authorization);
        request.headers_mut().insert(protocol, HeaderValue::from_static(SUBPROTOCOL));
        let connecting = tokio_tungstenite::connect_async(request);
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((stream, _))) => Ok(Box::new(OpenSocket { stream, close_code: None })),
            Ok(Err(SocketError::Http(answer))) => {
                Err(TransportError::Refused(answer.status().as_u16()))
            }
            Ok(Err(error)) => Err(broken(error)),
            Err(elapsed) => Err(broken(elapsed)),
        }
    }

    fn server(&self) -> &str {
        &self.server
    }
}

struct OpenSocket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    close_code: Option<u16>,
}

#[async_trait]
impl Socket for OpenSocket {
    async fn receive(&mut self) -> Result<Option<String>, TransportError> {
        while let Some(message) = self.stream.next().await {
            match message.map_err(broken)? {
                Message::Text(text) => return Ok(Some(text.as_str().to_owned())),
                Message::Close(frame) => {
                    self.close_code = frame.map(|frame| frame.code.into());
                    return Ok(None);
                }
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
        Ok(None)
    }

    async fn send(&mut self, frame: String) -> Result<(), TransportError> {
        self.stream.send(Message::text(frame)).await.map_err(broken)
    }

    fn close_code(&self) -> Option<u16> {
        self.close_code
    }
}

/// Names the innermost cause: the outer ones say "error sending request".
fn broken(error: impl std::error::Error) -> TransportError {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    TransportError::Broken(cause.to_string())
}

fn text(answer: &Response, name: Header) -> Option<&str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

/// HTTP's dates are RFC 2822's, with `GMT` for the zone.
fn http_date(text: &str) -> Option<u64> {
    let moment = OffsetDateTime::parse(&text.replace("GMT", "+0000"), &Rfc2822).ok()?;
    u64::try_from(moment.unix_timestamp()).ok().map(|seconds| seconds * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_header_is_read() {
        assert_eq!(http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(1_700_000_000_000));
        assert_eq!(http_date("soon"), None);
    }

    #[test]
    fn an_address_needs_its_scheme() {
        assert!(HttpTransport::new("https://chat.example/").is_ok());
        assert!(HttpTransport::new("chat.example").is_err());
    }
}
