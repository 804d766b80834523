//! How an operation can end other than well.

use std::borrow::Cow;

use countersign_protocol::problem::Problem;

/// A reply of kind `err` or `unsupported`. It never holds a secret or a plaintext.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// `err`, with a code of the registry.
    Problem(Problem),
    /// `err` with code `bad_request`: what is wrong with the request.
    BadRequest(Cow<'static, str>),
    /// `unsupported`: the operation or capability that is not there.
    Unsupported(String),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// `bad_request` with a fixed text.
pub(crate) const fn bad_request(what: &'static str) -> Refusal {
    Refusal::BadRequest(Cow::Borrowed(what))
}
