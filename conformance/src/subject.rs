//! The subject as a typed client sees it: operations in, answers out, every line checked against the schema.

pub mod capabilities;
mod groups;
pub mod keys;
pub mod party;
pub mod types;

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    case::{CallError, Failure, Refused, Severity, Stop, Trouble},
    schema,
    subject::types::Hello,
    transport::{Transport, TransportError},
};

/// How many wire steps a failure carries.
pub const STEPS_KEPT: usize = 20;

/// One exchange, as it went over the wire.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Step {
    /// The request line.
    pub request: String,
    /// The reply line, or why there is none.
    pub reply: String,
}

/// A running subject. Cheap to clone: all clones speak over the same wire.
#[derive(Clone, Debug)]
pub struct Subject(Rc<RefCell<Wire>>);

#[derive(Debug)]
struct Wire {
    transport: Box<dyn Transport>,
    timeout_scale: f64,
    trace: bool,
    case: String,
    id: u64,
    steps: VecDeque<Step>,
    hello: Hello,
    parties: Vec<u64>,
}

impl Subject {
    /// A subject that has not said hello yet.
    #[must_use]
    pub fn new(transport: Box<dyn Transport>, timeout_scale: f64, trace: bool) -> Self {
        Self(Rc::new(RefCell::new(Wire {
            transport,
            timeout_scale,
            trace,
            case: String::new(),
            id: 0,
            steps: VecDeque::new(),
            hello: Hello::default(),
            parties: Vec::new(),
        })))
    }

    /// Says hello, which also seeds the subject's own randomness.
    ///
    /// # Errors
    /// When the subject does not answer as the protocol says.
    pub fn hello(&self, seed: &[u8; 32]) -> Result<Hello, CallError> {
        let args =
            json!({"protocol": [1], "suite": crate::SUITE_VERSION, "seed": hex::encode(seed)});
        let reply = self.call("hello", args)?;
        let hello: Hello = serde_json::from_value(reply)
            .map_err(|error| Trouble::Judge(error.to_string()))
            .map_err(stop)?;
        if hello.protocol != 1 {
            let line =
                self.0.borrow().steps.back().map(|step| step.reply.clone()).unwrap_or_default();
            let rule = format!(
                "hello must choose a protocol version that was offered (1), not {}",
                hello.protocol
            );
            return Err(stop(Trouble::Protocol { rule, line }));
        }
        self.0.borrow_mut().hello = hello.clone();
        Ok(hello)
    }

    /// What the subject said of itself.
    #[must_use]
    pub fn introduced(&self) -> Hello {
        self.0.borrow().hello.clone()
    }

    /// Whether the subject declares a capability.
    #[must_use]
    pub fn has(&self, capability: &str) -> bool {
        self.0.borrow().hello.capabilities.iter().any(|declared| declared == capability)
    }

    /// Carries out one operation.
    ///
    /// # Errors
    /// A refusal, or the end of the case.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "every caller makes the arguments on the spot"
    )]
    pub fn call(&self, op: &'static str, args: Value) -> Result<Value, CallError> {
        schema::check_args(op, &args).map_err(|error| stop(Trouble::Judge(error)))?;
        let (reply, line) = self.raw(op, &args)?;
        self.read(op, &args, reply, &line)
    }

    /// Sends a request that need not fit the schema and gives back the reply object with its line. For probes.
    ///
    /// # Errors
    /// When no line comes back, or one that is no reply to this request.
    pub fn raw(&self, op: &str, args: &Value) -> Result<(Map<String, Value>, String), CallError> {
        let mut wire = self.0.borrow_mut();
        wire.id += 1;
        let id = wire.id;
        let mut request = json!({"id": id, "op": op, "args": args});
        if let (true, Some(object)) = (wire.trace, request.as_object_mut()) {
            object.insert("t".into(), Value::String(wire.case.clone()));
        }
        let line = wire.exchange(op, &request.to_string())?;
        envelope(id, &line)
            .map_err(|rule| stop(Trouble::Protocol { rule, line: cut(&line, 300) }))
            .map(|reply| (reply, line))
    }

    fn read(
        &self,
        op: &'static str,
        args: &Value,
        mut reply: Map<String, Value>,
        line: &str,
    ) -> Result<Value, CallError> {
        let broken = |rule| stop(Trouble::Protocol { rule, line: cut(line, 300) });
        if let Some(ok) = reply.remove("ok") {
            schema::check_ok(op, &ok).map_err(broken)?;
            return Ok(ok);
        }
        if let Some(error) = reply.remove("err") {
            schema::check_error(&error).map_err(broken)?;
            let text = |key| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(CallError::Refused(Refused {
                op,
                code: text("code"),
                detail: text("detail"),
            }));
        }
        let claimed =
            capabilities::obliging(op, args).iter().find(|capability| self.has(capability));
        Err(CallError::Stop(match claimed {
            Some(capability) => Stop::Fail(
                Failure::new(
                    op,
                    format!("an answer, because {capability} is declared"),
                    "unsupported",
                )
                .weighing(Severity::Interop),
            ),
            None => Stop::Unsupported(op.to_owned()),
        }))
    }

    /// Begins a case: forgets the steps of the last one.
    pub(crate) fn begin(&self, case: &str) {
        let mut wire = self.0.borrow_mut();
        case.clone_into(&mut wire.case);
        wire.steps.clear();
        wire.parties.clear();
    }

    /// Frees the parties that the case made. A subject that cannot is noticed by the next case.
    pub(crate) fn free_parties(&self) {
        let parties = std::mem::take(&mut self.0.borrow_mut().parties);
        let keep = self.0.borrow().steps.clone();
        for party in parties {
            if matches!(
                self.call("handle.free", json!({"party": party})),
                Err(CallError::Stop(Stop::Inconclusive(_)))
            ) {
                break;
            }
        }
        self.0.borrow_mut().steps = keep;
    }

    pub(crate) fn made_party(&self, handle: u64) {
        self.0.borrow_mut().parties.push(handle);
    }

    /// The last exchanges, oldest first, each line cut to a readable length.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        const LONGEST: usize = 2000;
        let short = |step: &Step| Step {
            request: cut(&step.request, LONGEST),
            reply: cut(&step.reply, LONGEST),
        };
        self.0.borrow().steps.iter().map(short).collect()
    }

    /// What the subject wrote to stderr last.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.0.borrow().transport.stderr()
    }

    /// Ends the subject and starts it afresh, without a hello.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn restart(&self) -> Result<(), TransportError> {
        let mut wire = self.0.borrow_mut();
        wire.parties.clear();
        wire.transport.restart()
    }
}

impl Wire {
    fn exchange(&mut self, op: &str, request: &str) -> Result<String, CallError> {
        let timeout = types::timeout_of(op).mul_f64(self.timeout_scale);
        let answer = self.transport.exchange(request, timeout);
        let reply = match &answer {
            Ok(line) => line.clone(),
            Err(error) => format!("({})", trouble(op, error)),
        };
        if self.steps.len() == STEPS_KEPT {
            self.steps.pop_front();
        }
        self.steps.push_back(Step { request: request.to_owned(), reply });
        answer.map_err(|error| stop(trouble(op, &error)))
    }
}

fn trouble(op: &str, error: &TransportError) -> Trouble {
    match error {
        TransportError::Timeout(after) => {
            Trouble::Timeout { op: op.to_owned(), after_ms: millis(*after) }
        }
        TransportError::Exited(how) => Trouble::Exited { op: op.to_owned(), how: how.clone() },
        TransportError::BadLine(rule) => {
            Trouble::Protocol { rule: rule.clone(), line: "not shown".into() }
        }
        TransportError::Start(text) | TransportError::Io(text) => Trouble::Io(text.clone()),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Reads a reply line: one JSON object, the request's id, exactly one of `ok`, `err`, `unsupported`. ADAPTER-1.
fn envelope(id: u64, line: &str) -> Result<Map<String, Value>, String> {
    let value: Value = serde_json::from_str(line)
        .map_err(|error| format!("a reply must be one JSON object ({error})"))?;
    let Value::Object(mut reply) = value else {
        return Err("a reply must be a JSON object".into());
    };
    if reply.remove("id").as_ref().and_then(Value::as_u64) != Some(id) {
        return Err(format!("a reply must carry the id of its request, {id}"));
    }
    let kinds =
        ["ok", "err", "unsupported"].iter().filter(|kind| reply.contains_key(**kind)).count();
    if kinds != 1 || reply.len() != 1 {
        return Err("a reply must have exactly one of ok, err and unsupported, and nothing else beside the id".into());
    }
    if reply.get("unsupported").is_some_and(|what| !what.is_string()) {
        return Err("unsupported must be a string".into());
    }
    Ok(reply)
}

/// Cuts a line to at most `longest` characters and says how long it was.
pub(crate) fn cut(line: &str, longest: usize) -> String {
    match line.char_indices().nth(longest) {
        Some((at, _)) => format!("{}… ({} bytes)", line.get(..at).unwrap_or_default(), line.len()),
        None => line.to_owned(),
    }
}

pub(crate) fn stop(trouble: Trouble) -> CallError {
    CallError::Stop(Stop::Inconclusive(trouble))
}
