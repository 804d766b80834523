//! Messages altered, of somebody else, and ill-formed under a right signature.

use prost::Message as _;

use super::crafted::{alice_state, craft, craft_state, keys_at, sign, uuid};
use super::{group, scenario};
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::naive::groups::wire::SenderKeyMessage;
use crate::naive::primitives::cbc_encrypt;

pub(super) fn forged() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let flips: [(&str, usize, u8); 5] = [
        ("ciphertext", 66, 0),
        ("version-low-nibble", 1, 2),
        ("signature-r", 64, 0),
        ("signature-s", 32, 0),
        ("signature-sign-bit", 1, 7),
    ];
    for (slug, from_end, bit) in flips {
        let comment = "one bit changed; the honest message is read afterwards";
        let requirements = ["GROUP-6", "GROUP-19"];
        let mut v = scenario(&format!("forged/{slug}"), &requirements, "Impersonation", comment);
        let id = group(&mut v)?;
        let message = v.group_encrypt("alice", &id, "honest")?;
        let mut altered = message.clone();
        let at = if slug == "version-low-nibble" { 0 } else { altered.len() - from_end };
        altered[at] ^= 1 << bit;
        v.group_refused("bob", "alice", &altered, "bad_signature")?;
        v.group_decrypt("bob", "alice", &message, "honest")?;
        made.push(v.done());
    }
    for (slug, iteration) in [("near", 1), ("far", 25_000), ("too-far", 25_001), ("used", 0)] {
        let comment = "signed by a member that is not the sender: whatever the iteration says";
        let requirements = ["GROUP-6", "GROUP-19"];
        let slug = format!("forged/iteration-{slug}");
        let mut v = scenario(&slug, &requirements, "StateAfterRefusal", comment);
        let id = group(&mut v)?;
        let first = v.group_encrypt("alice", &id, "first")?;
        v.group_decrypt("bob", "alice", &first, "first")?;
        let second = v.group_encrypt("alice", &id, "second")?;
        let mut state = craft_state(&mut v)?;
        let alice = alice_state(&v)?;
        (state.chain_id, state.chain_key) = (alice.chain_id, alice.chain_key);
        let forged = craft(&mut v, &mut state, &id, iteration, "forged");
        v.group_refused("bob", "alice", &forged, "bad_signature")?;
        v.group_decrypt("bob", "alice", &second, "second")?;
        made.push(v.done());
    }
    let comment = "a chain id the receiver does not know, under a signature that fits nothing";
    let mut v = scenario("forged/unknown-chain", &["GROUP-7"], "Impersonation", comment);
    let id = group(&mut v)?;
    let mut state = craft_state(&mut v)?;
    let message = craft(&mut v, &mut state, &id, 0, "unknown");
    v.group_refused("bob", "alice", &message, "no_sender_key")?;
    made.push(v.done());

    for (slug, ciphertext) in [("empty", 0), ("no-whole-blocks", 17), ("bad-padding", 16)] {
        let comment = "a ciphertext that cannot be one, under a right signature";
        let slug = format!("forged/ciphertext-{slug}");
        let mut v = scenario(&slug, &["GROUP-19", "PRIM-13"], "StateAfterRefusal", comment);
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let (chain_id, (iv, key)) = (state.chain_id, keys_at(&mut state, 0));
        let padded = [&[9_u8; 13][..], &[1, 2, 3]].concat();
        let ciphertext = match ciphertext {
            16 => cbc_encrypt(&key, &iv, &padded),
            length => vec![5; length],
        };
        let fields =
            SenderKeyMessage { distribution_id: uuid(&id), chain_id, iteration: 0, ciphertext };
        let message = sign(&mut v, &state, 0x33, &fields.fields().encode_to_vec());
        v.group_refused("bob", "alice", &message, "invalid_message")?;
        let honest = v.group_encrypt("alice", &id, "honest")?;
        v.group_decrypt("bob", "alice", &honest, "honest")?;
        made.push(v.done());
    }
    Ok(made)
}
