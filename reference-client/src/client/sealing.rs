//! Sealing one entry of the outbox for every device that has to get it, in one transaction.

use countersign_protocol::device_list::{DeviceEntry, SignedDeviceList};
use countersign_protocol::frame::Frame;
use countersign_protocol::ids::{ListVersion, UnixMillis};
use countersign_protocol::keys::PublicKey;
use countersign_protocol::name::DeviceName;
use countersign_protocol::problem::Problem;
use countersign_protocol::sealed_box::{BoxNonce, BoxSuite, message as box_message};
use countersign_protocol::session::MessageKind;
use countersign_protocol::suite::SuiteId;

use super::contacts::{held_list, pair, put_pair, trusted_key};
use super::outbox::{self, Outgoing};
use super::own::{self, Me};
use super::prekeys::has_prekeys;
use super::sessions::Sessions;
use crate::api::keys::ClaimedDevice;
use crate::api::messages::{Envelope, Kind, Recipient, SendRequest};
use crate::api::{Account, Binary, Suite};
use crate::clock::{self, random};
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError};

/// A device that an entry goes to.
pub(super) struct Target {
    pub(super) name: DeviceName,
    pub(super) entry: DeviceEntry,
    pub(super) suite: SuiteId,
}

/// The devices of one account that an entry goes to, by its list.
pub(super) struct Targets {
    pub(super) account: Account,
    pub(super) version: ListVersion,
    pub(super) devices: Vec<Target>,
}

/// Prekeys that were claimed for one device.
pub(super) struct Prekeys {
    pub(super) name: DeviceName,
    pub(super) suite: SuiteId,
    pub(super) claimed: ClaimedDevice,
}

/// To which devices an entry goes, by the lists that are held, and in which suites.
///
/// # Errors
/// `incarnation_unknown` without a list; `record_stale`, `no_common_suite`, `incarnation_closed`.
pub(super) fn targets(entries: &Entries<'_>, me: &Me, to: Account) -> Result<Vec<Targets>> {
    let own = me.account.account;
    let accounts = if to == own { vec![own] } else { vec![to, own] };
    let mut all = Vec::new();
    for account in accounts {
        let list = held_list(entries, account.0)?.ok_or(Problem::IncarnationUnknown)?;
        let mut devices = Vec::new();
        for entry in list.open().filter(|entry| list.name(entry) != me.name) {
            let name = list.name(entry);
            let pair = pair(entries, &name)?;
            pair.require_record(list.version)?;
            let suite = pair.choose(&me.device.suite_ids(), &entry.suites)?;
            devices.push(Target { name, entry: entry.clone(), suite });
        }
        // With no other device of its own, an account has nobody to tell there.
        if account != own || !devices.is_empty() || to == own {
            all.push(Targets { account, version: list.version, devices });
        }
    }
    Ok(all)
}

/// Whether a device can only be written to with prekeys of its.
pub(super) fn wants_prekeys(
    entries: &Entries<'_>,
    target: &Target,
    now: UnixMillis,
) -> Result<bool> {
    if !has_prekeys(target.suite) {
        return Ok(false);
    }
    Ok(!Sessions::load(entries, target.suite, &target.name)?.can_encrypt(now))
}

/// Seals an entry for all its targets: numbers, sessions, envelopes and the entry itself change
/// together. An entry that was sealed before stays as it is.
///
/// # Errors
/// Those of [`targets`]; `bundle_unavailable` when prekeys are missing; those of the suites.
pub(super) fn seal(
    entries: &Entries<'_>,
    number: u64,
    prekeys: &[Prekeys],
) -> Result<Option<Outgoing>> {
    let Some(mut outgoing) = outbox::find(entries, number)? else { return Ok(None) };
    if outgoing.sealed.is_some() {
        return Ok(Some(outgoing));
    }
    let me = own::registered(entries)?;
    let own_list = held_list(entries, me.name.account_id)?
        .ok_or(VaultError::Damaged("the own device list is missing"))?;
    let now = clock::now();
    let mut recipients = Vec::new();
    let mut weakest = None;
    for Targets { account, version, devices } in targets(entries, &me, outgoing.account)? {
        let trusted = trusted_key(entries, account.0)?;
        let mut envelopes = Vec::new();
        for target in &devices {
            let sealing = Sealing { entries, me: &me, own_list: &own_list, trusted, now };
            envelopes.push(sealing.envelope(&outgoing, account, version, target, prekeys)?);
            let better = |weakest: &SuiteId| weakest.level() <= target.suite.level();
            weakest = weakest.filter(better).or(Some(target.suite));
        }
        recipients.push(Recipient {
            account_id: account,
            device_list_version: version.0,
            envelopes,
        });
    }
    let request = SendRequest { message_id: outgoing.sent_as.clone(), recipients };
    let request = serde_json::to_vec(&request)
        .map_err(|_error| ClientError::State("a message cannot be written"))?;
    outgoing.sealed = Some(Binary(request));
    outgoing.suite = weakest.map(Suite);
    outbox::put(entries, &outgoing)?;
    for used in prekeys {
        let account = used.name.account_id;
        entries.remove(Table::Claims, &super::sending::claim_place(account, used.suite))?;
    }
    Ok(Some(outgoing))
}

/// What sealing needs, whichever the device.
struct Sealing<'a> {
    entries: &'a Entries<'a>,
    me: &'a Me,
    own_list: &'a SignedDeviceList,
    trusted: PublicKey,
    now: UnixMillis,
}

impl Sealing<'_> {
    fn envelope(
        &self,
        outgoing: &Outgoing,
        account: Account,
        seen: ListVersion,
        target: &Target,
        prekeys: &[Prekeys],
    ) -> Result<Envelope> {
        let mut pair = pair(self.entries, &target.name)?;
        let stamp = pair.stamp(target.suite)?;
        let device_id = target.name.device_id.number();
        let own = self.me.account.account;
        let tells = pair.wants_record(self.own_list.version) && account != own;
        let frame = Frame {
            suite: target.suite,
            sender: self.me.name,
            recipient: target.name,
            sequence: stamp.sequence,
            since: stamp.since,
            sender_record: self.own_list.version,
            seen_record: seen,
            device_list: tells.then(|| self.own_list.as_bytes().to_vec()),
            message_id: outgoing.message_id(),
            body: outgoing.body(self.entries, account, device_id, own)?,
        };
        let (kind, content) = match target.suite {
            SuiteId::BOX_XSALSA20 | SuiteId::BOX_XCHACHA20 => {
                (Kind::Box, self.boxed(&frame, target)?)
            }
            _ => self.ratcheted(&frame, target, prekeys)?,
        };
        put_pair(self.entries, &target.name, &pair)?;
        Ok(Envelope {
            device_id,
            incarnation: target.name.incarnation.0.into(),
            suite: Suite(target.suite),
            kind,
            content: Binary(content),
        })
    }

    fn ratcheted(
        &self,
        frame: &Frame,
        target: &Target,
        prekeys: &[Prekeys],
    ) -> Result<(Kind, Vec<u8>)> {
        let (suite, peer) = (target.suite, &target.name);
        let mut sessions = Sessions::load(self.entries, suite, peer)?;
        if !sessions.can_encrypt(self.now) {
            let mut all = prekeys.iter();
            let found = all.find(|prekeys| prekeys.name == *peer && prekeys.suite == suite);
            let found = found.ok_or(Problem::BundleUnavailable)?;
            sessions.initiate(self.me, peer, &self.trusted, &found.claimed, self.now)?;
        }
        let encrypted = sessions.encrypt(&self.trusted, &frame.to_bytes()?, self.now)?;
        sessions.store(self.entries, suite, peer)?;
        let kind = match encrypted.kind {
            MessageKind::Prekey => Kind::Prekey,
            MessageKind::Ratchet => Kind::Message,
        };
        Ok((kind, encrypted.bytes))
    }

    /// `box-xsalsa20`: nonce 24 ‖ box of the frame. `box-xchacha20`: length of the slot 4 ‖ slot ‖
    /// content, where the slot holds all of the frame but its body, which is the content.
    fn boxed(&self, frame: &Frame, target: &Target) -> Result<Vec<u8>> {
        let keys = own::box_keys(self.entries)?;
        let own = &keys.first().ok_or(VaultError::Damaged("there is no box key"))?.private;
        let theirs = &target.entry.box_key;
        let plaintext = frame.to_bytes()?;
        if target.suite == SuiteId::BOX_XSALSA20 {
            let nonce = BoxNonce::generate(&mut random());
            let boxed = BoxSuite::XSalsa20.seal(own, theirs, &nonce, &plaintext)?;
            return Ok([nonce.as_bytes(), boxed.as_slice()].concat());
        }
        let body_at = Frame::FIXED_LEN + frame.device_list.as_ref().map_or(0, Vec::len);
        let (header, body) = plaintext.split_at_checked(body_at).ok_or(Problem::Malformed)?;
        let sealed = box_message::seal(&mut random(), own, &[*theirs], header, body)?;
        let slot = sealed.slots.first().ok_or(Problem::Malformed)?;
        let length = u32::try_from(slot.len()).map_err(|_too_long| Problem::Malformed)?;
        Ok([&length.to_be_bytes(), slot.as_slice(), &sealed.content].concat())
    }
}

/// Whether all lists for a message to `to` are held.
pub(super) fn lists_missing(
    entries: &Entries<'_>,
    me: &Me,
    to: Account,
) -> Result<Vec<Account>, VaultError> {
    let mut missing = Vec::new();
    for account in [to, me.account.account] {
        if held_list(entries, account.0)?.is_none() {
            missing.push(account);
        }
    }
    Ok(missing)
}
