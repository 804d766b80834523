//! Sessions begun by the peer. Spec: `spec/native.md#checks-of-a-first-message`.

use super::pairwise::PairwiseSession;
use super::ratchet::Ratchet;
use super::wire::HandshakeFields;
use super::{LocalDevice, handshake};
use crate::ids::{OneTimePrekeyId, SignedPrekeyId};
use crate::keys::{KeyPair, PublicKey};
use crate::prekeys::HeldPrekeys;
use crate::problem::Problem;

/// A session begun by the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The one-time prekey that was used: to be deleted.
    pub one_time_prekey: Option<OneTimePrekeyId>,
    /// The signed prekey that was used.
    pub signed_prekey: SignedPrekeyId,
    /// The peer's ephemeral key.
    pub ephemeral: PublicKey,
}

impl Accepted {
    pub(super) const fn of(fields: &HandshakeFields) -> Self {
        Self {
            one_time_prekey: fields.one_time_prekey,
            signed_prekey: fields.signed_prekey,
            ephemeral: fields.ephemeral,
        }
    }

    /// What to remember as long as the signed prekey is held, so that this first message is not
    /// accepted again. `None` when a one-time prekey, deleted now, makes sure of that.
    pub const fn replay_key(&self) -> Option<(SignedPrekeyId, &PublicKey)> {
        match self.one_time_prekey {
            None => Some((self.signed_prekey, &self.ephemeral)),
            Some(_) => None,
        }
    }
}

/// Makes the responder's session, which the inner message has yet to prove.
pub(super) fn respond(
    local: &LocalDevice<'_>,
    fields: &HandshakeFields,
    prekeys: &impl HeldPrekeys,
) -> Result<PairwiseSession, Problem> {
    if fields.one_time_prekey.is_none()
        && prekeys.was_accepted(fields.signed_prekey, &fields.ephemeral)
    {
        return Err(Problem::HandshakeReplayed);
    }
    let signed_prekey = prekeys
        .signed_prekey(fields.signed_prekey)
        .map(KeyPair::from_private)
        .ok_or(Problem::UnknownSignedPrekey)?;
    let one_time_prekey = fields
        .one_time_prekey
        .map(|id| prekeys.one_time_prekey(id).ok_or(Problem::UnknownPrekey))
        .transpose()?
        .map(KeyPair::from_private);
    let (root_key, session_id) =
        handshake::respond(fields, local.identity, &signed_prekey, one_time_prekey.as_ref())?;
    Ok(PairwiseSession {
        ephemeral: fields.ephemeral,
        remote_identity: fields.initiator_identity,
        pending: None,
        ratchet: Ratchet::responder(session_id, root_key, signed_prekey),
    })
}
