//! What every request can reach: one value, made once.

use std::{ops::Deref, sync::Arc};

use countersign_protocol::audit::ServerSigningKey;
use uuid::Uuid;

use crate::{
    auth::{logins::Logins, password::Passwords, token::Tokens},
    clock::Clock,
    config::Config,
    entropy::Entropy,
    ids::Moment,
    in_turn::InTurn,
    limiter::{Limiter, LocalLimiter},
    metrics::Metrics,
    realtime::{fanout::Fanout, hub::Hub},
    secrets::Secrets,
    store::Store,
};

/// The server without its sockets. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct AppState(Arc<App>);

/// What several processes of one service have in common beside the store.
pub struct Shared {
    /// How often.
    pub limiter: Arc<dyn Limiter>,
    /// Reaches all sockets, those of this process by its hub.
    pub fanout: Box<dyn FnOnce(Arc<Hub>) -> Arc<dyn Fanout> + Send>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared(..)")
    }
}

/// The parts of the server.
pub struct App {
    /// What it remembers.
    pub store: Arc<dyn Store>,
    /// What it was told.
    pub config: Config,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Makes and reads tokens.
    pub tokens: Tokens,
    /// Signs heads of audit logs.
    pub signing_key: ServerSigningKey,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Which logins are good.
    pub logins: Logins,
    /// How often.
    pub limiter: Arc<dyn Limiter>,
    /// Claims under way.
    pub claims: InTurn,
    /// Messages under way.
    pub messages: InTurn,
    /// The sockets of this process.
    pub hub: Arc<Hub>,
    /// Reaches all sockets.
    pub fanout: Arc<dyn Fanout>,
    /// What is counted.
    pub metrics: Metrics,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App(..)")
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl AppState {
    /// Puts the server together. Everything of the world is an argument.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        config: Config,
        secrets: &Secrets,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let shared =
            Shared { limiter: Arc::new(LocalLimiter::default()), fanout: Box::new(|hub| hub) };
        Self::sharing(store, config, secrets, clock, entropy, shared)
    }

    /// The same with parts that several processes share.
    #[must_use]
    pub fn sharing(
        store: Arc<dyn Store>,
        config: Config,
        secrets: &Secrets,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        shared: Shared,
    ) -> Self {
        let hub = Arc::new(Hub::default());
        Self(Arc::new(App {
            store,
            clock,
            tokens: Tokens::new(secrets),
            signing_key: ServerSigningKey::from_seed(*secrets.signing_seed),
            passwords: Passwords::new(&config.passwords, &*entropy),
            entropy,
            logins: Logins::new(config.http.login_cache_seconds),
            limiter: shared.limiter,
            fanout: (shared.fanout)(Arc::clone(&hub)),
            hub,
            claims: InTurn::default(),
            messages: InTurn::default(),
            metrics: Metrics::default(),
            config,
        }))
    }
}

impl App {
    /// The time.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// A new `UUIDv7`.
    #[must_use]
    pub fn uuid7(&self) -> Uuid {
        self.entropy.uuid7(self.now())
    }
}

/// So many seconds later.
#[must_use]
pub const fn after(now: Moment, seconds: u64) -> Moment {
    now.plus_millis(seconds.saturating_mul(1000))
}
