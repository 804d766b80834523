//! Printing: for a person on a terminal, or lines of JSON for a program.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use countersign_client::ClientError;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde_json::{Value, json};

/// Something good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// Something bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Names and headings.
pub(crate) const STRONG: Style = Style::new().bold();
/// What matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Where results go. Colours only on a terminal: the streams strip them otherwise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    json: bool,
}

impl Screen {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// A line for a person; programs get none of these.
    pub(crate) fn line(self, text: &str) {
        if !self.json {
            let _closed = writeln!(anstream::stdout(), "{text}").is_err();
        }
    }

    /// A result: an object for programs, the text for a person.
    pub(crate) fn result(self, object: &Value, text: &str) {
        if self.json {
            let _closed = writeln!(anstream::stdout(), "{object}").is_err();
        } else {
            self.line(text);
        }
    }

    /// A QR code, in half blocks.
    pub(crate) fn qr(self, data: &[u8]) {
        if let Ok(code) = QrCode::with_error_correction_level(data, qrcode::EcLevel::L) {
            // Dark on light, whatever the terminal's colours: light modules are drawn.
            let drawn = code
                .render::<Dense1x2>()
                .dark_color(Dense1x2::Light)
                .light_color(Dense1x2::Dark)
                .build();
            self.line(&drawn);
        }
    }

    /// What went wrong, on standard error.
    pub(crate) fn error(self, error: &anyhow::Error) {
        let client = error.downcast_ref::<ClientError>();
        let code = client.map_or("failed", ClientError::code);
        // A client's error says all of its causes itself.
        let detail = client.map_or_else(|| format!("{error:#}"), ToString::to_string);
        let _closed = if self.json {
            let object = json!({ "error": code, "detail": detail });
            writeln!(anstream::stderr(), "{object}").is_err()
        } else {
            writeln!(anstream::stderr(), "{BAD}error:{BAD:#} {detail}").is_err()
        };
    }
}

/// Text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A text from a peer without what would steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_steer_the_terminal() {
        assert_eq!(harmless("hi\u{1b}[2J\u{7}\nthere"), "hi\u{fffd}[2J\u{fffd}\nthere");
    }
}
