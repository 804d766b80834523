//! Two parties behind one or two adapters that get the same lines and have to give the same answers.

use countersign_adapter_reference::ReferenceAdapter;
use countersign_vectors::naive::adapter::NaiveAdapter;
use countersign_vectors::naive::bugs::Bugs;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

/// The adapters, the clock, and the randomness that is handed to them.
pub(crate) struct World {
    reference: ReferenceAdapter,
    naive: Option<NaiveAdapter>,
    rng: ChaCha20Rng,
    pub(crate) now_ms: u64,
}

/// What came of a request: the `ok` object, or a code.
pub(crate) type Answer = Result<Value, String>;

impl World {
    /// The reference alone, or the naive implementation beside it.
    pub(crate) fn new(seed: u64, both: bool) -> Self {
        let naive = both.then(|| NaiveAdapter::new(Bugs::NONE));
        let rng = ChaCha20Rng::seed_from_u64(seed);
        Self { reference: ReferenceAdapter::new(), naive, rng, now_ms: 1_700_000_000_000 }
    }

    /// Random bytes as hex.
    pub(crate) fn random(&mut self, len: usize) -> String {
        let mut bytes = vec![0; len];
        self.rng.fill_bytes(&mut bytes);
        hex::encode(bytes)
    }

    /// Asks everyone, after loading the randomness that the operation may draw.
    pub(crate) fn call(&mut self, op: &str, args: &Value) -> Answer {
        let draws = self.random(96);
        assert_eq!(self.ask("rng.load", &json!({ "bytes": draws })), Ok(json!({})));
        self.ask(op, args)
    }

    fn ask(&mut self, op: &str, args: &Value) -> Answer {
        let line = json!({ "id": 1, "op": op, "args": args }).to_string();
        let answer = answer(&self.reference.handle(&line));
        // Each implementation hashes and stores its state in its own way.
        if let Some(naive) =
            self.naive.as_mut().filter(|_| !matches!(op, "session.export" | "session.import"))
        {
            let theirs = self::answer(&naive.handle(&line));
            if op != "party.fingerprint" {
                assert_eq!(answer, theirs, "reference and naive implementation differ on {line}");
            }
        }
        answer
    }
}

fn answer(reply: &str) -> Answer {
    let reply: Value = serde_json::from_str(reply).unwrap_or(Value::Null);
    match (reply.get("ok"), reply.pointer("/err/code").and_then(Value::as_str)) {
        (Some(ok), None) => Ok(ok.clone()),
        (None, Some(code)) => Err(code.to_owned()),
        _ => panic!("neither ok nor err: {reply}"),
    }
}
