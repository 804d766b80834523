//! HKDF-SHA-256 (RFC 5869).

use std::sync::LazyLock;

use super::hmac::HmacKey;
use super::secret::Secret;

/// "No salt": RFC 5869 section 2.2 says a string of 32 zero bytes.
pub(crate) const NO_SALT: [u8; 32] = [0; 32];

/// `N` bytes of HKDF-SHA-256; `ikm` is the concatenation of the parts given.
pub(crate) fn hkdf<const N: usize>(salt: &[u8; 32], ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    derive(&HmacKey::new(salt), ikm, info)
}

/// The same without a salt, whose pads are the same each time.
pub(crate) fn hkdf_unsalted<const N: usize>(ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    static PADS: LazyLock<HmacKey> = LazyLock::new(|| HmacKey::new(&NO_SALT));
    derive(&PADS, ikm, info)
}

fn derive<const N: usize>(salt: &HmacKey, ikm: &[&[u8]], info: &[u8]) -> Secret<N> {
    const { assert!(N <= 255 * 32, "HKDF gives no more") };
    let mut extract = salt.start();
    ikm.iter().for_each(|part| extract.update(part));
    let key = HmacKey::new(&Secret::new(extract.finish()));
    let mut okm = Secret::new([0; N]);
    let mut previous = Secret::new([0; 32]);
    for (counter, block) in (1..=255).zip(okm.as_mut().chunks_mut(32)) {
        let mut expand = key.start();
        if counter > 1 {
            expand.update(&*previous);
        }
        expand.update(info);
        expand.update(&[counter]);
        previous = Secret::new(expand.finish());
        block.iter_mut().zip(previous.iter()).for_each(|(to, from)| *to = *from);
    }
    okm
}

/// Splits `A + B` derived bytes in two.
pub(crate) fn split<const A: usize, const B: usize>(bytes: &[u8]) -> ([u8; A], [u8; B]) {
    let mut parts = ([0; A], [0; B]);
    parts.0.iter_mut().chain(&mut parts.1).zip(bytes).for_each(|(to, from)| *to = *from);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_hkdf_crate(
            salt: [u8; 32],
            ikm in proptest::collection::vec(any::<u8>(), 0..200),
            info in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let mut expected = [0; 80];
            hkdf::Hkdf::<sha2::Sha256>::new(Some(&salt), &ikm).expand(&info, &mut expected).unwrap();
            let (head, tail) = ikm.split_at(ikm.len() / 2);
            prop_assert_eq!(*super::hkdf::<80>(&salt, &[head, tail], &info), expected);
            let unsalted = super::hkdf_unsalted::<80>(&[head, tail], &info);
            prop_assert_eq!(*unsalted, *super::hkdf(&super::NO_SALT, &[&ikm], &info));
        }
    }
}
