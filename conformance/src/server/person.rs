//! An account with registered devices.

use serde_json::{Value, json};

use super::{
    account::{Account, Tokens, paths},
    client::Request,
    device::Device,
    draw::Draw,
    list::{DeviceList, Entry},
    prekeys::SuiteKeys,
    registration::Registration,
    reply::Reply,
};
use crate::case::{Failure, Stop};

/// An account, the list that holds, and its devices.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account; after the first registration its login is the first device's.
    pub account: Account,
    /// The device list as the server holds it.
    pub list: DeviceList,
    /// The devices in the order they were registered.
    pub devices: Vec<Device>,
}

impl Person {
    /// The account's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.account.id
    }

    /// The first device.
    ///
    /// # Errors
    /// A defect of the case: there is none.
    pub fn first(&self) -> Result<&Device, Stop> {
        self.device(0)
    }

    /// A device by its place.
    ///
    /// # Errors
    /// A defect of the case: there is none.
    pub fn device(&self, at: usize) -> Result<&Device, Stop> {
        let missing =
            || Failure::new("the judge's own devices", format!("number {at}"), "none").into();
        self.devices.get(at).ok_or_else(missing)
    }

    /// Registers a device under a login of this account, with whatever the registration says.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn register(
        account: &Account,
        access: &str,
        registration: &Registration,
        draw: &mut Draw,
    ) -> Result<Reply, Stop> {
        account.client.send(&Request::post(paths::REGISTER, &registration.body(draw)).token(access))
    }

    /// The account with its first device, registered as this says.
    ///
    /// # Errors
    /// Fails the case when the honest registration is refused.
    pub fn begin(
        account: Account,
        registration: Registration,
        draw: &mut Draw,
    ) -> Result<Self, Stop> {
        let access = account.tokens.access.clone();
        let reply = Self::register(&account, &access, &registration, draw)?.ok(201)?;
        let list = registration.list.clone();
        let mut person = Self { account, list, devices: Vec::new() };
        person.adopt(registration, Tokens::of(&reply)?);
        Ok(person)
    }

    /// Registers one more device: a fresh login with the password, then `keys/register`.
    ///
    /// # Errors
    /// Fails the case when that is refused.
    pub fn add_device(&mut self, keys: Vec<SuiteKeys>, draw: &mut Draw) -> Result<(), Stop> {
        let device_id =
            self.list.entries.iter().map(|entry| entry.device_id).max().unwrap_or(0) + 1;
        let login = self.account.login()?;
        let registration =
            Registration::next(&self.list, &self.account.identity, device_id, keys, draw);
        let reply = Self::register(&self.account, &login.access, &registration, draw)?.ok(201)?;
        self.adopt(registration, Tokens::of(&reply)?);
        Ok(())
    }

    /// Takes a device that was registered into the judge's own books.
    pub fn adopt(&mut self, registration: Registration, tokens: Tokens) {
        self.list = registration.list;
        self.devices.push(Device {
            client: self.account.client.clone(),
            account_id: self.account.id.clone(),
            identity: self.account.identity.clone(),
            entry: registration.entry,
            keys: registration.keys,
            tokens,
        });
    }

    /// Uploads the list that follows, with this entry added or exchanged, signed by this account; and takes it over
    /// when the server does.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn change_list(&mut self, entry: &Entry, draw: &mut Draw) -> Result<Reply, Stop> {
        let next = self.list.with(entry);
        let reply = self.upload_list(&next, draw)?;
        if reply.status == 200 {
            self.list = next;
        }
        Ok(reply)
    }

    /// Uploads a list as the first device, signed by this account.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn upload_list(&self, list: &DeviceList, draw: &mut Draw) -> Result<Reply, Stop> {
        self.upload_raw_list(&list.signed(&self.account.identity, draw))
    }

    /// Uploads whatever as a device list, as the first device.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn upload_raw_list(&self, device_list: &str) -> Result<Reply, Stop> {
        self.first()?.post(paths::OWN_LIST, &json!({"device_list": device_list}))
    }

    /// Revokes a device as the first one.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn revoke(&self, device_id: u8) -> Result<Reply, Stop> {
        self.first()?.delete(format!("{}/{device_id}", paths::DEVICES))
    }

    /// The list that the server holds, as base64, with its version.
    ///
    /// # Errors
    /// Fails the case when it is not told.
    pub fn held_list(&self) -> Result<(String, u64), Stop> {
        let reply = self.first()?.get(paths::list(self.id()))?.ok(200)?;
        Ok((reply.text("/device_list")?, reply.number("/version")?))
    }

    /// This account's entry in `recipients` of a send, with an envelope for each of these devices.
    #[must_use]
    pub fn recipient(&self, envelopes: &[Value]) -> Value {
        json!({"account_id": self.id(), "device_list_version": self.list.version, "envelopes": envelopes})
    }
}
