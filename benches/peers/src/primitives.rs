//! The bare primitives of each row, without a protocol around them: where the floor is. Default backends of the same
//! releases that `countersign-protocol` uses.

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use ed25519_dalek::{Signer, SigningKey, Verifier};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::competitor::{Competitor, each};

const NAME: &str = "bare primitives";

pub(crate) fn prekeys() -> Competitor {
    let signer = SigningKey::from_bytes(&[3; 32]);
    Competitor::new(NAME, move || {
        each(1, || {
            let keys: Vec<_> = (0..101).map(|_| PublicKey::from(&secret())).collect();
            (signer.sign(keys[0].as_bytes()), keys)
        })
    })
}

pub(crate) fn initiator() -> Competitor {
    let signer = SigningKey::from_bytes(&[3; 32]);
    let signature = signer.sign(&[5; 33]);
    let (secret, public) = (secret(), PublicKey::from(&secret()));
    Competitor::new(NAME, move || {
        each(4, || {
            for _ in 0..4 {
                signer.verifying_key().verify(&[5; 33], &signature).unwrap();
                agreements(&secret, &public, 5);
                publics(2);
                seal(&[7; 32]);
            }
        })
    })
}

pub(crate) fn responder() -> Competitor {
    let (secret, public) = (secret(), PublicKey::from(&secret()));
    let sealed = seal(&[7; 32]);
    Competitor::new(NAME, move || {
        each(4, || {
            for _ in 0..4 {
                agreements(&secret, &public, 5);
                open(&sealed);
            }
        })
    })
}

pub(crate) fn ping_pong() -> Competitor {
    let (secret, public) = (secret(), PublicKey::from(&secret()));
    Competitor::new(NAME, move || {
        each(8, || {
            for _ in 0..16 {
                agreements(&secret, &public, 2);
                publics(1);
                let sealed = seal(&[7; 32]);
                open(&sealed);
            }
        })
    })
}

pub(crate) fn encrypt(size: usize) -> Competitor {
    let plaintext = vec![7; size];
    Competitor::new(NAME, move || {
        each(16, || (0..16).map(|_| seal(&plaintext)).collect::<Vec<_>>())
    })
}

pub(crate) fn decrypt(size: usize) -> Competitor {
    let sealed = seal(&vec![7; size]);
    Competitor::new(NAME, move || each(16, || (0..16).map(|_| open(&sealed)).collect::<Vec<_>>()))
}

fn secret() -> StaticSecret {
    StaticSecret::from(rand::random::<[u8; 32]>())
}

fn agreements(secret: &StaticSecret, public: &PublicKey, count: usize) {
    for _ in 0..count {
        std::hint::black_box(secret.diffie_hellman(public));
    }
}

fn publics(count: usize) {
    for _ in 0..count {
        std::hint::black_box(PublicKey::from(&secret()));
    }
}

/// Chain step, key expansion, CBC and MAC of one message.
fn seal(plaintext: &[u8]) -> Vec<u8> {
    let keys = message_keys();
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&keys[..32], &keys[64..]).unwrap();
    let mut message = cipher.encrypt_padded_vec::<Pkcs7>(plaintext);
    let tag = mac(&keys[32..64], &message);
    message.extend_from_slice(&tag[..8]);
    message
}

fn open(message: &[u8]) -> Vec<u8> {
    let keys = message_keys();
    let (body, tag) = message.split_at(message.len() - 8);
    assert_eq!(&mac(&keys[32..64], body)[..8], tag);
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(&keys[..32], &keys[64..]).unwrap();
    cipher.decrypt_padded_vec::<Pkcs7>(body).unwrap()
}

fn message_keys() -> [u8; 80] {
    let chain = [9; 32];
    let seed = mac(&chain, &[1]);
    std::hint::black_box(mac(&chain, &[2]));
    let mut keys = [0; 80];
    Hkdf::<Sha256>::new(None, &seed).expand(b"WhisperMessageKeys", &mut keys).unwrap();
    keys
}

fn mac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(data);
    mac.finalize().into_bytes().into()
}
