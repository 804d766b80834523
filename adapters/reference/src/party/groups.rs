//! Sender keys of one device: its own, and those that it was given.

use countersign_protocol::problem::Problem;
use countersign_protocol::sender_key::{Distribution, DistributionId, SenderKeyMessage};
use zeroize::Zeroizing;

use super::{Address, Party};
use crate::randomness::Randomness;

impl Party {
    /// The distribution message of its own sender key, which is made if there is none.
    pub(crate) fn distribute(
        &mut self,
        id: DistributionId,
        randomness: &mut Randomness,
    ) -> Vec<u8> {
        self.own_sender_keys.entry(id).or_default().distribute(id, randomness).encode()
    }

    /// Takes in another device's sender key.
    pub(crate) fn accept_distribution(
        &mut self,
        sender: Address,
        message: &[u8],
    ) -> Result<(), Problem> {
        let distribution = Distribution::decode(message, self.device.profile)?;
        self.sender_keys.entry((sender, distribution.id)).or_default().accept(&distribution);
        Ok(())
    }

    /// Encrypts `count` times for everyone with its sender key, and gives each message to `keep`.
    pub(crate) fn encrypt_for_group(
        &mut self,
        id: DistributionId,
        plaintext: &[u8],
        count: u32,
        randomness: &mut Randomness,
        mut keep: impl FnMut(u32, &[u8]),
    ) -> Result<(), Problem> {
        let record = self.own_sender_keys.get_mut(&id).ok_or(Problem::NoSenderKey)?;
        for index in 0..count {
            keep(index, &record.encrypt(id, plaintext, randomness)?);
        }
        Ok(())
    }

    /// Decrypts a message of a group.
    pub(crate) fn decrypt_from_group(
        &mut self,
        sender: Address,
        message: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let message = SenderKeyMessage::decode(message)?;
        let record = self
            .sender_keys
            .get_mut(&(sender, message.distribution_id))
            .ok_or(Problem::NoSenderKey)?;
        record.decrypt(&message, self.device.profile)
    }

    /// Loses the sender key of a device for a distribution id, its own for its own address.
    pub(crate) fn forget_sender_key(&mut self, sender: Address, id: DistributionId) {
        if sender == self.device.address {
            self.own_sender_keys.remove(&id);
        }
        self.sender_keys.remove(&(sender, id));
    }
}
