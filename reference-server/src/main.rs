//! `countersign-server`: the reference server on an embedded database.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::Parser;
use countersign_server::{
    AppState,
    clock::SystemClock,
    config::{Config, LogFormat, Sources},
    entropy::SystemEntropy,
    http::{Transport, acceptor, serve},
    router,
    secrets::Secrets,
    store::{limits, sqlite::SqliteStore},
    upkeep::upkeep,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Keeps the envelopes and keys of a Countersign service, and can read neither.
///
/// Without a single option it listens on 127.0.0.1:7400 and keeps everything in ./countersign.db. It prints one line
/// on standard output, the address it listens on, and logs to standard error. SIGTERM and SIGINT let open requests
/// finish.
#[derive(Parser, Debug)]
#[command(version, after_help = AFTER_HELP)]
struct Flags {
    /// A TOML file; the sample countersign-server.toml shows every setting with its default
    #[arg(long, value_name = "FILE", env = "COUNTERSIGN_CONFIG")]
    config: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    address: Option<IpAddr>,
    /// The port to listen on; 0 takes a free one [default: 7400]
    #[arg(long)]
    port: Option<u16>,
    /// The embedded database; made when it is not there [default: ./countersign.db]
    #[arg(long, value_name = "FILE")]
    database: Option<PathBuf>,
    /// Any setting, by its name in the file; can be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Say whether the settings can be used, print them, and end
    #[arg(long)]
    check_config: bool,
}

const AFTER_HELP: &str = "\
Settings come from the file, then the environment, then flags; the later wins. An unknown setting is an error.
In the environment, limits.window is COUNTERSIGN_SERVER_LIMITS__WINDOW.

Examples:
  countersign-server                                  try it
  countersign-server --port 0 --database /tmp/a.db    for a test: the first line on standard output is the URL
  countersign-server --set limits.message_ttl_seconds=86400
  countersign-server --config countersign-server.toml --check-config

Encryption of the transport: tls.certificate and tls.key in the file, or a proxy in front.
The server's own keys are made at the first start in a file beside the database: back both up together.";

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has to be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn main() -> anyhow::Result<ExitCode> {
    let flags = Flags::parse();
    let config = read(&flags)?;
    if flags.check_config {
        let shown = toml::to_string(&config)?;
        writeln!(std::io::stdout(), "{shown}")?;
        return Ok(ExitCode::SUCCESS);
    }
    start_log(&config)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(config))?;
    Ok(ExitCode::SUCCESS)
}

fn read(flags: &Flags) -> anyhow::Result<Config> {
    let mut set = flags.set.clone();
    if let Some(database) = &flags.database {
        let Some(path) = database.to_str() else { bail!("the database's path is not UTF-8") };
        set.push(("database".to_owned(), toml::Value::from(path).to_string()));
    }
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let sources =
        Sources { file: flags.config.clone(), environment: environment.collect(), flags: set };
    let mut config = sources.read().context("no usable configuration")?;
    let listen = config.listen;
    config.listen = SocketAddr::new(
        flags.address.unwrap_or_else(|| listen.ip()),
        flags.port.unwrap_or_else(|| listen.port()),
    );
    Ok(config)
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter).context("log.filter")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn run(config: Config) -> anyhow::Result<()> {
    let entropy = Arc::new(SystemEntropy);
    let secrets = Secrets::load_or_create(&config.secrets_path(), &*entropy)?;
    let mut transport = Transport::plain(&config);
    transport.tls = acceptor(&config.tls)?;
    let store = Arc::new(SqliteStore::open(&config.database, store_limits(&config)).await?);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let scheme = if transport.tls.is_some() { "https" } else { "http" };
    writeln!(std::io::stdout(), "{scheme}://{}", listener.local_addr()?)?;
    std::io::stdout().flush()?;
    let shutdown = transport.shutdown;
    let app = AppState::new(store.clone(), config, &secrets, Arc::new(SystemClock), entropy);
    let upkeep = tokio::spawn(upkeep(app.clone()));
    let ending = app.clone();
    serve(listener, router(app.clone()), transport, async move {
        signalled().await;
        tracing::info!("ending");
        ending.hub.close_all();
    })
    .await;
    upkeep.abort();
    sockets_closed(&app, shutdown).await;
    store.close().await;
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

/// Waits until the sockets are closed, but not for ever.
async fn sockets_closed(app: &AppState, most: Duration) {
    let closed = async {
        while !app.hub.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(most, closed).await.ok();
}

/// Waits for SIGTERM or SIGINT.
async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    tokio::signal::ctrl_c().await.ok();
}
