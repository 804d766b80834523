//! Values of the line protocol as the naive implementation writes them, and back.

use countersign_vectors::naive::{
    keys::Profile,
    party::{self, Address, BundleKey},
};

use crate::subject::types::{self, Bundle, OneTimePrekey, Peer, SignedPrekey, Suite};

/// A suite as the naive implementation writes it.
#[must_use]
pub const fn naive_suite(suite: Suite) -> party::Suite {
    match suite {
        Suite::SignalV3 => party::Suite::SignalV3,
        Suite::RatchetChacha20 => party::Suite::RatchetChacha20,
    }
}

/// A profile as the naive implementation writes it.
#[must_use]
pub const fn naive_profile(profile: types::Profile) -> Profile {
    match profile {
        types::Profile::Compatible => Profile::Compatible,
        types::Profile::Strict => Profile::Strict,
    }
}

/// An address as the naive implementation writes it.
#[must_use]
pub fn address(peer: &Peer) -> Address {
    Address { name: peer.name.clone(), device_id: peer.device_id, incarnation: peer.incarnation }
}

/// A bundle as the naive implementation takes it.
#[must_use]
pub fn to_naive(bundle: &Bundle) -> party::Bundle {
    let key = |id, public: &[u8], signature: Option<&Vec<u8>>| BundleKey {
        id,
        public: public.to_vec(),
        signature: signature.cloned(),
    };
    let signed = &bundle.signed_prekey;
    party::Bundle {
        registration_id: bundle.registration_id,
        device_id: bundle.device_id,
        identity_key: bundle.identity_key.clone(),
        signed_prekey: key(signed.id, &signed.public, Some(&signed.signature)),
        one_time_prekey: bundle
            .one_time_prekey
            .as_ref()
            .map(|prekey| key(prekey.id, &prekey.public, prekey.signature.as_ref())),
        name: bundle.name.clone(),
        incarnation: bundle.incarnation,
    }
}

/// A bundle of the naive implementation.
#[must_use]
pub fn from_naive(bundle: party::Bundle) -> Bundle {
    let signed = bundle.signed_prekey;
    Bundle {
        registration_id: bundle.registration_id,
        device_id: bundle.device_id,
        identity_key: bundle.identity_key,
        signed_prekey: SignedPrekey {
            id: signed.id,
            public: signed.public,
            signature: signed.signature.unwrap_or_default(),
        },
        one_time_prekey: bundle.one_time_prekey.map(|prekey| OneTimePrekey {
            id: prekey.id,
            public: prekey.public,
            signature: prekey.signature,
        }),
        name: bundle.name,
        incarnation: bundle.incarnation,
    }
}
