//! How an exchange is written down: one line for the request, one for the answer, and a `curl` command. No secret is
//! written: tokens and passwords stand there as shell variables or as `…`.

use serde_json::Value;

use super::client::Request;
use crate::subject::cut;

/// Members whose values are secret.
const SECRET: [&str; 7] = [
    "access_token",
    "refresh_token",
    "password",
    "registration_token",
    "ticket",
    "link_token",
    "envelope",
];

/// Characters of a body that a step shows.
const LONGEST: usize = 1500;

/// `POST /api/v1/auth/login {"username":…}`.
#[must_use]
pub fn request_line(request: &Request) -> String {
    let login = if request.token.is_some() { " (with a token)" } else { "" };
    let body = request.body.as_deref().map(|body| format!(" {}", shown(body))).unwrap_or_default();
    format!("{} {}{login}{body}", request.method, shown_path(&request.path))
}

/// `201 {"account_id":…}`.
#[must_use]
pub fn reply_line(status: u16, body: &[u8]) -> String {
    if body.is_empty() { status.to_string() } else { format!("{status} {}", shown(body)) }
}

/// A body for people: JSON without secrets, other text as it is, cut.
#[must_use]
pub fn shown(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            hide(&mut value, &|_| "…".into());
            value.to_string()
        }
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    cut(&text.replace('\n', " "), LONGEST)
}

/// A ticket or a token in a query is a secret too.
fn shown_path(path: &str) -> String {
    match path.split_once('?') {
        Some((path, query)) if query.contains("ticket=") || query.contains("token=") => {
            format!("{path}?…")
        }
        _ => path.to_owned(),
    }
}

fn hide(value: &mut Value, name: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                if SECRET.contains(&key.as_str()) && member.is_string() {
                    *member = Value::String(name(key));
                } else {
                    hide(member, name);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, name)),
        _ => {}
    }
}

/// A command line that sends the request again. What is secret is a shell variable: `$TOKEN`, `$PASSWORD`.
#[must_use]
pub fn curl(base: &str, request: &Request) -> String {
    let mut words = vec!["curl -sS -i".to_owned()];
    if request.method != "GET" {
        words.push(format!("-X {}", request.method));
    }
    words.push(quoted(&format!("{base}{}", shown_path(&request.path))));
    if request.token.is_some() {
        words.push("-H \"Authorization: Bearer $TOKEN\"".into());
    }
    words.extend(
        request
            .headers
            .iter()
            .map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}")))),
    );
    if let Some(body) = &request.body {
        words.push(format!("--data-raw {}", body_word(body)));
    }
    words.join(" ")
}

fn body_word(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<Value>(body) {
        // A body with doubled members would lose them in a round through a parser: it is told as it is, unless secret.
        Ok(value) if has_secret(&value) => {
            let mut value = value;
            hide(&mut value, &|key| format!("\u{1}{}\u{2}", key.to_uppercase()));
            return quoted(&cut(&value.to_string(), LONGEST))
                .replace("\\u0001", "'\"$")
                .replace("\\u0002", "\"'");
        }
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    quoted(&cut(&text, LONGEST))
}

fn has_secret(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(key, member)| SECRET.contains(&key.as_str()) || has_secret(member))
        }
        Value::Array(items) => items.iter().any(has_secret),
        _ => false,
    }
}

/// In single quotes for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_written_down() {
        let request = Request::post(
            "/api/v1/auth/login",
            &json!({"username": "a'b", "password": "hunter22"}),
        )
        .token("aaa.bbb.ccc");
        let curl = curl("http://h", &request);
        assert_eq!(
            curl,
            "curl -sS -i -X POST 'http://h/api/v1/auth/login' -H \"Authorization: Bearer $TOKEN\" \
             -H 'Content-Type: application/json' --data-raw '{\"password\":\"'\"$PASSWORD\"'\",\"username\":\"a'\\''b\"}'"
        );
        let line = request_line(&request);
        assert!(!line.contains("hunter22") && !line.contains("bbb"), "{line}");
        let reply = reply_line(200, br#"{"tokens":{"access_token":"aaa.bbb.ccc"}}"#);
        assert_eq!(reply, "200 {\"tokens\":{\"access_token\":\"…\"}}");
    }
}
