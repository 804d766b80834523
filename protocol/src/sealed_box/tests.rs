use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

// Keys, nonce and plaintext of NaCl's own test of crypto_box (Bernstein, "Cryptography in NaCl",
// section 4 and following).
const ALICE_PRIVATE: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE_PUBLIC: &str = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB_PRIVATE: &str = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
const BOB_PUBLIC: &str = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const NONCE: &str = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
const PLAINTEXT: &str = "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c\
     61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f\
     21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";

/// The first so many bytes of the plaintext, boxed by libsodium: box-xsalsa20, box-xchacha20.
/// The last row of box-xsalsa20 is the one that `NaCl` prints.
const BOXED: [(usize, &str, &str); 5] = [
    (0, "2539121d8e234e652d651fa4c8cff880", "2b09a0ab9a3125b08d6a594234d215a7"),
    (1, "33bfb7e71ef3b8a4177bd6eb9ab7b8a48e", "75fc244dcd6ba223b8c76d61653cd1b6ef"),
    (
        32,
        "864d070c8064de5d20473088418481978e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1\
     186a",
        "04986f4ffb6ff22abbf17eb4e4348762ef2c6061b7bcec0cfd723055f61f1ccca2946d5a04dbf83151f4894223ac\
     9bc7",
    ),
    (
        64,
        "12019055c81dee8dfe3fba8b7c2393558e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1\
     186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738",
        "ee7ed175123b643ba1a0b2c4758dbaadef2c6061b7bcec0cfd723055f61f1ccca2946d5a04dbf83151f4894223ac\
     9bc790c660e19dc64cc0d7f9c7689ad1909955e7a9a7bdac777d6a7967d000ce841f",
    ),
    (
        131,
        "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1\
     186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab9321645\
     48e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b\
     1f654cb45a74e355a5",
        "0b4ff00742f3c1aa99a6321e3883b03cef2c6061b7bcec0cfd723055f61f1ccca2946d5a04dbf83151f4894223ac\
     9bc790c660e19dc64cc0d7f9c7689ad1909955e7a9a7bdac777d6a7967d000ce841fc0f8f31d6d8720b374bc2898\
     2764a7dbeb4daa977aae1b7350fac79a177ece7541fed264461ea93e6d7ad9fc08c91e774abe79036e7f79ddcc6a\
     ab3abf527631048ce1",
    ),
];

/// "content" under the key 40 41 … 5f, and its slot with the header "header", made by libsodium.
const CONTENT: &str = "afc8ecdc5dd5b89f6936da58e8012c421d54382e98120e";
const SLOT: &str = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37414d7c266fe691f9d7e274c494751151394e5ec0ee4f\
     5e98702567065bb358febaf7e43d06f663b448c1598c11df8c622f718613f0247b3ee22fa85b44e6e95adc5cf5cf\
     f3bed1e3d95f1560b286720b140a830b862a";

fn bytes(hex: &str) -> Vec<u8> {
    hex::decode(hex).unwrap()
}

fn private(hex: &str) -> BoxPrivateKey {
    BoxPrivateKey::decode(&bytes(hex)).unwrap()
}

fn public(hex: &str) -> BoxPublicKey {
    BoxPublicKey::decode(&bytes(hex)).unwrap()
}

fn nonce() -> BoxNonce {
    BoxNonce::decode(&bytes(NONCE)).unwrap()
}

#[test]
fn public_keys_are_those_of_nacl() {
    assert_eq!(private(ALICE_PRIVATE).public_key(), public(ALICE_PUBLIC));
    assert_eq!(private(BOB_PRIVATE).public_key(), public(BOB_PUBLIC));
}

#[test]
fn both_suites_equal_libsodium_byte_for_byte() {
    for (length, xsalsa20, xchacha20) in BOXED {
        let plaintext = &bytes(PLAINTEXT)[..length];
        for (suite, expected) in [(BoxSuite::XSalsa20, xsalsa20), (BoxSuite::XChaCha20, xchacha20)]
        {
            let boxed =
                suite.seal(&private(ALICE_PRIVATE), &public(BOB_PUBLIC), &nonce(), plaintext);
            assert_eq!(boxed, Ok(bytes(expected)), "{suite:?}, {length} bytes");
            let opened = suite.open(
                &private(BOB_PRIVATE),
                &public(ALICE_PUBLIC),
                &nonce(),
                &bytes(expected),
            );
            assert_eq!(opened.unwrap().as_slice(), plaintext);
        }
    }
}

#[test]
fn an_altered_box_does_not_open() {
    for suite in BoxSuite::ALL {
        let key = suite.agree(&private(ALICE_PRIVATE), &public(BOB_PUBLIC)).unwrap();
        let boxed = key.seal(&nonce(), b"plaintext").unwrap();
        for at in 0..boxed.len() {
            let mut altered = boxed.clone();
            altered[at] ^= 1;
            assert_eq!(key.open(&nonce(), &altered).unwrap_err(), Problem::InvalidMessage);
        }
        for length in 0..boxed.len() {
            let expected =
                if length < TAG_LENGTH { Problem::TooShort } else { Problem::InvalidMessage };
            assert_eq!(key.open(&nonce(), &boxed[..length]).unwrap_err(), expected);
        }
    }
}

#[test]
fn a_key_of_small_order_is_refused() {
    for suite in BoxSuite::ALL {
        let zero = BoxPublicKey::from_bytes([0; 32]);
        let sealed = suite.seal(&private(ALICE_PRIVATE), &zero, &nonce(), b"");
        assert_eq!(sealed, Err(Problem::BadAgreement));
    }
}

#[test]
fn lengths_are_exact() {
    for length in [0, 31, 33] {
        let bytes = vec![1; length];
        assert_eq!(BoxPublicKey::decode(&bytes), Err(Problem::Malformed));
        assert!(BoxPrivateKey::decode(&bytes).is_err());
    }
    for length in [0, 23, 25] {
        assert_eq!(BoxNonce::decode(&vec![1; length]), Err(Problem::Malformed));
    }
}

#[test]
fn the_message_form_opens_what_libsodium_sealed() {
    let bob = private(BOB_PRIVATE);
    let opened = message::open(&bob, &public(ALICE_PUBLIC), &bytes(SLOT), &bytes(CONTENT)).unwrap();
    assert_eq!(opened.header.as_slice(), b"header");
    assert_eq!(opened.content.as_slice(), b"content");
}

#[test]
fn a_message_opens_for_each_recipient_from_its_own_slot_only() {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let sender = BoxPrivateKey::generate(&mut rng);
    let devices: Vec<_> = (0..3).map(|_| BoxPrivateKey::generate(&mut rng)).collect();
    let recipients: Vec<_> = devices.iter().map(BoxPrivateKey::public_key).collect();
    let sealed = message::seal(&mut rng, &sender, &recipients, b"header", b"content").unwrap();

    for (own, device) in devices.iter().enumerate() {
        for (index, slot) in sealed.slots.iter().enumerate() {
            let opened = message::open(device, &sender.public_key(), slot, &sealed.content);
            match opened {
                Ok(opened) => {
                    assert_eq!(own, index);
                    assert_eq!(opened.header.as_slice(), b"header");
                    assert_eq!(opened.content.as_slice(), b"content");
                }
                Err(error) => {
                    assert_ne!(own, index);
                    assert_eq!(error, Problem::InvalidMessage);
                }
            }
        }
    }
}

#[test]
fn a_content_that_the_slot_does_not_name_is_refused() {
    let mut rng = ChaCha20Rng::from_seed([8; 32]);
    let sender = BoxPrivateKey::generate(&mut rng);
    let device = BoxPrivateKey::generate(&mut rng);
    let [one, other] = [b"one", b"two"].map(|content| {
        message::seal(&mut rng, &sender, &[device.public_key()], b"", content).unwrap()
    });
    let opened = message::open(&device, &sender.public_key(), &one.slots[0], &other.content);
    assert_eq!(opened.unwrap_err(), Problem::InvalidMessage);

    // Another recipient knows the content key and can seal other content under it.
    let key: [u8; 32] = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
    let forged = {
        use chacha20poly1305::aead::Aead;
        chacha20poly1305::XChaCha20Poly1305::new((&key).into())
            .encrypt(&Default::default(), b"forgery".as_slice())
            .unwrap()
    };
    let bob = private(BOB_PRIVATE);
    let opened = message::open(&bob, &public(ALICE_PUBLIC), &bytes(SLOT), &forged);
    assert_eq!(opened.unwrap_err(), Problem::InvalidMessage);
}

#[test]
fn slots_and_contents_too_short_for_their_tags_are_refused_as_such() {
    let bob = private(BOB_PRIVATE);
    for (slot, content) in [(39, 16), (0, 16), (23, 16), (40, 15), (40, 0)] {
        let opened = message::open(&bob, &public(ALICE_PUBLIC), &vec![0; slot], &vec![0; content]);
        assert_eq!(opened.unwrap_err(), Problem::TooShort);
    }
    // A box that opens, but holds less than a content key and a hash.
    let short = BoxSuite::XChaCha20
        .seal(&private(ALICE_PRIVATE), &public(BOB_PUBLIC), &nonce(), &[0; 63])
        .unwrap();
    let slot = [bytes(NONCE), short].concat();
    let opened = message::open(&bob, &public(ALICE_PUBLIC), &slot, &[0; 16]);
    assert_eq!(opened.unwrap_err(), Problem::InvalidMessage);
}
