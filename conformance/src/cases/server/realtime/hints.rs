//! spec/server/realtime.md, frames: what a connected device is told besides its mail.

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    cases::server::status,
    server::{
        device::Device,
        live::{self, Line},
        mail::{self, Letter},
        person::Person,
        prekeys::Suite,
        run::ServerRun,
    },
};

/// The cases about hints.
pub const CASES: &[Case] = &[
    Case::server(
        "server/realtime/keys-low/on-connecting",
        &["WS-7"],
        &[],
        Severity::Interop,
        low_on_connecting,
    ),
    Case::server(
        "server/realtime/keys-low/after-each-claim",
        &["WS-7"],
        &[],
        Severity::Interop,
        low_after_each_claim,
    ),
    Case::server(
        "server/realtime/keys-low/each-suite",
        &["WS-7"],
        &["ratchet-chacha20"],
        Severity::Interop,
        low_per_suite,
    ),
    Case::server(
        "server/realtime/receipts/each-rise",
        &["WS-8"],
        &[],
        Severity::Interop,
        each_rise,
    ),
    Case::server("server/realtime/receipts/bulk", &["WS-8"], &[], Severity::Interop, bulk),
    Case::server(
        "server/realtime/typing/named-account",
        &["WS-9"],
        &[],
        Severity::Security,
        named_account,
    ),
    Case::server(
        "server/realtime/typing/unknown-account",
        &["WS-9"],
        &[],
        Severity::Spec,
        unknown_account,
    ),
];

/// The notices among frames: suite and number.
fn low(frames: &[Value]) -> Vec<(String, u64)> {
    let notice = |frame: &Value| {
        let suite = frame.get("suite").and_then(Value::as_str)?.to_owned();
        Some((suite, frame.get("one_time_prekeys").and_then(Value::as_u64)?))
    };
    frames.iter().filter(|frame| live::is(frame, "keys_low")).filter_map(notice).collect()
}

/// What is said on connecting.
fn on_connecting(run: &ServerRun, device: &Device) -> Result<Vec<(String, u64)>, Stop> {
    let mut line = Line::open(run, device)?;
    let mut frames = line.until("empty")?;
    frames.extend(line.fence()?);
    Ok(low(&frames))
}

fn signal(left: u64) -> (String, u64) {
    (Suite::SignalV3.name().to_owned(), left)
}

/// A count as it fits a request.
fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).min(200)
}

/// Each time the device connects, with a stock of some or none; and not when the stock is at the mark.
fn low_on_connecting(run: &mut ServerRun) -> Outcome {
    let mark = run.limit("low_water")?.min(190);
    for (stock, wanted) in
        [(mark - 1, vec![signal(mark - 1)]), (0, vec![signal(0)]), (mark, vec![])]
    {
        let bob = run.person_with(count(stock))?;
        for _ in 0..2 {
            let told = on_connecting(run, bob.first()?)?;
            mail::expect_equal(
                &format!("keys_low on connecting with {stock} prekeys"),
                &told,
                &wanted,
            )?;
        }
    }
    Ok(())
}

/// From one above the mark: silence, then a notice for each claim, and on connecting anew.
fn low_after_each_claim(run: &mut ServerRun) -> Outcome {
    let mark = run.limit("low_water")?.min(190);
    let (alice, carol, bob) = (run.person()?, run.person()?, run.person_with(count(mark + 1))?);
    let mut line = Line::open(run, bob.first()?)?;
    let mut first = line.until("empty")?;
    alice.first()?.claim(bob.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
    first.extend(line.fence()?);
    mail::expect_equal(
        "keys_low while the stock is at the mark or above",
        &low(&first),
        &Vec::new(),
    )?;
    for (by, left) in [(&alice, mark - 1), (&carol, mark - 2), (&alice, mark - 3)] {
        by.first()?.claim(bob.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
        let frame = line.expect("keys_low")?;
        mail::expect_equal("keys_low after a claim", &low(&[frame]), &vec![signal(left)])?;
    }
    let told = on_connecting(run, bob.first()?)?;
    mail::expect_equal("keys_low on connecting anew", &told, &vec![signal(mark - 3)])?;
    // Nothing left: a claim that finds none leaves it so too.
    let empty = run.person_with(0)?;
    let mut line = Line::open(run, empty.first()?)?;
    line.until("empty")?;
    line.fence()?;
    for by in [&alice, &carol] {
        by.first()?.claim(empty.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
        let frame = line.expect("keys_low")?;
        mail::expect_equal(
            "keys_low after a claim that found none",
            &low(&[frame]),
            &vec![signal(0)],
        )?;
    }
    Ok(())
}

fn low_per_suite(run: &mut ServerRun) -> Outcome {
    let mark = count(run.limit("low_water")?.min(190));
    let alice = run.person()?;
    let bob = run.person_in(&[(Suite::SignalV3, 2), (Suite::RatchetChacha20, mark)])?;
    let mut line = Line::open(run, bob.first()?)?;
    let mut frames = line.until("empty")?;
    frames.extend(line.fence()?);
    mail::expect_equal("keys_low on connecting", &low(&frames), &vec![signal(2)])?;
    alice.first()?.claim(bob.id(), Suite::RatchetChacha20, &mut run.draw)?.ok(200)?;
    let frame = line.expect("keys_low")?;
    let wanted = vec![(Suite::RatchetChacha20.name().to_owned(), u64::from(mark) - 1)];
    mail::expect_equal("keys_low after a claim in the other suite", &low(&[frame]), &wanted)
}

/// A receipt's message and account.
fn expect_receipt(line: &mut Line, kind: &str, letter: &Letter, by: &Person) -> Outcome {
    let frame = line.next_of(&["delivery_receipt", "read_receipt"])?;
    let found = [frame.get("type"), frame.get("message_id"), frame.get("account_id")];
    let wanted = [Some(&json!(kind)), Some(&json!(letter.id)), Some(&json!(by.id()))];
    mail::expect_equal("the receipt", &found, &wanted)
}

/// One for delivered, one for read, none for a report that changes nothing.
fn each_rise(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let [one, two] = [(), ()].map(|()| Letter::fresh(&mut run.draw));
    let sender = alice.first()?;
    one.stored(sender, &[one.to(&bob), one.to(&carol)])?;
    two.deliver(sender, &bob)?;
    let mut line = Line::open(run, sender)?;
    line.backlog()?;
    let steps = [
        (&bob, &one, "delivered", Some("delivery_receipt")),
        (&bob, &one, "delivered", None),
        (&carol, &one, "delivered", Some("delivery_receipt")),
        (&bob, &one, "read", Some("read_receipt")),
        (&bob, &one, "delivered", None),
        (&bob, &two, "read", Some("read_receipt")),
        (&carol, &one, "read", Some("read_receipt")),
    ];
    for (by, letter, reported, kind) in steps {
        status::report(by.first()?, letter, sender, reported)?.ok(200)?;
        if let Some(kind) = kind {
            expect_receipt(&mut line, kind, letter, by)?;
        }
    }
    let frames = line.fence()?;
    live::expect_none("the sender", &frames, &["delivery_receipt", "read_receipt"])
}

fn bulk(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(3, &mut run.draw));
    let sender = alice.first()?;
    for letter in &letters {
        letter.deliver(sender, &bob)?;
    }
    let mut line = Line::open(run, sender)?;
    line.backlog()?;
    let rows: Vec<_> = letters.iter().map(|letter| status::row(letter, sender)).collect();
    status::bulk(bob.first()?, "delivered", &rows)?.ok(200)?;
    let mut told = Vec::new();
    for _ in &letters {
        let frame = line.expect("delivery_receipt")?;
        told.push(frame.get("message_id").cloned().unwrap_or_default());
    }
    let all = letters.iter().all(|letter| told.contains(&json!(letter.id)));
    mail::expect(all, "the receipts of a bulk report", || {
        ("one for each message".into(), format!("{told:?}"))
    })
}

/// Both devices of the named account; not the typist's other device, not a third account.
fn named_account(run: &mut ServerRun) -> Outcome {
    let (mut alice, mut bob, carol) = (run.person()?, run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    run.add_device(&mut bob, 1)?;
    let mut typist = Line::open(run, alice.device(1)?)?;
    let mut named = [Line::open(run, bob.first()?)?, Line::open(run, bob.device(1)?)?];
    let mut others = [Line::open(run, alice.first()?)?, Line::open(run, carol.first()?)?];
    for line in named.iter_mut().chain(&mut others) {
        line.backlog()?;
    }
    for _ in 0..2 {
        for kind in ["typing", "stop_typing"] {
            typist.socket.send(&json!({"type": kind, "account_id": bob.id()}))?;
            for line in &mut named {
                let frame = line.next_of(&["typing", "stop_typing"])?;
                let wanted = json!({"type": kind, "account_id": alice.id(), "device_id": 2});
                mail::expect_equal("what the named account is told", &frame, &wanted)?;
            }
        }
    }
    for line in others.iter_mut().chain([&mut typist]) {
        let frames = line.fence()?;
        live::expect_none("a device of another account", &frames, &["typing", "stop_typing"])?;
    }
    // It is not stored: who was not connected is not told later.
    let mut later = Line::open(run, bob.first()?)?;
    let mut frames = later.until("empty")?;
    frames.extend(later.fence()?);
    live::expect_none("a device that connects later", &frames, &["typing", "stop_typing"])
}

/// An error frame, and the connection goes on.
fn unknown_account(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let mut typist = Line::open(run, alice.first()?)?;
    let mut named = Line::open(run, bob.first()?)?;
    typist.socket.send(&json!({"type": "typing", "account_id": run.draw.uuid()}))?;
    let error = typist.expect("error")?;
    mail::expect_equal("the error", &error.get("code"), &Some(&json!("account_unknown")))?;
    typist.socket.send(&json!({"type": "typing", "account_id": bob.id()}))?;
    named.expect("typing").map(drop)
}
