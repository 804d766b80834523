//! `send`, `inbox`, `listen`.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use countersign_client::{Client, Event, Incoming, Message, Status, time_text};
use serde_json::json;

use super::environment::Environment;
use super::screen::{BAD, FAINT, GOOD, STRONG, Screen, WARNING, harmless, styled};

/// The arguments of `send`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  countersign send bob 'hello, Bob'\n  echo 'a longer text' | countersign send bob -"
)]
pub(crate) struct Send {
    /// A user name, or an account id.
    user: String,
    /// The text; `-` reads it from standard input.
    text: String,
}

/// The arguments of `inbox`.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Show the whole history, not only what is new.
    #[arg(long)]
    all: bool,
    /// Show only the conversation with this user.
    #[arg(long, value_name = "USER")]
    with: Option<String>,
    /// Do not tell senders that their messages were read.
    #[arg(long)]
    no_receipts: bool,
}

/// The arguments of `listen`.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Stop once everything that waited has been taken in.
    #[arg(long)]
    until_empty: bool,
    /// Do not tell senders that their messages were read.
    #[arg(long)]
    no_receipts: bool,
}

pub(crate) async fn send(environment: &Environment, arguments: &Send) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    let mut text = arguments.text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let to = client.find_account(&arguments.user).await?;
    let sent = client.send(to, &text).await?;
    let suite = sent.suite.map_or_else(String::new, |suite| format!(" in {suite}"));
    let line = format!("{} sent to {}{suite}", styled(GOOD, "✓"), styled(STRONG, &arguments.user));
    environment.screen.result(&serde_json::to_value(&sent)?, &line);
    for device in &sent.undelivered {
        let full = format!("  device {device} did not get it: its mailbox is full");
        environment.screen.line(&styled(WARNING, &full));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn inbox(
    environment: &Environment,
    arguments: &Inbox,
) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    let screen = environment.screen;
    for incoming in client.receive().await? {
        if !matches!(incoming, Incoming::Text(_)) {
            show_incoming(&client, screen, &incoming);
        }
    }
    let with = match &arguments.with {
        Some(user) => Some(client.find_account(user).await?),
        None => None,
    };
    let mut messages = if arguments.all { client.history(with)? } else { client.unread()? };
    messages.retain(|message| with.is_none_or(|with| with == message.peer));
    for message in &messages {
        show_message(&client, screen, message);
    }
    if messages.is_empty() {
        screen.line(&styled(FAINT, if arguments.all { "no messages" } else { "nothing new" }));
    }
    client.mark_shown(&messages, !arguments.no_receipts)?;
    if let Err(error) = client.flush().await {
        let waits = format!("{} messages wait in the outbox: {error}", client.waiting()?);
        screen.line(&styled(WARNING, &waits));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn listen(
    environment: &Environment,
    arguments: &Listen,
) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    let screen = environment.screen;
    let mut listening = client.listen();
    loop {
        let event = tokio::select! {
            event = listening.next() => event?,
            _ = tokio::signal::ctrl_c() => return Ok(ExitCode::SUCCESS),
        };
        show_event(&client, screen, &event);
        match event {
            Event::Incoming(Incoming::Text(message)) => {
                client.mark_shown(&[message], !arguments.no_receipts)?;
                let _waits_in_the_outbox = client.flush().await.is_ok();
            }
            Event::CaughtUp if arguments.until_empty => {
                let _waits_in_the_outbox = client.flush().await.is_ok();
                return Ok(ExitCode::SUCCESS);
            }
            _ => {}
        }
    }
}

fn show_event(client: &Client, screen: Screen, event: &Event) {
    if screen.is_json() {
        if let Ok(object) = serde_json::to_value(event) {
            screen.result(&object, "");
        }
        return;
    }
    match event {
        Event::Incoming(Incoming::Text(message)) => show_message(client, screen, message),
        Event::Incoming(incoming) => show_incoming(client, screen, incoming),
        Event::Connected => screen.line(&styled(FAINT, "connected")),
        Event::CaughtUp => screen.line(&styled(FAINT, "that was everything; waiting for more")),
        Event::Disconnected { reason } => {
            screen.line(&styled(WARNING, &format!("disconnected: {reason}; trying again")));
        }
        Event::Typing { account, still: true } => {
            screen.line(&styled(FAINT, &format!("{} is typing …", client.name_of(*account))));
        }
        Event::Renewed { suite } => {
            screen.line(&styled(FAINT, &format!("prekeys of {suite} were renewed")));
        }
        Event::ServerReceipt { .. } | Event::Typing { .. } => {}
    }
}

/// One line for each message: when, who, what; and for own ones what became of it.
fn show_message(client: &Client, screen: Screen, message: &Message) {
    let peer = client.name_of(message.peer);
    if screen.is_json() {
        let mut object = serde_json::to_value(message).unwrap_or_default();
        if let Some(object) = object.as_object_mut() {
            object.insert("peer_name".to_owned(), json!(peer));
        }
        screen.result(&object, "");
        return;
    }
    let at = time_text(message.at);
    let clock = at.get(..16).unwrap_or_default().replace('T', " ");
    let who = if message.from_me { format!("you → {peer}") } else { peer };
    let became = if message.from_me {
        format!("  {}", styled(FAINT, &format!("[{}]", status_word(message.status))))
    } else {
        String::new()
    };
    let text = harmless(&message.text).replace('\n', "\n                    ");
    let line = format!("{}  {}  {text}{became}", styled(FAINT, &clock), styled(STRONG, &who));
    screen.line(&line);
}

const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Waiting => "waiting",
        Status::Sent => "sent",
        Status::Delivered => "delivered",
        Status::Read => "read",
        Status::Unread => "new",
        Status::Shown => "shown",
        Status::Failed => "not sent",
    }
}

fn show_incoming(client: &Client, screen: Screen, incoming: &Incoming) {
    let text = match incoming {
        Incoming::Text(message) => return show_message(client, screen, message),
        Incoming::Gap { reason, missed } => {
            styled(WARNING, &format!("{missed} messages are missing here: {reason}"))
        }
        Incoming::Refused(event) => {
            let from = client.name_of(event.account);
            styled(BAD, &format!("a message said to be from {from} was refused: {}", event.code))
        }
        Incoming::Later { account, code } => {
            let from = client.name_of(*account);
            styled(WARNING, &format!("a message from {from} cannot be read yet: {code}"))
        }
    };
    screen.result(&serde_json::to_value(incoming).unwrap_or_default(), &text);
}
