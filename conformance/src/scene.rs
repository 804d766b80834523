//! Scenes: a party of the subject and a device of the judge's own, with or without a session between them.

pub mod first;
pub mod forge;
pub mod judge;
pub mod sealed;
pub mod small_order;
mod translation;

use crate::{
    case::{CallError, Failure, Outcome, Stop},
    expect::{expect_bytes, refuses_unchanged},
    run::Run,
    scene::judge::Judge,
    subject::{
        party::{NOW_MS, Party},
        types::{Bundle, Message, PartySpec, Profile, Suite},
    },
};

/// The subject's party and the judge's device.
#[derive(Debug)]
pub struct Scene {
    /// The party under judgement.
    pub subject: Party,
    /// The other end of the conversation.
    pub judge: Judge,
    /// The id of the subject's signed prekey.
    pub signed_prekey: u32,
    /// The id of the subject's one-time prekey.
    pub one_time_prekey: u32,
    /// The private halves of the subject's signed and one-time prekey.
    pub prekey_privates: [[u8; 32]; 2],
}

impl Scene {
    /// Two devices of `signal-v3` with prekeys, and no session.
    ///
    /// # Errors
    /// When the subject refuses to make a party or its prekeys.
    pub fn strangers(run: &mut Run) -> Result<Self, Stop> {
        let spec = run.spec(Suite::SignalV3);
        Self::strangers_of(run, &spec)
    }

    /// As [`Scene::strangers`], with a subject of this profile.
    ///
    /// # Errors
    /// When the subject refuses to make a party or its prekeys.
    pub fn strangers_in(run: &mut Run, profile: Profile) -> Result<Self, Stop> {
        let spec = PartySpec { profile, ..run.spec(Suite::SignalV3) };
        Self::strangers_of(run, &spec)
    }

    /// Two devices with prekeys, and no session; the subject's party is made of `spec`, the judge's suite is the same.
    ///
    /// # Errors
    /// When the subject refuses to make a party or its prekeys.
    pub fn strangers_of(run: &mut Run, spec: &PartySpec) -> Result<Self, Stop> {
        let subject = run.party(spec)?;
        let signed_prekey = run.number(1, 0xff_ffff);
        let one_time_prekey = run.number(1, 0xff_ffff);
        let prekey_privates = [run.private_key(), run.private_key()];
        let [signed, one_time] = &prekey_privates;
        subject.add_signed_prekey(signed_prekey, signed, NOW_MS, None)?;
        subject.add_one_time_prekey(one_time_prekey, one_time, None)?;
        let judge = Judge::new(run, spec.suite, &subject.peer())?;
        Ok(Self { subject, judge, signed_prekey, one_time_prekey, prekey_privates })
    }

    /// The judge began the session, and each side has read a message of the other.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn judge_began(run: &mut Run) -> Result<Self, Stop> {
        Self::strangers(run)?.begun_by_judge()
    }

    /// The subject began the session, and each side has read a message of the other.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn subject_began(run: &mut Run) -> Result<Self, Stop> {
        Self::strangers(run)?.begun_by_subject()
    }

    /// Strangers get to know each other: the judge begins.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn begun_by_judge(mut self) -> Result<Self, Stop> {
        let bundle = self.bundle()?;
        self.judge.initiate(&bundle)?;
        self.tell()?;
        self.hear()?;
        Ok(self)
    }

    /// Strangers get to know each other: the subject begins.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn begun_by_subject(mut self) -> Result<Self, Stop> {
        let bundle = self.judge.bundle()?;
        self.subject.initiate(&self.judge.address(), &bundle)?;
        self.hear()?;
        self.tell()?;
        Ok(self)
    }

    /// A device of the judge's that has the subject's keys: what it does with the same draws the subject must do too.
    /// It is made of the beginning, before any session.
    ///
    /// # Errors
    /// Never with a working naive implementation.
    pub fn twin(&self) -> Result<Judge, Stop> {
        Judge::twin(self)
    }

    /// The subject's bundle, its one-time prekey included.
    ///
    /// # Errors
    /// When the subject does not give it.
    pub fn bundle(&self) -> Result<Bundle, Stop> {
        Ok(self.subject.bundle(self.signed_prekey, Some(self.one_time_prekey))?)
    }

    /// The subject's bundle without a one-time prekey.
    ///
    /// # Errors
    /// When the subject does not give it.
    pub fn bare_bundle(&self) -> Result<Bundle, Stop> {
        Ok(self.subject.bundle(self.signed_prekey, None)?)
    }

    /// The judge sends a fresh text and the subject reads it.
    ///
    /// # Errors
    /// When the subject does not read it.
    pub fn tell(&mut self) -> Outcome {
        let text = self.judge.words()?;
        let message = self.judge.seal(&text)?;
        self.reads(&message, &text)
    }

    /// The subject sends a fresh text and the judge reads it. Gives the message.
    ///
    /// # Errors
    /// When the judge cannot read what the subject sent.
    pub fn hear(&mut self) -> Result<Message, Stop> {
        let text = self.judge.words()?;
        let message = self.subject.encrypt(&self.judge.address(), &text)?;
        self.heard(&message, &text)?;
        Ok(message)
    }

    /// The judge reads a message of the subject, whose text must be `text`.
    ///
    /// # Errors
    /// When the judge cannot read it.
    pub fn heard(&mut self, message: &Message, text: &[u8]) -> Outcome {
        let opened = self.judge.open(message)?;
        expect_bytes("the plaintext of the subject's message", text, &opened)
    }

    /// A number of rounds: the judge sends, the subject answers. Each is a ratchet step on either side.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn rounds(&mut self, count: usize) -> Outcome {
        for _ in 0..count {
            self.tell()?;
            self.hear()?;
        }
        Ok(())
    }

    /// Hands the subject a message of the judge.
    ///
    /// # Errors
    /// As `session.decrypt` answers.
    pub fn deliver(&self, message: &Message) -> Result<Vec<u8>, CallError> {
        self.subject.decrypt(&self.judge.address(), message)
    }

    /// The subject must read this message, and this text in it.
    ///
    /// # Errors
    /// When it refuses or reads another text.
    pub fn reads(&self, message: &Message, text: &[u8]) -> Outcome {
        expect_bytes("the plaintext", text, &self.deliver(message)?)
    }

    /// The subject must read this message; `what` says in a failure which one it was.
    ///
    /// # Errors
    /// When it refuses or reads another text.
    pub fn reads_as(&self, what: &str, message: &Message, text: &[u8]) -> Outcome {
        match self.deliver(message) {
            Err(CallError::Refused(refused)) => {
                let actual = format!("err {}", refused.code);
                Err(Failure::new(what, "decrypts", actual).into())
            }
            answer => expect_bytes(what, text, &answer?),
        }
    }

    /// The subject must refuse this message with this code, release nothing and change nothing.
    ///
    /// # Errors
    /// When it accepts, answers another code or changes its state.
    pub fn refuses(&self, message: &Message, code: &str) -> Outcome {
        refuses_unchanged(&self.subject, code, || self.deliver(message))
    }

    /// As [`Scene::refuses`]; `what` says in a failure which message it was.
    ///
    /// # Errors
    /// When it accepts, answers another code or changes its state.
    pub fn refuses_as(&self, what: &str, message: &Message, code: &str) -> Outcome {
        self.refuses(message, code).map_err(|stop| about(what, stop))
    }
}

/// Says in a failure what it was about.
fn about(what: &str, stop: Stop) -> Stop {
    match stop {
        Stop::Fail(mut failure) => {
            failure.what = format!("{what}: {}", failure.what);
            Stop::Fail(failure)
        }
        other => other,
    }
}
