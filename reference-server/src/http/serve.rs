//! From a listening socket to the router, with a bound on everything that a client can make last.

use std::{convert::Infallible, future::Future, net::IpAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{auth::caller::PeerAddress, config::Config};

/// The bounds of connections.
#[derive(Clone)]
pub struct Transport {
    /// Time to send a request's head; also how long a connection may be idle.
    pub header: Duration,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Connections at a time.
    pub connections: u32,
    /// Time that open requests get at the end.
    pub shutdown: Duration,
    /// Encryption.
    pub tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

impl Transport {
    /// As configured, without encryption.
    #[must_use]
    pub const fn plain(config: &Config) -> Self {
        Self {
            header: Duration::from_secs(config.limits.header_seconds),
            header_bytes: config.http.header_bytes,
            connections: config.http.connections,
            shutdown: Duration::from_secs(config.http.shutdown_seconds),
            tls: None,
        }
    }
}

/// More headers are refused with 431, as hyper does it.
const HEADERS_MAX: usize = 64;
/// How long to wait after the system refused a connection, for instance because all file handles are used.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `end` is ready, then lets open requests finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    transport: Transport,
    end: impl Future<Output = ()>,
) {
    let permits = Arc::new(Semaphore::new(transport.connections as usize));
    let (ending, ended) = watch::channel(false);
    let transport = Arc::new(transport);
    let mut end = std::pin::pin!(end);
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let accepted = tokio::select! {
            () = &mut end => break,
            accepted = next => accepted,
        };
        match accepted {
            None => break,
            Some((Ok((stream, address)), permit)) => {
                let (router, transport) = (router.clone(), Arc::clone(&transport));
                let connection =
                    accept(stream, address.ip(), router, transport, ended.clone(), permit);
                tokio::spawn(connection);
            }
            Some((Err(cause), _permit)) => {
                tracing::warn!(%cause, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    ending.send_replace(true);
    let all = permits.acquire_many(transport.connections);
    if tokio::time::timeout(transport.shutdown, all).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn accept(
    stream: TcpStream,
    address: IpAddr,
    router: Router,
    transport: Arc<Transport>,
    ended: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) {
    stream.set_nodelay(true).ok();
    match &transport.tls {
        None => connection(stream, address, router, &transport, ended).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(transport.header, tls.accept(stream)).await
            {
                connection(stream, address, router, &transport, ended).await;
            }
        }
    }
    drop(permit);
}

async fn connection<S>(
    stream: S,
    address: IpAddr,
    router: Router,
    transport: &Transport,
    mut ended: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request, address).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(transport.header)
        .max_buf_size(transport.header_bytes)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = Box::pin(connection);
    let ending = async {
        ended.wait_for(|ended| *ended).await.ok();
    };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = ending => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = result {
        tracing::debug!(%cause, "a connection broke off");
    }
}

async fn answer(
    router: Router,
    request: hyper::Request<Incoming>,
    address: IpAddr,
) -> axum::response::Response {
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(PeerAddress(address));
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
