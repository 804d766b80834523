//! The static boxes: NaCl's `crypto_box` and its XChaCha20 sibling, and our form for several devices.
//! Spec: spec/box.md

use crypto_secretbox::aead::generic_array::GenericArray;
use crypto_secretbox::{AeadInPlace, Kdf, KeyInit, XChaCha20Poly1305, XSalsa20Poly1305};

use super::aead;
use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{dh, with_type};
use super::primitives::sha256;

/// Tag first, 16 bytes.
pub const TAG: usize = 16;
/// Nonce, 24 bytes.
pub const NONCE: usize = 24;

/// Which box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// NaCl's `crypto_box_curve25519xsalsa20poly1305`.
    XSalsa20,
    /// libsodium's `crypto_box_curve25519xchacha20poly1305`.
    XChaCha20,
}

impl Suite {
    /// The name of the adapter protocol.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "box-xsalsa20" => Some(Self::XSalsa20),
            "box-xchacha20" => Some(Self::XChaCha20),
            _ => None,
        }
    }
}

/// Seals `plaintext` from `private` (32 bytes) to `public` (32 raw bytes). Gives tag 16 ‖ body.
pub fn seal(
    suite: Suite,
    private: &[u8],
    public: &[u8],
    nonce: &[u8],
    plaintext: &[u8],
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let (key, nonce) = setup(suite, private, public, nonce, bugs)?;
    let mut body = plaintext.to_vec();
    let tag = encrypt(suite, &key, &nonce, &mut body)?;
    Ok(if bugs.has(Bug::Box2TagLast) && suite == Suite::XSalsa20 {
        [body, tag.to_vec()].concat()
    } else {
        [tag.to_vec(), body].concat()
    })
}

/// Opens a box that `public` sealed for `private`.
pub fn open(
    suite: Suite,
    private: &[u8],
    public: &[u8],
    nonce: &[u8],
    ciphertext: &[u8],
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let (key, nonce) = setup(suite, private, public, nonce, bugs)?;
    if ciphertext.len() < TAG {
        return if bugs.has(Bug::Box5ShortBoxEmpty) {
            Ok(Vec::new())
        } else {
            Err(Fault::new(Code::TooShort, "no room for a tag"))
        };
    }
    let (tag, body) = if bugs.has(Bug::Box2TagLast) && suite == Suite::XSalsa20 {
        let (body, tag) = ciphertext.split_at(ciphertext.len() - TAG);
        (tag, body)
    } else {
        ciphertext.split_at(TAG)
    };
    decrypt(suite, &key, &nonce, tag, body, bugs)
}

/// The agreement's 32 bytes and the nonce, lengths checked.
fn setup(
    suite: Suite,
    private: &[u8],
    public: &[u8],
    nonce: &[u8],
    bugs: Bugs,
) -> Outcome<([u8; 32], [u8; NONCE])> {
    let private = sized::<32>(private, bugs)?;
    let public = sized::<32>(public, bugs)?;
    let nonce = sized::<NONCE>(nonce, bugs)?;
    Ok((shared_key(suite, private, public, bugs)?, nonce))
}

fn sized<const N: usize>(bytes: &[u8], bugs: Bugs) -> Outcome<[u8; N]> {
    if bugs.has(Bug::Box1LengthsAdjusted) {
        return Ok(std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0)));
    }
    bytes.try_into().map_err(|_| Fault::malformed("length of key or nonce"))
}

/// HSalsa20 or HChaCha20 of the X25519 agreement, with a zero input block.
fn shared_key(suite: Suite, private: [u8; 32], public: [u8; 32], bugs: Bugs) -> Outcome<[u8; 32]> {
    let agreed = dh(&private, &with_type(&public));
    if agreed == [0; 32] && !bugs.has(Bug::Box6ZeroAgreementUsed) {
        return Err(Fault::new(Code::BadAgreement, "agreement is all zero"));
    }
    let (agreed, zeros) = (GenericArray::from(agreed), GenericArray::from([0; 16]));
    Ok(match suite {
        Suite::XChaCha20 if !bugs.has(Bug::Box3HsalsaKey) => {
            XChaCha20Poly1305::kdf(&agreed, &zeros)
        }
        Suite::XChaCha20 | Suite::XSalsa20 => XSalsa20Poly1305::kdf(&agreed, &zeros),
    }
    .into())
}

fn encrypt(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    body: &mut [u8],
) -> Outcome<[u8; TAG]> {
    let (key, nonce) = (key.into(), nonce.into());
    match suite {
        Suite::XSalsa20 => XSalsa20Poly1305::new(key).encrypt_in_place_detached(nonce, b"", body),
        Suite::XChaCha20 => XChaCha20Poly1305::new(key).encrypt_in_place_detached(nonce, b"", body),
    }
    .map(Into::into)
    .map_err(|_| Fault::new(Code::Internal, "too long"))
}

fn decrypt(
    suite: Suite,
    key: &[u8; 32],
    nonce: &[u8; NONCE],
    tag: &[u8],
    body: &[u8],
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let mut out = body.to_vec();
    if bugs.has(Bug::Box4TagNotChecked) {
        // A stream cipher: encrypting the ciphertext takes the encryption off.
        encrypt(suite, key, nonce, &mut out)?;
        return Ok(out);
    }
    let (key, nonce, tag) = (key.into(), nonce.into(), GenericArray::from_slice(tag));
    match suite {
        Suite::XSalsa20 => {
            XSalsa20Poly1305::new(key).decrypt_in_place_detached(nonce, b"", &mut out, tag)
        }
        Suite::XChaCha20 => {
            XChaCha20Poly1305::new(key).decrypt_in_place_detached(nonce, b"", &mut out, tag)
        }
    }
    .map_err(|_| Fault::invalid("tag"))?;
    Ok(out)
}

/// The randomness of one message, in the order it is drawn.
#[derive(Debug, Clone)]
pub struct MessageDraws {
    /// The content key, 32 bytes.
    pub content_key: [u8; 32],
    /// A nonce for each recipient, in their order.
    pub nonces: Vec<[u8; NONCE]>,
}

/// A message for several devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// XChaCha20-Poly1305 under the content key, zero nonce, no associated data, tag last.
    pub content: Vec<u8>,
    /// For each recipient: nonce 24 ‖ box of header ‖ content key 32 ‖ SHA-256 of `content` 32.
    pub slots: Vec<Vec<u8>>,
}

/// Seals `content` once and its key to each of `recipients` (32 raw bytes each).
pub fn seal_message(
    private: &[u8],
    recipients: &[Vec<u8>],
    header: &[u8],
    content: &[u8],
    draws: &MessageDraws,
    bugs: Bugs,
) -> Outcome<Message> {
    let sealed = aead::xseal(&draws.content_key, &[0; NONCE], b"", content);
    let slots = recipients
        .iter()
        .zip(&draws.nonces)
        .map(|(recipient, nonce)| {
            let nonce = if bugs.has(Bug::Box9NonceReused) { &draws.nonces[0] } else { nonce };
            seal_slot(private, recipient, nonce, &slot_text(header, draws, &sealed, bugs), bugs)
        })
        .collect::<Result<_, _>>()?;
    Ok(Message { content: sealed, slots })
}

/// header ‖ content key ‖ SHA-256(content ciphertext).
fn slot_text(header: &[u8], draws: &MessageDraws, sealed: &[u8], bugs: Bugs) -> Vec<u8> {
    let mut text = [header, &draws.content_key].concat();
    if !bugs.has(Bug::Box7ContentHashLeftOut) {
        text.extend_from_slice(&sha256(&[sealed]));
    }
    text
}

/// nonce ‖ box. Public, so that a hostile slot text can be sealed too.
pub fn seal_slot(
    private: &[u8],
    recipient: &[u8],
    nonce: &[u8; NONCE],
    text: &[u8],
    bugs: Bugs,
) -> Outcome<Vec<u8>> {
    let sealed = seal(Suite::XChaCha20, private, recipient, nonce, text, bugs)?;
    Ok([nonce.to_vec(), sealed].concat())
}

/// Opens one device's slot and the content. Gives header and content.
pub fn open_message(
    private: &[u8],
    sender: &[u8],
    slot: &[u8],
    content: &[u8],
    bugs: Bugs,
) -> Outcome<(Vec<u8>, Vec<u8>)> {
    if slot.len() < NONCE + TAG || content.len() < TAG {
        return Err(Fault::new(Code::TooShort, "no room for a tag"));
    }
    let (nonce, sealed) = slot.split_at(NONCE);
    let text = open(Suite::XChaCha20, private, sender, nonce, sealed, bugs)?;
    let (header, key, hash) =
        split_slot_text(&text, bugs).ok_or_else(|| Fault::malformed("slot"))?;
    if !bugs.has(Bug::Box8ContentHashNotCompared)
        && !bugs.has(Bug::Box7ContentHashLeftOut)
        && hash != sha256(&[content])
    {
        return Err(Fault::invalid("content of another message"));
    }
    let opened = aead::xopen(&key, &[0; NONCE], b"", content)
        .ok_or_else(|| Fault::invalid("content tag"))?;
    Ok((header, opened))
}

/// Header, content key, hash (empty where a sender forgets it).
fn split_slot_text(text: &[u8], bugs: Bugs) -> Option<(Vec<u8>, [u8; 32], Vec<u8>)> {
    let hash_length = if bugs.has(Bug::Box7ContentHashLeftOut) { 0 } else { 32 };
    let (rest, hash) = text.split_at_checked(text.len().checked_sub(hash_length)?)?;
    let (header, key) = rest.split_at_checked(rest.len().checked_sub(32)?)?;
    Some((header.to_vec(), key.try_into().ok()?, hash.to_vec()))
}

#[cfg(test)]
mod tests {
    use crypto_box::aead::Aead;
    use crypto_box::{ChaChaBox, PublicKey, SalsaBox, SecretKey};

    use super::*;

    /// The example in the tests of NaCl itself: the first two bytes of it.
    #[test]
    fn nacls_example_comes_out() {
        let alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        let bob = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
        let nonce = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
        let [alice, bob, nonce] = [alice, bob, nonce].map(|text| hex::decode(text).unwrap());
        let sealed = seal(Suite::XSalsa20, &alice, &bob, &nonce, b"\xbe\x07", Bugs::NONE).unwrap();
        let opened = open(Suite::XSalsa20, &alice, &bob, &nonce, &sealed, Bugs::NONE).unwrap();
        assert_eq!(sealed[16..], [0x8e, 0x99]);
        assert_eq!(opened, b"\xbe\x07");
    }

    #[test]
    fn both_boxes_are_the_boxes_of_another_author() {
        let (alice, bob) = (SecretKey::from([1; 32]), SecretKey::from([2; 32]));
        let bob_public: PublicKey = bob.public_key();
        for length in [0, 1, 15, 16, 63, 64, 65, 300] {
            let text = vec![9; length];
            let nonce = [length as u8; 24];
            let salsa = SalsaBox::new(&bob_public, &alice).encrypt(&nonce.into(), &text[..]);
            let chacha = ChaChaBox::new(&bob_public, &alice).encrypt(&nonce.into(), &text[..]);
            for (suite, expected) in [(Suite::XSalsa20, salsa), (Suite::XChaCha20, chacha)] {
                let public = bob_public.as_bytes();
                let sealed = seal(suite, &[1; 32], public, &nonce, &text, Bugs::NONE).unwrap();
                assert_eq!(sealed, expected.unwrap());
                let alice = *alice.public_key().as_bytes();
                let opened = open(suite, &[2; 32], &alice, &nonce, &sealed, Bugs::NONE);
                assert_eq!(opened, Ok(text.clone()));
            }
        }
    }

    #[test]
    fn a_message_opens_for_each_recipient_and_no_other_content_does() {
        let public = |private: u8| *SecretKey::from([private; 32]).public_key().as_bytes();
        let recipients = [public(2).to_vec(), public(3).to_vec()];
        let draws = MessageDraws { content_key: [7; 32], nonces: vec![[8; 24], [9; 24]] };
        let made = seal_message(&[1; 32], &recipients, b"h", b"text", &draws, Bugs::NONE).unwrap();
        for (private, slot) in [(2, &made.slots[0]), (3, &made.slots[1])] {
            let opened = open_message(&[private; 32], &public(1), slot, &made.content, Bugs::NONE);
            assert_eq!(opened, Ok((b"h".to_vec(), b"text".to_vec())));
        }
        let other = aead::xseal(&[7; 32], &[0; 24], b"", b"fake");
        let opened = open_message(&[2; 32], &public(1), &made.slots[0], &other, Bugs::NONE);
        assert_eq!(opened.map_err(|fault| fault.code), Err(Code::InvalidMessage));
    }
}
