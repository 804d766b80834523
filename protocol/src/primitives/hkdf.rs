//! HKDF-SHA-256 (RFC 5869).

use zeroize::Zeroizing;

use super::hmac::HmacKey;

/// "No salt": RFC 5869 section 2.2 says a string of 32 zero bytes.
pub(crate) const NO_SALT: [u8; 32] = [0; 32];

/// `N` bytes of HKDF-SHA-256; `ikm` is the concatenation of the parts given.
pub(crate) fn hkdf<const N: usize>(
    salt: &[u8; 32],
    ikm: &[&[u8]],
    info: &[u8],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "HKDF gives no more") };
    let salt = HmacKey::new(salt);
    let mut extract = salt.start();
    ikm.iter().for_each(|part| extract.update(part));
    let key = HmacKey::new(&Zeroizing::new(extract.finish()));
    let mut okm = Zeroizing::new([0; N]);
    let mut previous = Zeroizing::new([0; 32]);
    for (counter, block) in (1..=255).zip(okm.chunks_mut(32)) {
        let mut expand = key.start();
        if counter > 1 {
            expand.update(&*previous);
        }
        expand.update(info);
        expand.update(&[counter]);
        *previous = expand.finish();
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
        }
    }
}
