//! The reference library behind the adapter line protocol.
//!
//! [`ReferenceAdapter`] answers one request line with one reply line. It holds all the state there
//! is, so any number of them can live in one program; the binary `countersign-adapter` is one of
//! them between standard input and standard output. Spec: `spec/conformance.md`.
//!
//! ```
//! use countersign_adapter_reference::ReferenceAdapter;
//!
//! let mut adapter = ReferenceAdapter::new();
//! let reply = adapter.handle(r#"{"id":1,"op":"key.decode","args":{"public":"","profile":"strict"}}"#);
//! assert_eq!(reply, r#"{"id":1,"err":{"code":"no_key_type"}}"#);
//! ```
//!
//! The rules of the protocol are all in `countersign-protocol`. Here is what a caller of it has to
//! bring: prekeys, trust in identity keys, the records of sessions, and randomness.

mod arguments;
mod hexadecimal;
mod operations;
mod party;
mod randomness;
mod refusal;
mod request;

use std::collections::BTreeMap;

use party::Party;
use randomness::Randomness;
use refusal::{Refusal, bad_request};
use serde_json::Value;

/// The longest line accepted, in bytes.
pub const LINE_MAX: usize = 8 * 1024 * 1024;

/// The reference library as the judge sees it: lines in, lines out.
#[derive(Debug, Default)]
pub struct ReferenceAdapter {
    randomness: Randomness,
    parties: BTreeMap<u64, Party>,
    last_handle: u64,
    ended: bool,
}

impl ReferenceAdapter {
    /// An adapter without parties, which draws from the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers one request line with one reply line, both without the line's end.
    ///
    /// Whatever is wrong with the line is said in the reply: `bad_request`, or the problem that the
    /// library found. A refused request changes nothing.
    pub fn handle(&mut self, line: &str) -> String {
        request::answer(line, |op, args| operations::perform(self, op, args))
    }

    /// Whether `bye` was answered: the program may end.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Takes a party in and gives its handle. No handle is given twice.
    fn keep(&mut self, party: Party) -> u64 {
        self.last_handle += 1;
        self.parties.insert(self.last_handle, party);
        self.last_handle
    }

    /// Acts on a party. What was done does not count when it drew more than was loaded.
    fn transact(
        &mut self,
        handle: u64,
        act: impl FnOnce(&mut Party, &mut Randomness) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        let party = self.parties.get_mut(&handle).ok_or_else(no_such_party)?;
        if !self.randomness.is_loaded() {
            return act(party, &mut self.randomness);
        }
        let mut copy = party.clone();
        let answer = act(&mut copy, &mut self.randomness);
        if !self.randomness.ran_short() {
            *party = copy;
        }
        answer
    }
}

const fn no_such_party() -> Refusal {
    bad_request("there is no such party")
}
