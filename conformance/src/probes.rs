//! Honesty probes: what an adapter has to show before anything else it says counts. A failed probe makes the whole
//! run inconclusive. Spec: `spec/conformance.md`.

use serde_json::{Value, json};

use crate::{
    case::{CallError, Case, Failure, Outcome, Severity, Stop},
    expect::{expect_bytes, expect_different},
    run::Run,
    schema,
    subject::{
        capabilities,
        party::{NOW_MS, Party},
        types::{Message, Suite},
    },
};

const fn probe(
    id: &'static str,
    reqs: &'static [&'static str],
    needs: &'static [&'static str],
    run: fn(&mut Run) -> Outcome,
) -> Case {
    Case::live(id, reqs, needs, Severity::Spec, run)
}

/// The probes, which are also the cases of the adapter chapter.
pub const PROBES: &[Case] = &[
    probe("adapter/reply/one-line-one-kind", &["ADAPTER-1"], &[], one_line_one_kind),
    probe("adapter/hello/offered-version", &["ADAPTER-2"], &[], offered_version),
    probe("adapter/unknown-op/unsupported", &["ADAPTER-3"], &[], unknown_operation),
    probe("adapter/arguments/closed-and-typed", &["ADAPTER-4"], &[], closed_arguments),
    probe("adapter/capabilities/declared-means-answered", &["ADAPTER-5"], &[], declared_operations),
    probe(
        "adapter/rng/injected-is-repeatable",
        &["ADAPTER-6"],
        &["rng.inject"],
        injected_randomness,
    ),
    probe("adapter/rng/never-twice", &["ADAPTER-7"], &[], never_twice),
    probe("adapter/decrypt/random-bytes-refused", &["ADAPTER-8"], &[], random_bytes),
];

fn one_line_one_kind(run: &mut Run) -> Outcome {
    // The envelope of every reply is checked by the client; ten quick ones make a late or doubled line show.
    for n in 0..10 {
        run.subject.raw(&format!("probe.{n}"), &json!({}))?;
    }
    Ok(())
}

fn offered_version(run: &mut Run) -> Outcome {
    let hello = run.subject.introduced();
    if hello.roles.iter().all(|role| role != "library") {
        return Err(
            Failure::new("the roles", "library among them", format!("{:?}", hello.roles)).into()
        );
    }
    let offer =
        json!({"protocol": [99], "suite": crate::SUITE_VERSION, "seed": hex::encode([0; 32])});
    let (reply, line) = run.subject.raw("hello", &offer)?;
    let chosen = reply.get("ok").and_then(|ok| ok.get("protocol")).and_then(Value::as_u64);
    match chosen {
        Some(version) => Err(Failure::new(
            "hello that offers version 99 only",
            "err, for the adapter does not speak it",
            format!("version {version}: {line}"),
        )
        .into()),
        None => Ok(()),
    }
}

fn unknown_operation(run: &mut Run) -> Outcome {
    let made_up = format!("x{}.y", hex::encode(run.bytes::<6>()));
    for op in ["session.rewind", made_up.as_str()] {
        let (reply, line) = run.subject.raw(op, &json!({}))?;
        if !reply.contains_key("unsupported") {
            return Err(
                Failure::new(format!("the unknown operation {op}"), "unsupported", line).into()
            );
        }
    }
    Ok(())
}

fn closed_arguments(run: &mut Run) -> Outcome {
    for (what, op, args) in wrong_arguments(run) {
        let (reply, line) = run.subject.raw(op, &args)?;
        let code = reply.get("err").and_then(|error| error.get("code")).and_then(Value::as_str);
        if code != Some("bad_request") {
            return Err(Failure::new(format!("{op} with {what}"), "err bad_request", line).into());
        }
    }
    Ok(())
}

/// One wrong request per kind of mistake, for an operation the subject declares.
fn wrong_arguments(run: &mut Run) -> Vec<(&'static str, &'static str, Value)> {
    let private = hex::encode(run.private_key());
    let mut wrong = vec![
        ("an unknown argument", "handle.free", json!({"party": 1, "colour": "red"})),
        ("a missing argument", "handle.free", json!({})),
        ("text for a number", "handle.free", json!({"party": "1"})),
        ("a handle that was never given", "handle.free", json!({"party": 4_000_000_007_u64})),
    ];
    if run.has("keys/1") {
        wrong.extend([
            ("an unknown argument", "key.public", json!({"private": private, "colour": "red"})),
            ("a missing argument", "key.public", json!({})),
            ("a number for bytes", "key.public", json!({"private": 7})),
            ("31 bytes for 32", "key.public", json!({"private": private.get(2..)})),
            ("upper-case hex", "key.public", json!({"private": "AB".repeat(32)})),
        ]);
    }
    wrong
}

fn declared_operations(run: &mut Run) -> Outcome {
    for op in schema::operations().filter(|op| !matches!(*op, "hello" | "bye")) {
        for args in [
            json!({}),
            json!({"suite": "box-xsalsa20"}),
            json!({"suite": "signal-v3"}),
            json!({"suite": "ratchet-chacha20"}),
        ] {
            let Some(capability) =
                capabilities::obliging(op, &args).iter().find(|capability| run.has(capability))
            else {
                continue;
            };
            let (reply, _) = run.subject.raw(op, &json!({}))?;
            if reply.contains_key("unsupported") {
                return Err(Failure::new(
                    op,
                    format!("an answer, because {capability} is declared"),
                    "unsupported",
                )
                .into());
            }
            break;
        }
    }
    Ok(())
}

fn injected_randomness(run: &mut Run) -> Outcome {
    let stream: [u8; 96] = run.bytes();
    let other: [u8; 96] = run.bytes();
    let mut drawn = Vec::new();
    for bytes in [&stream, &stream, &other] {
        drawn.push(draw(run, Some(bytes))?);
    }
    let [first, again, different] = drawn.as_slice() else { return Ok(()) };
    expect_bytes("an operation with the same rng.load", first, again)?;
    expect_different("an operation with two rng.load of different bytes", first, different)
}

fn never_twice(run: &mut Run) -> Outcome {
    let (first, second) = (draw(run, None)?, draw(run, None)?);
    expect_different(
        "an operation that draws randomness, run twice without rng.load",
        &first,
        &second,
    )
}

/// Carries out an operation that draws randomness and gives back what shows it.
fn draw(run: &Run, injected: Option<&[u8]>) -> Result<Vec<u8>, Stop> {
    let spec = fixed_device(run);
    let (private, has_pairs) =
        ([0x42; 32], run.has("signal-v3/1") || run.has("ratchet-chacha20/1"));
    if !has_pairs && !run.has("sender-key-v3/1") {
        return draw_box(run, injected);
    }
    let party = Party::create(&run.subject, spec)?;
    if let Some(bytes) = injected {
        run.load_rng(bytes)?;
    }
    if has_pairs {
        Ok(party.add_signed_prekey(1, &private, NOW_MS, None)?.signature)
    } else {
        Ok(party.create_distribution("5b0603d8-91a6-4b24-8a5f-91c3f8d8bf82")?)
    }
}

fn draw_box(run: &Run, injected: Option<&[u8]>) -> Result<Vec<u8>, Stop> {
    if !run.has("box-xchacha20/1") {
        return Err(Stop::Unsupported("an operation that draws randomness".into()));
    }
    if let Some(bytes) = injected {
        run.load_rng(bytes)?;
    }
    // The base point: any valid public key does.
    let mut recipient = [0; 32];
    let [first, ..] = &mut recipient;
    *first = 9;
    Ok(run.subject.box_seal_message(&[0x42; 32], &[recipient], b"", b"content")?.content)
}

fn fixed_device(run: &Run) -> crate::subject::types::PartySpec {
    let suite = if run.has("ratchet-chacha20/1") && !run.has("signal-v3/1") {
        Suite::RatchetChacha20
    } else {
        Suite::SignalV3
    };
    crate::subject::types::PartySpec {
        suite,
        profile: run.profile(),
        name: "018a3ace-2974-458b-ba5b-cbf86aed9b86".into(),
        device_id: 1,
        registration_id: 1,
        identity_private: [0x48; 32],
        incarnation: [1; 16],
        accept_x3dh: true,
    }
}

fn random_bytes(run: &mut Run) -> Outcome {
    let mut accepted = Vec::new();
    for (capability, suite) in
        [("signal-v3/1", Suite::SignalV3), ("ratchet-chacha20/1", Suite::RatchetChacha20)]
    {
        if run.has(capability) {
            let (party, peer) = (run.fresh_party(suite)?, run.spec(suite));
            let peer = Party::create(&run.subject, peer)?.peer();
            for kind in [2, 3] {
                let message = Message { kind, bytes: run.random(120) };
                accepted.push(party.decrypt(&peer, &message).map(drop));
            }
        }
    }
    if run.has("sender-key-v3/1") {
        let (party, sender) =
            (run.fresh_party(Suite::SignalV3)?, run.fresh_party(Suite::SignalV3)?);
        let message = run.random(150);
        accepted.push(party.group_decrypt(&sender.peer(), &message).map(drop));
    }
    if run.has("xeddsa/1") && run.has("keys/1") {
        let key = run.private_key();
        let public = run.subject.key_public(&key)?;
        let signature = run.random(64);
        accepted.push(run.subject.xeddsa_verify(
            &public,
            b"message",
            &signature,
            run.profile().name(),
        ));
    }
    accepted.into_iter().try_for_each(|answer| match answer {
        Ok(()) => Err(Failure::new("random bytes given as a message", "err", "ok").into()),
        Err(CallError::Refused(_)) => Ok(()),
        Err(CallError::Stop(stop)) => Err(stop),
    })
}
