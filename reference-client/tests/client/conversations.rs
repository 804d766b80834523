//! Two accounts that talk.

use std::time::Duration;

use countersign_client::{Event, Incoming, Status};
use countersign_protocol::suite::SuiteId;

use crate::server::{World, receive, send, texts};

#[tokio::test]
async fn two_users_talk_and_learn_what_became_of_it() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    for round in 0..3 {
        let (to, fro) = (format!("to {round}"), format!("fro {round}"));
        send(&alice, &bob, &to).await;
        assert_eq!(texts(&receive(&bob).await), [to.as_str()]);
        send(&bob, &alice, &fro).await;
        assert_eq!(texts(&receive(&alice).await), [fro.as_str()]);
    }
    let unread = bob.unread().unwrap();
    bob.mark_shown(&unread[..1], true).unwrap();
    bob.flush().await.unwrap();
    receive(&alice).await;
    let history = alice.history(None).unwrap();
    let sent: Vec<Status> =
        history.iter().filter(|message| message.from_me).map(|message| message.status).collect();
    assert_eq!(sent, [Status::Read, Status::Delivered, Status::Delivered]);
    assert_eq!(alice.waiting().unwrap(), 0);
}

#[tokio::test]
async fn a_user_is_found_by_name() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let found = alice.find_account("bob").await.unwrap();
    assert_eq!(found, bob.account().unwrap().account);
    assert_eq!(alice.name_of(found), "bob");
    assert!(alice.find_account("carol").await.unwrap_err().has_code("account_unknown"));
}

#[tokio::test]
async fn every_suite_carries_messages_both_ways() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    for (name, suite) in [
        ("xsalsa", SuiteId::BOX_XSALSA20),
        ("xchacha", SuiteId::BOX_XCHACHA20),
        ("signal", SuiteId::SIGNAL_V3),
        ("native", SuiteId::RATCHET_CHACHA20),
    ] {
        let peer = world.user_speaking(name, &[suite]).await;
        for text in ["one", "two", "three"] {
            send(&alice, &peer, text).await;
            send(&peer, &alice, text).await;
        }
        let came = receive(&peer).await;
        assert_eq!(texts(&came), ["one", "two", "three"]);
        assert!(came.iter().all(|message| message.suite.unwrap().0 == suite));
        assert_eq!(texts(&receive(&alice).await), ["one", "two", "three"]);
        send(&peer, &alice, "four").await;
        assert_eq!(texts(&receive(&alice).await), ["four"]);
    }
}

#[tokio::test]
async fn both_begin_at_once_and_nothing_is_lost() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    send(&alice, &bob, "a1").await;
    send(&bob, &alice, "b1").await;
    send(&alice, &bob, "a2").await;
    assert_eq!(texts(&receive(&bob).await), ["a1", "a2"]);
    assert_eq!(texts(&receive(&alice).await), ["b1"]);
    send(&alice, &bob, "a3").await;
    send(&bob, &alice, "b2").await;
    assert_eq!(texts(&receive(&bob).await), ["a3"]);
    assert_eq!(texts(&receive(&alice).await), ["b2"]);
}

#[tokio::test]
async fn both_sides_see_one_safety_number() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (a, b) = (alice.account().unwrap().account, bob.account().unwrap().account);
    let (of_bob, of_alice) =
        (alice.safety_number(b).await.unwrap(), bob.safety_number(a).await.unwrap());
    assert_eq!(of_bob.digits, of_alice.digits);
    assert_eq!(of_bob.digits.len(), 60);
    assert!(alice.compare(b, &of_alice.scannable).await.unwrap());
    assert!(alice.safety_number(b).await.unwrap().verified);
}

#[tokio::test]
async fn a_listening_device_gets_messages_as_they_come() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    send(&alice, &bob, "before").await;
    let mut listening = bob.listen();
    let mut came = Vec::new();
    let listen = async {
        while came.len() < 3 {
            match listening.next().await.unwrap() {
                Event::Incoming(Incoming::Text(message)) => came.push(message.text),
                Event::CaughtUp => {
                    send(&alice, &bob, "one").await;
                    send(&alice, &bob, "two").await;
                }
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), listen).await.unwrap();
    assert_eq!(came, ["before", "one", "two"]);
    drop(listening);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(receive(&bob).await.is_empty(), "what was acknowledged does not come again");
}

#[tokio::test]
async fn a_vault_opened_again_goes_on() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    send(&alice, &bob, "one").await;
    drop(alice);
    let alice = world.open("alice");
    let account = bob.account().unwrap().account;
    alice.queue(account, "two").unwrap();
    drop(alice);
    let alice = world.open("alice");
    assert_eq!(alice.waiting().unwrap(), 1);
    assert_eq!(alice.flush().await.unwrap(), 1);
    assert_eq!(texts(&receive(&bob).await), ["one", "two"]);
}
