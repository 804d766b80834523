//! Prekeys in requests and answers, and the checks that need no store. Spec: `spec/server/key-service.md#uploading`.

use std::collections::HashMap;

use countersign_protocol::{
    ids::{OneTimePrekeyId, SignedPrekeyId},
    keys::{PublicKey, Signature},
    native, prekeys,
    profile::Profile,
    registration::PublishedOneTimePrekey,
};
use serde::{Deserialize, Serialize};

use crate::{
    ids::Suite,
    problem::{Code, Problem},
    store::keys::{OneTimePrekey, PrekeyRefusal, RefusedPrekey, SignedPrekey},
    wire::{Base64, Base64Array, Key, Object, present},
};

/// Ids of prekeys.
const IDS: std::ops::RangeInclusive<u32> = 1..=16_777_215;
/// Bytes that an upload's public key or signature may have to be of the right shape.
const UPLOADED_MAX: usize = 129;

/// A signed prekey.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignedText {
    id: u32,
    public: Key,
    signature: Base64Array<64>,
}

impl From<&SignedPrekey> for SignedText {
    fn from(prekey: &SignedPrekey) -> Self {
        Self {
            id: prekey.id,
            public: Key::new(prekey.public),
            signature: Base64Array(prekey.signature),
        }
    }
}

impl From<SignedText> for SignedPrekey {
    fn from(text: SignedText) -> Self {
        Self { id: text.id, public: text.public.bytes(), signature: text.signature.0 }
    }
}

/// A one-time prekey in an answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct OneTimeText {
    id: u32,
    public: Key,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Base64Array<64>>,
}

impl From<&OneTimePrekey> for OneTimeText {
    fn from(prekey: &OneTimePrekey) -> Self {
        Self {
            id: prekey.id,
            public: Key::new(prekey.public),
            signature: prekey.signature.map(Base64Array),
        }
    }
}

/// A one-time prekey as it comes: whether its bytes are a key is judged later, one by one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadedText {
    id: u32,
    public: Base64,
    #[serde(default, deserialize_with = "present")]
    signature: Option<Base64>,
}

/// A one-time prekey of a registration: its lengths are exact, since the statement is made of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisteredText {
    id: u32,
    public: Key,
    #[serde(default, deserialize_with = "present")]
    signature: Option<Base64Array<64>>,
}

impl RegisteredText {
    /// As the statement names it.
    pub(super) fn stated(&self) -> Result<PublishedOneTimePrekey, Problem> {
        let public = PublicKey::decode(&self.public.bytes(), Profile::Compatible)
            .map_err(|_refused| Code::Malformed)?;
        let signature = self.signature.map(|signature| Signature::from_bytes(signature.0));
        Ok(PublishedOneTimePrekey { id: OneTimePrekeyId(self.id), public, signature })
    }
}

impl From<RegisteredText> for UploadedText {
    fn from(text: RegisteredText) -> Self {
        let signature = text.signature.map(|signature| Base64(signature.0.to_vec()));
        Self { id: text.id, public: Base64(text.public.bytes().to_vec()), signature }
    }
}

/// One-time prekeys that were read, and those refused already.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) one_time: Vec<OneTimePrekey>,
    pub(super) refused: Vec<RefusedPrekey>,
}

impl Checked {
    /// Refuses the whole when one is refused, where no store has a say any more.
    pub(super) fn require_all(self) -> Result<Vec<OneTimePrekey>, Problem> {
        if self.refused.is_empty() {
            return Ok(self.one_time);
        }
        let accepted: [u32; 0] = [];
        let problem = Problem::from(Code::PrekeysRejected);
        Err(problem.with("rejected", self.refused).with("accepted", accepted))
    }
}

/// Checks a signed prekey: its id, then its signature.
pub(super) fn check_signed(
    identity: &PublicKey,
    suite: Suite,
    text: SignedText,
) -> Result<SignedPrekey, Problem> {
    if !IDS.contains(&text.id) {
        return Err(Code::PrekeyIdOutOfRange.into());
    }
    let public = PublicKey::decode(&text.public.bytes(), Profile::Strict)
        .map_err(|_refused| Code::PrekeySignatureInvalid)?;
    let signature = Signature::from_bytes(text.signature.0);
    let id = SignedPrekeyId(text.id);
    let verified = if suite == Suite::RATCHET_CHACHA20 {
        native::SignedPrekey { id, public, signature }.verify(identity)
    } else {
        prekeys::SignedPrekey { id, public, signature }.verify(identity, Profile::Strict)
    };
    verified.map_err(|_refused| Code::PrekeySignatureInvalid)?;
    Ok(text.into())
}

/// Checks one-time prekeys. In the order of the refusals: malformed, range, twice, signature.
pub(super) fn check_one_time(
    identity: &PublicKey,
    suite: Suite,
    texts: &[Object<UploadedText>],
) -> Checked {
    let mut times = HashMap::<u32, u32>::new();
    for Object(text) in texts {
        *times.entry(text.id).or_default() += 1;
    }
    let mut checked = Checked::default();
    for Object(text) in texts {
        let twice = times.get(&text.id).is_some_and(|times| *times > 1);
        let id = text.id;
        match read(suite, text) {
            None => checked.refuse(id, PrekeyRefusal::PrekeyMalformed),
            Some(_) if !IDS.contains(&id) => checked.refuse(id, PrekeyRefusal::PrekeyIdOutOfRange),
            Some(_) if twice => checked.refuse(id, PrekeyRefusal::DuplicateInRequest),
            Some(prekey) => {
                if !is_signed_as_it_has_to_be(identity, suite, &prekey) {
                    checked.refuse(id, PrekeyRefusal::PrekeySignatureInvalid);
                }
                checked.one_time.push(prekey);
            }
        }
    }
    checked
}

impl Checked {
    /// An id that stands twice is named once.
    fn refuse(&mut self, id: u32, code: PrekeyRefusal) {
        let refusal = RefusedPrekey { id, code };
        if code != PrekeyRefusal::DuplicateInRequest || !self.refused.contains(&refusal) {
            self.refused.push(refusal);
        }
    }
}

/// Whether the request has the right shape as far as lengths go.
pub(super) fn is_of_uploads_shape(texts: &[Object<UploadedText>], most: usize) -> bool {
    texts.len() <= most
        && texts.iter().all(|Object(text)| {
            text.public.0.len() <= UPLOADED_MAX
                && text.signature.as_ref().is_none_or(|it| it.0.len() <= UPLOADED_MAX)
        })
}

/// `None`: not a canonical key, or a signature that cannot be one, or where none belongs.
fn read(suite: Suite, text: &UploadedText) -> Option<OneTimePrekey> {
    let public: [u8; 33] = text.public.0.as_slice().try_into().ok()?;
    PublicKey::decode(&public, Profile::Strict).ok()?;
    let signature = match &text.signature {
        None => None,
        Some(_) if suite != Suite::RATCHET_CHACHA20 => return None,
        Some(signature) => Some(signature.0.as_slice().try_into().ok()?),
    };
    Some(OneTimePrekey { id: text.id, public, signature })
}

fn is_signed_as_it_has_to_be(identity: &PublicKey, suite: Suite, prekey: &OneTimePrekey) -> bool {
    if suite != Suite::RATCHET_CHACHA20 {
        return true;
    }
    let Ok(public) = PublicKey::decode(&prekey.public, Profile::Strict) else { return false };
    let id = OneTimePrekeyId(prekey.id);
    let signature = prekey.signature.map(Signature::from_bytes);
    signature.is_some() && native::OneTimePrekey { id, public, signature }.verify(identity).is_ok()
}
