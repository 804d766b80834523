//! A process that claims and sends is killed again and again: nothing that it was answered may be lost.
//!
//! The test starts itself as that process: with [`DATABASE`] in its environment it works on that database and prints
//! what it was answered, a line each, until it is killed.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::store::{
    Store,
    limits::Limits,
    sqlite::SqliteStore,
    suite::people::{ALL, NOW, Person},
};

const DATABASE: &str = "COUNTERSIGN_CRASH_DATABASE";
const ROUNDS: u64 = 12;

#[test]
fn what_was_answered_survives_a_kill() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(path) = std::env::var_os(DATABASE) {
        return runtime.block_on(work(path.as_ref()));
    }
    let path = std::env::temp_dir().join(format!("countersign-crash-{}", uuid::Uuid::now_v7()));
    let mut answered = BTreeMap::new();
    for round in 0..ROUNDS {
        answered.extend(answers_until_killed(&path, Duration::from_millis(20 + 37 * round % 150)));
    }
    assert!(answered.len() > 100, "only {} answers in {ROUNDS} rounds", answered.len());
    runtime.block_on(verify(&path, &answered));
    for end in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(end);
        std::fs::remove_file(name).ok();
    }
}

/// Starts the process, kills it a while after its first answer, and returns all its answers: name and result.
fn answers_until_killed(path: &Path, after: Duration) -> BTreeMap<String, u64> {
    let mut child = start(path);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let answer = |line: String| {
        let (name, result) = line.strip_prefix("answer ")?.split_once(' ')?;
        // The last line may have been cut off by the kill.
        let (result, end) = result.split_once(' ')?;
        (end == ".").then(|| (name.to_owned(), result.parse().unwrap()))
    };
    let first = lines.by_ref().find_map(|line| answer(line.unwrap()));
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    first.into_iter().chain(lines.filter_map(|line| answer(line.unwrap()))).collect()
}

fn start(path: &Path) -> Child {
    let name = "store::sqlite::tests::crash::what_was_answered_survives_a_kill";
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn people(store: &dyn Store) -> (Person, Person) {
    // Repeats of the registration are refused: then both are there from an earlier round.
    (Person::found(store, 1, 3000).await, Person::found(store, 2, 0).await)
}

fn limits() -> Limits {
    let limits = Limits { one_time_prekeys: 10_000, ..Limits::default() };
    Limits { mailbox_items: 1_000_000, ..limits }
}

/// Claims and sends until the process is killed.
async fn work(path: &Path) {
    let store = SqliteStore::open(path, limits()).await.unwrap();
    let (alice, bob) = people(&store).await;
    let next = AtomicU64::new(uuid::Uuid::now_v7().as_u64_pair().0);
    let worker = async || {
        loop {
            let id = next.fetch_add(1, Ordering::Relaxed);
            let claimed = store.claim(bob.claim(id.into(), &alice)).await.unwrap();
            let prekey = claimed.bundles[0].one_time.as_ref().map_or(0, |prekey| prekey.id);
            print(&format!("answer claim-{id} {prekey} ."));
            store.send(bob.message(id.into(), vec![alice.envelopes(&[1], 50)])).await.unwrap();
            print(&format!("answer send-{id} 0 ."));
        }
    };
    futures_util::future::join_all((0..8).map(|_| worker())).await;
}

fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Every claim that was answered gives the same prekey again, none was given twice, and every message is there.
async fn verify(path: &Path, answered: &BTreeMap<String, u64>) {
    let store = SqliteStore::open(path, limits()).await.unwrap();
    let (alice, bob) = people(&store).await;
    let mut owners = BTreeMap::new();
    for (name, prekey) in answered {
        let (kind, id) = name.split_once('-').unwrap();
        let id: u64 = id.parse().unwrap();
        if kind == "send" {
            let status = store.status(bob.device(1), bob.message(id.into(), Vec::new()).id).await;
            assert_eq!(status.unwrap().len(), 1, "{name} is lost");
            continue;
        }
        let kept = store.earlier_claim(bob.claim(id.into(), &alice)).await.unwrap();
        let kept = kept.unwrap_or_else(|| panic!("{name} is lost"));
        let again = kept.bundles[0].one_time.as_ref().map_or(0, |prekey| u64::from(prekey.id));
        assert_eq!(again, *prekey, "{name} is answered otherwise");
        if *prekey > 0 {
            assert_eq!(owners.insert(*prekey, id), None, "prekey {prekey} was given twice");
        }
    }
    let sends = answered.keys().filter(|name| name.starts_with("send")).count();
    let mut items = Vec::new();
    loop {
        let after = items.last().copied().unwrap_or_default();
        let page = crate::store::keys::Page { after, ..ALL };
        let more = store.mailbox(alice.device(1), page, NOW).await.unwrap();
        if more.is_empty() {
            break;
        }
        items.extend(more.iter().map(|item| item.sequence));
    }
    assert!(items.len() >= sends);
    assert_eq!(items, (1..=items.len() as u64).collect::<Vec<_>>());
    store.close().await;
}
