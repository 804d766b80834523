//! `key.*` and `xeddsa.*`.

use countersign_protocol::keys::{PrivateKey, PublicKey, Signature};
use countersign_protocol::profile::Profile;
use countersign_protocol::xeddsa::{self, Rule, SigningKey, Verification};
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use crate::arguments::{self, parse};
use crate::hexadecimal::{Hex, HexBytes};

pub(super) fn public(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        private: Hex<32>,
    }
    let args: Args = parse(args)?;
    let public = PrivateKey::from_bytes(*args.private.0).public_key();
    Ok(json!({ "public": hex::encode(public.to_bytes()) }))
}

pub(super) fn decode(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        public: HexBytes,
        #[serde(deserialize_with = "arguments::profile")]
        profile: Profile,
    }
    let args: Args = parse(args)?;
    let public = PublicKey::decode(&args.public.0, args.profile)?;
    Ok(json!({ "public": hex::encode(public.to_bytes()) }))
}

pub(super) fn agree(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        private: Hex<32>,
        public: Hex<33>,
        #[serde(deserialize_with = "arguments::profile")]
        profile: Profile,
    }
    let args: Args = parse(args)?;
    let public = PublicKey::decode(&*args.public.0, args.profile)?;
    let shared = PrivateKey::from_bytes(*args.private.0).agree_in(&public, args.profile)?;
    Ok(json!({ "shared": hex::encode(shared.as_bytes()) }))
}

pub(super) fn sign(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum RuleName {
        Libsignal,
        Paper,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        private: Hex<32>,
        message: HexBytes,
        random: Hex<64>,
        rule: RuleName,
    }
    let args: Args = parse(args)?;
    let rule = match args.rule {
        RuleName::Libsignal => Rule::Libsignal,
        RuleName::Paper => Rule::Paper,
    };
    let key = SigningKey::new(&PrivateKey::from_bytes(*args.private.0), rule);
    let signature = key.sign_with(&[&args.message.0], &args.random.0);
    Ok(json!({ "signature": hex::encode(signature.as_bytes()) }))
}

pub(super) fn verify(args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum VerificationName {
        Compatible,
        Strict,
        Native,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        public: Hex<33>,
        message: HexBytes,
        signature: HexBytes,
        profile: VerificationName,
    }
    let args: Args = parse(args)?;
    let (profile, how) = match args.profile {
        VerificationName::Compatible => (Profile::Compatible, Verification::Compatible),
        VerificationName::Strict => (Profile::Strict, Verification::Strict),
        VerificationName::Native => (Profile::Strict, Verification::Native),
    };
    let public = PublicKey::decode(&*args.public.0, profile)?;
    let signature = Signature::decode(&args.signature.0)?;
    xeddsa::verify(&public, &[&args.message.0], &signature, how)?;
    Ok(json!({}))
}
