//! The rows: what is measured, by whom, and the goal where there is one.

use crate::competitor::{Competitor, each};
use crate::primitives;
use crate::ratchetx2::Ratchetx2;
use crate::report::{Goal, Row};
use crate::vodozemac::Vodozemac;
use crate::wacore::Wacore;
use countersign_benches::chat::{Chat, Handshake, Keep};
use countersign_benches::{Native, SignalV3};

const WACORE: &str = Wacore::NAME;

/// Every row, in the order of `benches/README.md`.
pub(crate) fn all() -> Vec<Row> {
    let mut rows = handshakes();
    rows.extend(messages());
    rows.extend(ratchet());
    rows.extend(skipped());
    rows.extend(kept());
    rows
}

fn handshakes() -> Vec<Row> {
    vec![
        Row {
            name: "signed prekey + 100 one-time prekeys",
            goal: goal(WACORE, 0.9, 0.65),
            competitors: vec![
                prekeys::<SignalV3>(),
                prekeys::<Wacore>(),
                prekeys::<Vodozemac>(),
                primitives::prekeys(),
            ],
        },
        Row {
            name: "initiator: bundle to first message",
            goal: goal(WACORE, 0.9, 0.65),
            competitors: vec![
                initiate::<SignalV3>(),
                initiate::<Wacore>(),
                initiate::<Vodozemac>(),
                primitives::initiator(),
            ],
        },
        Row {
            name: "responder: first message to plaintext",
            goal: goal(WACORE, 0.85, 0.5),
            competitors: vec![
                respond::<SignalV3>(),
                respond::<Wacore>(),
                respond::<Vodozemac>(),
                primitives::responder(),
            ],
        },
        Row {
            name: "responder + first reply",
            goal: None,
            competitors: vec![reply::<SignalV3>(), reply::<Wacore>(), reply::<Vodozemac>()],
        },
    ]
}

fn messages() -> Vec<Row> {
    let sizes = [
        ("encrypt 32 B", "decrypt 32 B", 32, 0.8),
        ("encrypt 1 KiB", "decrypt 1 KiB", 1024, 0.85),
        ("encrypt 16 KiB", "decrypt 16 KiB", 16_384, 1.0),
        ("encrypt 64 KiB", "decrypt 64 KiB", 65_536, 1.0),
    ];
    let mut rows = Vec::new();
    for (encrypting, decrypting, size, ratio) in sizes {
        rows.push(Row {
            name: encrypting,
            goal: goal(WACORE, ratio, ratio),
            competitors: vec![
                encrypt::<SignalV3>(size),
                encrypt::<Wacore>(size),
                encrypt::<Vodozemac>(size),
                primitives::encrypt(size),
            ],
        });
        rows.push(Row {
            name: decrypting,
            goal: goal(WACORE, ratio, ratio),
            competitors: vec![
                decrypt::<SignalV3>(size),
                decrypt::<Wacore>(size),
                decrypt::<Vodozemac>(size),
                primitives::decrypt(size),
            ],
        });
    }
    rows.push(Row {
        name: "AEAD suite, encrypt + decrypt 16 KiB",
        goal: goal(WACORE, 0.5, 0.16),
        competitors: vec![both::<Native>(16_384), both::<Wacore>(16_384), both::<SignalV3>(16_384)],
    });
    rows
}

fn ratchet() -> Vec<Row> {
    vec![Row {
        name: "ping-pong round trip, 32 B",
        goal: goal(Ratchetx2::NAME, 0.95, 0.7),
        competitors: vec![
            ping_pong::<SignalV3>(),
            ping_pong::<Ratchetx2>(),
            ping_pong::<Wacore>(),
            ping_pong::<Vodozemac>(),
            ping_pong::<Native>(),
            primitives::ping_pong(),
        ],
    }]
}

fn skipped() -> Vec<Row> {
    vec![
        Row {
            name: "jump over 999",
            goal: goal(WACORE, 0.35, 0.35),
            competitors: vec![jump::<SignalV3>(), jump::<Wacore>(), jump::<Native>()],
        },
        Row {
            name: "each skipped after, 999 stored",
            goal: goal(WACORE, 0.08, 0.08),
            competitors: vec![
                late::<SignalV3>(999, SignalV3::NAME),
                late::<Wacore>(999, WACORE),
                late::<Native>(999, Native::NAME),
            ],
        },
        Row {
            name: "each skipped after: 100, 1000 and 2000 stored",
            goal: None,
            competitors: vec![
                late::<SignalV3>(100, "ours, 100"),
                late::<SignalV3>(1000, "ours, 1000"),
                late::<SignalV3>(2000, "ours, 2000"),
            ],
        },
    ]
}

fn kept() -> Vec<Row> {
    let mut rows = Vec::new();
    for (saving, loading, stored) in [
        ("serialize, no stored key", "load, no stored key", 0),
        ("serialize, 1000 stored keys", "load, 1000 stored keys", 1000),
    ] {
        let goal = (stored > 0).then_some(Goal { peer: WACORE, default: 0.1, aws_lc: 0.1 });
        println!(
            "{saving}: bytes {} ours, {} {WACORE}, {} {}",
            size::<SignalV3>(stored),
            size::<Wacore>(stored),
            size::<Vodozemac>(stored),
            Vodozemac::NAME
        );
        rows.push(Row {
            name: saving,
            goal,
            competitors: vec![
                save::<SignalV3>(stored),
                save::<Wacore>(stored),
                save::<Vodozemac>(stored),
            ],
        });
        rows.push(Row {
            name: loading,
            goal,
            competitors: vec![
                load::<SignalV3>(stored),
                load::<Wacore>(stored),
                load::<Vodozemac>(stored),
            ],
        });
    }
    rows
}

fn goal(peer: &'static str, default: f64, aws_lc: f64) -> Option<Goal> {
    Some(Goal { peer, default, aws_lc })
}

fn prekeys<P: Handshake>() -> Competitor {
    Competitor::new(P::NAME, || {
        let mut device = P::device();
        each(1, || device.prekeys(100))
    })
}

fn initiate<P: Handshake>() -> Competitor {
    Competitor::new(P::NAME, || {
        let mut bob = P::device();
        let mut ready: Vec<_> = (0..4).map(|_| (P::device(), bob.bundle())).collect();
        each(4, || {
            ready
                .iter_mut()
                .map(|(alice, bundle)| alice.initiate(bundle, &[7; 32]))
                .collect::<Vec<_>>()
        })
    })
}

fn respond<P: Handshake>() -> Competitor {
    Competitor::new(P::NAME, || {
        let mut ready = first_messages::<P>();
        each(4, || ready.iter_mut().map(|(bob, message)| bob.respond(message)).collect::<Vec<_>>())
    })
}

fn reply<P: Handshake>() -> Competitor {
    Competitor::new(P::NAME, || {
        let mut ready = first_messages::<P>();
        each(4, || {
            let answer = |(bob, message): &mut (P, Vec<u8>)| {
                bob.respond(message);
                bob.encrypt(&[7; 32])
            };
            ready.iter_mut().map(answer).collect::<Vec<_>>()
        })
    })
}

fn first_messages<P: Handshake>() -> Vec<(P, Vec<u8>)> {
    let one = || {
        let mut bob = P::device();
        let message = P::device().initiate(&bob.bundle(), &[7; 32]);
        (bob, message)
    };
    (0..4).map(|_| one()).collect()
}

/// Messages per round: enough that the clock's own cost does not show.
const fn batch(size: usize) -> u32 {
    if size > 4096 { 8 } else { 64 }
}

fn encrypt<P: Chat>(size: usize) -> Competitor {
    let (mut alice, mut bob) = P::pair();
    let plaintext = vec![7; size];
    Competitor::new(P::NAME, move || {
        let mut messages = Vec::with_capacity(batch(size) as usize);
        let time = each(batch(size), || {
            for _ in 0..batch(size) {
                messages.push(alice.encrypt(&plaintext));
            }
        });
        for message in &messages {
            bob.decrypt(message);
        }
        time
    })
}

fn decrypt<P: Chat>(size: usize) -> Competitor {
    let (mut alice, mut bob) = P::pair();
    let plaintext = vec![7; size];
    Competitor::new(P::NAME, move || {
        let messages: Vec<_> = (0..batch(size)).map(|_| alice.encrypt(&plaintext)).collect();
        each(batch(size), || {
            messages.iter().map(|message| bob.decrypt(message)).collect::<Vec<_>>()
        })
    })
}

fn both<P: Chat>(size: usize) -> Competitor {
    let (mut alice, mut bob) = P::pair();
    let plaintext = vec![7; size];
    Competitor::new(P::NAME, move || {
        each(batch(size), || {
            for _ in 0..batch(size) {
                let message = alice.encrypt(&plaintext);
                bob.decrypt(&message);
            }
        })
    })
}

fn ping_pong<P: Chat>() -> Competitor {
    let (mut alice, mut bob) = P::pair();
    Competitor::new(P::NAME, move || {
        each(8, || {
            for _ in 0..8 {
                let ping = alice.encrypt(&[7; 32]);
                bob.decrypt(&ping);
                let pong = bob.encrypt(&[7; 32]);
                alice.decrypt(&pong);
            }
        })
    })
}

fn jump<P: Chat>() -> Competitor {
    Competitor::new(P::NAME, || {
        let (mut bob, messages) = burst::<P>(1000);
        each(1, || bob.decrypt(&messages[999]))
    })
}

fn late<P: Chat>(stored: usize, name: &'static str) -> Competitor {
    Competitor::new(name, move || {
        let (mut bob, messages) = burst::<P>(stored + 1);
        bob.decrypt(&messages[stored]);
        let count = u32::try_from(stored).unwrap();
        each(count, || {
            messages[..stored].iter().map(|message| bob.decrypt(message)).collect::<Vec<_>>()
        })
    })
}

fn save<P: Keep>(stored: usize) -> Competitor {
    let bob = holding::<P>(stored);
    Competitor::new(P::NAME, move || each(16, || (0..16).map(|_| bob.save()).collect::<Vec<_>>()))
}

fn load<P: Keep>(stored: usize) -> Competitor {
    let bytes = saved::<P>(stored);
    Competitor::new(P::NAME, move || each(16, || (0..16).for_each(|_| P::load(bytes.as_ref()))))
}

fn saved<P: Keep>(stored: usize) -> P::Saved {
    holding::<P>(stored).save()
}

/// The bytes of a stored session.
fn size<P: Keep>(stored: usize) -> usize {
    let saved = saved::<P>(stored);
    let bytes: &[u8] = saved.as_ref();
    bytes.len()
}

/// A receiver that holds `stored` skipped keys.
fn holding<P: Chat>(stored: usize) -> P {
    let (mut bob, messages) = burst::<P>(stored + 1);
    bob.decrypt(&messages[stored]);
    bob
}

/// A receiver, and `count` messages of one chain that it has not seen.
fn burst<P: Chat>(count: usize) -> (P, Vec<Vec<u8>>) {
    let (mut alice, bob) = P::pair();
    (bob, (0..count).map(|_| alice.encrypt(&[7; 32])).collect())
}
