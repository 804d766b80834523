//! What is wrong, and what to do about it.

use countersign_protocol::device_list::SignedDeviceList;
use countersign_protocol::registration::keys_check;
use serde::Serialize;

use super::own::Me;
use super::{Client, outbox, own, prekeys, registering};
use crate::api::keys::{CheckRequest, StatsReply};
use crate::api::{self, Suite};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::Table;

/// Statements are taken by a server whose clock is at most this far away.
const SKEW_MAX_MILLIS: u64 = 5 * 60 * 1000;
const SIGNING_KEY: &[u8] = b"server signing key";

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and will not for ever.
    Warning,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do; nothing when it is good.
    pub advice: Option<&'static str>,
}

impl Client {
    /// Looks at everything that can be wrong, and changes nothing but what it remembers of the
    /// server's log. Checks that could not be made are findings too.
    pub async fn examine(&self) -> Vec<Finding> {
        let mut findings = vec![self.check_vault()];
        let server = self.check_server(&mut findings).await;
        let me = match self.vault.read(own::registered) {
            Ok(me) => me,
            Err(error) => {
                findings.push(bad("device", &error, "sign up, log in or link this device"));
                return findings;
            }
        };
        findings.push(self.check_login().await);
        if let Some(signing_key) = server {
            self.check_list(&me, &mut findings).await;
            self.check_stock(&me, &mut findings).await;
            findings.push(self.check_audit(&me, &signing_key).await);
        }
        findings.push(self.check_outbox());
        findings.push(self.check_security_log());
        findings
    }

    fn check_vault(&self) -> Finding {
        match self.vault.check() {
            Ok(count) => good("vault", format!("{count} sealed values, all of them open")),
            Err(error) => {
                bad("vault", &error.into(), "stop using this vault, and link a new device")
            }
        }
    }

    /// The server's signing key, if the server can be talked to.
    async fn check_server(&self, findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
        let (capabilities, date) = match self.capabilities().await {
            Ok(answer) => answer,
            Err(error) => {
                findings.push(bad(
                    "server",
                    &error,
                    "check the address, the network and the server",
                ));
                return None;
            }
        };
        let speaks = capabilities.specification.split('.').next() == Some("1")
            && capabilities.api == api::ROOT;
        let seen = format!(
            "specification {}, suites {}",
            capabilities.specification,
            capabilities.suites.join(", ")
        );
        findings.push(if speaks {
            good("server", seen)
        } else {
            finding("server", Verdict::Bad, seen, "update this program")
        });
        findings.push(check_clock(date));
        let key = capabilities.signing_key.0;
        match self.keep_signing_key(&key) {
            Ok(true) => {}
            Ok(false) => findings.push(finding(
                "signing key",
                Verdict::Bad,
                "the server signs its audit log with another key than before".to_owned(),
                "ask who runs the server, by another way than this server",
            )),
            Err(error) => findings.push(bad("signing key", &error, "see `vault`")),
        }
        Some(key)
    }

    /// Whether the key is the one that was seen first.
    fn keep_signing_key(&self, key: &[u8]) -> Result<bool> {
        self.vault.write(|entries| match entries.find(Table::Own, SIGNING_KEY)? {
            Some(held) => Ok(held.as_slice() == key),
            None => {
                entries.put(Table::Own, SIGNING_KEY, key)?;
                Ok(true)
            }
        })
    }

    async fn check_login(&self) -> Finding {
        match self.get::<api::accounts::Me>("/auth/me").await {
            Ok(me) if me.device_id.is_none() => finding(
                "login",
                Verdict::Bad,
                "the login is bound to no device".to_owned(),
                "run `countersign login`",
            ),
            Ok(me) => good("login", format!("{} ({})", me.username, me.account_id)),
            Err(error) => bad("login", &error, "run `countersign login`"),
        }
    }

    async fn check_list(&self, me: &Me, findings: &mut Vec<Finding>) {
        let list = match self.fetch_list(me.account.account).await {
            Ok(list) => list,
            Err(error) => {
                findings.push(bad("device list", &error, "compare safety numbers with your peers"));
                return;
            }
        };
        let entry = self.vault.read(|entries| registering::own_entry(entries, me));
        let listed = list.entry_of(&me.name);
        findings.push(match (entry, listed) {
            (_, None) => finding(
                "device list",
                Verdict::Bad,
                "this device is not in it".to_owned(),
                "link a new device",
            ),
            (_, Some(listed)) if listed.is_closed() => finding(
                "device list",
                Verdict::Bad,
                "this device was closed".to_owned(),
                "link a new device",
            ),
            (Ok(own), Some(listed)) if own != *listed => finding(
                "device list",
                Verdict::Warning,
                "it has an older entry of this device".to_owned(),
                "run `countersign rotate --all`",
            ),
            _ => good("device list", describe(&list)),
        });
    }

    async fn check_stock(&self, me: &Me, findings: &mut Vec<Finding>) {
        let stats: StatsReply = match self.get("/keys/prekeys/stats").await {
            Ok(stats) => stats,
            Err(error) => return findings.push(bad("prekeys", &error, "see `login`")),
        };
        for stock in &stats.suites {
            let seen = format!(
                "{}: {} one-time prekeys left, {} issued, signed prekey {}",
                stock.suite, stock.one_time_prekeys, stock.issued, stock.signed_prekey_id
            );
            let due = clock::from_text(&stock.next_rotation_at);
            let late = due.is_some_and(|due| due < clock::now());
            let low = stock.one_time_prekeys < stock.low_water;
            findings.push(if late || low {
                finding("prekeys", Verdict::Warning, seen, "run `countersign rotate`")
            } else {
                good("prekeys", seen)
            });
            findings.push(self.check_drift(me, stock.suite).await);
        }
    }

    /// Asks the server whether it holds what this device believes.
    async fn check_drift(&self, me: &Me, suite: Suite) -> Finding {
        let newest = self.vault.read(|entries| prekeys::newest_signed(entries, suite.0));
        let published = newest
            .ok()
            .flatten()
            .and_then(|(id, prekey)| prekeys::signed_as_published(id, &prekey));
        let Some(published) = published else {
            let seen = format!("{suite}: this device has no signed prekey");
            return finding("key drift", Verdict::Bad, seen, "run `countersign rotate --all`");
        };
        let digest = keys_check(me.identity.public(), suite.0, &published);
        let request = CheckRequest { suite, digest: digest.into() };
        let answer = match super::json(&request) {
            Ok(body) => self.request("POST", "/keys/check", Some(body.to_vec())).await,
            Err(error) => Err(error),
        };
        match answer.and_then(|answer| api::require_success(&answer)) {
            Ok(()) => {
                good("key drift", format!("{suite}: the server holds the keys of this vault"))
            }
            Err(error) if error.has_code("keys_drifted") => {
                let seen = format!("{suite}: the server holds other keys than this vault");
                finding("key drift", Verdict::Bad, seen, "run `countersign rotate --all`")
            }
            Err(error) => bad("key drift", &error, "see `login`"),
        }
    }

    async fn check_audit(&self, me: &Me, signing_key: &[u8]) -> Finding {
        match self.follow_audit(me.account.account, signing_key).await {
            Ok(followed) => {
                let (length, new) = (followed.length, followed.news.len());
                good("audit log", format!("{length} entries, {new} new; the signed head fits"))
            }
            Err(error) => bad(
                "audit log",
                &error,
                "do not trust new devices of anybody until you know why the log changed",
            ),
        }
    }

    fn check_outbox(&self) -> Finding {
        match self.vault.read(outbox::all) {
            Ok(waiting) if waiting.is_empty() => good("outbox", "empty".to_owned()),
            Ok(waiting) => finding(
                "outbox",
                Verdict::Warning,
                format!("{} messages wait", waiting.len()),
                "run `countersign inbox`, which sends them",
            ),
            Err(error) => bad("outbox", &error.into(), "see `vault`"),
        }
    }

    fn check_security_log(&self) -> Finding {
        match self.security_log() {
            Ok(events) if events.is_empty() => good("security log", "empty".to_owned()),
            Ok(events) => {
                let last = events.last().map_or("", |event| &event.code);
                let seen = format!("{} refusals, the last: {last}", events.len());
                finding("security log", Verdict::Warning, seen, "read it: `countersign log`")
            }
            Err(error) => bad("security log", &error, "see `vault`"),
        }
    }
}

fn check_clock(server: Option<u64>) -> Finding {
    let Some(server) = server else {
        return good("clock", "the server does not tell its time".to_owned());
    };
    let skew = server.abs_diff(clock::now().0);
    let seen = format!("{} s away from the server's", skew / 1000);
    if skew < SKEW_MAX_MILLIS {
        good("clock", seen)
    } else {
        finding("clock", Verdict::Bad, seen, "set this machine's clock")
    }
}

fn describe(list: &SignedDeviceList) -> String {
    let (open, all) = (list.open().count(), list.entries.len());
    format!("version {}, {open} of {all} devices open", list.version)
}

const fn good(subject: &'static str, seen: String) -> Finding {
    Finding { subject, verdict: Verdict::Good, seen, advice: None }
}

const fn finding(
    subject: &'static str,
    verdict: Verdict,
    seen: String,
    advice: &'static str,
) -> Finding {
    Finding { subject, verdict, seen, advice: Some(advice) }
}

fn bad(subject: &'static str, error: &ClientError, advice: &'static str) -> Finding {
    finding(subject, Verdict::Bad, error.to_string(), advice)
}
