//! Who a device is: account, number and incarnation.

use core::fmt;

use crate::ids::DeviceId;
use crate::wire::fixed::Reader;

/// Names an account: the 16 bytes of its UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub [u8; 16]);

/// Changes when a device is installed anew or restored: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Incarnation(pub [u8; 16]);

/// One life of one device of one account. Spec: `spec/native.md#wire`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName {
    /// Whose device it is.
    pub account_id: AccountId,
    /// Which of the account's devices.
    pub device_id: DeviceId,
    /// Which life of the device.
    pub incarnation: Incarnation,
}

impl DeviceName {
    /// Length of the encoded form: account id 16, device id 1, incarnation 16.
    pub const LEN: usize = 33;

    /// Account id ‖ device id ‖ incarnation.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let device_id = [self.device_id.number()];
        let parts = self.account_id.0.iter().chain(&device_id).chain(&self.incarnation.0);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// `None` when the device id is not in 1 to 127.
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        Some(Self {
            account_id: AccountId(*reader.array()?),
            device_id: DeviceId::new(reader.u8()?)?,
            incarnation: Incarnation(*reader.array()?),
        })
    }
}

impl fmt::Debug for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [account, .., _] = self.account_id.0;
        let [incarnation, .., _] = self.incarnation.0;
        write!(f, "DeviceName({account:02x}../{}/{incarnation:02x}..)", self.device_id.number())
    }
}
