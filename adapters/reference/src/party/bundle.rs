//! A bundle as the line protocol writes it.

use countersign_protocol::ids::{DeviceId, OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use countersign_protocol::keys::{PublicKey, Signature};
use countersign_protocol::prekeys::{Bundle, OneTimePrekey, SignedPrekey};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use serde::Deserialize;

use crate::arguments::{self, Object};
use crate::hexadecimal::Hex;

/// A bundle whose keys are not decoded yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferedBundle {
    registration_id: u32,
    #[serde(deserialize_with = "arguments::device_id")]
    device_id: DeviceId,
    identity_key: Hex<33>,
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
    public: Hex<33>,
    signature: Hex<64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferedOneTimePrekey {
    id: u32,
    public: Hex<33>,
    #[serde(deserialize_with = "arguments::nullable")]
    signature: Option<Hex<64>>,
}

impl OfferedBundle {
    /// The bundle as suite `signal-v3` uses it.
    ///
    /// # Errors
    /// Those of [`PublicKey::decode`], for the identity key, the signed prekey and the one-time prekey, in this order.
    pub(crate) fn decode(&self, profile: Profile) -> Result<Bundle, Problem> {
        let key = |public: &Hex<33>| PublicKey::decode(&*public.0, profile);
        let Object(signed) = &self.signed_prekey;
        Ok(Bundle {
            registration_id: RegistrationId(self.registration_id),
            identity_key: key(&self.identity_key)?,
            signed_prekey: SignedPrekey {
                id: SignedPrekeyId(signed.id),
                public: key(&signed.public)?,
                signature: Signature::from_bytes(*signed.signature.0),
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
