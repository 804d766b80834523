//! The sessions with one peer device, of any suite: one current, up to 40 archived.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::ids::UnixMillis;
use crate::limits::{ARCHIVED_SESSIONS_MAX, UNANSWERED_SECONDS_MAX};
use crate::problem::Problem;
use crate::state::{Input, Output};

/// The version of the stored form.
const FORMAT: u8 = 1;

/// What an archive needs to know of its sessions.
pub(crate) trait Archivable {
    /// Forgets what only a current session needs.
    fn on_archive(&mut self);

    /// When this device began the session, as long as the peer has not answered.
    fn unanswered_since(&self) -> Option<UnixMillis>;
}

/// A session of a suite that has a stored form.
pub(crate) trait Storable: Sized {
    /// The suite's registered number.
    const SUITE: u16;

    /// An upper bound of what [`write`](Self::write) appends.
    fn encoded_len(&self) -> usize;

    /// Appends the session.
    fn write(&self, out: &mut Output);

    /// Reads a session.
    ///
    /// # Errors
    /// `bad_state`.
    fn read(input: &mut Input<'_>) -> Result<Self, Problem>;
}

/// One current session and those before it. Spec: `spec/session.md#record`.
#[derive(Clone, Debug)]
pub(crate) struct Archive<S> {
    current: Option<S>,
    /// Newest first.
    archived: VecDeque<S>,
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Current,
    /// Counted from the newest.
    Archived(usize),
}

impl<S> Default for Archive<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Archive<S> {
    pub(crate) const fn new() -> Self {
        Self { current: None, archived: VecDeque::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.current.is_none() && self.archived.is_empty()
    }

    pub(crate) const fn current(&self) -> Option<&S> {
        self.current.as_ref()
    }

    /// The first session that fits: the current one, then the newest archived.
    pub(crate) fn find(&self, fits: impl Fn(&S) -> bool) -> Option<Place> {
        if self.current.as_ref().is_some_and(&fits) {
            return Some(Place::Current);
        }
        self.archived.iter().position(fits).map(Place::Archived)
    }
}

impl<S: Storable> Archive<S> {
    /// Format ‖ suite ‖ whether there is a current session ‖ how many are archived ‖ sessions.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let sessions = || self.current.iter().chain(&self.archived);
        let mut out = Output::with_capacity(5 + sessions().map(S::encoded_len).sum::<usize>());
        out.u8(FORMAT);
        out.u16(S::SUITE);
        out.flag(self.current.is_some());
        out.count_u8(self.archived.len());
        sessions().for_each(|session| session.write(&mut out));
        out.finish()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// `bad_state`.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let mut input = Input::new(bytes);
        if input.u8()? != FORMAT || input.u16()? != S::SUITE {
            return Err(Problem::BadState);
        }
        let current = input.flag()?;
        let archived = usize::from(input.u8()?);
        if archived > ARCHIVED_SESSIONS_MAX {
            return Err(Problem::BadState);
        }
        let current = current.then(|| S::read(&mut input)).transpose()?;
        let archived: Result<_, _> = (0..archived).map(|_| S::read(&mut input)).collect();
        let archive = Self { current, archived: archived? };
        input.finish()?;
        Ok(archive)
    }
}

impl<S: Archivable> Archive<S> {
    /// The current session, if it was answered, begun by the peer, or begun at most 30 days ago.
    ///
    /// # Errors
    /// `no_session`.
    pub(crate) fn sending(&mut self, now: UnixMillis) -> Result<&mut S, Problem> {
        self.current.as_mut().filter(|session| may_send(*session, now)).ok_or(Problem::NoSession)
    }

    /// Whether there is a session to send in.
    pub(crate) fn can_send(&self, now: UnixMillis) -> bool {
        self.current.as_ref().is_some_and(|session| may_send(session, now))
    }

    /// Archives the current session and makes `session` the current one.
    pub(crate) fn begin(&mut self, session: S) {
        self.archive_current();
        self.current = Some(session);
    }

    /// Archives the current session, dropping the oldest beyond 40.
    pub(crate) fn archive_current(&mut self) {
        if let Some(mut session) = self.current.take() {
            session.on_archive();
            self.archived.truncate(ARCHIVED_SESSIONS_MAX - 1);
            self.archived.push_front(session);
        }
    }

    /// Tries one session; if it succeeds it is current afterwards.
    ///
    /// # Errors
    /// Those of `attempt`.
    pub(crate) fn try_at<T>(
        &mut self,
        place: Place,
        attempt: impl FnOnce(&mut S) -> Result<T, Problem>,
    ) -> Result<(T, &S), Problem> {
        let session = match place {
            Place::Current => self.current.as_mut(),
            Place::Archived(at) => self.archived.get_mut(at),
        };
        let done = attempt(session.ok_or(Problem::NoSession)?)?;
        if let Place::Archived(at) = place
            && let Some(session) = self.archived.remove(at)
        {
            self.begin(session);
        }
        let session = self.current.as_ref().ok_or(Problem::NoSession)?;
        Ok((done, session))
    }

    /// Tries each session from the current to the oldest until `attempt` decides; the session
    /// that succeeds is current afterwards.
    ///
    /// # Errors
    /// What `attempt` decided, or `invalid_message` if it never did.
    pub(crate) fn try_each<T>(
        &mut self,
        mut attempt: impl FnMut(&mut S) -> Option<Result<T, Problem>>,
    ) -> Result<(T, &S), Problem> {
        let places = (0..self.archived.len()).map(Place::Archived);
        let current = self.current.is_some().then_some(Place::Current);
        for place in current.into_iter().chain(places) {
            let session = match place {
                Place::Current => self.current.as_mut(),
                Place::Archived(at) => self.archived.get_mut(at),
            };
            if let Some(decided) = session.and_then(&mut attempt) {
                return self.try_at(place, |_| decided);
            }
        }
        Err(Problem::InvalidMessage)
    }
}

/// The beginning is cut to whole seconds, the present time is not.
fn may_send(session: &impl Archivable, now: UnixMillis) -> bool {
    session.unanswered_since().is_none_or(|begun| {
        now.0.saturating_sub(1000 * begun.seconds()) <= 1000 * UNANSWERED_SECONDS_MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Archivable for u32 {
        fn on_archive(&mut self) {}

        fn unanswered_since(&self) -> Option<UnixMillis> {
            None
        }
    }

    fn filled(sessions: u32) -> Archive<u32> {
        let mut archive = Archive::new();
        (0..sessions).for_each(|session| archive.begin(session));
        archive
    }

    #[test]
    fn forty_are_kept_beside_the_current_one() {
        let archive = filled(100);
        assert_eq!(archive.current(), Some(&99));
        assert_eq!(archive.archived, (59..99).rev().collect::<VecDeque<_>>());
    }

    #[test]
    fn the_session_that_fits_becomes_current() {
        let mut archive = filled(5);
        let found = archive.try_each(|session| (*session == 2).then_some(Ok(())));
        assert_eq!(found, Ok(((), &2)));
        assert_eq!(archive.archived, VecDeque::from([4, 3, 1, 0]));
    }

    #[test]
    fn a_decision_against_changes_nothing() {
        let mut archive = filled(5);
        let found = archive
            .try_each(|session| (*session == 2).then_some(Err::<(), _>(Problem::DuplicateMessage)));
        assert_eq!(found, Err(Problem::DuplicateMessage));
        assert_eq!(archive.current(), Some(&4));
        assert_eq!(archive.archived.len(), 4);
    }
}
