//! Operations `key.*` and `xeddsa.*`.

use serde_json::{Value, json};

use super::args::{Args, bad};
use super::{NaiveAdapter, Op};
use crate::naive::fault::Outcome;
use crate::naive::keys::{agree, decode_public, public_of, take_private};
use crate::naive::xeddsa::{self, Rule};

pub const OPS: &[(&str, Op)] = &[
    ("key.public", key_public),
    ("key.decode", key_decode),
    ("key.agree", key_agree),
    ("xeddsa.sign", xeddsa_sign),
    ("xeddsa.verify", xeddsa_verify),
];

fn key_public(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let private = args.hex_n::<32>("private")?;
    args.done()?;
    let public = public_of(&take_private(private, adapter.bugs));
    Ok(json!({ "public": hex::encode(public) }))
}

fn key_decode(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let (bytes, profile) = (args.hex("public")?, args.profile()?);
    args.done()?;
    let public = decode_public(&bytes, profile, adapter.bugs)?;
    Ok(json!({ "public": hex::encode(public) }))
}

fn key_agree(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let private = args.hex_n::<32>("private")?;
    let (public, profile) = (args.public("public")?, args.profile()?);
    args.done()?;
    let private = take_private(private, adapter.bugs);
    let public = decode_public(&public, profile, adapter.bugs)?;
    let shared = agree(&private, &public, profile, adapter.bugs)?;
    Ok(json!({ "shared": hex::encode(shared) }))
}

fn xeddsa_sign(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let private = args.hex_n::<32>("private")?;
    let message = args.hex("message")?;
    let random = args.hex_n::<64>("random")?;
    let rule = match args.text("rule")?.as_str() {
        "libsignal" => Rule::Libsignal,
        "paper" => Rule::Paper,
        other => return Err(bad(format!("no rule {other}"))),
    };
    args.done()?;
    let private = take_private(private, adapter.bugs);
    let signature = xeddsa::sign(&private, &message, &random, rule, adapter.bugs);
    Ok(json!({ "signature": hex::encode(signature) }))
}

fn xeddsa_verify(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let public = args.public("public")?;
    let message = args.hex("message")?;
    let signature = args.hex("signature")?;
    let profile = args.profile()?;
    args.done()?;
    let public = decode_public(&public, profile, adapter.bugs)?;
    xeddsa::verify(&public, &message, &signature, profile, adapter.bugs)?;
    Ok(json!({}))
}
