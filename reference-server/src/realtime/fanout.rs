//! Telling connected devices something, wherever they are connected.

use super::{frame::ServerFrame, hub::Hub};
use crate::ids::{AccountId, DeviceAddress, DeviceId, LoginId};

/// Reaches connections. With several processes each tells the others, and each tells its own [`Hub`].
pub trait Fanout: Send + Sync + 'static {
    /// Says that mailboxes have something new.
    fn wake(&self, devices: &[DeviceAddress]);

    /// Says that items were acknowledged elsewhere.
    fn acknowledged(&self, device: DeviceAddress, sequences: &[u64]);

    /// Sends a frame to a device, if it is connected.
    fn hint(&self, device: DeviceAddress, frame: ServerFrame);

    /// Sends a frame to the connected devices of an account, but for one.
    fn hint_account(&self, account: AccountId, but: Option<DeviceId>, frame: &ServerFrame);

    /// Closes the connections of a login.
    fn close_login(&self, login: LoginId);

    /// Closes the connection of a device.
    fn close_device(&self, device: DeviceAddress);
}

/// Everybody is connected to this process.
impl Fanout for Hub {
    fn wake(&self, devices: &[DeviceAddress]) {
        for device in devices {
            self.with(*device, |inbox| inbox.woken = true);
        }
    }

    fn acknowledged(&self, device: DeviceAddress, sequences: &[u64]) {
        self.with(device, |inbox| inbox.acknowledged.extend_from_slice(sequences));
    }

    fn hint(&self, device: DeviceAddress, frame: ServerFrame) {
        self.with(device, |inbox| inbox.push(frame));
    }

    fn hint_account(&self, account: AccountId, but: Option<DeviceId>, frame: &ServerFrame) {
        self.with_account(account, but, |inbox| inbox.push(frame.clone()));
    }

    fn close_login(&self, login: LoginId) {
        self.close_of_login(login);
    }

    fn close_device(&self, device: DeviceAddress) {
        self.with(device, |inbox| inbox.close(super::hub::Closing::DEVICE_REVOKED));
    }
}
