//! One chain of one sender.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::message::VERSION_BYTE;
use super::{Distribution, DistributionId, SenderKeyMessage};
use crate::keys::{KeyPair, PublicKey, Signature};
use crate::limits::FORWARD_JUMP_MAX;
use crate::primitives::cbc;
use crate::primitives::hkdf::split;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::{ChainKey, Seed};
use crate::stored_seeds::{Chain, StoredSeeds};
use crate::wire::protobuf::{bytes_len, put_bytes, put_bytes_head, put_uint32, uint32_len};
use crate::xeddsa::{self, Rule, SigningKey, Verification};

/// The label of the message keys: IV 16 ‖ cipher key 32.
const MESSAGE_LABEL: &[u8] = b"WhisperGroup";

/// A chain, the key that signs its messages, and seeds of messages that have not come yet.
#[derive(Clone, Debug)]
pub(super) struct SenderKeyState {
    pub(super) chain_id: u32,
    pub(super) chain: Chain,
    pub(super) signing_key: PublicKey,
    /// Only in one's own state.
    pub(super) signer: Option<Signer>,
    pub(super) stored: StoredSeeds<u32>,
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
            chain: Chain::new(ChainKey::from_bytes(*chain_key)),
            signing_key: *signer.pair.public(),
            signer: Some(signer),
            stored: StoredSeeds::new(),
        }
    }

    pub(super) fn accept(distribution: &Distribution) -> Self {
        Self {
            chain_id: distribution.chain_id,
            chain: distribution.chain.clone(),
            signing_key: distribution.signing_key,
            signer: None,
            stored: StoredSeeds::new(),
        }
    }

    pub(super) const fn chain_id(&self) -> u32 {
        self.chain_id
    }

    pub(super) const fn chain(&self) -> &Chain {
        &self.chain
    }

    pub(super) const fn signing_key(&self) -> &PublicKey {
        &self.signing_key
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
        let (seed, next) = self.chain.step().ok_or(Problem::InvalidMessage)?;
        let ciphertext_len = cbc::ciphertext_len(plaintext.len());
        let protobuf_len = bytes_len(id.0.len())
            + uint32_len(self.chain_id)
            + uint32_len(self.chain.index)
            + bytes_len(ciphertext_len);
        let mut out = Vec::with_capacity(1 + protobuf_len + Signature::LEN);
        out.push(VERSION_BYTE);
        put_bytes(&mut out, 1, &id.0);
        put_uint32(&mut out, 2, self.chain_id);
        put_uint32(&mut out, 3, self.chain.index);
        put_bytes_head(&mut out, 4, ciphertext_len);
        let from = out.len();
        out.extend_from_slice(plaintext);
        let (iv, cipher_key) = message_keys(&seed);
        cbc::encrypt_tail(&cipher_key, &iv, &mut out, from);
        let signature = signer.key.sign(&[&out], rng);
        out.extend_from_slice(signature.as_bytes());
        self.chain = next;
        Ok(out)
    }

    pub(super) fn decrypt(
        &mut self,
        message: &SenderKeyMessage<'_>,
        profile: Profile,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let how = Verification::from(profile);
        xeddsa::verify(&self.signing_key, &[message.signed], &message.signature, how)?;
        let Some(distance) = message.iteration.checked_sub(self.chain.index) else {
            return self.decrypt_stored(message);
        };
        if distance > FORWARD_JUMP_MAX {
            return Err(Problem::InvalidMessage);
        }
        let (chain, passed) = self.chain.walk_to(message.iteration);
        let (seed, next) = chain.step().ok_or(Problem::InvalidMessage)?;
        let plaintext = decrypt_with(&seed, message.ciphertext)?;
        passed.into_iter().for_each(|(iteration, seed)| self.stored.store(iteration, seed));
        self.chain = next;
        Ok(plaintext)
    }

    fn decrypt_stored(
        &mut self,
        message: &SenderKeyMessage<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let seed = self.stored.find(&message.iteration).ok_or(Problem::DuplicateMessage)?;
        let plaintext = decrypt_with(seed, message.ciphertext)?;
        self.stored.remove(&message.iteration);
        Ok(plaintext)
    }
}

fn decrypt_with(seed: &Seed, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (iv, cipher_key) = message_keys(seed);
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    cbc::decrypt(&cipher_key, &iv, &mut plaintext).ok_or(Problem::InvalidMessage)?;
    Ok(plaintext)
}

/// The IV comes first, unlike in the pairwise suite.
fn message_keys(seed: &Seed) -> ([u8; 16], Zeroizing<[u8; 32]>) {
    let (iv, cipher_key) = split(&*seed.expand::<48>(MESSAGE_LABEL));
    (iv, Zeroizing::new(cipher_key))
}
