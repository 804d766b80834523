//! Puts the honest server together, with the decorators between its parts.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use axum::Router;
use countersign_server::{
    AppState,
    app::Shared,
    clock::SystemClock,
    config::{Config, Sources},
    entropy::SystemEntropy,
    http::{Transport, serve},
    limiter::{Limiter, LocalLimiter},
    router,
    secrets::Secrets,
    store::{Store, limits, sqlite::SqliteStore},
    upkeep::upkeep,
};
use tokio::net::TcpListener;

use crate::{
    database::{Database, restore},
    faults::Faults,
    gate, relay,
    server::Server,
    twist::{Honest, Twisted},
};

/// Reads the settings as the honest server does.
pub(crate) fn settings(
    file: Option<PathBuf>,
    database: &Path,
    port: u16,
    mut set: Vec<(String, String)>,
) -> anyhow::Result<Config> {
    let Some(path) = database.to_str() else { bail!("the database's path is not UTF-8") };
    set.push(("database".to_owned(), toml::Value::from(path).to_string()));
    let sources = Sources { file, environment: Vec::new(), flags: set };
    let mut config = sources.read().context("no usable configuration")?;
    config.listen = SocketAddr::new(config.listen.ip(), port);
    Ok(config)
}

/// Logs to standard error, as the honest server does.
pub(crate) fn log(config: &Config) -> anyhow::Result<()> {
    let filter =
        tracing_subscriber::EnvFilter::try_new(&config.log.filter).context("log.filter")?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// Serves until the process is ended.
pub(crate) async fn run(told: Config, faults: Faults) -> anyhow::Result<()> {
    let mut config = told.clone();
    (faults.config)(&mut config);
    restore(&config.database)?;
    let entropy = Arc::new(SystemEntropy);
    let secrets = Secrets::load_or_create(&config.secrets_path(), &*entropy)?;
    let honest: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&config.database, store_limits(&config)).await?);
    let database = Arc::new(Database::open(&config.database, faults.triggers)?);
    let store: Arc<dyn Store> = match faults.store {
        None => honest,
        Some(twist) => {
            let limits = config.limits;
            Arc::new(Twisted {
                honest: Honest { store: honest, db: Arc::clone(&database), limits },
                twist,
            })
        }
    };
    let local: Arc<dyn Limiter> = Arc::new(LocalLimiter::default());
    let limiter = (faults.limiter)(local);
    let listen = config.listen;
    let transport = Transport::plain(&config);
    let shared = Shared { limiter, fanout: Box::new(|hub| hub) };
    let app = AppState::sharing(store, config, &secrets, Arc::new(SystemClock), entropy, shared);
    tokio::spawn(upkeep(app.clone()));
    let inner = TcpListener::bind("127.0.0.1:0").await?;
    let relayed_to = inner.local_addr()?;
    let server = Arc::new(Server::new(app.clone(), router(app), database, told, relayed_to));
    if faults.wire.is_some() {
        let transport = Transport::plain(&server.app.config);
        tokio::spawn(serve(inner, server.inner.clone(), transport, std::future::pending()));
    }
    let mut outer: Router = gate::around(Arc::clone(&server), faults.gate);
    if let Some(wire) = faults.wire {
        outer = relay::around(server, wire, outer);
    }
    let listener =
        TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    writeln!(std::io::stdout(), "http://{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    serve(listener, outer, transport, std::future::pending()).await;
    Ok(())
}

fn store_limits(config: &Config) -> limits::Limits {
    let limits = &config.limits;
    limits::Limits {
        mailbox_items: limits.mailbox_items,
        mailbox_bytes: limits.mailbox_bytes,
        one_time_prekeys: limits.one_time_prekeys,
        claim_millis: limits.idempotency_seconds.saturating_mul(1000),
        ..limits::Limits::default()
    }
}
