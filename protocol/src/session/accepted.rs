//! Sessions begun by the peer. Spec: `spec/session.md#receiving-a-prekey-message`.

use super::LocalDevice;
use super::pairwise::PairwiseSession;
use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use crate::keys::PublicKey;
use crate::prekeys::HeldPrekeys;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::Ratchet;
use crate::wire::prekey_message::PrekeyMessage;
use crate::x3dh::Responder;

/// A session begun by the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The one-time prekey that was used: to be deleted.
    pub one_time_prekey: Option<OneTimePrekeyId>,
    /// The signed prekey that was used.
    pub signed_prekey: SignedPrekeyId,
    /// The peer's base key.
    pub base_key: PublicKey,
    /// The peer device's registration id, as it says itself.
    pub registration_id: RegistrationId,
}

impl Accepted {
    pub(super) const fn of(message: &PrekeyMessage<'_>) -> Self {
        Self {
            one_time_prekey: message.one_time_prekey,
            signed_prekey: message.signed_prekey,
            base_key: message.base_key,
            registration_id: message.registration_id,
        }
    }

    /// What to remember as long as the signed prekey is held, so that this first message is not
    /// accepted again. `None` when a one-time prekey, deleted now, makes sure of that.
    pub const fn replay_key(&self) -> Option<(SignedPrekeyId, &PublicKey)> {
        match self.one_time_prekey {
            None => Some((self.signed_prekey, &self.base_key)),
            Some(_) => None,
        }
    }
}

/// Makes the responder's session, which the inner message has yet to prove.
pub(super) fn accept(
    local: &LocalDevice<'_>,
    message: &PrekeyMessage<'_>,
    prekeys: &impl HeldPrekeys,
) -> Result<PairwiseSession, Problem> {
    if !local.accept_x3dh {
        return Err(Problem::SuiteRefused);
    }
    if local.profile == Profile::Strict
        && message.one_time_prekey.is_none()
        && prekeys.was_accepted(message.signed_prekey, &message.base_key)
    {
        return Err(Problem::HandshakeReplayed);
    }
    let signed_prekey =
        prekeys.signed_prekey(message.signed_prekey).ok_or(Problem::UnknownSignedPrekey)?;
    let one_time_prekey = message
        .one_time_prekey
        .map(|id| prekeys.one_time_prekey(id).ok_or(Problem::UnknownPrekey))
        .transpose()?;
    let handshake = Responder {
        identity: local.identity.private(),
        signed_prekey: &signed_prekey,
        one_time_prekey: one_time_prekey.as_ref(),
        their_identity: &message.identity_key,
        their_base: &message.base_key,
    };
    // CK0 would be the chain of messages under the signed prekey, which nobody sends.
    let (root_key, _) = handshake.agree(local.profile)?;
    Ok(PairwiseSession {
        base_key: message.base_key,
        local_identity: *local.identity.public(),
        remote_identity: message.identity_key,
        local_registration_id: local.registration_id,
        remote_registration_id: message.registration_id,
        pending: None,
        ratchet: Ratchet::responder(root_key, signed_prekey),
    })
}
