//! `conformance adapter check`: a first look in a second or two, stage by stage.

use crate::{
    campaign,
    case::{Body, CallError, Case, Outcome, Stop},
    cli::CheckArgs,
    expect::expect_bytes,
    output::{self, dim, green, red},
    probes,
    run::{Run, Seed},
    stored::Scripts,
    subject::{
        Subject,
        capabilities::CAPABILITIES,
        party::NOW_MS,
        types::{Hello, Suite},
    },
    transport::process::Process,
};

/// Runs the stages and says which one failed, with the line that shows it. 0 when all passed, 4 otherwise.
#[must_use]
pub fn run(args: &CheckArgs) -> u8 {
    let launcher = Process::launcher(&args.command);
    let subject = match (launcher.launch)() {
        Ok(transport) => Subject::new(transport, args.timeout_scale, false),
        Err(error) => return failed("start", &campaign::started(&error), None),
    };
    passed("start", &launcher.name);
    let seed = Seed([7; 32]);
    let hello = match subject.hello(&seed.derive("hello")) {
        Ok(hello) => hello,
        Err(error) => return failed("hello", &campaign::said(&error), Some(&subject)),
    };
    introduced(&hello);
    for probe in probes::PROBES {
        if let Some(code) = stage(probe, &subject, &seed) {
            return code;
        }
    }
    let code = first_sessions(&subject, &seed, &hello);
    subject.bye();
    code
}

fn introduced(hello: &Hello) {
    let plate = &hello.implementation;
    passed("hello", &format!("{} {} ({})", plate.name, plate.version, plate.language));
    passed("schema", &format!("declares {}", hello.capabilities.join(" ")));
}

/// One probe; the exit code when it ends the check.
fn stage(probe: &Case, subject: &Subject, seed: &Seed) -> Option<u8> {
    if let Some(missing) = probe.needs.iter().find(|need| !subject.has(need)) {
        output::say(&format!("{} {}: {missing} is not declared", dim("  – "), probe.id));
        return None;
    }
    let mut run = Run::new(subject.clone(), seed, probe.id, Scripts::default());
    let Body::Library(body) = probe.body else { return None };
    match body(&mut run) {
        Ok(()) | Err(Stop::Unsupported(_)) => {
            passed(probe.id, probe.reqs.first().copied().unwrap_or_default());
            None
        }
        Err(stop) => Some(failed(probe.id, &campaign::said(&CallError::Stop(stop)), Some(subject))),
    }
}

fn first_sessions(subject: &Subject, seed: &Seed, hello: &Hello) -> u8 {
    let suites = [("signal-v3/1", Suite::SignalV3), ("ratchet-chacha20/1", Suite::RatchetChacha20)];
    for (capability, suite) in suites {
        if !subject.has(capability) {
            continue;
        }
        let stage = format!("first session of {}", suite.name());
        let mut run = Run::new(subject.clone(), seed, &stage, Scripts::default());
        match conversation(&mut run, suite) {
            Ok(()) => passed(&stage, "both sides talk"),
            Err(stop) => {
                return failed(&stage, &campaign::said(&CallError::Stop(stop)), Some(subject));
            }
        }
    }
    let known =
        hello.capabilities.iter().filter(|capability| !CAPABILITIES.contains(&capability.as_str()));
    for unknown in known {
        output::say(&format!(
            "{} the capability {unknown} is not known to this suite; nothing tests it",
            dim("  – ")
        ));
    }
    output::say(&format!("{} now judge it: conformance adapter -- …", green("ready:")));
    0
}

fn conversation(run: &mut Run, suite: Suite) -> Outcome {
    let (alice, bob) = (run.fresh_party(suite)?, run.fresh_party(suite)?);
    bob.add_signed_prekey(1, &run.private_key(), NOW_MS, None)?;
    bob.add_one_time_prekey(7, &run.private_key(), None)?;
    alice.initiate(&bob.peer(), &bob.bundle(1, Some(7))?)?;
    for text in [&b"hello"[..], b"", b"a third message"] {
        let message = alice.encrypt(&bob.peer(), text)?;
        expect_bytes("what the receiver reads", text, &bob.decrypt(&alice.peer(), &message)?)?;
        let answer = bob.encrypt(&alice.peer(), text)?;
        expect_bytes("what the initiator reads", text, &alice.decrypt(&bob.peer(), &answer)?)?;
    }
    Ok(())
}

fn passed(stage: &str, what: &str) {
    output::say(&format!("{} {stage}: {what}", green("  ok ")));
}

fn failed(stage: &str, why: &str, subject: Option<&Subject>) -> u8 {
    output::say(&format!("{} {stage}: {why}", red("FAIL ")));
    if let Some(subject) = subject {
        if let Some(step) = subject.steps().last() {
            output::say(&format!("      request: {}", step.request));
            output::say(&format!("      reply:   {}", step.reply));
        }
        let stderr = subject.stderr();
        if !stderr.is_empty() {
            output::say(&format!("      stderr:  {}", stderr.replace('\n', "\n               ")));
        }
    }
    4
}
