//! Curve25519 keys. Spec: `spec/primitives.md#keys`.

use core::fmt;

use crate::primitives::secret::{Secret, wipe};
use crate::primitives::x25519;
use crate::problem::Problem;
use crate::profile::Profile;
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};

/// The first byte of an encoded public key.
const KEY_TYPE: u8 = 0x05;

/// An X25519 public key: a u-coordinate of 32 bytes, kept as received.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Length of the encoded form: `0x05 ‖ u`.
    pub const LEN: usize = 33;

    /// Reads `0x05 ‖ u`.
    ///
    /// # Errors
    /// `no_key_type`, `bad_key_type`, `bad_key_length`. The compatible profile takes the first 33
    /// bytes of a longer key and any u-coordinate; the strict profile wants exactly 33 bytes and
    /// refuses a u-coordinate that is not canonical with `bad_key`.
    pub fn decode(bytes: &[u8], profile: Profile) -> Result<Self, Problem> {
        let (key_type, rest) = bytes.split_first().ok_or(Problem::NoKeyType)?;
        if *key_type != KEY_TYPE {
            return Err(Problem::BadKeyType);
        }
        let (u, tail) = rest.split_first_chunk::<32>().ok_or(Problem::BadKeyLength)?;
        let key = Self(*u);
        match profile {
            Profile::Compatible => Ok(key),
            Profile::Strict if !tail.is_empty() => Err(Problem::BadKeyLength),
            Profile::Strict if !key.is_canonical() => Err(Problem::BadKey),
            Profile::Strict => Ok(key),
        }
    }

    /// The key with this u-coordinate, which is not checked.
    pub const fn from_u(u: [u8; 32]) -> Self {
        Self(u)
    }

    /// The u-coordinate.
    pub const fn as_u(&self) -> &[u8; 32] {
        &self.0
    }

    /// `0x05 ‖ u`.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [KEY_TYPE; Self::LEN];
        bytes.iter_mut().skip(1).zip(self.0).for_each(|(to, from)| *to = from);
        bytes
    }

    /// Whether the u-coordinate is less than 2^255-19, top bit included.
    pub fn is_canonical(&self) -> bool {
        let [low, middle @ .., high] = &self.0;
        *high < 0x7f || (*high == 0x7f && (middle.iter().any(|b| *b != 0xff) || *low < 0xed))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "PublicKey({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// An X25519 private key: 32 bytes, clamped.
#[derive(Clone)]
pub struct PrivateKey(Secret<32>);

impl PrivateKey {
    /// Takes 32 bytes in and clamps them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let [low, middle @ .., high] = bytes;
        let mut key = [0; 32];
        let clamped = core::iter::once(low & 0xf8).chain(middle).chain([high & 0x7f | 0x40]);
        key.iter_mut().zip(clamped).for_each(|(to, from)| *to = from);
        Self(Secret::new(key))
    }

    /// Draws 32 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        let key = Self::from_bytes(bytes);
        wipe(&mut bytes, [0; 32]);
        key
    }

    /// The clamped bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Computes the public key: one base-point multiplication, so keep the result.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(x25519::public_key(&self.0))
    }

    /// The agreement with `theirs`. Zero for a point of small order: see [`SharedSecret`].
    pub fn agree(&self, theirs: &PublicKey) -> SharedSecret {
        SharedSecret(Secret::new(x25519::agree(&self.0, &theirs.0)))
    }

    /// The agreement as `profile` wants it.
    ///
    /// # Errors
    /// `bad_agreement` in the strict profile when the result is 32 zero bytes.
    pub fn agree_in(&self, theirs: &PublicKey, profile: Profile) -> Result<SharedSecret, Problem> {
        let shared = self.agree(theirs);
        match profile {
            Profile::Strict if bool::from(shared.is_zero()) => Err(Problem::BadAgreement),
            Profile::Compatible | Profile::Strict => Ok(shared),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// The result of a key agreement, 32 bytes.
pub struct SharedSecret(Secret<32>);

impl SharedSecret {
    #[cfg(test)]
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether the other side contributed nothing: a result of 32 zero bytes.
    pub fn is_zero(&self) -> Choice {
        self.0.ct_eq(&[0; 32])
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

/// A private key and its public key, computed once.
#[derive(Clone, Debug)]
pub struct KeyPair {
    private: PrivateKey,
    public: PublicKey,
}

impl KeyPair {
    /// Draws 32 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self::from_private(PrivateKey::generate(rng))
    }

    /// Computes the public key.
    pub fn from_private(private: PrivateKey) -> Self {
        let public = private.public_key();
        Self { private, public }
    }

    /// Takes a public key that was computed before, from a state that this program wrote.
    pub(crate) const fn from_parts(private: PrivateKey, public: PublicKey) -> Self {
        Self { private, public }
    }

    /// The private half.
    pub const fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// The public half.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }
}

/// The key pair that stands for a device's account, and signs its prekeys.
#[derive(Clone, Debug)]
pub struct IdentityKeyPair(KeyPair);

impl IdentityKeyPair {
    /// Draws 32 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(KeyPair::generate(rng))
    }

    /// Computes the public key.
    pub fn from_private(private: PrivateKey) -> Self {
        Self(KeyPair::from_private(private))
    }

    /// The private half.
    pub const fn private(&self) -> &PrivateKey {
        self.0.private()
    }

    /// The public half, by which others know the account.
    pub const fn public(&self) -> &PublicKey {
        self.0.public()
    }
}

/// An XEdDSA signature, 64 bytes: `R ‖ s`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes.
    pub const LEN: usize = 64;

    /// Takes the bytes as they are.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Reads exactly 64 bytes.
    ///
    /// # Errors
    /// `bad_signature` for any other length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        bytes.try_into().map(Self).map_err(|_| Problem::BadSignature)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Signature({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [u8; 32] = {
        let mut p = [0xff; 32];
        p[0] = 0xed;
        p[31] = 0x7f;
        p
    };

    #[test]
    fn canonical_means_below_the_prime() {
        let mut below = P;
        below[0] -= 1;
        let mut top = [0; 32];
        top[31] = 0x80;
        assert!(PublicKey(below).is_canonical());
        assert!(PublicKey([0; 32]).is_canonical());
        assert!(!PublicKey(P).is_canonical());
        assert!(!PublicKey([0xff; 32]).is_canonical());
        assert!(!PublicKey(top).is_canonical());
    }

    #[test]
    fn a_private_key_is_clamped_when_taken_in() {
        assert_eq!(PrivateKey::from_bytes([0xff; 32]).as_bytes()[31], 0x7f);
        assert_eq!(PrivateKey::from_bytes([0; 32]).as_bytes()[31], 0x40);
        assert_eq!(PrivateKey::from_bytes([0xff; 32]).as_bytes()[0], 0xf8);
    }

    #[test]
    fn the_profiles_differ_in_length_and_canonical_form() {
        let long = [5; 34];
        assert!(PublicKey::decode(&long, Profile::Compatible).is_ok());
        assert_eq!(PublicKey::decode(&long, Profile::Strict), Err(Problem::BadKeyLength));
        let high = PublicKey(P).to_bytes();
        assert_eq!(PublicKey::decode(&high, Profile::Compatible), Ok(PublicKey(P)));
        assert_eq!(PublicKey::decode(&high, Profile::Strict), Err(Problem::BadKey));
    }

    #[test]
    fn no_secret_is_printed() {
        let pair = KeyPair::from_private(PrivateKey::from_bytes([0xab; 32]));
        assert!(!format!("{pair:?}{:?}", pair.private().agree(pair.public())).contains("ab, "));
        assert!(format!("{pair:?}").contains("PrivateKey(..)"));
    }
}
