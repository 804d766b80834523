//! Which logins are good: remembered for a short time, so that a request needs no database, and forgotten at once when
//! this process revokes one.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    ids::{DeviceAddress, LoginId, Moment},
    problem::Problem,
    store::{Store, accounts::Login},
};

/// More are not remembered; those not remembered are asked for.
const REMEMBERED_MAX: usize = 100_000;

/// Remembers the state of logins.
#[derive(Debug)]
pub struct Logins {
    life_millis: u64,
    known: Mutex<HashMap<LoginId, (Login, Moment)>>,
    /// Counts revocations: what was asked for before one is not remembered after it.
    revocations: AtomicU64,
    seen: Mutex<HashMap<DeviceAddress, Moment>>,
}

impl Logins {
    /// Remembers for so many seconds.
    #[must_use]
    pub fn new(life_seconds: u64) -> Self {
        Self {
            life_millis: life_seconds.saturating_mul(1000),
            known: Mutex::default(),
            revocations: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }

    /// The login, unless it is revoked or never was.
    ///
    /// # Errors
    /// `internal`, `unavailable`.
    pub async fn good(
        &self,
        store: &dyn Store,
        login: LoginId,
        now: Moment,
    ) -> Result<Option<Login>, Problem> {
        if let Some(login) = self.remembered(login, now) {
            return Ok(Some(login));
        }
        let revocations = self.revocations.load(Ordering::SeqCst);
        let found = store.login(login).await?.filter(|login| !login.revoked);
        if let Some(found) = &found {
            self.remember(found, revocations, now);
        }
        Ok(found)
    }

    /// Forgets one login, which was revoked or changed.
    pub fn forget(&self, login: LoginId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.revocations.fetch_add(1, Ordering::SeqCst);
        known.remove(&login);
    }

    /// Forgets all logins of a device.
    pub fn forget_device(&self, device: DeviceAddress) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.revocations.fetch_add(1, Ordering::SeqCst);
        known.retain(|_, (login, _)| {
            login.account != device.account || login.device != Some(device.device)
        });
    }

    /// Forgets what is out of date.
    pub fn tidy(&self, now: Moment) {
        let fresh = |at: Moment, millis: u64| now.0 < at.0.saturating_add(millis);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| fresh(*at, self.life_millis));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| fresh(*at, SEEN_MILLIS));
    }

    /// Whether it is time to note again that the device was heard of.
    pub fn is_seen_anew(&self, device: DeviceAddress, now: Moment) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.get(&device);
        let anew = last.is_none_or(|at| now.0 >= at.0.saturating_add(SEEN_MILLIS));
        if anew {
            seen.insert(device, now);
        }
        anew
    }

    fn remembered(&self, login: LoginId, now: Moment) -> Option<Login> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (login, at) = known.get(&login)?;
        (now.0 < at.0.saturating_add(self.life_millis)).then(|| login.clone())
    }

    fn remember(&self, login: &Login, revocations: u64, now: Moment) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if self.revocations.load(Ordering::SeqCst) == revocations && known.len() < REMEMBERED_MAX {
            known.insert(login.id, (login.clone(), now));
        }
    }
}

/// How exactly it is noted when a device was heard of last.
const SEEN_MILLIS: u64 = 60_000;
