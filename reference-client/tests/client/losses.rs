//! A network that loses requests, and answers to requests that arrived.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_client::{
    Answer, Client, HttpTransport, Patience, Request, SUITES, Socket, Transport, TransportError,
    Vault,
};

use crate::server::{CHEAP, PASSPHRASE, PASSWORD, World, texts};

/// Loses every third request or so, half of them on the way back.
struct Lossy {
    inner: HttpTransport,
    state: AtomicU64,
    lost: AtomicU64,
}

impl Lossy {
    fn new(url: &str, seed: u64) -> Self {
        let inner = HttpTransport::new(url).unwrap();
        Self { inner, state: AtomicU64::new(seed), lost: AtomicU64::new(0) }
    }

    /// `SplitMix64`.
    fn draw(&self) -> u64 {
        let state = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn lose(&self) -> TransportError {
        self.lost.fetch_add(1, Ordering::Relaxed);
        TransportError::Broken("lost".to_owned())
    }
}

#[async_trait]
impl Transport for Lossy {
    async fn request(&self, request: &Request) -> Result<Answer, TransportError> {
        match self.draw() % 6 {
            0 => Err(self.lose()),
            1 => {
                self.inner.request(request).await?;
                Err(self.lose())
            }
            _ => self.inner.request(request).await,
        }
    }

    async fn open_socket(
        &self,
        path: &str,
        token: &str,
    ) -> Result<Box<dyn Socket>, TransportError> {
        self.inner.open_socket(path, token).await
    }

    fn server(&self) -> &str {
        self.inner.server()
    }
}

/// A client that gives up at the second loss in a row, so that all operations are interrupted.
fn client(world: &World, name: &str, transport: &Arc<Lossy>) -> Client {
    let vault = Vault::create(&world.vault_path(name), PASSPHRASE, CHEAP).unwrap();
    let first_pause = Duration::from_millis(1);
    let patience = Patience { attempts: 2, first_pause, ..Patience::default() };
    Client::new(vault, transport.clone()).with_patience(patience)
}

/// Signs up; interrupted, logs in until that succeeds.
async fn join(client: &Client, name: &str) {
    let mut joined = client.sign_up(name, PASSWORD, None, &SUITES).await;
    for _ in 0..100 {
        if joined.is_ok() {
            return;
        }
        joined = match client.login(name, PASSWORD, &SUITES).await {
            // The sign-up itself never arrived.
            Err(error) if error.has_code("bad_credentials") => {
                client.sign_up(name, PASSWORD, None, &SUITES).await
            }
            other => other,
        };
    }
    panic!("{name} never got in: {joined:?}");
}

#[tokio::test]
async fn what_the_network_loses_is_neither_lost_nor_repeated() {
    let world = World::new().await;
    for seed in 0..6 {
        let network = Arc::new(Lossy::new(&world.url, seed * 1_000_003));
        let (a, b) = (format!("alice{seed}"), format!("bob{seed}"));
        let (alice, bob) = (client(&world, &a, &network), client(&world, &b, &network));
        join(&alice, &a).await;
        join(&bob, &b).await;
        let accounts = [&alice, &bob].map(|client| client.account().unwrap().account);
        for number in 0..20 {
            let _interrupted = alice.send(accounts[1], &format!("to {number}")).await;
            let _interrupted = bob.send(accounts[0], &format!("fro {number}")).await;
            let _interrupted = bob.receive().await;
            let _interrupted = alice.receive().await;
        }
        for _ in 0..60 {
            for client in [&alice, &bob] {
                let _interrupted = client.flush().await;
                let _interrupted = client.receive().await;
            }
        }
        assert!(network.lost.load(Ordering::Relaxed) > 50);
        for client in [&alice, &bob] {
            assert!(client.security_log().unwrap().is_empty());
        }
        let sides = [&alice, &bob].map(|client| client.history(None).unwrap());
        let of = |side: usize, from_me| -> Vec<String> {
            let side = sides[side].iter().filter(|message| message.from_me == from_me);
            side.map(|message| message.text.clone()).collect()
        };
        for (from, to) in [(0, 1), (1, 0)] {
            let (sent, received) = (of(from, true), of(to, false));
            let distinct: BTreeSet<&String> = received.iter().collect();
            assert_eq!(distinct.len(), received.len(), "nothing came twice");
            assert_eq!(distinct, sent.iter().collect(), "nothing was lost");
        }
        assert!(!texts(&sides[0]).is_empty());
    }
}
