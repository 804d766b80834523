//! How a vault gets its account, and the account its devices.

use countersign_protocol::device_list::{DeviceEntry, DeviceList, SignedDeviceList};
use countersign_protocol::ids::{RegistrationId, UnixMillis};
use countersign_protocol::keys::PrivateKey;
use countersign_protocol::limits::REGISTRATION_ID_MAX;
use countersign_protocol::registration::{DeviceLogin, Registration, StatementNonce, keys_digest};
use countersign_protocol::suite::SuiteId;
use zeroize::Zeroizing;

use super::own::{self, Me, OwnAccount, OwnDevice};
use super::{Client, contacts, names, prekeys};
use crate::api::accounts::{DeviceProof, LoginReply, LoginRequest, SignupRequest};
use crate::api::keys::{RegisterReply, RegisterRequest, SuitePrekeys};
use crate::api::{self, Account, Binary, Suite};
use crate::clock::{self, random, random_bytes};
use crate::error::{ClientError, Result};
use crate::vault::{Entries, VaultError};

impl Client {
    /// Makes an account and registers this device as its first. Interrupted after the account was
    /// made, [`login`](Self::login) goes on.
    ///
    /// # Errors
    /// `username_taken`, `password_unacceptable`, `registration_closed`, and the transport's.
    pub async fn sign_up(
        &self,
        username: &str,
        password: &str,
        registration_token: Option<&str>,
        suites: &[SuiteId],
    ) -> Result<OwnAccount> {
        self.require_empty()?;
        let request = SignupRequest { username, password, registration_token };
        let reply: LoginReply = self.anonymous("/auth/signup", &request).await?;
        self.keep_account(&reply)?;
        self.register_first(suites).await
    }

    /// Logs in with the password. A vault with a registered device logs in as that device; an empty
    /// vault becomes the first device of an account that has none.
    ///
    /// # Errors
    /// `bad_credentials`; [`ClientError::State`] for an account that has devices: link this one.
    pub async fn login(
        &self,
        username: &str,
        password: &str,
        suites: &[SuiteId],
    ) -> Result<OwnAccount> {
        let held =
            self.vault.read(|entries| Ok::<_, ClientError>(own::registered(entries).ok()))?;
        let device = held.as_ref().map(device_proof);
        let request = LoginRequest { username, password, device };
        let reply: LoginReply = self.anonymous("/auth/login", &request).await?;
        if held.as_ref().is_some_and(|me| me.account.account != reply.account_id) {
            return Err(ClientError::State("this vault belongs to another account"));
        }
        self.keep_account(&reply)?;
        if held.is_some() {
            return self.account();
        }
        self.go_on_registering(username, password, suites).await
    }

    /// Registers the first device of an account, or finishes what was interrupted.
    async fn go_on_registering(
        &self,
        username: &str,
        password: &str,
        suites: &[SuiteId],
    ) -> Result<OwnAccount> {
        let server: api::accounts::Me = self.get("/auth/me").await?;
        let Some(identity_key) = server.identity_key else {
            return self.register_first(suites).await;
        };
        let prepared = self.vault.read(|entries| Ok::<_, ClientError>(own::me(entries).ok()))?;
        let prepared = prepared.filter(|me| me.identity.public().to_bytes() == *identity_key.0);
        let me = prepared.ok_or(ClientError::State(
            "this account has devices already: run `countersign link show` here and \
             `countersign link approve CODE` on one of them",
        ))?;
        // The registration may have arrived although its answer did not.
        let device = Some(device_proof(&me));
        let request = LoginRequest { username, password, device };
        match self.anonymous::<LoginReply>("/auth/login", &request).await {
            Ok(reply) => {
                self.keep_tokens(&reply.tokens)?;
                let list = self.fetch_own_list(&me).await?;
                self.registered_with(list.as_bytes())
            }
            Err(error) if error.has_code("device_unknown") => {
                let list = self.fetch_own_list(&me).await?;
                self.register(Some(list)).await
            }
            Err(error) => Err(error),
        }
    }

    fn require_empty(&self) -> Result<()> {
        match self.account() {
            Ok(_) => Err(ClientError::State("this vault has an account already")),
            Err(ClientError::State(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn keep_account(&self, reply: &LoginReply) -> Result<()> {
        self.vault.write(|entries| {
            entries.put_json(crate::vault::Table::Own, own::TOKENS, &reply.tokens)?;
            if own::account(entries).is_err() {
                let account = OwnAccount {
                    server: self.transport.server().to_owned(),
                    account: reply.account_id,
                    username: reply.username.clone(),
                    device: None,
                    registered: false,
                };
                own::put_account(entries, &account)?;
                names::keep_name(entries, reply.account_id, &reply.username)?;
            }
            Ok(())
        })
    }

    async fn register_first(&self, suites: &[SuiteId]) -> Result<OwnAccount> {
        self.vault.write(|entries| {
            if own::identity(entries)?.is_none() {
                own::put_identity(entries, &PrivateKey::generate(&mut random()))?;
            }
            if own::account(entries)?.device.is_some() {
                return Ok(());
            }
            prepare_device(entries, 1, suites)
        })?;
        self.register(None).await
    }

    /// Registers the prepared device. Prepared keys stay the same if this has to be done again.
    pub(super) async fn register(&self, held: Option<SignedDeviceList>) -> Result<OwnAccount> {
        let (me, request) =
            self.vault.read(|entries| registration_request(entries, held.as_ref()))?;
        let list = request.device_list.clone();
        let sent: Result<RegisterReply> = self.post("/keys/register", &request).await;
        match sent {
            Ok(reply) => self.keep_tokens(&reply.tokens)?,
            // The first attempt may have arrived although its answer did not.
            Err(error) => {
                let server: api::accounts::Me = self.get("/auth/me").await?;
                let arrived = server.device_id == Some(me.device.device_id)
                    && server.identity_key.map(|key| key.0)
                        == Some(me.identity.public().to_bytes().to_vec());
                if !arrived {
                    return Err(error);
                }
                let used = self.tokens()?.access_token.clone();
                self.renew(&used).await?;
                let list = self.fetch_own_list(&me).await?;
                return self.registered_with(list.as_bytes());
            }
        }
        self.registered_with(&list.0)
    }

    async fn fetch_own_list(&self, me: &Me) -> Result<SignedDeviceList> {
        let list = self.fetch_list(me.account.account).await?;
        list.require_from(me.name.account_id, me.identity.public())?;
        Ok(list)
    }

    fn registered_with(&self, list: &[u8]) -> Result<OwnAccount> {
        self.vault.write(|entries| {
            let mut account = own::account(entries)?;
            account.registered = true;
            own::put_account(entries, &account)?;
            contacts::learn_list(entries, account.account.0, list, clock::now())?;
            let suites = account.device.iter().flat_map(OwnDevice::suite_ids);
            for suite in suites.filter(|suite| prekeys::has_prekeys(*suite)) {
                let ids = prekeys::unpublished(entries, suite)?;
                let ids: Vec<u32> = ids.iter().map(|(id, _)| *id).collect();
                prekeys::were_published(entries, suite, &ids)?;
                if let Some((id, _)) = prekeys::newest_signed(entries, suite)? {
                    let now = clock::now();
                    prekeys::signed_was_published(entries, suite, id, now, u64::MAX / 2)?;
                }
            }
            Ok(account)
        })
    }
}

/// Draws what a new device needs, unless that was done before.
pub(super) fn prepare_device(
    entries: &Entries<'_>,
    device_id: u8,
    suites: &[SuiteId],
) -> Result<()> {
    let mut account = own::account(entries)?;
    if account.device.as_ref().is_some_and(|device| device.device_id == device_id) {
        return Ok(());
    }
    let identity = own::identity(entries)?
        .ok_or(VaultError::Damaged("a device is made without an identity key"))?;
    let mut suites = suites.to_vec();
    suites.sort();
    suites.dedup();
    account.device = Some(OwnDevice {
        device_id,
        incarnation: random_bytes::<16>().into(),
        registration_id: 1 + u32::from_be_bytes(random_bytes()) % REGISTRATION_ID_MAX,
        suites: suites.iter().map(|suite| Suite(*suite)).collect(),
    });
    own::put_account(entries, &account)?;
    own::put_box_key(entries, &Zeroizing::new(random_bytes()), clock::now())?;
    for suite in suites.into_iter().filter(|suite| prekeys::has_prekeys(*suite)) {
        prekeys::draw_signed(entries, &identity, suite)?;
        prekeys::draw_one_time(entries, &identity, suite, prekeys::BATCH)?;
    }
    Ok(())
}

/// The entry of this device in its account's list.
pub(super) fn own_entry(entries: &Entries<'_>, me: &Me) -> Result<DeviceEntry> {
    let keys = own::box_keys(entries)?;
    let present = keys.first().ok_or(VaultError::Damaged("there is no box key"))?;
    Ok(DeviceEntry {
        device_id: me.name.device_id,
        incarnation: me.name.incarnation,
        registration_id: RegistrationId(me.device.registration_id),
        box_key: present.private.public_key(),
        suites: me.device.suite_ids(),
    })
}

fn registration_request(
    entries: &Entries<'_>,
    held: Option<&SignedDeviceList>,
) -> Result<(Me, RegisterRequest)> {
    let me = own::me(entries)?;
    let now = clock::now();
    let entry = own_entry(entries, &me)?;
    let list = match held {
        Some(held) => held.with(entry, now),
        None => DeviceList::first(me.name.account_id, entry, now),
    };
    let list = list.sign(&me.identity, &mut random())?;
    let (mut on_wire, mut published) = (Vec::new(), Vec::new());
    let broken = || VaultError::Damaged("a prekey is broken");
    for suite in me.device.suite_ids().into_iter().filter(|suite| prekeys::has_prekeys(*suite)) {
        let signed = prekeys::newest_signed(entries, suite)?.ok_or_else(broken)?;
        let one_time = prekeys::unpublished(entries, suite)?;
        published.push(prekeys::suite_as_published(suite, &signed, &one_time).ok_or_else(broken)?);
        on_wire.push(SuitePrekeys {
            suite: Suite(suite),
            signed_prekey: prekeys::signed_on_wire(signed.0, &signed.1),
            one_time_prekeys: one_time
                .iter()
                .map(|(id, prekey)| prekeys::one_time_on_wire(*id, prekey))
                .collect(),
        });
    }
    let statement = Registration {
        device: me.name,
        registration_id: me.registration_id(),
        identity_key: *me.identity.public(),
        keys_digest: keys_digest(&published)?,
        nonce: StatementNonce::generate(&mut random()),
        timestamp: now,
    };
    let request = RegisterRequest {
        device_id: me.device.device_id,
        registration_id: me.device.registration_id,
        identity_key: me.identity.public().to_bytes().into(),
        device_list: list.as_bytes().into(),
        prekeys: on_wire,
        nonce: statement.nonce.0.into(),
        timestamp: clock::to_text(now),
        signature: statement.sign(&me.identity, &mut random()).as_bytes().into(),
    };
    Ok((me, request))
}

fn device_proof(me: &Me) -> DeviceProof {
    let timestamp: UnixMillis = clock::now();
    let nonce = StatementNonce::generate(&mut random());
    let statement = DeviceLogin { device: me.name, nonce, timestamp };
    DeviceProof {
        device_id: me.device.device_id,
        nonce: nonce.0.into(),
        timestamp: clock::to_text(timestamp),
        signature: Binary::from(statement.sign(&me.identity, &mut random()).as_bytes()),
    }
}

/// Puts an account in that was given by another device.
pub(super) fn adopt(
    entries: &Entries<'_>,
    account: Account,
    identity: &PrivateKey,
) -> Result<(), VaultError> {
    let mut contact = contacts::find(entries, account.0)?.unwrap_or_default();
    contact.identity_key = Some(identity.public_key().to_bytes().into());
    contact.verified = true;
    contacts::put(entries, account.0, &contact)?;
    own::put_identity(entries, identity)
}
