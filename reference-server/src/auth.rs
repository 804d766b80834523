//! Who asks: passwords, tokens, logins. Spec: `spec/server/authentication.md`.

pub mod caller;
pub mod issue;
pub mod logins;
pub mod password;
pub mod token;
