//! A server, and devices of accounts on it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_client::{Client, HttpTransport, Incoming, KeyCost, Message, SUITES, Vault};
use countersign_protocol::suite::SuiteId;
use countersign_server::clock::SystemClock;
use countersign_server::config::{Config, Rate};
use countersign_server::entropy::SystemEntropy;
use countersign_server::http::{Transport, serve};
use countersign_server::secrets::Secrets;
use countersign_server::store::limits::Limits;
use countersign_server::store::sqlite::SqliteStore;
use countersign_server::{AppState, router};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Vaults of tests need not resist guessing.
pub(crate) const CHEAP: KeyCost = KeyCost { memory_kib: 64, passes: 1 };
pub(crate) const PASSPHRASE: &str = "open sesame";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server on a free port, with a directory for it and for vaults.
pub(crate) struct World {
    pub(crate) url: String,
    directory: TempDir,
    serving: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = generous();
        let entropy = Arc::new(SystemEntropy);
        let secrets = Secrets::generate(&*entropy);
        let database = directory.path().join("server.db");
        let store = Arc::new(SqliteStore::open(&database, Limits::default()).await.unwrap());
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let transport = Transport::plain(&config);
        let app = AppState::new(store, config, &secrets, Arc::new(SystemClock), entropy);
        let serving = tokio::spawn(async move {
            serve(listener, router(app), transport, std::future::pending()).await;
        });
        Self { url, directory, serving }
    }

    pub(crate) fn vault_path(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.vault"))
    }

    /// An empty vault.
    pub(crate) fn empty(&self, name: &str) -> Client {
        let vault = Vault::create(&self.vault_path(name), PASSPHRASE, CHEAP).unwrap();
        Client::new(vault, Arc::new(HttpTransport::new(&self.url).unwrap()))
    }

    /// The vault of a name, opened again.
    pub(crate) fn open(&self, name: &str) -> Client {
        let vault = Vault::open(&self.vault_path(name), PASSPHRASE).unwrap();
        Client::new(vault, Arc::new(HttpTransport::new(&self.url).unwrap()))
    }

    /// A new account, which speaks everything.
    pub(crate) async fn user(&self, name: &str) -> Client {
        self.user_speaking(name, &SUITES).await
    }

    pub(crate) async fn user_speaking(&self, name: &str, suites: &[SuiteId]) -> Client {
        let client = self.empty(name);
        client.sign_up(name, PASSWORD, None, suites).await.unwrap();
        client
    }

    /// One more device of the account of `old`.
    pub(crate) async fn link(&self, old: &Client, name: &str) -> Client {
        let new = self.empty(name);
        let waiting = new.begin_linking().await.unwrap();
        old.approve(&waiting.code()).await.unwrap();
        waiting.finish(&SUITES).await.unwrap();
        new
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn generous() -> Config {
    let mut config = Config::default();
    let often = Rate { burst: 1_000_000, per_seconds: 0.001 };
    let rates = &mut config.rates;
    (rates.signup, rates.login_username, rates.login_address) = (often, often, often);
    (rates.provisioning, rates.claim, rates.send) = (often, often, often);
    config
}

/// Sends a text to the account of `to`.
pub(crate) async fn send(from: &Client, to: &Client, text: &str) {
    let account = to.account().unwrap().account;
    assert!(from.send(account, text).await.unwrap().stored);
}

/// What came, as texts; whatever waited in the outbox is sent.
pub(crate) async fn receive(client: &Client) -> Vec<Message> {
    let came = client.receive().await.unwrap();
    client.flush().await.unwrap();
    let text = |incoming| match incoming {
        Incoming::Text(message) => message,
        other => panic!("{other:?}"),
    };
    came.into_iter().map(text).collect()
}

pub(crate) fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}
