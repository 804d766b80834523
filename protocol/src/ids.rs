//! Names of things: ids are numbers, and each kind of number is a type of its own.

use core::fmt;

macro_rules! number {
    ($($(#[doc = $doc:literal])+ $name:ident($inner:ty);)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

number! {
    /// Changes when a device is installed anew; 14 bits in practice.
    RegistrationId(u32);
    /// The number of a signed prekey.
    SignedPrekeyId(u32);
    /// The number of a one-time prekey.
    OneTimePrekeyId(u32);
    /// The version of an account's device list. Spec: `spec/records.md#device-list`.
    ListVersion(u64);
    /// A moment in milliseconds since the Unix epoch, as the caller's clock has it.
    UnixMillis(u64);
}

impl ListVersion {
    /// The version that stands for "no list": real ones begin at 1.
    pub const NONE: Self = Self(0);

    /// The version of the next list of somebody who knows of `self` and whose clock says `now`.
    ///
    /// The clock lets a device that forgot which versions there were overtake them all the same.
    #[must_use]
    pub const fn next(self, now: UnixMillis) -> Self {
        let following = self.0.saturating_add(1);
        Self(if now.0 > following { now.0 } else { following })
    }
}

impl UnixMillis {
    /// The moment in whole seconds.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }
}

/// The number of a device of an account: 1 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceId(u8);

impl DeviceId {
    /// `None` outside 1 to 127.
    pub const fn new(number: u8) -> Option<Self> {
        if matches!(number, 1..=127) { Some(Self(number)) } else { None }
    }

    /// The number itself.
    pub const fn number(self) -> u8 {
        self.0
    }
}
