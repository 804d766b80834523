//! The sessions with one peer device, of any suite: one current, up to 40 archived.

use std::collections::VecDeque;

use crate::limits::ARCHIVED_SESSIONS_MAX;
use crate::problem::Problem;

/// What a session has to do when it is archived.
pub(crate) trait Archivable {
    /// Forgets what only a current session needs.
    fn on_archive(&mut self);
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

    /// Puts stored sessions together again; `archived` is newest first.
    pub(crate) const fn from_parts(current: Option<S>, archived: VecDeque<S>) -> Self {
        Self { current, archived }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.current.is_none() && self.archived.is_empty()
    }

    pub(crate) const fn current(&self) -> Option<&S> {
        self.current.as_ref()
    }

    pub(crate) const fn current_mut(&mut self) -> Option<&mut S> {
        self.current.as_mut()
    }

    /// The archived sessions, newest first.
    pub(crate) const fn archived(&self) -> &VecDeque<S> {
        &self.archived
    }

    /// The first session that fits: the current one, then the newest archived.
    pub(crate) fn find(&self, fits: impl Fn(&S) -> bool) -> Option<Place> {
        if self.current.as_ref().is_some_and(&fits) {
            return Some(Place::Current);
        }
        self.archived.iter().position(fits).map(Place::Archived)
    }
}

impl<S: Archivable> Archive<S> {
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

#[cfg(test)]
mod tests {
    use super::*;

    impl Archivable for u32 {
        fn on_archive(&mut self) {}
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
        assert_eq!(archive.archived(), &(59..99).rev().collect::<VecDeque<_>>());
    }

    #[test]
    fn the_session_that_fits_becomes_current() {
        let mut archive = filled(5);
        let found = archive.try_each(|session| (*session == 2).then_some(Ok(())));
        assert_eq!(found, Ok(((), &2)));
        assert_eq!(archive.archived(), &VecDeque::from([4, 3, 1, 0]));
    }

    #[test]
    fn a_decision_against_changes_nothing() {
        let mut archive = filled(5);
        let found = archive
            .try_each(|session| (*session == 2).then_some(Err::<(), _>(Problem::DuplicateMessage)));
        assert_eq!(found, Err(Problem::DuplicateMessage));
        assert_eq!(archive.current(), Some(&4));
        assert_eq!(archive.archived().len(), 4);
    }
}
