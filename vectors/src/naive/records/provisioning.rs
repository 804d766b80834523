//! Linking a new device.

use super::{Input, base64};
use crate::naive::aead;
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Private, clamp, dh, is_canonical, public_of, raw, with_type};
use crate::naive::primitives::{cut32, hkdf};

pub const PREFIX: &str = "countersign-link:1:";

/// What a new device shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCode {
    pub slot_id: [u8; 16],
    pub new_public: [u8; 32],
    pub secret: [u8; 16],
}

impl LinkCode {
    pub fn text(&self) -> String {
        let bytes = [&self.slot_id[..], &self.new_public, &self.secret].concat();
        format!("{PREFIX}{}", base64::encode(&bytes))
    }

    pub fn parse(text: &str) -> Outcome<Self> {
        let Some(digits) = text.strip_prefix(PREFIX) else {
            return Err(Fault::new(Code::UnknownVersion, "no link code"));
        };
        let bytes = base64::decode(digits).ok_or_else(|| Fault::malformed("base64url"))?;
        let mut input = Input::new(&bytes);
        let code =
            Self { slot_id: input.array()?, new_public: input.array()?, secret: input.array()? };
        input.end()?;
        canonical(&code.new_public)?;
        Ok(code)
    }
}

/// What a new device is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provision {
    pub identity_private: Private,
    pub account_id: [u8; 16],
    pub device_id: u8,
    pub link_token: Vec<u8>,
}

impl Provision {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = self.identity_private.to_vec();
        out.extend_from_slice(&self.account_id);
        out.push(self.device_id);
        out.extend_from_slice(&(self.link_token.len() as u16).to_be_bytes());
        out.extend_from_slice(&self.link_token);
        out
    }

    pub fn decode(bytes: &[u8]) -> Outcome<Self> {
        let mut input = Input::new(bytes);
        let identity_private = input.array()?;
        let account_id = input.array()?;
        let device_id = input.device_id()?;
        let length = usize::from(input.u16()?);
        let link_token = input.bytes(length)?.to_vec();
        input.end()?;
        if identity_private != clamp(identity_private) {
            return Err(Fault::malformed("private key not clamped"));
        }
        if std::str::from_utf8(&link_token).is_err() {
            return Err(Fault::malformed("link token not UTF-8"));
        }
        Ok(Self { identity_private, account_id, device_id, link_token })
    }
}

/// What both sides compute on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    pub agreement: [u8; 32],
    pub key: [u8; 32],
    pub associated_data: Vec<u8>,
}

/// `own` is the private key of either side, `other` the other's public key, `old` the old device's.
pub fn keys(own: &Private, other: &[u8; 32], code: &LinkCode, old: &[u8; 32]) -> Outcome<Keys> {
    let agreement = dh(own, &with_type(other));
    if agreement == [0; 32] {
        return Err(Fault::new(Code::BadAgreement, "agreement is all zero"));
    }
    Ok(Keys {
        agreement,
        key: cut32(&hkdf(&code.secret, &agreement, b"countersign-provisioning-v1", 32), 0),
        associated_data: [&code.slot_id[..], &code.new_public, old].concat(),
    })
}

/// Seals any plaintext, which should be [`Provision::encode`].
pub fn seal(code: &LinkCode, old_private: &Private, plaintext: &[u8]) -> Outcome<Vec<u8>> {
    let old_public = raw(&public_of(old_private));
    let keys = keys(old_private, &code.new_public, code, &old_public)?;
    let sealed = aead::seal(&keys.key, &[0; 12], &keys.associated_data, plaintext);
    Ok([&old_public[..], &sealed].concat())
}

/// Opens an envelope with the private half of the code's key.
pub fn open(new_private: &Private, code: &LinkCode, envelope: &[u8]) -> Outcome<Provision> {
    if envelope.len() < 48 {
        return Err(Fault::new(Code::TooShort, "no room for key and tag"));
    }
    let old_public = cut32(envelope, 0);
    canonical(&old_public)?;
    let keys = keys(new_private, &old_public, code, &old_public)?;
    let sealed = &envelope[32..];
    let opened = aead::open(&keys.key, &[0; 12], &keys.associated_data, sealed, aead::TAG);
    Provision::decode(&opened.ok_or_else(|| Fault::invalid("tag"))?)
}

fn canonical(u: &[u8; 32]) -> Outcome<()> {
    if is_canonical(u) { Ok(()) } else { Err(Fault::new(Code::BadKey, "not canonical")) }
}
