//! Keeping keys fresh: signed prekeys by schedule, one-time prekeys by stock, the box key by age.

use countersign_protocol::device_list::{DeviceEntry, DeviceList, SignedDeviceList};
use countersign_protocol::pair::RETENTION_MILLIS;
use countersign_protocol::suite::SuiteId;
use serde::Serialize;
use zeroize::Zeroizing;

use super::own::{self, Me};
use super::prekeys::{self, has_prekeys};
use super::{Client, contacts, registering};
use crate::api::keys::{
    DeviceListRequest, RotateReply, RotateRequest, StatsReply, SuiteStats, UploadReply,
    UploadRequest,
};
use crate::api::{self, Suite};
use crate::clock::{self, random, random_bytes};
use crate::error::{ClientError, Result};
use crate::vault::VaultError;

/// How often a device list is made anew because another device changed it meanwhile.
const ROUNDS: usize = 5;
/// How long the private half of a replaced signed prekey is kept: messages sealed under it may lie
/// in a mailbox for as long.
const OVERLAP_MILLIS: u64 = RETENTION_MILLIS;

/// What was renewed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Suites with a new signed prekey.
    pub signed_prekeys: Vec<Suite>,
    /// Suites with new one-time prekeys, and how many.
    pub one_time_prekeys: Vec<(Suite, usize)>,
    /// Whether the device list has a new box key.
    pub box_key: bool,
}

impl Client {
    /// Renews what is due: signed prekeys whose time has come, and one-time prekeys below the
    /// server's low-water mark. With `all`, every signed prekey and the box key too.
    ///
    /// # Errors
    /// The server's and the vault's. New keys are in the vault before the server gets them, so that
    /// an interrupted renewal is finished by the next.
    pub async fn maintain(&self, all: bool) -> Result<Rotated> {
        let stats: StatsReply = self.get("/keys/prekeys/stats").await?;
        let mut rotated = Rotated::default();
        for stock in &stats.suites {
            let suite = stock.suite.0;
            let due = clock::from_text(&stock.next_rotation_at);
            if all || due.is_some_and(|due| due <= clock::now()) {
                self.rotate_signed(suite, stock).await?;
                rotated.signed_prekeys.push(stock.suite);
            }
            if stock.one_time_prekeys < stock.low_water.max(1) {
                let count = self.replenish(suite).await?;
                rotated.one_time_prekeys.push((stock.suite, count));
            }
        }
        if all {
            self.rotate_box_key().await?;
            rotated.box_key = true;
        }
        Ok(rotated)
    }

    /// Publishes the newest signed prekey if the server has an older one, else a new one.
    async fn rotate_signed(&self, suite: SuiteId, stock: &SuiteStats) -> Result<()> {
        let (id, prekey) = self.vault.write(|entries| {
            let me = own::registered(entries)?;
            let newest = prekeys::newest_signed(entries, suite)?;
            if let Some(newest) = newest.filter(|(id, _)| *id > stock.signed_prekey_id) {
                return Ok::<_, ClientError>(newest);
            }
            let id = prekeys::draw_signed(entries, &me.identity, suite)?;
            let drawn = prekeys::find_signed(entries, suite, id)?;
            let drawn = drawn.ok_or(VaultError::Damaged("a prekey vanished"))?;
            Ok((id.0, drawn))
        })?;
        let signed_prekey = prekeys::signed_on_wire(id, &prekey);
        let request = RotateRequest { suite: Suite(suite), signed_prekey };
        let reply: RotateReply = self.post("/keys/rotate", &request).await?;
        if reply.id != id || clock::from_text(&reply.next_rotation_at).is_none() {
            return Err(ClientError::BadAnswer("another prekey than was uploaded"));
        }
        Ok(self.vault.write(|entries| {
            prekeys::signed_was_published(entries, suite, id, clock::now(), OVERLAP_MILLIS)
        })?)
    }

    /// Uploads a batch of one-time prekeys, first of all those that an interrupted upload left; how
    /// many the server took.
    async fn replenish(&self, suite: SuiteId) -> Result<usize> {
        for _ in 0..2 {
            let batch = self.vault.write(|entries| {
                let me = own::registered(entries)?;
                if prekeys::unpublished(entries, suite)?.is_empty() {
                    prekeys::draw_one_time(entries, &me.identity, suite, prekeys::BATCH)?;
                }
                Ok::<_, ClientError>(prekeys::unpublished(entries, suite)?)
            })?;
            let one_time_prekeys =
                batch.iter().map(|(id, prekey)| prekeys::one_time_on_wire(*id, prekey));
            let request =
                UploadRequest { suite: Suite(suite), one_time_prekeys: one_time_prekeys.collect() };
            let reply: Result<UploadReply> = self.post("/keys/prekeys", &request).await;
            match reply {
                Ok(reply) => {
                    let ids: Vec<u32> =
                        reply.accepted.iter().chain(&reply.already_present).copied().collect();
                    self.vault.write(|entries| prekeys::were_published(entries, suite, &ids))?;
                    return Ok(reply.accepted.len());
                }
                // Ids that the server has seen otherwise: draw others.
                Err(error) if error.has_code("prekeys_rejected") => {
                    self.vault.write(|entries| prekeys::discard_unpublished(entries, suite))?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(ClientError::State("the server refuses new prekeys: run `countersign doctor`"))
    }

    async fn rotate_box_key(&self) -> Result<()> {
        let me = self.vault.write(|entries| {
            own::put_box_key(entries, &Zeroizing::new(random_bytes()), clock::now())?;
            own::registered(entries)
        })?;
        self.publish_own_entry(&me).await
    }

    /// Puts this device's entry into the list as the vault has it.
    async fn publish_own_entry(&self, me: &Me) -> Result<()> {
        let entry = self.vault.read(|entries| registering::own_entry(entries, me))?;
        self.change_list(|list| {
            Ok((list.entry(entry.device_id) != Some(&entry)).then(|| entry.clone()))
        })
        .await
    }

    /// Speaks more suites from now on: prekeys for those that need them, and the device list.
    ///
    /// # Errors
    /// [`ClientError::State`] for suites whose prekeys only a registration can bring.
    pub async fn speak(&self, suites: &[SuiteId]) -> Result<()> {
        let me = self.vault.read(own::registered)?;
        let own = me.device.suite_ids();
        if suites.iter().any(|suite| has_prekeys(*suite) && !own.contains(suite)) {
            return Err(ClientError::State("this suite needs prekeys: link the device anew"));
        }
        let me = self.vault.write(|entries| {
            let mut account = own::account(entries)?;
            if let Some(device) = &mut account.device {
                device.suites.extend(suites.iter().map(|suite| Suite(*suite)));
                device.suites.sort();
                device.suites.dedup();
            }
            own::put_account(entries, &account)?;
            own::registered(entries)
        })?;
        self.publish_own_entry(&me).await
    }

    /// Makes the next device list from the present one, again if another device was faster.
    /// `change` gives the entry that is to change, or nothing when there is nothing to do.
    pub(super) async fn change_list(
        &self,
        change: impl Fn(&DeviceList) -> Result<Option<DeviceEntry>>,
    ) -> Result<()> {
        let me = self.vault.read(own::registered)?;
        for _ in 0..ROUNDS {
            let held = self.fetch_list(me.account.account).await?;
            let Some(entry) = change(&held)? else { return Ok(()) };
            let next = held.with(entry, clock::now()).sign(&me.identity, &mut random())?;
            match self.post_list(&next).await {
                Err(error) if error.has_code("device_list_conflict") => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    let account = me.name.account_id;
                    return self.vault.write(|entries| {
                        let bytes = next.as_bytes();
                        contacts::learn_list(entries, account, bytes, clock::now()).map(drop)
                    });
                }
            }
        }
        Err(ClientError::State("other devices change the list at the same time: try again"))
    }

    async fn post_list(&self, list: &SignedDeviceList) -> Result<()> {
        let request = DeviceListRequest { device_list: list.as_bytes().into() };
        let body = super::json(&request)?.to_vec();
        api::require_success(&self.request("POST", "/users/me/device-list", Some(body)).await?)
    }
}
