//! Servers that are none: exact exit codes and what is said.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Command,
    thread,
};

const JUDGE: &str = env!("CARGO_BIN_EXE_conformance");

/// Exit code and everything said.
fn conformance(args: &[&str]) -> (Option<i32>, String) {
    let out = concat!(env!("CARGO_TARGET_TMPDIR"), "/servers");
    let output = Command::new(JUDGE).args(args).args(["--out", out]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// A server that answers everything with the same bytes. Its address comes back.
fn always(status: &'static str, kind: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _read = stream.read(&mut request);
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _written = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn nobody_there_is_inconclusive() {
    let (code, said) = conformance(&["server", "--url", "http://127.0.0.1:1"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("Profile server"), "{said}");
}

#[test]
fn a_server_of_something_else_is_inconclusive() {
    let url = always("200 OK", "text/html", "<html>hello</html>");
    let (code, said) = conformance(&["server", "--url", &url]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("server/1"), "{said}");
}

#[test]
fn a_server_that_lets_everybody_in_fails_its_honesty_probe() {
    let document =
        r#"{"api":"/api/v1","profiles":["server/1"],"suites":["signal-v3"],"limits":{}}"#;
    let url = always("200 OK", "application/json", document);
    let (code, said) = conformance(&["server", "--url", &url]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("the honesty probe server/probe/unknown-path failed"), "{said}");
}

#[test]
fn a_command_that_names_no_address_is_inconclusive_and_a_missing_one_is_usage() {
    let (code, said) = conformance(&["server", "--ready-timeout", "5", "--", "echo", "hello"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("must hold its address"), "{said}");
    assert_eq!(conformance(&["server"]).0, Some(2));
    assert_eq!(conformance(&["server", "--url", "ftp://example.org"]).0, Some(2));
    assert_eq!(
        conformance(&["server", "--url", "http://127.0.0.1:1", "--provision", "magic"]).0,
        Some(2)
    );
}
