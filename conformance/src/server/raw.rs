//! Plain TCP: for requests that are slow, cut off, too large or no HTTP at all.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpStream, ToSocketAddrs as _},
    time::{Duration, Instant},
};

use super::{client::Client, exchange};
use crate::case::{Stop, Trouble};

/// A connection that the case writes bytes into.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    client: Client,
    sent: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// An answer with this status; its whole text comes along.
    Status(u16, String),
    /// The connection was closed without one.
    Closed,
    /// Nothing within the time.
    Silence,
}

impl Raw {
    /// Connects.
    ///
    /// # Errors
    /// Inconclusive when that fails.
    pub fn connect(client: &Client) -> Result<Self, Stop> {
        let authority = client.address().authority();
        let stream = authority
            .to_socket_addrs()
            .and_then(|mut all| all.next().ok_or_else(|| ErrorKind::AddrNotAvailable.into()))
            .and_then(|address| TcpStream::connect_timeout(&address, client.timeout()))
            .map_err(|error| io(format!("cannot connect to {authority}: {error}")))?;
        stream.set_nodelay(true).map_err(|error| io(error.to_string()))?;
        Ok(Self { stream, client: client.clone(), sent: String::new() })
    }

    /// Writes bytes. A connection that the server has closed already is no error: its answer is read later.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.sent.len() < 600 {
            self.sent.push_str(&exchange::shown(bytes));
        }
        // The answer tells what became of it.
        let _written = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// Says that no more bytes come.
    pub fn end(&self) {
        // As in `write`.
        let _ended = self.stream.shutdown(Shutdown::Write);
    }

    /// Whether the server has begun to answer, or has closed, within a time.
    #[must_use]
    pub fn has_answer(&self, within: Duration) -> bool {
        let mut one = [0];
        self.stream.set_read_timeout(Some(within)).is_ok() && self.stream.peek(&mut one).is_ok()
    }

    /// Reads the answer's head and what comes with it.
    pub fn answer(mut self, within: Duration) -> Answer {
        let answer = self.read(within);
        let shown = match &answer {
            Answer::Status(_, text) => crate::subject::cut(text, 400),
            Answer::Closed => "(closed without an answer)".into(),
            Answer::Silence => format!("(nothing within {} s)", within.as_secs()),
        };
        self.client.keep(format!("(plain TCP) {}", crate::subject::cut(&self.sent, 600)), shown);
        answer
    }

    fn read(&mut self, within: Duration) -> Answer {
        let deadline = Instant::now() + within;
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.set_read_timeout(Some(left)).is_err() {
                return status_in(&bytes).unwrap_or(Answer::Silence);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return status_in(&bytes).unwrap_or(Answer::Closed),
                Ok(count) => bytes.extend(buffer.iter().take(count)),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return status_in(&bytes).unwrap_or(Answer::Silence);
                }
                Err(_) => return status_in(&bytes).unwrap_or(Answer::Closed),
            }
            if is_whole(&bytes)
                && let Some(answer) = status_in(&bytes)
            {
                return answer;
            }
        }
    }
}

/// Whether head and declared body are there.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}

fn status_in(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer::Status(status, text))
}

fn io(text: String) -> Stop {
    Stop::Inconclusive(Trouble::Io(text))
}
