//! Ids and suites as JSON has them.

use std::fmt;

use countersign_protocol::frame::MessageId;
use countersign_protocol::name::AccountId;
use countersign_protocol::suite::SuiteId;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An account's id, hyphenated in JSON and on the screen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub AccountId);

/// A message id in its text form.
pub(crate) fn message_id(id: MessageId) -> String {
    uuid(id.0)
}

/// 16 bytes as a UUID is written.
pub(crate) fn uuid(bytes: [u8; 16]) -> String {
    Uuid::from_bytes(bytes).hyphenated().to_string()
}

impl Account {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(|uuid| Self(AccountId(uuid.into_bytes())))
    }

    /// The 16 bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&uuid(self.0.0))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no account id"))
    }
}

/// A suite by its registered name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suite(pub SuiteId);

impl Suite {
    /// The suites that this client speaks, ascending.
    pub const ALL: [(SuiteId, &str); 4] = [
        (SuiteId::BOX_XSALSA20, "box-xsalsa20"),
        (SuiteId::BOX_XCHACHA20, "box-xchacha20"),
        (SuiteId::SIGNAL_V3, "signal-v3"),
        (SuiteId::RATCHET_CHACHA20, "ratchet-chacha20"),
    ];

    /// The registered name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find(|(id, _)| *id == self.0).map_or("unknown", |(_, name)| name)
    }

    /// The suite of a registered name that this client speaks.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, known)| *known == name).map(|(id, _)| Self(id))
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Suite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a suite that is not spoken here"))
    }
}
