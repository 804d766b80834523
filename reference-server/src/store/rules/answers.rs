//! The answer to a claim as it is kept for repeats.
//!
//! Big endian, without padding: identity key 33, version 8, list with a length of 4; then per bundle device id 1,
//! incarnation 16, registration id 4, stock left 8, signed prekey (id 4, public 33, signature 64), and the one-time
//! prekey behind its kind 1: 0 none, 1 without a signature (id 4, public 33), 2 with one (and 64).

use sha2::{Digest, Sha256};

use crate::{
    ids::*,
    store::{accounts::LiveDevice, keys::*},
};

/// SHA-256 of what a claim asks for: account 16, suite 2, and the device ids, ascending, behind a 1; all of them: 0.
pub(crate) fn request_hash(claim: &Claim) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(claim.account.0.as_bytes());
    hash.update(claim.suite.0.to_be_bytes());
    hash.update([u8::from(claim.devices.is_some())]);
    let mut ids: Vec<_> = claim.devices.iter().flatten().map(|id| id.number()).collect();
    ids.sort_unstable();
    hash.update(ids);
    hash.finalize().into()
}

/// Writes an answer.
pub(crate) fn encode(claimed: &Claimed) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + claimed.list.len() + 256 * claimed.bundles.len());
    out.extend_from_slice(&claimed.identity_key);
    out.extend_from_slice(&claimed.version.to_be_bytes());
    out.extend_from_slice(&u32::try_from(claimed.list.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&claimed.list);
    claimed.bundles.iter().for_each(|bundle| write_bundle(&mut out, bundle));
    out
}

fn write_bundle(out: &mut Vec<u8>, bundle: &ClaimedBundle) {
    out.push(bundle.device.id.number());
    out.extend_from_slice(&bundle.device.incarnation.0);
    out.extend_from_slice(&bundle.device.registration_id.to_be_bytes());
    out.extend_from_slice(&bundle.left.to_be_bytes());
    out.extend_from_slice(&bundle.signed.id.to_be_bytes());
    out.extend_from_slice(&bundle.signed.public);
    out.extend_from_slice(&bundle.signed.signature);
    let Some(prekey) = &bundle.one_time else { return out.push(0) };
    out.push(if prekey.signature.is_some() { 2 } else { 1 });
    out.extend_from_slice(&prekey.id.to_be_bytes());
    out.extend_from_slice(&prekey.public);
    out.extend_from_slice(prekey.signature.as_ref().map_or(&[], <[u8; 64]>::as_slice));
}

/// Reads an answer, as that of a repeat. `None` when it was not written by [`encode`].
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Claimed> {
    let bytes = &mut bytes;
    let identity_key = array(bytes)?;
    let version = u64::from_be_bytes(array(bytes)?);
    let length = u32::from_be_bytes(array(bytes)?);
    let (list, mut rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    let mut bundles = Vec::new();
    while !rest.is_empty() {
        bundles.push(read_bundle(&mut rest)?);
    }
    Some(Claimed { identity_key, list: list.to_vec(), version, bundles, repeated: true })
}

fn read_bundle(bytes: &mut &[u8]) -> Option<ClaimedBundle> {
    let [id] = array(bytes)?;
    let device = LiveDevice {
        id: DeviceId::new(id)?,
        incarnation: Incarnation(array(bytes)?),
        registration_id: u32::from_be_bytes(array(bytes)?),
    };
    let left = u64::from_be_bytes(array(bytes)?);
    let signed = SignedPrekey {
        id: u32::from_be_bytes(array(bytes)?),
        public: array(bytes)?,
        signature: array(bytes)?,
    };
    let [kind] = array(bytes)?;
    let one_time = match kind {
        0 => None,
        1 | 2 => Some(OneTimePrekey {
            id: u32::from_be_bytes(array(bytes)?),
            public: array(bytes)?,
            signature: if kind == 2 { Some(array(bytes)?) } else { None },
        }),
        _ => return None,
    };
    Some(ClaimedBundle { device, signed, one_time, left })
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*array)
}
