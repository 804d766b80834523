//! Trying again: the same bytes, after a while that the server may name.

use std::time::Duration;

use tokio::time::sleep;

use super::{Answer, Request, Transport, TransportError};
use crate::clock::random_bytes;

/// How long to go on with one request.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How many attempts to make, at least 1.
    pub attempts: u32,
    /// The pause after the first attempt; it doubles from there.
    pub first_pause: Duration,
    /// The longest pause. Whatever the server wants to wait longer for is given back to the caller.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(20),
        }
    }
}

/// Makes a request until it has an answer that stands, or patience ends.
///
/// Every operation of the interface that matters may be repeated with the same bytes: that is what
/// claim ids, message ids and nonces are for.
///
/// # Errors
/// The last attempt's, when none had an answer.
pub(crate) async fn request_patiently(
    transport: &dyn Transport,
    request: &Request,
    patience: Patience,
) -> Result<Answer, TransportError> {
    let mut pause = patience.first_pause;
    for _ in 1..patience.attempts {
        let wanted = match transport.request(request).await {
            Ok(answer) if !matches!(answer.status, 408 | 429 | 502..=504) => return Ok(answer),
            Ok(answer) if answer.retry_after > Some(patience.longest_pause) => return Ok(answer),
            Ok(answer) => answer.retry_after,
            Err(TransportError::Broken(_)) => None,
            Err(error) => return Err(error),
        };
        sleep(wanted.unwrap_or_default().max(jittered(pause))).await;
        pause = (pause * 2).min(patience.longest_pause);
    }
    transport.request(request).await
}

/// Between half of a pause and the whole: clients that failed together do not return together.
fn jittered(pause: Duration) -> Duration {
    let [byte] = random_bytes();
    pause / 2 + pause / 2 * u32::from(byte) / 255
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::transport::Socket;

    /// Answers with these statuses, one after the other; 0 breaks the connection.
    struct Scripted {
        statuses: Mutex<Vec<u16>>,
        seen: Mutex<Vec<Vec<u8>>>,
    }

    #[async_trait]
    impl Transport for Scripted {
        async fn request(&self, request: &Request) -> Result<Answer, TransportError> {
            self.seen.lock().unwrap().push(request.body.clone().unwrap());
            match self.statuses.lock().unwrap().remove(0) {
                0 => Err(TransportError::Broken("gone".to_owned())),
                status => Ok(Answer { status, body: vec![], retry_after: None, date: None }),
            }
        }

        async fn open_socket(&self, _: &str, _: &str) -> Result<Box<dyn Socket>, TransportError> {
            Err(TransportError::Refused(404))
        }

        fn server(&self) -> &'static str {
            "script"
        }
    }

    async fn status_after(statuses: &[u16]) -> (Option<u16>, usize) {
        let statuses = Mutex::new(statuses.to_vec());
        let transport = Scripted { statuses, seen: Mutex::default() };
        let body = Some(b"the same".to_vec());
        let request = Request { method: "POST", path: "/".to_owned(), bearer: None, body };
        let first_pause = Duration::from_millis(1);
        let patience = Patience { attempts: 3, first_pause, ..Patience::default() };
        let answer = request_patiently(&transport, &request, patience).await;
        let seen = transport.seen.into_inner().unwrap();
        assert!(seen.iter().all(|body| body == b"the same"));
        (answer.ok().map(|answer| answer.status), seen.len())
    }

    #[tokio::test]
    async fn what_may_succeed_later_is_tried_again() {
        assert_eq!(status_after(&[0, 503, 201]).await, (Some(201), 3));
        assert_eq!(status_after(&[409]).await, (Some(409), 1));
        assert_eq!(status_after(&[0, 0, 0]).await, (None, 3));
        assert_eq!(status_after(&[429, 429, 429]).await, (Some(429), 3));
    }
}
