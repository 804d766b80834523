//! Bundles: what is signed, and what is refused.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Profile, Public, raw, with_type},
    native::{one_time_prekey_message, signed_prekey_message},
    xeddsa::{self, Rule, verify},
};

use super::{THREE_PLUS_P, strangers, with_top_bit};
use crate::{
    case::{Outcome, Stop},
    cases::identity::signing::key_of_sign,
    expect::{expect_that, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        judge::{Judge, defect, own},
        small_order::SMALL_ORDER,
    },
    subject::types::Bundle,
};

fn public(bytes: &[u8]) -> Result<Public, Stop> {
    bytes.try_into().map_err(|_| defect("a key of another length than 33"))
}

fn verifies(identity: &[u8], message: &[u8], signature: &[u8]) -> Result<bool, Stop> {
    Ok(verify(&public(identity)?, message, signature, Profile::Native, Bugs::NONE).is_ok())
}

/// The subject's signature covers label, suite, id and key: with another id it does not verify.
pub(super) fn signed_prekey_signature(run: &mut Run) -> Outcome {
    let bundle = strangers(run)?.bundle()?;
    let prekey = &bundle.signed_prekey;
    let key = public(&prekey.public)?;
    for (id, expected) in [(prekey.id, true), (prekey.id + 1, false)] {
        let message = signed_prekey_message(id, &key, Bugs::NONE);
        let fits = verifies(&bundle.identity_key, &message, &prekey.signature)?;
        let said = |fits| if fits { "verifies" } else { "does not verify" };
        expect_that(fits == expected, "the signed prekey's signature", said(expected), said(fits))?;
    }
    Ok(())
}

/// The same for the one-time prekey, under its own label.
pub(super) fn one_time_prekey_signature(run: &mut Run) -> Outcome {
    let bundle = strangers(run)?.bundle()?;
    let prekey = bundle.one_time_prekey.as_ref().ok_or_else(|| defect("no one-time prekey"))?;
    let (key, signature) = (public(&prekey.public)?, prekey.signature.as_deref());
    let own_label = one_time_prekey_message(prekey.id, &key, Bugs::NONE);
    let other_label = signed_prekey_message(prekey.id, &key, Bugs::NONE);
    for (what, message, expected) in [("own", own_label, true), ("other", other_label, false)] {
        let fits = verifies(&bundle.identity_key, &message, signature.unwrap_or_default())?;
        let what = format!("the one-time prekey's signature under the {what} label");
        let said = |fits| if fits { "verifies" } else { "does not verify" };
        expect_that(fits == expected, &what, said(expected), said(fits))?;
    }
    Ok(())
}

/// The subject must refuse this bundle with this code and change nothing.
fn refuses(scene: &Scene, what: &str, bundle: &Bundle, code: &str) -> Outcome {
    let peer = scene.judge.address();
    refuses_unchanged(&scene.subject, code, || scene.subject.initiate(&peer, bundle)).map_err(
        |stop| match stop {
            Stop::Fail(mut failure) => {
                failure.what = format!("{what}: {}", failure.what);
                Stop::Fail(failure)
            }
            other => other,
        },
    )
}

/// The honest bundle after all.
fn accepts(mut scene: Scene) -> Outcome {
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    scene.tell()
}

fn changed(signature: &[u8], byte: usize) -> Vec<u8> {
    let flip = |(at, value): (usize, &u8)| if at == byte { value ^ 1 } else { *value };
    signature.iter().enumerate().map(flip).collect()
}

fn sign(judge: &mut Judge, message: &[u8]) -> Result<Vec<u8>, Stop> {
    let Judge { party, draws, .. } = judge;
    Ok(own(party.sign(message, draws))?.to_vec())
}

/// Altered, cut, under another id, of another identity.
pub(super) fn wrong_signed_prekey_signature(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let honest = scene.judge.bare_bundle()?;
    let (id, key) = (honest.signed_prekey.id, public(&honest.signed_prekey.public)?);
    let right = &honest.signed_prekey.signature;
    let mut stranger = scene.judge.neighbour(run)?;
    let wrong = [
        ("altered in R", changed(right, 0)),
        ("altered in s", changed(right, 40)),
        ("cut", right.iter().take(63).copied().collect()),
        (
            "of another id",
            sign(&mut scene.judge, &signed_prekey_message(id + 1, &key, Bugs::NONE))?,
        ),
        ("of another identity", sign(&mut stranger, &signed_prekey_message(id, &key, Bugs::NONE))?),
        ("of the bare key", sign(&mut scene.judge, &key)?),
    ];
    for (what, signature) in wrong {
        let mut bundle = honest.clone();
        bundle.signed_prekey.signature = signature;
        refuses(&scene, what, &bundle, "bad_signature")?;
    }
    accepts(scene)
}

/// Absent, altered, under another id, of another identity, beside a right signed prekey.
pub(super) fn wrong_one_time_prekey_signature(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let honest = scene.judge.bundle()?;
    let prekey = honest.one_time_prekey.clone().ok_or_else(|| defect("no one-time prekey"))?;
    let (id, key) = (prekey.id, public(&prekey.public)?);
    let right = prekey.signature.clone().unwrap_or_default();
    let mut stranger = scene.judge.neighbour(run)?;
    let message = |id| one_time_prekey_message(id, &key, Bugs::NONE);
    let wrong = [
        ("absent", None),
        ("altered in R", Some(changed(&right, 0))),
        ("altered in s", Some(changed(&right, 40))),
        ("of another id", Some(sign(&mut scene.judge, &message(id + 1))?)),
        ("of another identity", Some(sign(&mut stranger, &message(id))?)),
    ];
    for (what, signature) in wrong {
        let mut bundle = honest.clone();
        bundle.one_time_prekey =
            Some(crate::subject::types::OneTimePrekey { signature, ..prekey.clone() });
        refuses(&scene, what, &bundle, "bad_signature")?;
    }
    accepts(scene)
}

/// Each label presented for the other: the identity key did sign it, but as something else.
pub(super) fn one_label_for_the_other(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let honest = scene.judge.bundle()?;
    let mut bundle = honest.clone();
    if let Some(prekey) = &mut bundle.one_time_prekey {
        let message = signed_prekey_message(prekey.id, &public(&prekey.public)?, Bugs::NONE);
        prekey.signature = Some(sign(&mut scene.judge, &message)?);
    }
    refuses(&scene, "a one-time prekey signed as a signed one", &bundle, "bad_signature")?;
    let mut bundle = honest;
    let prekey = &mut bundle.signed_prekey;
    let message = one_time_prekey_message(prekey.id, &public(&prekey.public)?, Bugs::NONE);
    prekey.signature = sign(&mut scene.judge, &message)?;
    refuses(&scene, "a signed prekey signed as a one-time one", &bundle, "bad_signature")?;
    accepts(scene)
}

/// A bundle that is right in itself, but names another account, device or incarnation.
pub(super) fn of_another_device(run: &mut Run) -> Outcome {
    let scene = strangers(run)?;
    let honest = scene.judge.bundle()?;
    let wrong = [
        ("another name", Bundle { name: Some(run.uuid()), ..honest.clone() }),
        ("another device id", Bundle { device_id: 2, ..honest.clone() }),
        ("another incarnation", Bundle { incarnation: Some(run.bytes()), ..honest }),
    ];
    for (what, bundle) in wrong {
        refuses(&scene, what, &bundle, "invalid_message")?;
    }
    accepts(scene)
}

/// Whose bundle it is is checked before its identity key: with another key trusted too, the name gives the answer.
pub(super) fn names_before_trust(run: &mut Run) -> Outcome {
    let scene = strangers(run)?;
    let honest = scene.judge.bundle()?;
    let (peer, other) = (scene.judge.address(), scene.judge.impostor(run)?.identity());
    scene.subject.trust(&peer, &other)?;
    let renamed = Bundle { name: Some(run.uuid()), ..honest.clone() };
    refuses(&scene, "another name and another identity", &renamed, "invalid_message")?;
    refuses(&scene, "another identity", &honest, "untrusted_identity")?;
    scene.subject.trust(&peer, &scene.judge.identity())?;
    accepts(scene)
}

/// Signatures of the libsignal rule by an identity whose A has sign 1: good ones, but with bit 7 of byte 63 set.
pub(super) fn sign_bit_set(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let private = key_of_sign(run, 1);
    scene.judge.party.identity = KeyPair::new(private, Bugs::NONE);
    scene.judge.sign_again()?;
    let mut honest = scene.judge.bundle()?;
    let by_libsignal = |message: &[u8]| {
        xeddsa::sign(&private, message, &[7; 64], Rule::Libsignal, Bugs::NONE).to_vec()
    };
    if let Some(prekey) = &mut honest.one_time_prekey {
        let message = one_time_prekey_message(prekey.id, &public(&prekey.public)?, Bugs::NONE);
        prekey.signature = Some(sign(&mut scene.judge, &message)?);
        let mut bundle = honest.clone();
        if let Some(prekey) = &mut bundle.one_time_prekey {
            prekey.signature = Some(by_libsignal(&message));
        }
        refuses(&scene, "on the one-time prekey", &bundle, "bad_signature")?;
    }
    let mut bundle = honest.clone();
    let prekey = &mut bundle.signed_prekey;
    let message = signed_prekey_message(prekey.id, &public(&prekey.public)?, Bugs::NONE);
    prekey.signature = by_libsignal(&message);
    refuses(&scene, "on the signed prekey", &bundle, "bad_signature")?;
    scene.subject.initiate(&scene.judge.address(), &honest)?;
    Ok(())
}

/// The honest bundle with another signed prekey, rightly signed.
fn with_signed_prekey(judge: &mut Judge, key: [u8; 32]) -> Result<Bundle, Stop> {
    let mut bundle = judge.bundle()?;
    let message = signed_prekey_message(bundle.signed_prekey.id, &with_type(&key), Bugs::NONE);
    bundle.signed_prekey.public = with_type(&key).to_vec();
    bundle.signed_prekey.signature = sign(judge, &message)?;
    Ok(bundle)
}

/// The honest bundle with another one-time prekey, rightly signed.
fn with_one_time_prekey(judge: &mut Judge, key: [u8; 32]) -> Result<Bundle, Stop> {
    let mut bundle = judge.bundle()?;
    if let Some(prekey) = &mut bundle.one_time_prekey {
        let message = one_time_prekey_message(prekey.id, &with_type(&key), Bugs::NONE);
        prekey.public = with_type(&key).to_vec();
        prekey.signature = Some(sign(judge, &message)?);
    }
    Ok(bundle)
}

/// Keys written otherwise than any encoder writes them, signed as they are.
pub(super) fn non_canonical_key(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let honest = scene.judge.bundle()?;
    let signed = raw(&public(&honest.signed_prekey.public)?);
    for key in [with_top_bit(signed), THREE_PLUS_P] {
        let bundle = with_signed_prekey(&mut scene.judge, key)?;
        refuses(&scene, "the signed prekey", &bundle, "bad_key")?;
        let bundle = with_one_time_prekey(&mut scene.judge, key)?;
        refuses(&scene, "the one-time prekey", &bundle, "bad_key")?;
    }
    let identity = with_type(&with_top_bit(raw(&public(&honest.identity_key)?)));
    let bundle = Bundle { identity_key: identity.to_vec(), ..honest };
    refuses(&scene, "the identity key", &bundle, "bad_key")?;
    accepts(scene)
}

/// Prekeys of small order, rightly signed.
pub(super) fn zero_agreement(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    for key in SMALL_ORDER {
        let bundle = with_signed_prekey(&mut scene.judge, key)?;
        refuses(&scene, "a signed prekey of small order", &bundle, "bad_agreement")?;
        let bundle = with_one_time_prekey(&mut scene.judge, key)?;
        refuses(&scene, "a one-time prekey of small order", &bundle, "bad_agreement")?;
    }
    accepts(scene)
}
