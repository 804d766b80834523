//! `SignalMessage = version byte ‖ protobuf ‖ MAC 8`. Spec: `spec/wire.md#ratchet-message`.

use subtle::ConstantTimeEq;

use super::{VERSION_BYTE, protobuf};
use crate::keys::PublicKey;
use crate::primitives::{cbc, hmac::HmacKey};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::MessageKeys;

/// Length of the truncated MAC.
const MAC_LEN: usize = 8;

/// A ratchet message as received: decoded, not yet authenticated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignalMessage<'a> {
    /// From the version byte's high nibble.
    pub(crate) version: u8,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    ciphertext: &'a [u8],
    /// The bytes under the MAC, as received: version byte ‖ protobuf.
    authenticated: &'a [u8],
    mac: &'a [u8; MAC_LEN],
}

impl<'a> SignalMessage<'a> {
    /// Reads the structure.
    ///
    /// # Errors
    /// `too_short`, `legacy_version`, `unknown_version`, `malformed`, and those of the ratchet key.
    pub(crate) fn decode(bytes: &'a [u8], profile: Profile) -> Result<Self, Problem> {
        let (authenticated, mac) = bytes.split_last_chunk().ok_or(Problem::TooShort)?;
        let (first, body) = authenticated.split_first().ok_or(Problem::TooShort)?;
        let version = super::version(*first)?;
        let (mut ratchet_key, mut counter, mut ciphertext) = (None, None, None);
        for field in protobuf::fields(body) {
            let field = field?;
            match field.number {
                1 => ratchet_key = Some(field.bytes()?),
                2 => counter = Some(field.uint32()?),
                // The previous counter decides nothing, but its form is checked.
                3 => drop(field.uint32()?),
                4 => ciphertext = Some(field.bytes()?),
                _ => {}
            }
        }
        Ok(Self {
            version,
            ratchet_key: PublicKey::decode(ratchet_key.ok_or(Problem::Malformed)?, profile)?,
            counter: counter.ok_or(Problem::Malformed)?,
            ciphertext: ciphertext.ok_or(Problem::Malformed)?,
            authenticated,
            mac,
        })
    }

    /// Checks the MAC, then decrypts.
    ///
    /// # Errors
    /// `invalid_message`, whatever was wrong.
    pub(crate) fn open(
        &self,
        keys: &MessageKeys,
        sender: &PublicKey,
        receiver: &PublicKey,
    ) -> Result<Vec<u8>, Problem> {
        let mac = mac(&keys.mac_key(), sender, receiver, self.authenticated);
        if !bool::from(mac.ct_eq(self.mac)) {
            return Err(Problem::InvalidMessage);
        }
        let mut buffer = self.ciphertext.to_vec();
        cbc::decrypt(keys.cipher_key(), keys.iv(), &mut buffer).ok_or(Problem::InvalidMessage)?;
        Ok(buffer)
    }
}

/// What a ratchet message is made of.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) ratchet_key: &'a PublicKey,
    pub(crate) counter: u32,
    pub(crate) previous_counter: u32,
    pub(crate) plaintext: &'a [u8],
}

impl Draft<'_> {
    /// The length of the message.
    pub(crate) fn encoded_len(&self) -> usize {
        1 + protobuf::bytes_len(PublicKey::LEN)
            + protobuf::uint32_len(self.counter)
            + protobuf::uint32_len(self.previous_counter)
            + protobuf::bytes_len(cbc::ciphertext_len(self.plaintext.len()))
            + MAC_LEN
    }

    /// Encrypts and appends the whole message.
    pub(crate) fn seal_into(
        &self,
        out: &mut Vec<u8>,
        keys: &MessageKeys,
        sender: &PublicKey,
        receiver: &PublicKey,
    ) {
        let start = out.len();
        out.push(VERSION_BYTE);
        protobuf::put_bytes(out, 1, &self.ratchet_key.to_bytes());
        protobuf::put_uint32(out, 2, self.counter);
        protobuf::put_uint32(out, 3, self.previous_counter);
        protobuf::put_bytes_head(out, 4, cbc::ciphertext_len(self.plaintext.len()));
        let body = out.len();
        out.extend_from_slice(self.plaintext);
        cbc::encrypt_tail(keys.cipher_key(), keys.iv(), out, body);
        let mac = mac(&keys.mac_key(), sender, receiver, out.get(start..).unwrap_or_default());
        out.extend_from_slice(&mac);
    }
}

/// The first 8 bytes of HMAC-SHA-256 over sender identity ‖ receiver identity ‖ `message`.
fn mac(key: &HmacKey, sender: &PublicKey, receiver: &PublicKey, message: &[u8]) -> [u8; MAC_LEN] {
    let mut mac = key.start();
    mac.update(&sender.to_bytes());
    mac.update(&receiver.to_bytes());
    mac.update(message);
    let full = mac.finish();
    *full.first_chunk().unwrap_or(&[0; MAC_LEN])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ratchet::Seed;
    use crate::vectors::replay;

    const SENDER: PublicKey = PublicKey::from_u([1; 32]);
    const RECEIVER: PublicKey = PublicKey::from_u([2; 32]);

    fn keys() -> MessageKeys {
        MessageKeys::of(&Seed::from_bytes([3; 32]))
    }

    fn sealed(plaintext: &[u8], counter: u32) -> Vec<u8> {
        let ratchet_key = PublicKey::from_u([4; 32]);
        let draft =
            Draft { ratchet_key: &ratchet_key, counter, previous_counter: counter / 2, plaintext };
        let mut out = Vec::new();
        draft.seal_into(&mut out, &keys(), &SENDER, &RECEIVER);
        assert_eq!(out.len(), draft.encoded_len());
        out
    }

    fn open(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
        SignalMessage::decode(bytes, Profile::Strict)?.open(&keys(), &SENDER, &RECEIVER)
    }

    /// Another encoding of a message, under a right MAC.
    fn recrafted(body: &[u8]) -> Vec<u8> {
        let mut out = [&[0x3f], body].concat();
        let mac = mac(&keys().mac_key(), &SENDER, &RECEIVER, &out);
        out.extend(mac);
        out
    }

    #[test]
    fn macs_are_those_of_the_vectors() {
        replay("signal-v3 MAC", &[], |input| {
            let key = HmacKey::new(&input.array::<32>("mac_key"));
            let (sender, receiver) =
                (input.public("sender_identity"), input.public("receiver_identity"));
            vec![("mac", mac(&key, &sender, &receiver, &input.bytes("message")).to_vec())]
        });
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_nothing_else(
            plaintext in prop::collection::vec(any::<u8>(), 0..100),
            counter: u32,
            bit in any::<prop::sample::Index>(),
        ) {
            let mut message = sealed(&plaintext, counter);
            prop_assert_eq!(SignalMessage::decode(&message, Profile::Strict).unwrap().counter, counter);
            prop_assert_eq!(open(&message), Ok(plaintext));
            let bit = bit.index(8 * message.len());
            message[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&message).is_err());
        }
    }

    #[test]
    fn the_mac_is_over_the_bytes_received() {
        let message = sealed(b"plaintext", 5);
        let body = &message[1..message.len() - MAC_LEN];
        let unknown_field = [&[0x78, 1], body].concat();
        let long_varint = [body, &[0x10, 0x85, 0x80, 0]].concat();
        for body in [body, &unknown_field, &long_varint] {
            assert_eq!(open(&recrafted(body)), Ok(b"plaintext".to_vec()));
        }
    }

    #[test]
    fn a_ciphertext_that_is_no_cbc_is_refused_under_a_right_mac() {
        let message = sealed(b"plaintext", 5);
        let body = &message[1..message.len() - MAC_LEN];
        for ciphertext in [&[][..], &[0; 15], &[0; 16]] {
            let mut body = body.to_vec();
            protobuf::put_bytes(&mut body, 4, ciphertext);
            assert_eq!(open(&recrafted(&body)), Err(Problem::InvalidMessage));
        }
    }

    #[test]
    fn fewer_than_nine_bytes_are_too_short() {
        assert_eq!(open(&[0x34; 8]), Err(Problem::TooShort));
        assert_eq!(open(&[0x34; 9]), Err(Problem::Malformed));
        assert_eq!(open(&[0x24; 9]), Err(Problem::LegacyVersion));
        assert_eq!(open(&[0x54; 9]), Err(Problem::UnknownVersion));
    }
}
