//! The bounds that clients are told by `/.well-known/countersign`. Spec: `spec/limits.md#server`.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The bounds that clients are told. Times are in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of one envelope's content.
    pub content_bytes: usize,
    /// Envelopes of one message.
    pub envelopes_per_send: usize,
    /// Items of one mailbox.
    pub mailbox_items: u32,
    /// Bytes of one mailbox.
    pub mailbox_bytes: u64,
    /// How long an envelope waits for its device.
    pub message_ttl_seconds: u64,
    /// How long message, claim and nonce ids are remembered.
    pub idempotency_seconds: u64,
    /// How far a signed time may be from the server's.
    pub clock_window_seconds: u64,
    /// One-time prekeys held for a device and suite.
    pub one_time_prekeys: u32,
    /// One-time prekeys of one upload.
    pub prekeys_per_upload: usize,
    /// Fewer one-time prekeys than this are too few.
    pub low_water: u64,
    /// Age at which a signed prekey is to be replaced.
    pub rotation_seconds: u64,
    /// Life of an access token.
    pub access_token_seconds: u64,
    /// Life of a refresh token.
    pub refresh_token_seconds: u64,
    /// How long a used refresh token gives the same successor again.
    pub refresh_grace_seconds: u64,
    /// Life of a WebSocket ticket.
    pub ticket_seconds: u64,
    /// Life of a provisioning slot.
    pub slot_seconds: u64,
    /// Bytes of a provisioning slot's envelope.
    pub slot_envelope_bytes: usize,
    /// Life of a link token.
    pub link_token_seconds: u64,
    /// Time to send a request's head.
    pub header_seconds: u64,
    /// Time to send a request's body.
    pub body_seconds: u64,
    /// Items sent over a WebSocket and not yet acknowledged.
    pub window: usize,
    /// Time between two signs of life of a WebSocket.
    pub heartbeat_seconds: u64,
}

const DAY: u64 = 86_400;

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            content_bytes: 1 << 16,
            envelopes_per_send: 1000,
            mailbox_items: 1000,
            mailbox_bytes: 64 << 20,
            message_ttl_seconds: 30 * DAY,
            idempotency_seconds: 31 * DAY,
            clock_window_seconds: 300,
            one_time_prekeys: 1000,
            prekeys_per_upload: 200,
            low_water: 20,
            rotation_seconds: 7 * DAY,
            access_token_seconds: 900,
            refresh_token_seconds: 30 * DAY,
            refresh_grace_seconds: 30,
            ticket_seconds: 30,
            slot_seconds: 600,
            slot_envelope_bytes: 4096,
            link_token_seconds: 600,
            header_seconds: 10,
            body_seconds: 30,
            window: 64,
            heartbeat_seconds: 30,
        }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let bounds = [
            ("envelopes_per_send", self.envelopes_per_send as u64, 1, 1000),
            ("prekeys_per_upload", self.prekeys_per_upload as u64, 1, 200),
            ("slot_envelope_bytes", self.slot_envelope_bytes as u64, 1, 4096),
            ("window", self.window as u64, 1, 1000),
            ("one_time_prekeys", self.one_time_prekeys.into(), 1, 1000),
            ("low_water", self.low_water, 0, 1000),
            ("heartbeat_seconds", self.heartbeat_seconds, 1, 3600),
            ("header_seconds", self.header_seconds, 1, 3600),
            ("body_seconds", self.body_seconds, 1, 3600),
            ("mailbox_items", self.mailbox_items.into(), 1, 1 << 31),
            ("body_bytes", self.body_bytes as u64, 1024, 1 << 31),
            ("content_bytes", self.content_bytes as u64, 1, 65_536),
            ("message_ttl_seconds", self.message_ttl_seconds, 1, 30 * DAY),
        ];
        for (name, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                let text = format!("limits.{name} is {value}, but has to be {least} to {most}");
                return Err(ConfigError::Contradiction(text));
            }
        }
        if self.idempotency_seconds < self.message_ttl_seconds {
            let text = "limits.idempotency_seconds is less than limits.message_ttl_seconds";
            return Err(ConfigError::Contradiction(text.to_owned()));
        }
        Ok(())
    }
}

/// A rate: so many at once, and one more each so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// Seconds after which one more is allowed.
    pub per_seconds: f64,
}

/// How often something may be asked for. Spec: `spec/server/rate-limits.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Accounts made, per address.
    pub signup: Rate,
    /// Logins tried, per user name.
    pub login_username: Rate,
    /// Logins tried, per address.
    pub login_address: Rate,
    /// Provisioning slots opened, per address.
    pub provisioning: Rate,
    /// Claims, per claiming account and device claimed from.
    pub claim: Rate,
    /// Messages sent, per device.
    pub send: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            signup: Rate { burst: 20, per_seconds: 180.0 },
            login_username: Rate { burst: 10, per_seconds: 6.0 },
            login_address: Rate { burst: 30, per_seconds: 2.0 },
            provisioning: Rate { burst: 20, per_seconds: 180.0 },
            claim: Rate { burst: 6, per_seconds: 100.0 },
            send: Rate { burst: 100, per_seconds: 0.05 },
        }
    }
}

impl Rates {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let rates = [
            ("signup", self.signup),
            ("login_username", self.login_username),
            ("login_address", self.login_address),
            ("provisioning", self.provisioning),
            ("claim", self.claim),
            ("send", self.send),
        ];
        match rates.into_iter().find(|(_, rate)| {
            rate.burst == 0
                || rate.burst > 1 << 31
                || !(rate.per_seconds > 0.0 && rate.per_seconds < 1e9)
        }) {
            None => Ok(()),
            Some((name, _)) => {
                let text = format!("rates.{name}: burst and per_seconds have to be positive");
                Err(ConfigError::Contradiction(text))
            }
        }
    }
}
