//! Requests that may be repeats of each other, one after the other: the second finds the answer of the first, and is
//! charged nothing for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use crate::ids::DeviceAddress;

/// A claim or message by the device that makes it and the id that the device gave it.
type Name = (DeviceAddress, Uuid);

/// Who is at work, by name.
#[derive(Debug, Default)]
pub struct InTurn(Mutex<HashMap<Name, Arc<tokio::sync::Mutex<()>>>>);

/// Being at work, until it is dropped.
#[derive(Debug)]
pub struct Turn<'a> {
    of: &'a InTurn,
    name: Name,
    guard: Option<OwnedMutexGuard<()>>,
}

impl InTurn {
    /// Waits until nobody else is at work under this name.
    pub async fn wait(&self, device: DeviceAddress, id: Uuid) -> Turn<'_> {
        let name = (device, id);
        let lock = {
            let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(names.entry(name).or_default())
        };
        // Made before waiting, so that a request that is given up is tidied away too.
        let mut turn = Turn { of: self, name, guard: None };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard = None;
        let mut names = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            names.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, DeviceId};

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_nothing_is_left() {
        let turns = InTurn::default();
        let device =
            DeviceAddress { account: AccountId(Uuid::nil()), device: DeviceId::new(1).unwrap() };
        let first = turns.wait(device, Uuid::nil()).await;
        let other = turns.wait(device, Uuid::max()).await;
        let second = turns.wait(device, Uuid::nil());
        let mut second = Box::pin(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        drop(second.await);
        drop(other);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
