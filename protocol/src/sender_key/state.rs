//! One chain of one sender.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::message::VERSION_BYTE;
use super::{Distribution, DistributionId, SenderKeyMessage};
use crate::keys::{KeyPair, PublicKey, Signature};
use crate::limits::FORWARD_JUMP_MAX;
use crate::primitives::cbc;
use crate::primitives::hkdf::split;
use crate::primitives::secret::Secret;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::{ChainKey, ReceiverChain, Seed};
use crate::wire::protobuf::{bytes_len, put_bytes, put_bytes_head, put_uint32, uint32_len};
use crate::xeddsa::{self, Rule, SigningKey, Verification};

/// The label of the message keys: IV 16 ‖ cipher key 32.
const MESSAGE_LABEL: &[u8] = b"WhisperGroup";

/// A chain and the key that signs its messages.
#[derive(Clone, Debug)]
pub(super) struct SenderKeyState {
    pub(super) chain_id: u32,
    /// One's own is sent on, another's is received on.
    pub(super) chain: ReceiverChain,
    pub(super) signing_key: PublicKey,
    /// Only in one's own state.
    pub(super) signer: Option<Signer>,
}

/// The private half of a signing key, with what signing needs of it computed once.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    pub(super) pair: KeyPair,
    key: SigningKey,
}

impl Signer {
    pub(super) fn new(pair: KeyPair) -> Self {
        let key = SigningKey::new(pair.private(), Rule::Libsignal);
        Self { pair, key }
    }
}

impl SenderKeyState {
    /// Draws the chain id (4 bytes, little-endian, shifted right by one), the chain key (32) and
    /// the signing key (32).
    pub(super) fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut chain_id = [0; 4];
        rng.fill_bytes(&mut chain_id);
        let mut chain_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *chain_key);
        let signer = Signer::new(KeyPair::generate(rng));
        Self {
            chain_id: u32::from_le_bytes(chain_id) >> 1,
            chain: ReceiverChain::new(ChainKey::from_bytes(*chain_key), 0),
            signing_key: *signer.pair.public(),
            signer: Some(signer),
        }
    }

    pub(super) fn accept(distribution: &Distribution) -> Self {
        Self {
            chain_id: distribution.chain_id,
            chain: ReceiverChain::new(distribution.chain_key.clone(), distribution.iteration),
            signing_key: distribution.signing_key,
            signer: None,
        }
    }

    pub(super) const fn is_own(&self) -> bool {
        self.signer.is_some()
    }

    pub(super) fn encrypt(
        &mut self,
        id: DistributionId,
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, Problem> {
        let signer = self.signer.as_ref().ok_or(Problem::NoSenderKey)?;
        let iteration = self.chain.next;
        let next = iteration.checked_add(1).ok_or(Problem::InvalidMessage)?;
        let ciphertext_len = cbc::ciphertext_len(plaintext.len());
        let protobuf_len = bytes_len(id.0.len())
            + uint32_len(self.chain_id)
            + uint32_len(iteration)
            + bytes_len(ciphertext_len);
        let mut out = Vec::with_capacity(1 + protobuf_len + Signature::LEN);
        out.push(VERSION_BYTE);
        put_bytes(&mut out, 1, &id.0);
        put_uint32(&mut out, 2, self.chain_id);
        put_uint32(&mut out, 3, iteration);
        put_bytes_head(&mut out, 4, ciphertext_len);
        let from = out.len();
        out.extend_from_slice(plaintext);
        let (seed, chain_key) = self.chain.chain_key.step();
        let (iv, cipher_key) = message_keys(&seed);
        cbc::encrypt_tail(&cipher_key, &iv, &mut out, from);
        let signature = signer.key.sign(&[&out], rng);
        out.extend_from_slice(signature.as_bytes());
        self.chain.chain_key = chain_key;
        self.chain.next = next;
        Ok(out)
    }

    pub(super) fn decrypt(
        &mut self,
        message: &SenderKeyMessage<'_>,
        profile: Profile,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let how = Verification::from(profile);
        xeddsa::verify(&self.signing_key, &[message.signed], &message.signature, how)?;
        self.chain.receive(message.iteration, FORWARD_JUMP_MAX, |seed| {
            decrypt_with(seed, message.ciphertext)
        })
    }
}

fn decrypt_with(seed: &Seed, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (iv, cipher_key) = message_keys(seed);
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    cbc::decrypt(&cipher_key, &iv, &mut plaintext).ok_or(Problem::InvalidMessage)?;
    Ok(plaintext)
}

/// The IV comes first, unlike in the pairwise suite.
fn message_keys(seed: &Seed) -> ([u8; 16], Secret<32>) {
    let (iv, cipher_key) = split(&*seed.expand::<48>(MESSAGE_LABEL));
    (iv, Secret::new(cipher_key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::replay;

    #[test]
    fn message_keys_are_those_of_the_vectors() {
        replay("sender-key-v3 message keys", &[], |input| {
            let (iv, cipher_key) = message_keys(&Seed::from_bytes(input.array("seed")));
            vec![("iv", iv.to_vec()), ("cipher_key", cipher_key.as_bytes().to_vec())]
        });
    }
}
