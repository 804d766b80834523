//! How many claims, sends and uploads a second the SQLite store makes durable, on the disk of a given folder.
//!
//! ```text
//! cargo run --release -p countersign-server --example store_rates -- FOLDER
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, not a server")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use countersign_protocol::{
    device_list::{DeviceEntry, DeviceList},
    ids::{RegistrationId, UnixMillis},
    keys::IdentityKeyPair,
    name,
    sealed_box::BoxPublicKey,
    suite::SuiteId,
};
use countersign_server::{
    ids::*,
    store::{Store, accounts::*, keys::*, limits::Limits, messages::*, sqlite::SqliteStore},
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use uuid::Uuid;

const SUITE: Suite = Suite(0x0303);
const NOW: Moment = Moment(1_700_000_000_000);
const FOR: Duration = Duration::from_secs(4);
const ACCOUNTS: u128 = 64;
const LIMITS: u32 = 1_000_000_000;

#[tokio::main]
async fn main() {
    let folder = std::env::args_os().nth(1).unwrap();
    let path = std::path::Path::new(&folder).join(format!("store-rates-{}", Uuid::now_v7()));
    let limits = Limits {
        mailbox_items: LIMITS,
        mailbox_bytes: u64::MAX >> 1,
        one_time_prekeys: LIMITS,
        ..Limits::default()
    };
    let store = Arc::new(SqliteStore::open(&path, limits).await.unwrap());
    let mut versions = Vec::new();
    for account in 0..ACCOUNTS {
        versions.push(register(&store, account).await);
    }
    let versions = Arc::new(versions);
    for clients in [1, 16, 64] {
        rate("upload 100", &store, clients, |store, client, turn| async move {
            let first = u32::try_from(turn).unwrap() * 100 + 1;
            store.add_prekeys(upload(client, first, 100)).await.unwrap();
        })
        .await;
    }
    for clients in [1, 16, 64, 256] {
        rate("claim", &store, clients, |store, client, _| async move {
            store.claim(claim(client)).await.unwrap();
        })
        .await;
    }
    for clients in [1, 16, 64, 256] {
        let versions = Arc::clone(&versions);
        rate("send 1 KiB", &store, clients, move |store, client, _| {
            let message = message(client, &versions);
            async move {
                store.send(message).await.unwrap();
            }
        })
        .await;
    }
    store.close().await;
    let log = std::fs::metadata(path.with_extension("").as_os_str()).map_or(0, |file| file.len());
    println!("database: {} MiB", log >> 20);
    for end in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(end);
        std::fs::remove_file(name).ok();
    }
}

/// So many clients, each waiting for its answer before it asks again.
async fn rate<F, W>(what: &str, store: &Arc<SqliteStore>, clients: u128, work: F)
where
    F: Fn(Arc<SqliteStore>, u128, u64) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let client = |client: u128| {
        let (store, work) = (Arc::clone(store), work.clone());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while begun.elapsed() < FOR {
                let asked = Instant::now();
                // Numbers go on from one measurement to the next.
                let turn = next(client);
                work(Arc::clone(&store), client, turn).await;
                latencies.push(asked.elapsed());
            }
            latencies
        })
    };
    let running: Vec<_> = (0..clients).map(client).collect();
    let mut latencies = Vec::new();
    for client in running {
        latencies.extend(client.await.unwrap());
    }
    let rate = latencies.len() as f64 / begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |part: usize| latencies.get(latencies.len() * part / 100).copied().unwrap_or_default();
    println!(
        "{what:<12} {clients:>4} clients {rate:>8.0}/s  p50 {:>9.1?}  p99 {:>9.1?}",
        at(50),
        at(99)
    );
}

fn next(client: u128) -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static TURNS: [AtomicU64; ACCOUNTS as usize] = [const { AtomicU64::new(1) }; ACCOUNTS as usize];
    TURNS[(client % ACCOUNTS) as usize].fetch_add(1, Ordering::Relaxed)
}

fn account(number: u128) -> AccountId {
    AccountId(Uuid::from_u128((number % ACCOUNTS + 1) << 64))
}

fn device(number: u128) -> DeviceAddress {
    DeviceAddress { account: account(number), device: DeviceId::new(1).unwrap() }
}

fn public(id: u32) -> [u8; 33] {
    let mut public = [9; 33];
    public[0] = 5;
    public[1..5].copy_from_slice(&id.to_be_bytes());
    public
}

async fn register(store: &SqliteStore, number: u128) -> u64 {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::try_from(number).unwrap());
    let identity = IdentityKeyPair::generate(&mut rng);
    let (account, login) = (account(number), LoginId(Uuid::from_u128(number)));
    let hash = |salt| {
        let mut hash = [salt; 32];
        hash[..16].copy_from_slice(&number.to_be_bytes());
        TokenHash(hash)
    };
    let new = NewAccount {
        id: account,
        username: format!("person-{number}"),
        password_hash: String::new(),
        created_at: NOW,
    };
    let expires_at = NOW.plus_millis(1 << 40);
    let first = NewLogin {
        id: login,
        account,
        device: None,
        refresh: hash(1),
        expires_at,
        created_at: NOW,
    };
    store.create_account(new, first).await.unwrap();
    let entry = DeviceEntry {
        device_id: DeviceId::new(1).unwrap(),
        incarnation: name::Incarnation([1; 16]),
        registration_id: RegistrationId(1),
        box_key: BoxPublicKey::from_bytes([9; 32]),
        suites: vec![SuiteId::SIGNAL_V3],
    };
    let list = DeviceList::first(name::AccountId(*account.0.as_bytes()), entry, UnixMillis(NOW.0));
    let list = list.sign(&identity, &mut rng).unwrap();
    let version = list.version.0;
    let registration = Registration {
        device: device(number),
        login,
        incarnation: Incarnation([1; 16]),
        registration_id: 1,
        identity_key: identity.public().to_bytes(),
        list,
        prekeys: vec![SuiteKeys {
            suite: SUITE,
            signed: SignedPrekey { id: 1, public: public(1), signature: [3; 64] },
            one_time: Vec::new(),
        }],
        refresh: hash(2),
        refresh_expires_at: expires_at,
        nonce: [1; 16],
        nonce_forget_at: expires_at,
        now: NOW,
    };
    store.register_device(registration).await.unwrap();
    version
}

fn upload(client: u128, first: u32, count: u32) -> PrekeyUpload {
    let prekey = |id| OneTimePrekey { id, public: public(id), signature: None };
    PrekeyUpload {
        device: device(client),
        suite: SUITE,
        one_time: (first..first + count).map(prekey).collect(),
        refused: Vec::new(),
        replace: None,
        now: NOW,
    }
}

fn claim(client: u128) -> Claim {
    Claim {
        by: device(client),
        id: ClaimId(Uuid::new_v4()),
        account: account(client + 1),
        suite: SUITE,
        devices: None,
        now: NOW,
    }
}

fn message(client: u128, versions: &[u64]) -> NewMessage {
    let to = account(client + 1);
    NewMessage {
        sender: device(client),
        id: MessageId(Uuid::new_v4()),
        request_hash: [1; 32],
        recipients: vec![Recipient {
            account: to,
            device_list_version: versions[((client + 1) % ACCOUNTS) as usize],
            envelopes: vec![Envelope {
                device: DeviceId::new(1).unwrap(),
                incarnation: Incarnation([1; 16]),
                suite: SUITE,
                kind: EnvelopeKind::Message,
                content: vec![7; 1024],
            }],
        }],
        expires_at: NOW.plus_millis(1 << 40),
        forget_at: NOW.plus_millis(1 << 40),
        now: NOW,
    }
}
