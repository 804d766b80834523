//! A bundle as the line protocol writes it.

use countersign_protocol::ids::{DeviceId, OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use countersign_protocol::keys::{PublicKey, Signature};
use countersign_protocol::native::{self, AccountId, DeviceName, Incarnation};
use countersign_protocol::prekeys::{Bundle, OneTimePrekey, SignedPrekey};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use serde::Deserialize;

use crate::arguments::{self, Object};
use crate::hexadecimal::{Hex, HexBytes};
use crate::refusal::{Refusal, bad_request};

/// A bundle whose keys are not decoded yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferedBundle {
    registration_id: u32,
    #[serde(deserialize_with = "arguments::device_id")]
    device_id: DeviceId,
    identity_key: HexBytes,
    signed_prekey: Object<OfferedSignedPrekey>,
    #[serde(deserialize_with = "arguments::nullable")]
    one_time_prekey: Option<Object<OfferedOneTimePrekey>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    incarnation: Option<Hex<16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferedSignedPrekey {
    id: u32,
    public: HexBytes,
    signature: HexBytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferedOneTimePrekey {
    id: u32,
    public: HexBytes,
    #[serde(deserialize_with = "arguments::nullable")]
    signature: Option<HexBytes>,
}

impl OfferedBundle {
    /// The bundle as suite `signal-v3` uses it.
    ///
    /// # Errors
    /// Those of [`PublicKey::decode`], for the identity key, the signed prekey and the one-time prekey, in this order.
    pub(crate) fn decode(&self, profile: Profile) -> Result<Bundle, Problem> {
        let key = |public: &HexBytes| PublicKey::decode(&public.0, profile);
        let Object(signed) = &self.signed_prekey;
        Ok(Bundle {
            registration_id: RegistrationId(self.registration_id),
            identity_key: key(&self.identity_key)?,
            signed_prekey: SignedPrekey {
                id: SignedPrekeyId(signed.id),
                public: key(&signed.public)?,
                signature: signature(&signed.signature),
            },
            one_time_prekey: self
                .one_time_prekey
                .as_ref()
                .map(|Object(prekey)| {
                    Ok(OneTimePrekey {
                        id: OneTimePrekeyId(prekey.id),
                        public: key(&prekey.public)?,
                    })
                })
                .transpose()?,
        })
    }
}

impl OfferedBundle {
    /// The bundle as suite `ratchet-chacha20` uses it.
    ///
    /// # Errors
    /// Those of [`PublicKey::decode`] as above; `bad_request` when it does not say whose it is.
    pub(crate) fn decode_native(&self) -> Result<native::Bundle, Refusal> {
        let Bundle { identity_key, signed_prekey, one_time_prekey, .. } =
            self.decode(Profile::Strict)?;
        let signature_of = |Object(prekey): &Object<OfferedOneTimePrekey>| {
            prekey.signature.as_ref().map(signature)
        };
        Ok(native::Bundle {
            name: self.owner()?,
            identity_key,
            signed_prekey: native::SignedPrekey {
                id: signed_prekey.id,
                public: signed_prekey.public,
                signature: signed_prekey.signature,
            },
            one_time_prekey: one_time_prekey.map(|prekey| native::OneTimePrekey {
                id: prekey.id,
                public: prekey.public,
                signature: self.one_time_prekey.as_ref().and_then(signature_of),
            }),
        })
    }

    fn owner(&self) -> Result<DeviceName, Refusal> {
        let account_id = self.name.as_deref().and_then(arguments::uuid).map(AccountId);
        let incarnation = self.incarnation.as_ref().map(|bytes| Incarnation(*bytes.0));
        match (account_id, incarnation) {
            (Some(account_id), Some(incarnation)) => {
                Ok(DeviceName { account_id, device_id: self.device_id, incarnation })
            }
            _ => Err(bad_request("in this suite a bundle has a UUID as name, and an incarnation")),
        }
    }
}

/// A signature of another length fits nothing. The library is given one that fits nothing either, so that it
/// refuses the bundle in its own order of checks.
fn signature(bytes: &HexBytes) -> Signature {
    Signature::decode(&bytes.0).unwrap_or(Signature::from_bytes([0xff; Signature::LEN]))
}
