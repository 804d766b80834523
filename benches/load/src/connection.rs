//! One HTTP/1.1 connection, kept open.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A connection and the token it shows.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr, token: Option<String>) -> Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, token })
    }

    /// From now on with this token.
    pub(crate) fn authorize(&mut self, token: &str) {
        self.token = Some(format!("Bearer {token}"));
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Result<Answer> {
        self.call(Method::POST, path, body.into()).await
    }

    pub(crate) async fn call(&mut self, method: Method, path: &str, body: Bytes) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "load");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token);
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body))?).await?;
        let status = answer.status();
        Ok(Answer { status, body: answer.into_body().collect().await?.to_bytes() })
    }
}

impl Answer {
    /// The body, when the request was served.
    pub(crate) fn served(&self) -> Result<Value> {
        ensure!(
            self.status.is_success(),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).context("the answer is not JSON")
    }
}
