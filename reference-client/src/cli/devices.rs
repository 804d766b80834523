//! `link`, `devices`, `verify`, `rotate`, `doctor`, `log`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_client::{Suite, Verdict, time_text};
use countersign_protocol::suite::SuiteId;
use serde_json::json;

use super::accounts::{NewVault, announce};
use super::environment::{Environment, suite};
use super::screen::{BAD, FAINT, GOOD, STRONG, WARNING, styled};

const FOUND_BAD: u8 = 5;

/// The commands of `link`.
#[derive(Debug, Subcommand)]
pub(crate) enum Link {
    /// On the new device: show a code, and wait until it is approved.
    Show(NewVault),
    /// On a device of the account: give the account to the device that shows this code.
    #[command(after_help = "Example:\n  countersign link approve countersign-link:1:…")]
    Approve(Approve),
}

/// The arguments of `link approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// What the new device shows. It gets the account: approve only your own.
    code: String,
}

/// The commands of `devices`.
#[derive(Debug, Subcommand)]
pub(crate) enum Devices {
    /// Show them.
    List,
    /// Close one for good: its mailbox, prekeys and logins end at once.
    Revoke {
        /// Its number, as `list` shows it.
        device_id: u8,
    },
}

/// The arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  countersign verify bob\n  countersign verify bob --compare '12345 67890 …'"
)]
pub(crate) struct Verify {
    /// A user name, or an account id.
    user: String,
    /// The 60 digits on the other screen: remembered as verified if they are the same.
    #[arg(long, value_name = "DIGITS")]
    compare: Option<String>,
}

/// The arguments of `rotate`.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// Renew everything, due or not.
    #[arg(long)]
    all: bool,
    /// Speak this box suite too from now on.
    #[arg(long, value_parser = suite, value_name = "SUITE")]
    speak: Option<SuiteId>,
}

pub(crate) async fn show(
    environment: &Environment,
    arguments: NewVault,
) -> anyhow::Result<ExitCode> {
    let client = environment.new_client(arguments.cost())?;
    let waiting = client.begin_linking().await?;
    let code = waiting.code();
    environment.screen.qr(code.as_bytes());
    environment.screen.result(
        &json!({ "code": code.as_str() }),
        &format!(
            "Scan this on a device of the account, or run there:\n\n  countersign link approve {}\n",
            code.as_str()
        ),
    );
    environment.screen.line(&styled(FAINT, "waiting …"));
    let account = waiting.finish(&arguments.suites()).await?;
    announce(environment, &account, "linked");
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn approve(
    environment: &Environment,
    arguments: &Approve,
) -> anyhow::Result<ExitCode> {
    let device_id = environment.client()?.approve(&arguments.code).await?;
    let text = format!("{} approved: it becomes device {device_id}", styled(GOOD, "✓"));
    environment.screen.result(&json!({ "device_id": device_id }), &text);
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn list(environment: &Environment) -> anyhow::Result<ExitCode> {
    for device in environment.client()?.devices().await? {
        let names: Vec<&str> = device.suites.iter().map(|suite| suite.name()).collect();
        let state = match (device.live, device.this) {
            (true, true) => styled(GOOD, "this device"),
            (true, false) => "live".to_owned(),
            (false, _) => styled(WARNING, "closed"),
        };
        let since = device.registered_at.get(..10).unwrap_or_default();
        let text = format!(
            "{}  {state}, since {since}\n     {}",
            styled(STRONG, &format!("{:>3}", device.device_id)),
            styled(FAINT, &names.join(" ")),
        );
        environment.screen.result(&serde_json::to_value(&device)?, text.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn revoke(environment: &Environment, device_id: u8) -> anyhow::Result<ExitCode> {
    environment.client()?.revoke_device(device_id).await?;
    let text = format!("{} device {device_id} is closed for good", styled(GOOD, "✓"));
    environment.screen.result(&json!({ "revoked": device_id }), &text);
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn verify(
    environment: &Environment,
    arguments: &Verify,
) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    let screen = environment.screen;
    let account = client.find_account(&arguments.user).await?;
    let number = client.safety_number(account).await?;
    if let Some(theirs) = &arguments.compare {
        let theirs: String = theirs.chars().filter(char::is_ascii_digit).collect();
        let same = theirs == number.digits;
        if same {
            client.set_verified(account, true)?;
        }
        let text = if same {
            format!("{} the same: {} is verified", styled(GOOD, "✓"), arguments.user)
        } else {
            styled(BAD, "NOT the same: somebody may be between you. Send nothing secret.")
        };
        screen.result(&json!({ "verified": same }), &text);
        return Ok(if same { ExitCode::SUCCESS } else { ExitCode::from(FOUND_BAD) });
    }
    let groups: Vec<&str> =
        number.digits.as_bytes().chunks(5).filter_map(|group| str::from_utf8(group).ok()).collect();
    screen.qr(&number.scannable);
    let rows: Vec<String> = groups.chunks(4).map(|row| format!("  {}", row.join(" "))).collect();
    let state = if number.verified {
        styled(GOOD, "compared before")
    } else {
        styled(WARNING, "not compared yet: run again with --compare, once you have")
    };
    let text = format!(
        "Safety number with {} – {state}\n\n{}\n",
        styled(STRONG, &arguments.user),
        rows.join("\n")
    );
    screen.result(&json!({ "digits": number.digits, "verified": number.verified }), &text);
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn rotate(
    environment: &Environment,
    arguments: &Rotate,
) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    if let Some(suite) = arguments.speak {
        client.speak(&[suite]).await?;
        environment.screen.line(&format!("this device speaks {} now", Suite(suite)));
    }
    let rotated = client.maintain(arguments.all).await?;
    let mut lines = Vec::new();
    for suite in &rotated.signed_prekeys {
        lines.push(format!("{} new signed prekey for {suite}", styled(GOOD, "✓")));
    }
    for (suite, count) in &rotated.one_time_prekeys {
        lines.push(format!("{} {count} one-time prekeys for {suite}", styled(GOOD, "✓")));
    }
    if rotated.box_key {
        lines.push(format!("{} new box key", styled(GOOD, "✓")));
    }
    if lines.is_empty() {
        lines.push(styled(FAINT, "nothing is due"));
    }
    environment.screen.result(&serde_json::to_value(&rotated)?, &lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn doctor(environment: &Environment) -> anyhow::Result<ExitCode> {
    let findings = environment.client()?.examine().await;
    for finding in &findings {
        let mark = match finding.verdict {
            Verdict::Good => styled(GOOD, "✓"),
            Verdict::Warning => styled(WARNING, "!"),
            Verdict::Bad => styled(BAD, "✗"),
        };
        let mut text = format!(
            "{mark} {}  {}",
            styled(STRONG, &format!("{:<12}", finding.subject)),
            finding.seen
        );
        if let Some(advice) = finding.advice {
            text.push_str(&format!("\n                → {advice}"));
        }
        environment.screen.result(&serde_json::to_value(finding)?, &text);
    }
    let worst = findings.iter().map(|finding| finding.verdict).max();
    Ok(if worst == Some(Verdict::Bad) { ExitCode::from(FOUND_BAD) } else { ExitCode::SUCCESS })
}

pub(crate) fn log(environment: &Environment) -> anyhow::Result<ExitCode> {
    let client = environment.client()?;
    let events = client.security_log()?;
    for event in &events {
        let text = format!(
            "{}  {}  device {} of {}, in {}",
            styled(FAINT, &time_text(event.at)),
            styled(BAD, &event.code),
            event.device_id,
            client.name_of(event.account),
            event.suite,
        );
        environment.screen.result(&serde_json::to_value(event)?, &text);
    }
    if events.is_empty() {
        environment.screen.line(&styled(FAINT, "nothing was refused"));
    }
    Ok(ExitCode::SUCCESS)
}
