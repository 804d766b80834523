//! Accounts with devices, for the suite to act with.

use countersign_protocol::{
    device_list::{DeviceEntry, DeviceList, SignedDeviceList},
    ids::{RegistrationId, UnixMillis},
    keys::IdentityKeyPair,
    name,
    sealed_box::BoxPublicKey,
    suite::SuiteId,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use uuid::Uuid;

use crate::{
    ids::*,
    store::{Store, accounts::*, keys::*, messages::*},
};

pub(crate) const SIGNAL: Suite = Suite(0x0303);
pub(crate) const NATIVE: Suite = Suite(0x0311);
pub(crate) const NOW: Moment = Moment(1_700_000_000_000);
pub(crate) const ALL: Page = Page { after: 0, limit: 1000 };

/// A moment some milliseconds after [`NOW`].
pub(crate) const fn later(millis: u64) -> Moment {
    NOW.plus_millis(millis)
}

/// An account, its identity and its newest device list.
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) identity: IdentityKeyPair,
    pub(crate) list: Option<SignedDeviceList>,
    rng: ChaCha20Rng,
    logins: u128,
}

impl Person {
    /// An account without devices.
    pub(crate) async fn join(store: &dyn Store, number: u8) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(number.into());
        let account = AccountId(Uuid::from_u128(u128::from(number) << 64));
        let identity = IdentityKeyPair::generate(&mut rng);
        let mut person = Self { account, identity, list: None, rng, logins: 0 };
        let new = NewAccount {
            id: account,
            username: format!("person-{number}"),
            password_hash: "a PHC string".to_owned(),
            created_at: NOW,
        };
        store.create_account(new, person.new_login()).await.unwrap();
        person
    }

    /// An account with one device, number 1, that has so many one-time prekeys: ids 1, 2, 3, …
    pub(crate) async fn with_device(store: &dyn Store, number: u8, stock: u32) -> Self {
        let mut person = Self::join(store, number).await;
        person.add_device(store, 1, stock).await;
        person
    }

    /// The same when the store may have it from an earlier run.
    pub(crate) async fn found(store: &dyn Store, number: u8, stock: u32) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(number.into());
        let account = AccountId(Uuid::from_u128(u128::from(number) << 64));
        let Some(directory) = store.directory(account).await.unwrap() else {
            return Self::with_device(store, number, stock).await;
        };
        let identity = IdentityKeyPair::generate(&mut rng);
        let list = SignedDeviceList::decode_and_verify(&directory.list).unwrap();
        Self { account, identity, list: Some(list), rng, logins: 100 }
    }

    pub(crate) fn new_login(&mut self) -> NewLogin {
        self.logins += 1;
        let id = self.account.0.as_u128() + self.logins;
        NewLogin {
            id: LoginId(Uuid::from_u128(id)),
            account: self.account,
            device: None,
            refresh: token(id),
            expires_at: later(1_000_000),
            created_at: NOW,
        }
    }

    /// Registers a device, or the next incarnation of it, by a login of its own, which is returned.
    pub(crate) async fn add_device(&mut self, store: &dyn Store, id: u8, stock: u32) -> LoginId {
        let registration = self.registration(store, id, stock).await;
        let login = registration.login;
        store.register_device(registration.clone()).await.unwrap();
        self.list = Some(registration.list);
        login
    }

    /// The registration of a new incarnation, by a new login.
    pub(crate) async fn registration(
        &mut self,
        store: &dyn Store,
        id: u8,
        stock: u32,
    ) -> Registration {
        let login = self.new_login();
        store.create_login(login.clone(), None).await.unwrap();
        let held = self.list.as_ref().and_then(|list| list.entry(device(id)));
        let incarnation = held.map_or(id, |entry| entry.incarnation.0[0] + 100);
        let entry = entry(id, incarnation);
        Registration {
            device: self.device(id),
            login: login.id,
            incarnation: Incarnation(entry.incarnation.0),
            registration_id: entry.registration_id.0,
            identity_key: self.identity.public().to_bytes(),
            list: self.list_with(entry),
            prekeys: vec![SuiteKeys {
                suite: SIGNAL,
                signed: signed(1),
                one_time: (1..=stock).map(one_time).collect(),
            }],
            refresh: token(login.id.0.as_u128() + (1 << 32)),
            refresh_expires_at: later(1_000_000),
            nonce: [incarnation; 16],
            nonce_forget_at: later(600_000),
            now: NOW,
        }
    }

    /// The list that would follow the newest.
    pub(crate) fn list_with(&mut self, entry: DeviceEntry) -> SignedDeviceList {
        let at = UnixMillis(NOW.0);
        let list = match &self.list {
            Some(list) => list.with(entry, at),
            None => DeviceList::first(name::AccountId(*self.account.0.as_bytes()), entry, at),
        };
        list.sign(&self.identity, &mut self.rng).unwrap()
    }

    /// Hands in the list that follows the newest.
    pub(crate) async fn put_list(&mut self, store: &dyn Store, entry: DeviceEntry) -> Vec<LoginId> {
        let list = self.list_with(entry);
        let new = NewDeviceList { account: self.account, list: list.clone(), now: NOW };
        let revoked = store.replace_device_list(new).await.unwrap();
        self.list = Some(list);
        revoked
    }

    pub(crate) fn device(&self, id: u8) -> DeviceAddress {
        DeviceAddress { account: self.account, device: device(id) }
    }

    pub(crate) fn version(&self) -> u64 {
        self.list.as_ref().map_or(0, |list| list.version.0)
    }

    /// Envelopes for these devices, with a content of so many bytes.
    pub(crate) fn envelopes(&self, devices: &[u8], length: usize) -> Recipient {
        let list = self.list.as_ref().unwrap();
        let envelope = |id: &u8| Envelope {
            device: device(*id),
            incarnation: Incarnation(
                list.entry(device(*id)).map_or([0; 16], |entry| entry.incarnation.0),
            ),
            suite: SIGNAL,
            kind: EnvelopeKind::Message,
            content: vec![*id; length],
        };
        Recipient {
            account: self.account,
            device_list_version: self.version(),
            envelopes: devices.iter().map(envelope).collect(),
        }
    }

    /// A message of this person's first device.
    pub(crate) fn message(&self, id: u128, recipients: Vec<Recipient>) -> NewMessage {
        NewMessage {
            sender: self.device(1),
            id: MessageId(Uuid::from_u128(id)),
            request_hash: [1; 32],
            recipients,
            expires_at: later(100_000),
            forget_at: later(200_000),
            now: NOW,
        }
    }

    /// A claim by this person's first device on all devices of another.
    pub(crate) fn claim(&self, id: u128, of: &Self) -> Claim {
        Claim {
            by: self.device(1),
            id: ClaimId(Uuid::from_u128(id)),
            account: of.account,
            suite: SIGNAL,
            devices: None,
            now: NOW,
        }
    }

    /// An upload to this person's first device.
    pub(crate) fn upload(&self, ids: impl IntoIterator<Item = u32>) -> PrekeyUpload {
        PrekeyUpload {
            device: self.device(1),
            suite: SIGNAL,
            one_time: ids.into_iter().map(one_time).collect(),
            refused: Vec::new(),
            replace: None,
            now: NOW,
        }
    }
}

pub(crate) fn device(id: u8) -> DeviceId {
    DeviceId::new(id).unwrap()
}

/// The entry of a device that speaks signal-v3.
pub(crate) fn entry(id: u8, incarnation: u8) -> DeviceEntry {
    DeviceEntry {
        device_id: device(id),
        incarnation: name::Incarnation([incarnation; 16]),
        registration_id: RegistrationId(1000 + u32::from(incarnation)),
        box_key: BoxPublicKey::from_bytes([9; 32]),
        suites: vec![SuiteId::BOX_XSALSA20, SuiteId::SIGNAL_V3],
    }
}

pub(crate) fn token(number: u128) -> TokenHash {
    let mut hash = [7; 32];
    hash[..16].copy_from_slice(&number.to_be_bytes());
    TokenHash(hash)
}

pub(crate) fn public(id: u32) -> [u8; 33] {
    let mut public = [9; 33];
    public[0] = 5;
    public[1..5].copy_from_slice(&id.to_be_bytes());
    public
}

pub(crate) fn signed(id: u32) -> SignedPrekey {
    SignedPrekey { id, public: public(id), signature: [3; 64] }
}

pub(crate) fn one_time(id: u32) -> OneTimePrekey {
    OneTimePrekey { id, public: public(id), signature: None }
}

/// Whether this is a refusal with that code; anything else fails the test.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(outcome: crate::store::Result<T>) -> &'static str {
    outcome.unwrap_err().code.row().0
}
