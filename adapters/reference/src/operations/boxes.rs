//! `box.*`.

use countersign_protocol::sealed_box::{BoxNonce, BoxPrivateKey, BoxPublicKey, BoxSuite, message};
use serde::{Deserialize, Deserializer, de};
use serde_json::json;

use super::Answer;
use crate::arguments::parse;
use crate::hexadecimal::{Hex, HexBytes};
use crate::randomness::Randomness;

fn suite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BoxSuite, D::Error> {
    let name = String::deserialize(deserializer)?;
    BoxSuite::from_name(&name).ok_or_else(|| de::Error::custom("no such box suite"))
}

pub(super) fn seal(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        #[serde(deserialize_with = "suite")]
        suite: BoxSuite,
        private: HexBytes,
        public: HexBytes,
        nonce: HexBytes,
        plaintext: HexBytes,
    }
    let args: Args = parse(args)?;
    let own = BoxPrivateKey::decode(&args.private.0)?;
    let other = BoxPublicKey::decode(&args.public.0)?;
    let nonce = BoxNonce::decode(&args.nonce.0)?;
    let boxed = args.suite.seal(&own, &other, &nonce, &args.plaintext.0)?;
    Ok(json!({ "ciphertext": hex::encode(boxed) }))
}

pub(super) fn open(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        #[serde(deserialize_with = "suite")]
        suite: BoxSuite,
        private: HexBytes,
        public: HexBytes,
        nonce: HexBytes,
        ciphertext: HexBytes,
    }
    let args: Args = parse(args)?;
    let own = BoxPrivateKey::decode(&args.private.0)?;
    let other = BoxPublicKey::decode(&args.public.0)?;
    let nonce = BoxNonce::decode(&args.nonce.0)?;
    let plaintext = args.suite.open(&own, &other, &nonce, &args.ciphertext.0)?;
    Ok(json!({ "plaintext": hex::encode(&*plaintext) }))
}

pub(super) fn seal_message(args: &str, randomness: &mut Randomness) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        private: Hex<32>,
        recipients: Vec<Hex<32>>,
        header: HexBytes,
        content: HexBytes,
    }
    let args: Args = parse(args)?;
    let own = BoxPrivateKey::from_bytes(*args.private.0);
    let recipients: Vec<_> =
        args.recipients.iter().map(|key| BoxPublicKey::from_bytes(*key.0)).collect();
    let sealed = message::seal(randomness, &own, &recipients, &args.header.0, &args.content.0)?;
    let slots: Vec<_> = sealed.slots.iter().map(hex::encode).collect();
    Ok(json!({ "content": hex::encode(sealed.content), "slots": slots }))
}

pub(super) fn open_message(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        private: Hex<32>,
        public: Hex<32>,
        slot: HexBytes,
        content: HexBytes,
    }
    let args: Args = parse(args)?;
    let own = BoxPrivateKey::from_bytes(*args.private.0);
    let sender = BoxPublicKey::from_bytes(*args.public.0);
    let opened = message::open(&own, &sender, &args.slot.0, &args.content.0)?;
    Ok(json!({ "header": hex::encode(&*opened.header), "content": hex::encode(&*opened.content) }))
}
