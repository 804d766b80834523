//! `kill -9` at random moments: what was acknowledged is neither lost nor there twice.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{PASSPHRASE, World, texts};

/// The command, as a person would run it.
fn countersign(world: &World, vault: &str, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["--retries", "1", "--json", "--vault"])
        .arg(world.vault_path(vault))
        .args(arguments)
        .env("COUNTERSIGN_PASSPHRASE", PASSPHRASE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// How often processes are killed. `COUNTERSIGN_KILLS` asks for more.
fn kills() -> usize {
    std::env::var("COUNTERSIGN_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(60)
}

/// A moment within the time that a command takes here, each time another one.
async fn wait_a_moment(usual: Duration, round: u32) {
    tokio::time::sleep(usual * (round * 7919 % 1000) / 1000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_and_repeat_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let bob_id = bob.account().unwrap().account.to_string();
    drop((alice, bob));
    let (mut killed, mut begun) = (0, 0_u32);
    let beginning = Instant::now();
    countersign(&world, "bob", &["inbox"]).wait().unwrap();
    let usual = beginning.elapsed();
    for round in 0..kills() {
        let text = format!("message {round}");
        let mut sending = countersign(&world, "alice", &["send", &bob_id, &text]);
        let mut receiving = countersign(&world, "bob", &["inbox"]);
        let mut flushing = countersign(&world, "alice", &["inbox"]);
        for process in [&mut sending, &mut receiving, &mut flushing] {
            wait_a_moment(usual, begun).await;
            begun += 1;
            killed += usize::from(process.try_wait().unwrap().is_none());
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
    assert!(killed > 0, "no process of {begun} was killed before it ended");

    // Everything settles: what was in an outbox is sent, what was in a mailbox is read.
    let (alice, bob) = (world.open("alice"), world.open("bob"));
    for _ in 0..4 {
        alice.flush().await.unwrap();
        bob.receive().await.unwrap();
        bob.flush().await.unwrap();
        alice.receive().await.unwrap();
    }
    let sent = alice.history(None).unwrap();
    let received = bob.history(None).unwrap();
    let (sent, received) = (texts(&sent), texts(&received));
    let distinct: BTreeSet<&str> = received.iter().copied().collect();
    assert_eq!(distinct.len(), received.len(), "nothing came twice");
    assert_eq!(distinct, sent.iter().copied().collect(), "nothing was lost or invented");
    assert!(bob.security_log().unwrap().is_empty(), "nothing was refused");
    assert!(alice.security_log().unwrap().is_empty());
    println!("{killed} of {begun} processes killed, {} messages queued", sent.len());
}
