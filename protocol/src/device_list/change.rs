//! What one list may change of the one before. Spec: `spec/records.md#which-list-is-taken`.

use super::{DeviceEntry, SignedDeviceList};
use crate::ids::{DeviceId, ListVersion};
use crate::name::Incarnation;
use crate::problem::Problem;

/// The one thing that a list changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A device that was not in the list before.
    Added(DeviceId),
    /// A device was installed anew: another incarnation under its id.
    Replaced(DeviceId),
    /// Suites, box key or registration id of the same incarnation.
    Updated(DeviceId),
    /// A device was closed, for good.
    Closed(DeviceId),
}

impl Change {
    /// The device that changed.
    pub const fn device_id(self) -> DeviceId {
        match self {
            Self::Added(id) | Self::Replaced(id) | Self::Updated(id) | Self::Closed(id) => id,
        }
    }
}

impl SignedDeviceList {
    /// Checks that this list may follow `held` directly; `None`: the account has no list yet.
    ///
    /// This is what a server asks of a list before it takes the held one's place.
    ///
    /// # Errors
    /// In this order: `record_foreign` (another account or identity key), `record_conflict` (made
    /// from another version than `held`), `record_rollback` (its version is not higher),
    /// `record_not_one_device` (none or several devices differ, one is left out, or a device begins
    /// closed), `device_id_closed` (the device that changed was closed), and `capability_regression`
    /// (it speaks a lower highest level, in a new incarnation too).
    pub fn check_successor(&self, held: Option<&Self>) -> Result<Change, Problem> {
        let Some(held) = held else { return self.check_first() };
        self.require_from(held.account_id, &held.identity_key)?;
        if self.previous != held.version {
            return Err(Problem::RecordConflict);
        }
        if self.version <= held.version {
            return Err(Problem::RecordRollback);
        }
        if held.entries.iter().any(|old| self.entry(old.device_id).is_none()) {
            return Err(Problem::RecordNotOneDevice);
        }
        let differs = |new: &&DeviceEntry| held.entry(new.device_id) != Some(*new);
        let mut changed = self.entries.iter().filter(differs);
        let (Some(new), None) = (changed.next(), changed.next()) else {
            return Err(Problem::RecordNotOneDevice);
        };
        change(held.entry(new.device_id), new)
    }

    fn check_first(&self) -> Result<Change, Problem> {
        if self.previous != ListVersion::NONE {
            return Err(Problem::RecordConflict);
        }
        match self.entries.as_slice() {
            [entry] => change(None, entry),
            _ => Err(Problem::RecordNotOneDevice),
        }
    }

    /// Checks that this list may take the place of `held`, with any number of lists between them.
    ///
    /// This is what a peer asks of a list; a refusal leaves `held` in use. The very bytes of `held`
    /// pass.
    ///
    /// # Errors
    /// In this order: `record_foreign` (another account or identity key), `record_rollback` (a
    /// lower version), `record_conflict` (the same version with other bytes), `device_id_closed` (a
    /// closed device is changed or left out), `record_conflict` (another device is left out), and
    /// `capability_regression` (a device, in its new incarnation too, speaks a lower highest level
    /// without being closed).
    pub fn check_newer(&self, held: &Self) -> Result<(), Problem> {
        self.check_newer_consenting(held, &[])
    }

    /// The same for a user who agrees that these new incarnations speak a lower level than their
    /// predecessors. Within an incarnation nobody can agree to that.
    ///
    /// # Errors
    /// Those of [`check_newer`](Self::check_newer).
    pub fn check_newer_consenting(
        &self,
        held: &Self,
        consented: &[Incarnation],
    ) -> Result<(), Problem> {
        self.require_from(held.account_id, &held.identity_key)?;
        if self.version < held.version {
            return Err(Problem::RecordRollback);
        }
        if self.version == held.version {
            return if self == held { Ok(()) } else { Err(Problem::RecordConflict) };
        }
        self.require_closed_stay(held)?;
        for old in &held.entries {
            let new = self.entry(old.device_id).ok_or(Problem::RecordConflict)?;
            let agreed = new.incarnation != old.incarnation && consented.contains(&new.incarnation);
            if regresses(old, new) && !agreed {
                return Err(Problem::CapabilityRegression);
            }
        }
        Ok(())
    }

    /// Whoever was closed stands there as before.
    fn require_closed_stay(&self, held: &Self) -> Result<(), Problem> {
        let mut closed = held.entries.iter().filter(|old| old.is_closed());
        if closed.all(|old| self.entry(old.device_id) == Some(old)) {
            Ok(())
        } else {
            Err(Problem::DeviceIdClosed)
        }
    }
}

/// What became of a device, of whose entries one differs from the other.
fn change(old: Option<&DeviceEntry>, new: &DeviceEntry) -> Result<Change, Problem> {
    let id = new.device_id;
    match old {
        None if new.is_closed() => Err(Problem::RecordNotOneDevice),
        None => Ok(Change::Added(id)),
        Some(old) if old.is_closed() => Err(Problem::DeviceIdClosed),
        Some(old) if regresses(old, new) => Err(Problem::CapabilityRegression),
        Some(_) if new.is_closed() => Ok(Change::Closed(id)),
        Some(old) if old.incarnation != new.incarnation => Ok(Change::Replaced(id)),
        Some(_) => Ok(Change::Updated(id)),
    }
}

/// Whether a device that is not closed speaks a lower highest level than it did.
fn regresses(old: &DeviceEntry, new: &DeviceEntry) -> bool {
    !new.is_closed() && new.highest_level() < old.highest_level()
}
