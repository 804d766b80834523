//! Accounts with several devices.

use countersign_client::{Status, Verdict};
use countersign_protocol::suite::SuiteId;

use crate::server::{PASSWORD, World, receive, send, texts};

#[tokio::test]
async fn a_linked_device_gets_what_comes_and_copies_of_what_goes() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    send(&bob, &alice, "before").await;
    receive(&alice).await;
    let tablet = world.link(&alice, "tablet").await;

    // Bob learns of the tablet by the server's refusal.
    send(&bob, &alice, "to both").await;
    assert_eq!(texts(&receive(&alice).await), ["to both"]);
    assert_eq!(texts(&receive(&tablet).await), ["to both"]);

    send(&alice, &bob, "from the phone").await;
    let copies = receive(&tablet).await;
    assert_eq!(texts(&copies), ["from the phone"]);
    assert!(copies[0].from_me);
    assert_eq!(copies[0].peer, bob.account().unwrap().account);

    send(&tablet, &bob, "from the tablet").await;
    assert_eq!(texts(&receive(&bob).await), ["from the phone", "from the tablet"]);
    assert_eq!(texts(&receive(&alice).await), ["from the tablet"]);
}

#[tokio::test]
async fn a_revoked_device_gets_nothing_more() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let tablet = world.link(&alice, "tablet").await;
    send(&bob, &alice, "to both").await;
    alice.revoke_device(2).await.unwrap();
    send(&bob, &alice, "to the phone").await;
    assert_eq!(texts(&receive(&alice).await), ["to both", "to the phone"]);
    assert!(tablet.receive().await.is_err());
    let devices = alice.devices().await.unwrap();
    assert_eq!(devices.iter().map(|device| device.live).collect::<Vec<_>>(), [true, false]);
    assert!(devices[1].suites.is_empty(), "the signed list has closed it");
}

#[tokio::test]
async fn what_was_sealed_before_a_rotation_is_read_after_it() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let boxed = world.user_speaking("boxed", &[SuiteId::BOX_XCHACHA20]).await;
    send(&alice, &bob, "to the old prekey").await;
    send(&alice, &boxed, "to the old box key").await;
    let rotated = bob.maintain(true).await.unwrap();
    assert_eq!(rotated.signed_prekeys.len(), 2);
    boxed.maintain(true).await.unwrap();
    assert_eq!(texts(&receive(&bob).await), ["to the old prekey"]);
    assert_eq!(texts(&receive(&boxed).await), ["to the old box key"]);
    send(&alice, &boxed, "to the new box key").await;
    assert_eq!(texts(&receive(&boxed).await), ["to the new box key"]);
    let carol = world.user("carol").await;
    send(&carol, &bob, "to the new prekey").await;
    assert_eq!(texts(&receive(&bob).await), ["to the new prekey"]);
}

#[tokio::test]
async fn prekeys_are_replenished_when_they_run_low() {
    let world = World::new().await;
    let bob = world.user_speaking("bob", &[SuiteId::SIGNAL_V3]).await;
    for number in 0..85 {
        let peer = world.user_speaking(&format!("peer{number}"), &[SuiteId::SIGNAL_V3]).await;
        send(&peer, &bob, "hello").await;
    }
    let rotated = bob.maintain(false).await.unwrap();
    assert_eq!(rotated.one_time_prekeys.iter().map(|(_, count)| *count).sum::<usize>(), 100);
    assert!(rotated.signed_prekeys.is_empty());
    assert_eq!(receive(&bob).await.len(), 85);
    assert_eq!(bob.maintain(false).await.unwrap(), countersign_client::Rotated::default());
}

#[tokio::test]
async fn a_healthy_device_has_nothing_for_the_doctor() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    send(&alice, &bob, "hello").await;
    receive(&bob).await;
    for _ in 0..2 {
        let findings = bob.examine().await;
        let wrong: Vec<_> =
            findings.iter().filter(|finding| finding.verdict != Verdict::Good).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(findings.len() >= 10);
        bob.maintain(true).await.unwrap();
    }
}

#[tokio::test]
async fn a_device_logs_in_again_as_itself() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    alice.logout().await.unwrap();
    assert!(alice.receive().await.is_err());
    alice.login("alice", PASSWORD, &[]).await.unwrap();
    send(&alice, &bob, "here again").await;
    assert_eq!(texts(&receive(&bob).await), ["here again"]);
    let stranger = world.empty("stranger");
    assert!(stranger.login("alice", PASSWORD, &[]).await.is_err(), "that takes linking");
}

#[tokio::test]
async fn a_device_with_boxes_only_and_one_with_ratchets_read_one_message() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let boxed = world.user_speaking("boxed", &[SuiteId::BOX_XCHACHA20]).await;
    send(&alice, &boxed, "hello").await;
    receive(&boxed).await;
    receive(&alice).await;
    let history = alice.history(None).unwrap();
    assert_eq!(history[0].status, Status::Delivered);
    assert_eq!(history[0].suite.unwrap().0, SuiteId::BOX_XCHACHA20);
}
