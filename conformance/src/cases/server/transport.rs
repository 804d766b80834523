//! spec/server/http.md: sizes and times.

use std::{thread, time::Duration};

use crate::{
    case::{Case, Failure, Outcome, Severity, Stop},
    server::{
        account::paths,
        client::Request,
        raw::{Answer, Raw},
        run::ServerRun,
    },
};

/// The cases.
pub const CASES: &[Case] = &[
    Case::server(
        "server/http/size/declared",
        &["HTTP-5"],
        &[],
        Severity::Robustness,
        declared_too_large,
    ),
    Case::server(
        "server/http/size/chunked",
        &["HTTP-5"],
        &[],
        Severity::Robustness,
        chunked_too_large,
    ),
    Case::server(
        "server/http/time/header-drop-by-drop",
        &["HTTP-6"],
        &[],
        Severity::Robustness,
        slow_header,
    ),
    Case::server(
        "server/http/time/body-never-ends",
        &["HTTP-6"],
        &[],
        Severity::Robustness,
        slow_body,
    ),
];

/// Longest time limit that a case waits for, in seconds; on the second instance it is shorter, where there is one.
const WAITED: u64 = 12;
const SHORT: u64 = 3;

/// A sign-up that would be served but for its length: JSON with spaces behind it.
fn padded(run: &mut ServerRun) -> Result<(String, Vec<u8>), Stop> {
    run.needs_signup()?;
    let limit = usize::try_from(run.limit("body_bytes")?).unwrap_or(usize::MAX);
    if limit > 16 << 20 {
        return Err(Stop::Unsupported("a body limit of at most 16 MiB".into()));
    }
    let honest = run.signup_body().to_string();
    let mut body = honest.clone().into_bytes();
    body.resize(limit + 1, b' ');
    Ok((honest, body))
}

fn declared_too_large(run: &mut ServerRun) -> Outcome {
    let (honest, body) = padded(run)?;
    let mut raw = Raw::connect(&run.client)?;
    let length = format!("Content-Length: {}\r\n", body.len());
    raw.write(&head(run, &length));
    // A server that refuses by the declared length alone may close before the body came.
    if !raw.has_answer(Duration::from_millis(500)) {
        raw.write(&body);
    }
    refused_as_too_large(raw.answer(run.scaled(Duration::from_secs(10))))?;
    still_free(run, &honest)
}

fn chunked_too_large(run: &mut ServerRun) -> Outcome {
    let (honest, body) = padded(run)?;
    let mut raw = Raw::connect(&run.client)?;
    raw.write(&head(run, "Transfer-Encoding: chunked\r\n"));
    for chunk in body.chunks(64 << 10) {
        raw.write(format!("{:x}\r\n", chunk.len()).as_bytes());
        raw.write(chunk);
        raw.write(b"\r\n");
    }
    raw.write(b"0\r\n\r\n");
    refused_as_too_large(raw.answer(run.scaled(Duration::from_secs(10))))?;
    still_free(run, &honest)
}

fn head(run: &ServerRun, more: &str) -> Vec<u8> {
    let host = run.target().address.authority();
    format!(
        "POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{more}\r\n",
        paths::SIGNUP
    )
    .into_bytes()
}

fn refused_as_too_large(answer: Answer) -> Outcome {
    match answer {
        Answer::Status(413, text) if text.contains("\"too_large\"") => Ok(()),
        Answer::Status(status, text) => {
            let text = crate::subject::cut(&text, 300);
            let failure =
                Failure::new("a body over the limit", "413 too_large", format!("{status}: {text}"));
            let weight = if status < 400 { Severity::Robustness } else { Severity::Spec };
            Err(failure.weighing(weight).into())
        }
        Answer::Closed => {
            Err(Failure::new("a body over the limit", "413 too_large", "closed without an answer")
                .weighing(Severity::Spec)
                .into())
        }
        Answer::Silence => {
            Err(Failure::new("a body over the limit", "413 too_large", "no answer").into())
        }
    }
}

/// Nothing was stored: the honest sign-up with the same name is served.
fn still_free(run: &ServerRun, honest: &str) -> Outcome {
    run.client.send(&Request::text("POST", paths::SIGNUP, honest))?.ok(201).map(drop)
}

/// The server itself, or its second instance when its own limit is too long to wait for.
fn with_short(run: &mut ServerRun, limit: &str) -> Result<(ServerRun, Duration), Stop> {
    let second = run.target().impatient.is_some();
    let quick = if second && run.limit(limit)? > SHORT { run.impatient()? } else { run.twin() };
    let seconds = quick.limit(limit)?;
    if seconds > WAITED {
        return Err(Stop::Unsupported(format!("a short {limit}")));
    }
    Ok((quick, Duration::from_secs(seconds)))
}

fn slow_header(run: &mut ServerRun) -> Outcome {
    let (quick, limit) = with_short(run, "header_seconds")?;
    let mut raw = Raw::connect(&quick.client)?;
    raw.write(b"GET /health HTTP/1.1\r\nX-Slow: ");
    let drops = limit.as_millis() / 400 + 5;
    for _ in 0..drops {
        raw.write(b"x");
        thread::sleep(Duration::from_millis(400));
    }
    ended(raw.answer(quick.scaled(Duration::from_secs(3))), "a header that comes drop by drop")?;
    quick.client.send(&Request::get(paths::HEALTH))?.ok(200).map(drop)
}

fn slow_body(run: &mut ServerRun) -> Outcome {
    let (quick, limit) = with_short(run, "body_seconds")?;
    let mut raw = Raw::connect(&quick.client)?;
    raw.write(&head(&quick, "Content-Length: 100\r\n"));
    raw.write(b"{\"username\":");
    ended(raw.answer(limit + quick.scaled(Duration::from_secs(4))), "a body that never ends")?;
    quick.client.send(&Request::get(paths::HEALTH))?.ok(200).map(drop)
}

fn ended(answer: Answer, what: &str) -> Outcome {
    match answer {
        Answer::Closed | Answer::Status(408, _) => Ok(()),
        Answer::Status(status, text) => {
            let text = crate::subject::cut(&text, 200);
            Err(Failure::new(what, "408 or a closed connection", format!("{status}: {text}"))
                .into())
        }
        Answer::Silence => {
            Err(Failure::new(what, "408 or a closed connection", "the server waits on").into())
        }
    }
}
