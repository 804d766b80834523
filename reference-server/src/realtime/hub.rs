//! Which device is connected: at most one connection each. A connection has an identity of its own, and only its own
//! end takes it away.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    ids::{AccountId, DeviceAddress, DeviceId, LoginId},
    realtime::frame::ServerFrame,
};

/// Why a connection is closed: code and text of the close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing(pub u16, pub &'static str);

impl Closing {
    /// A frame is not one of the schema.
    pub const BAD_FRAME: Self = Self(4400, "bad frame");
    /// The login was revoked or has expired.
    pub const LOGIN_ENDED: Self = Self(4401, "login ended");
    /// The device was revoked.
    pub const DEVICE_REVOKED: Self = Self(4403, "device revoked");
    /// No sign of life.
    pub const SILENT: Self = Self(4408, "no sign of life");
    /// Another connection of this device.
    pub const REPLACED: Self = Self(4409, "connected elsewhere");
    /// A frame is too long.
    pub const TOO_LARGE: Self = Self(4413, "frame too long");
    /// The server ends.
    pub const RESTART: Self = Self(1012, "server restart");
    /// The server failed.
    pub const FAILED: Self = Self(1011, "server error");
}

/// More hints are dropped; what they hint at is in the store.
const HINTS_MAX: usize = 64;

/// What others leave for a connection. Hints may get lost; waking and closing do not.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The mailbox may have something new.
    pub woken: bool,
    /// Sequences acknowledged elsewhere.
    pub acknowledged: Vec<u64>,
    /// Frames to be sent.
    pub hints: Vec<ServerFrame>,
    /// The connection has to end.
    pub closing: Option<Closing>,
}

impl Inbox {
    /// Leaves a frame.
    pub(super) fn push(&mut self, frame: ServerFrame) {
        if self.hints.len() < HINTS_MAX {
            self.hints.push(frame);
        }
    }

    /// Ends the connection. The first reason stays.
    pub(super) fn close(&mut self, closing: Closing) {
        self.closing.get_or_insert(closing);
    }
}

/// A connection as others see it.
#[derive(Debug)]
pub struct Line {
    id: u64,
    login: LoginId,
    device: DeviceAddress,
    inbox: Mutex<Inbox>,
    notify: Notify,
}

impl Line {
    /// Waits for something from others.
    pub(crate) async fn receive(&self) -> Inbox {
        self.notify.notified().await;
        std::mem::take(&mut *self.inbox())
    }

    fn leave(&self, change: impl FnOnce(&mut Inbox)) {
        change(&mut self.inbox());
        self.notify.notify_one();
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Lines = HashMap<AccountId, BTreeMap<DeviceId, Arc<Line>>>;

/// All connections of this process.
#[derive(Debug, Default)]
pub struct Hub {
    lines: Mutex<Lines>,
    next: AtomicU64,
    ending: AtomicBool,
}

impl Hub {
    /// Takes a new connection in and closes the device's older one.
    pub fn join(&self, device: DeviceAddress, login: LoginId) -> Arc<Line> {
        let line = Arc::new(Line {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            login,
            device,
            inbox: Mutex::default(),
            notify: Notify::new(),
        });
        let older = self
            .lines()
            .entry(device.account)
            .or_default()
            .insert(device.device, Arc::clone(&line));
        if let Some(older) = older {
            close(&older, Closing::REPLACED);
        }
        if self.ending.load(Ordering::SeqCst) {
            close(&line, Closing::RESTART);
        }
        line
    }

    /// Takes a connection out, unless a newer one has its place.
    pub fn leave(&self, line: &Line) {
        let mut lines = self.lines();
        if let Some(devices) = lines.get_mut(&line.device.account) {
            if devices.get(&line.device.device).is_some_and(|held| held.id == line.id) {
                devices.remove(&line.device.device);
            }
            if devices.is_empty() {
                lines.remove(&line.device.account);
            }
        }
    }

    /// Closes the connections of a login.
    pub(super) fn close_of_login(&self, login: LoginId) {
        let lines = self.lines();
        let all = lines.values().flat_map(BTreeMap::values);
        all.filter(|line| line.login == login).for_each(|line| close(line, Closing::LOGIN_ENDED));
    }

    /// Closes all connections, those that are yet to come included.
    pub fn close_all(&self) {
        self.ending.store(true, Ordering::SeqCst);
        let lines = self.lines();
        lines.values().flat_map(BTreeMap::values).for_each(|line| close(line, Closing::RESTART));
    }

    /// Whether the server ends.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Whether nobody is connected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }

    /// Leaves something for the devices of an account, but for one.
    pub(super) fn with_account(
        &self,
        account: AccountId,
        but: Option<DeviceId>,
        change: impl Fn(&mut Inbox),
    ) {
        for (device, line) in self.lines().get(&account).into_iter().flatten() {
            if Some(*device) != but {
                line.leave(&change);
            }
        }
    }

    /// Leaves something for a device.
    pub(super) fn with(&self, device: DeviceAddress, change: impl FnOnce(&mut Inbox)) {
        let lines = self.lines();
        if let Some(line) = lines.get(&device.account).and_then(|it| it.get(&device.device)) {
            line.leave(change);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn close(line: &Line, closing: Closing) {
    line.leave(|inbox| inbox.close(closing));
}
