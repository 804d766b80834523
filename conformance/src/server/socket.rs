//! The judge's WebSocket: blocking, every read with a time limit, every frame kept.

use std::{
    io::ErrorKind,
    net::{TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use serde_json::Value;
use tungstenite::{
    ClientRequestBuilder, Error, HandshakeError, Message, WebSocket,
    http::Uri,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{client::Client, exchange};
use crate::case::{Failure, Stop, Trouble};

/// The path of the WebSocket.
pub const PATH: &str = "/api/v1/ws";
/// Its subprotocol.
pub const PROTOCOL: &str = "countersign.v1";

/// How a connection is authenticated.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// `Authorization: Bearer`.
    Token(String),
    /// `?ticket=`.
    Ticket(String),
    /// Any query, for instance `token=…`.
    Query(String),
    /// Not at all.
    None,
}

/// An open connection.
#[derive(Debug)]
pub struct Socket {
    socket: WebSocket<TcpStream>,
    client: Client,
}

/// What opening a connection came to.
#[derive(Debug)]
pub enum Opened {
    /// It is open.
    Socket(Box<Socket>),
    /// The server refused with this status and this problem code (empty when there is none).
    Refused(u16, String),
}

/// What came next on a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// A text frame with JSON.
    Frame(Value),
    /// A frame that is no JSON text.
    Other(String),
    /// The server closed with this code; `None` without one.
    Closed(Option<u16>),
    /// Nothing within the time.
    Silence,
}

impl Socket {
    /// Opens a connection, whatever comes.
    ///
    /// # Errors
    /// Inconclusive when there is no answer.
    pub fn connect(client: &Client, entrance: &Entrance) -> Result<Opened, Stop> {
        let authority = client.address().authority();
        let query = match entrance {
            Entrance::Ticket(ticket) => format!("?ticket={ticket}"),
            Entrance::Query(query) => format!("?{query}"),
            Entrance::Token(_) | Entrance::None => String::new(),
        };
        let uri: Uri = format!("ws://{authority}{PATH}{query}")
            .parse()
            .map_err(|error| io(format!("no address: {error}")))?;
        let mut request = ClientRequestBuilder::new(uri).with_sub_protocol(PROTOCOL);
        if let Entrance::Token(token) = entrance {
            request = request.with_header("Authorization", format!("Bearer {token}"));
        }
        let stream = authority
            .to_socket_addrs()
            .and_then(|mut all| all.next().ok_or_else(|| ErrorKind::AddrNotAvailable.into()))
            .and_then(|address| TcpStream::connect_timeout(&address, client.timeout()))
            .and_then(|stream| {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(client.timeout()))?;
                Ok(stream)
            })
            .map_err(|error| io(format!("cannot connect to {authority}: {error}")))?;
        let opened = match tungstenite::client::client(request, stream) {
            Ok((socket, _)) => Opened::Socket(Box::new(Self { socket, client: client.clone() })),
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let body = response.body().as_deref().unwrap_or_default();
                let problem: Value = serde_json::from_slice(body).unwrap_or_default();
                let code = problem.get("code").and_then(Value::as_str).unwrap_or_default();
                Opened::Refused(response.status().as_u16(), code.to_owned())
            }
            Err(HandshakeError::Failure(error)) => return Err(io(format!("GET {PATH}: {error}"))),
            Err(HandshakeError::Interrupted(_)) => {
                let after_ms = u64::try_from(client.timeout().as_millis()).unwrap_or(u64::MAX);
                return Err(Stop::Inconclusive(Trouble::Timeout {
                    op: format!("GET {PATH}"),
                    after_ms,
                }));
            }
        };
        let shown = match &opened {
            Opened::Socket(_) => "101".to_owned(),
            Opened::Refused(status, code) => format!("{status} {code}"),
        };
        client.keep(format!("GET {PATH} (WebSocket)"), shown);
        Ok(opened)
    }

    /// Opens a connection that must be let in.
    ///
    /// # Errors
    /// Fails the case when it is refused.
    pub fn open(client: &Client, entrance: &Entrance) -> Result<Self, Stop> {
        match Self::connect(client, entrance)? {
            Opened::Socket(socket) => Ok(*socket),
            Opened::Refused(status, code) => {
                Err(Failure::new(format!("GET {PATH}"), "101", format!("{status} {code}")).into())
            }
        }
    }

    /// Opens a connection that must be refused in this way.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn refused(
        client: &Client,
        entrance: &Entrance,
        status: u16,
        code: &str,
    ) -> Result<(), Stop> {
        match Self::connect(client, entrance)? {
            Opened::Refused(its, word) if its == status && word == code => Ok(()),
            Opened::Refused(its, word) => Err(Failure::new(
                format!("GET {PATH}"),
                format!("{status} {code}"),
                format!("{its} {word}"),
            )
            .weighing(crate::case::Severity::Spec)
            .into()),
            Opened::Socket(_) => Err(Failure::new(
                format!("GET {PATH}"),
                format!("{status} {code}"),
                "101: it is let in",
            )
            .into()),
        }
    }

    /// What comes within this time. Pings and pongs are answered and left out.
    ///
    /// # Errors
    /// Inconclusive when the connection breaks without a close frame while it is read.
    pub fn next(&mut self, within: Duration) -> Result<Next, Stop> {
        let deadline = Instant::now() + within;
        let next = loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break Next::Silence;
            }
            self.socket
                .get_ref()
                .set_read_timeout(Some(left))
                .map_err(|error| io(error.to_string()))?;
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    break serde_json::from_str(&text)
                        .map_or_else(|_| Next::Other(text.to_string()), Next::Frame);
                }
                Ok(Message::Binary(bytes)) => {
                    break Next::Other(format!("{} binary bytes", bytes.len()));
                }
                Ok(Message::Close(frame)) => {
                    break Next::Closed(frame.map(|frame| frame.code.into()));
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_)) => {
                    break Next::Closed(None);
                }
                Err(Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(Error::Io(_)) => break Next::Closed(None),
                Err(error) => return Err(io(format!("reading from the WebSocket: {error}"))),
            }
        };
        let shown = match &next {
            Next::Frame(frame) => exchange::shown(frame.to_string().as_bytes()),
            other => format!("{other:?}"),
        };
        self.client.keep("(waiting on the WebSocket)".into(), shown);
        Ok(next)
    }

    /// The next frame of this type; others that come before it are left out. `type` is `hello`, `item`, …
    ///
    /// # Errors
    /// Fails the case when none comes in time or the connection is closed.
    pub fn expect(&mut self, kind: &str, within: Duration) -> Result<Value, Stop> {
        let deadline = Instant::now() + within;
        let missing = |actual: String| {
            Stop::from(Failure::new("the WebSocket", format!("a frame of type {kind}"), actual))
        };
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now()))? {
                Next::Frame(frame) if frame.get("type").and_then(Value::as_str) == Some(kind) => {
                    return Ok(frame);
                }
                Next::Frame(_) => {}
                Next::Other(text) => return Err(missing(text)),
                Next::Closed(code) => return Err(missing(format!("closed with {code:?}"))),
                Next::Silence => return Err(missing("nothing in time".into())),
            }
        }
    }

    /// All frames until nothing comes for this time or the connection is closed.
    ///
    /// # Errors
    /// As [`Socket::next`].
    pub fn all(&mut self, quiet: Duration) -> Result<Vec<Value>, Stop> {
        let mut frames = Vec::new();
        while let Next::Frame(frame) = self.next(quiet)? {
            frames.push(frame);
        }
        Ok(frames)
    }

    /// The connection must be closed with this code within this time; frames before that are left out.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn expect_closed(&mut self, code: u16, within: Duration) -> Result<(), Stop> {
        let deadline = Instant::now() + within;
        let wrong = |actual: String| {
            Stop::from(Failure::new("the WebSocket", format!("closed with {code}"), actual))
        };
        loop {
            match self.next(deadline.saturating_duration_since(Instant::now()))? {
                Next::Closed(Some(its)) if its == code => return Ok(()),
                Next::Closed(its) => {
                    let its = its.map_or_else(|| "no code".into(), |its| its.to_string());
                    return Err(wrong(format!("closed with {its}")));
                }
                Next::Silence => return Err(wrong("it stays open".into())),
                Next::Frame(_) | Next::Other(_) => {}
            }
        }
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// Inconclusive when the connection is gone.
    pub fn send(&mut self, frame: &Value) -> Result<(), Stop> {
        self.send_message(Message::text(frame.to_string()))
    }

    /// Sends any message: text that is no JSON, binary, a ping.
    ///
    /// # Errors
    /// Inconclusive when the connection is gone.
    pub fn send_message(&mut self, message: Message) -> Result<(), Stop> {
        let shown = match &message {
            Message::Text(text) => exchange::shown(text.as_bytes()),
            other => format!("{} bytes, not text", other.len()),
        };
        self.client.keep(format!("(WebSocket) {shown}"), String::new());
        self.socket
            .send(message)
            .map_err(|error| io(format!("writing into the WebSocket: {error}")))
    }

    /// Closes it in good order.
    pub fn close(mut self) {
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        // The other side may have gone first.
        let _closed = self.socket.close(Some(frame));
        let _flushed = self.socket.flush();
    }
}

fn io(text: String) -> Stop {
    Stop::Inconclusive(Trouble::Io(text))
}
