//! `demo`: Alice and Bob, and what the server saw of them.

mod observer;
mod server;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;
use countersign_client::{Account, Client, HttpTransport, Incoming, KeyCost, SUITES, Vault};
use serde_json::json;

use self::observer::Observer;
use self::server::OwnServer;
use super::environment::Environment;
use super::screen::{BAD, FAINT, GOOD, STRONG, Screen, styled};

const HELLO: &str = "Hello, Bob! Nobody between us can read this.";
const ANSWER: &str = "Hello, Alice! Nobody between us could.";
const TO_BOTH: &str = "This is for your phone and your new tablet alike.";
/// Vaults of a demonstration need not resist guessing.
const CHEAP: KeyCost = KeyCost { memory_kib: 1024, passes: 1 };
const SHOWN_BYTES: usize = 96;

/// The arguments of `demo`.
///
/// Makes two users on a server, lets them talk, links a third device, and shows what the server
/// saw. Nothing is left behind here; on a server that you name, the two accounts stay.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  countersign demo --server-binary ./countersign-server\n  countersign demo --server http://127.0.0.1:7400"
)]
pub(crate) struct Demo {
    /// A server to start for the demonstration, on a free port and a database of its own.
    #[arg(long, value_name = "FILE")]
    server_binary: Option<std::path::PathBuf>,
}

/// What must not be found at the server.
struct Secret {
    what: String,
    bytes: Vec<u8>,
}

struct Stage<'a> {
    screen: Screen,
    directory: &'a Path,
    server: String,
    observer: Arc<Observer>,
}

pub(crate) async fn run(environment: &Environment, arguments: Demo) -> anyhow::Result<ExitCode> {
    let screen = environment.screen;
    let directory = Directory::new()?;
    let own = match &arguments.server_binary {
        Some(binary) => Some(OwnServer::start(binary, &directory.0).await?),
        None => None,
    };
    let named = environment.server().map(str::to_owned);
    let server = own.as_ref().map(|own| own.url.clone()).or(named);
    let server = server.context("which server? Say --server URL or --server-binary FILE")?;
    let observer = Arc::new(Observer::new(HttpTransport::new(&server)?));
    let stage = Stage { screen, directory: &directory.0, server, observer };
    let secrets = stage.play().await?;
    stage.look(own.as_ref(), &secrets)
}

impl Stage<'_> {
    /// The conversation; all that must have stayed secret in it.
    async fn play(&self) -> anyhow::Result<Vec<Secret>> {
        self.heading("Two users");
        let alice = self.person("alice").await?;
        let bob = self.person("bob").await?;
        let (alice_id, bob_id) = (alice.account()?.account, bob.account()?.account);
        self.note(&format!("server {}", self.server));

        self.heading("Messages both ways");
        self.send("Alice", &alice, bob_id, HELLO).await?;
        self.expect("Bob", &bob, HELLO).await?;
        self.send("Bob", &bob, alice_id, ANSWER).await?;
        self.expect("Alice", &alice, ANSWER).await?;
        let same =
            alice.safety_number(bob_id).await?.digits == bob.safety_number(alice_id).await?.digits;
        ensure!(same, "the two see different safety numbers");
        self.good("both see the same safety number");

        self.heading("A third device");
        let tablet = self.link_tablet(&alice).await?;
        self.send("Bob", &bob, alice_id, TO_BOTH).await?;
        self.expect("Alice's phone", &alice, TO_BOTH).await?;
        self.expect("Alice's tablet", &tablet, TO_BOTH).await?;
        let earlier = tablet.history(None)?.iter().any(|message| message.text == ANSWER);
        ensure!(!earlier, "the tablet reads what was sent before it existed");
        self.good("it reads what came after it was linked, and nothing from before");

        let texts = [HELLO, ANSWER, TO_BOTH];
        let texts = texts.map(|text| Secret { what: format!("“{text}”"), bytes: text.into() });
        let mut secrets = Vec::from(texts);
        for (who, client) in [("Alice", &alice), ("Bob", &bob)] {
            let bytes = client.identity_private()?.to_vec();
            secrets.push(Secret { what: format!("{who}'s identity key"), bytes });
        }
        Ok(secrets)
    }

    async fn person(&self, name: &str) -> anyhow::Result<Client> {
        let client = self.device(name)?;
        let suffix: String = uuid::Uuid::new_v4().simple().to_string().chars().take(8).collect();
        let username = format!("{name}.{suffix}");
        let password = format!("demo password {suffix}");
        client.sign_up(&username, &password, None, &SUITES).await?;
        self.good(&format!("{} signed up and published keys", styled(STRONG, &username)));
        Ok(client)
    }

    fn device(&self, name: &str) -> anyhow::Result<Client> {
        let path = self.directory.join(format!("{name}.vault"));
        let vault = Vault::create(&path, "demo", CHEAP)?;
        Ok(Client::new(vault, self.observer.clone()))
    }

    async fn link_tablet(&self, alice: &Client) -> anyhow::Result<Client> {
        let tablet = self.device("tablet")?;
        let waiting = tablet.begin_linking().await?;
        let code = waiting.code();
        let device_id = alice.approve(&code).await?;
        waiting.finish(&SUITES).await?;
        self.good(&format!(
            "Alice's tablet showed a code, her phone approved it: device {device_id}"
        ));
        Ok(tablet)
    }

    async fn send(&self, who: &str, from: &Client, to: Account, text: &str) -> anyhow::Result<()> {
        let sent = from.send(to, text).await?;
        let suite = sent.suite.map_or("nothing", |suite| suite.name());
        self.note(&format!(
            "{} → {text}  {}",
            styled(STRONG, who),
            styled(FAINT, &format!("[{suite}]"))
        ));
        Ok(())
    }

    async fn expect(&self, who: &str, client: &Client, text: &str) -> anyhow::Result<()> {
        let came = client.receive().await?;
        client.flush().await?;
        let found = came.iter().any(|incoming| {
            matches!(incoming, Incoming::Text(message) if message.text == text && !message.from_me)
        });
        ensure!(found, "{who} did not get “{text}”");
        self.good(&format!("{who} read it"));
        Ok(())
    }

    /// Shows what the server saw, and looks for secrets in it.
    fn look(&self, own: Option<&OwnServer>, secrets: &[Secret]) -> anyhow::Result<ExitCode> {
        self.heading("What the server saw");
        let contents = self.observer.contents();
        let first = contents.first().context("no envelope was sent")?;
        self.note(&format!("of “{HELLO}”, {} bytes:", first.len()));
        for line in hex_dump(first.get(..SHOWN_BYTES).unwrap_or(first)) {
            self.note(&styled(FAINT, &line));
        }
        self.note(&styled(FAINT, "…"));
        let mut seen: Vec<(String, Vec<u8>)> =
            vec![("requests".to_owned(), self.observer.everything())];
        seen.extend(contents.iter().map(|content| ("envelopes".to_owned(), content.clone())));
        if let Some(own) = own {
            seen.extend(own.files()?);
        }
        let size: usize = seen.iter().map(|(_, bytes)| bytes.len()).sum();
        for secret in secrets {
            for (place, bytes) in &seen {
                if let Some(form) = find(bytes, &secret.bytes) {
                    self.screen
                        .line(&styled(BAD, &format!("{} is in the {place}, {form}", secret.what)));
                    bail!("the server could have read {}", secret.what);
                }
            }
            self.good(&format!("{} is nowhere in it", secret.what));
        }
        let envelopes = contents.len();
        let result = json!({ "envelopes": envelopes, "bytes_searched": size, "secrets_found": 0 });
        let where_else = if own.is_some() { ", its database and its files" } else { "" };
        let text = format!(
            "\nSearched {size} bytes: every request{where_else}. {envelopes} envelopes, no plaintext, no key."
        );
        self.screen.result(&result, &text);
        Ok(ExitCode::SUCCESS)
    }

    fn heading(&self, text: &str) {
        self.screen.line(&format!("\n{}", styled(STRONG, text)));
    }

    fn good(&self, text: &str) {
        self.screen.line(&format!("  {} {text}", styled(GOOD, "✓")));
    }

    fn note(&self, text: &str) {
        self.screen.line(&format!("    {text}"));
    }
}

/// In which form `secret` stands in `bytes`, if it does.
fn find(bytes: &[u8], secret: &[u8]) -> Option<&'static str> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let forms = [
        ("as it is", secret.to_vec()),
        ("in hex", hex.into_bytes()),
        ("in base64", observer::base64_core(secret)),
    ];
    forms
        .into_iter()
        .find(|(_, form)| bytes.windows(form.len()).any(|window| window == form))
        .map(|(name, _)| name)
}

fn hex_dump(bytes: &[u8]) -> Vec<String> {
    let line = |(row, chunk): (usize, &[u8])| {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = chunk
            .iter()
            .map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        format!("{:04x}  {:<47}  {text}", row * 16, hex.join(" "))
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

/// A directory that goes with the demonstration.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new() -> anyhow::Result<Self> {
        let name = format!("countersign-demo-{}", uuid::Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).context("no temporary directory can be made")?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0).is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = b"attack at dawn";
        assert_eq!(find(b"we attack at dawn!", secret), Some("as it is"));
        assert_eq!(find(b"..61747461636b206174206461776e..", secret), Some("in hex"));
        assert_eq!(find(b"\"YXR0YWNrIGF0IGRhd24=\"", secret), Some("in base64"));
        assert_eq!(find(b"we attack at noon", secret), None);
    }
}
