//! Our own rows over time. `cargo xtask peers` compares them with others.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench that fails has to stop")]

use std::hint::black_box;

use countersign_benches::chat::{Chat, Handshake, Keep};
use countersign_benches::{Native, SignalV3};
use countersign_protocol::keys::KeyPair;
use countersign_protocol::profile::Profile;
use countersign_protocol::sender_key::{DistributionId, SenderKeyMessage, SenderKeyRecord};
use countersign_protocol::xeddsa::{self, Rule, SigningKey, Verification};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn handshakes<P: Handshake>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(P::NAME);
    group.bench_function("signed prekey and 100 one-time prekeys", |bencher| {
        bencher.iter_batched_ref(P::device, |device| device.prekeys(100), BatchSize::SmallInput);
    });
    group.bench_function("initiate", |bencher| {
        let mut bob = P::device();
        let ready = || (P::device(), bob.bundle());
        bencher.iter_batched_ref(
            ready,
            |(alice, bundle)| alice.initiate(bundle, &[7; 32]),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("respond", |bencher| {
        bencher.iter_batched_ref(
            first_message::<P>,
            |(bob, message)| bob.respond(message),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("respond and first reply", |bencher| {
        let answer = |(bob, message): &mut (P, Vec<u8>)| {
            bob.respond(message);
            bob.encrypt(&[7; 32])
        };
        bencher.iter_batched_ref(first_message::<P>, answer, BatchSize::SmallInput);
    });
    group.finish();
}

fn messages<P: Chat>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(P::NAME);
    for size in [32_usize, 1024, 16_384, 65_536] {
        let plaintext = vec![7; size];
        group.throughput(Throughput::Bytes(size as u64));
        let (mut alice, _) = P::pair();
        group.bench_function(BenchmarkId::new("encrypt", size), |bencher| {
            bencher.iter(|| alice.encrypt(&plaintext));
        });
        let (mut alice, mut bob) = P::pair();
        group.bench_function(BenchmarkId::new("decrypt", size), |bencher| {
            bencher.iter_batched(
                || alice.encrypt(&plaintext),
                |message| bob.decrypt(&message),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn ratchet<P: Chat>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(P::NAME);
    let (mut alice, mut bob) = P::pair();
    group.bench_function("ping-pong", |bencher| {
        bencher.iter(|| {
            let ping = alice.encrypt(&[7; 32]);
            bob.decrypt(&ping);
            let pong = bob.encrypt(&[7; 32]);
            alice.decrypt(&pong)
        });
    });
    group.bench_function("jump over 999", |bencher| {
        bencher.iter_batched_ref(
            || burst::<P>(1000),
            |(bob, messages)| bob.decrypt(&messages[999]),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("each of 999 skipped", |bencher| {
        let jumped = || {
            let (mut bob, messages) = burst::<P>(1000);
            bob.decrypt(&messages[999]);
            (bob, messages)
        };
        let all = |(bob, messages): &mut (P, Vec<Vec<u8>>)| {
            messages[..999].iter().for_each(|message| drop(black_box(bob.decrypt(message))));
        };
        bencher.iter_batched_ref(jumped, all, BatchSize::LargeInput);
    });
    group.finish();
}

fn kept<P: Keep>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(P::NAME);
    for stored in [0, 1000] {
        let (mut bob, messages) = burst::<P>(stored + 1);
        bob.decrypt(&messages[stored]);
        let saved = bob.save();
        let bytes = saved.as_ref();
        group.bench_function(
            BenchmarkId::new(format!("serialize, {} bytes", bytes.len()), stored),
            |bencher| {
                bencher.iter(|| bob.save());
            },
        );
        group.bench_function(BenchmarkId::new("load", stored), |bencher| {
            bencher.iter(|| P::load(bytes));
        });
    }
    group.finish();
}

fn signatures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("XEdDSA");
    let pair = KeyPair::generate(&mut rand::rng());
    let signing = SigningKey::new(pair.private(), Rule::Libsignal);
    let signature = signing.sign(&[&[7; 33]], &mut rand::rng());
    group.bench_function("sign", |bencher| {
        bencher.iter(|| signing.sign(&[&[7; 33]], &mut rand::rng()));
    });
    group.bench_function("verify", |bencher| {
        bencher
            .iter(|| xeddsa::verify(pair.public(), &[&[7; 33]], &signature, Verification::Strict));
    });
    group.finish();
}

fn groups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sender-key-v3");
    let id = DistributionId([3; 16]);
    let (mut sender, mut receiver) = (SenderKeyRecord::new(), SenderKeyRecord::new());
    sender.distribute(id, &mut rand::rng());
    group.bench_function("encrypt 1024", |bencher| {
        bencher.iter(|| sender.encrypt(id, &[7; 1024], &mut rand::rng()));
    });
    receiver.accept(&sender.distribute(id, &mut rand::rng()));
    let mut seal = || sender.encrypt(id, &[7; 1024], &mut rand::rng()).unwrap();
    group.bench_function("decrypt 1024", |bencher| {
        let open = |message: Vec<u8>| {
            receiver.decrypt(&SenderKeyMessage::decode(&message).unwrap(), Profile::Strict)
        };
        bencher.iter_batched(&mut seal, open, BatchSize::PerIteration);
    });
    group.finish();
}

fn first_message<P: Handshake>() -> (P, Vec<u8>) {
    let mut bob = P::device();
    let message = P::device().initiate(&bob.bundle(), &[7; 32]);
    (bob, message)
}

fn burst<P: Chat>(count: usize) -> (P, Vec<Vec<u8>>) {
    let (mut alice, bob) = P::pair();
    (bob, (0..count).map(|_| alice.encrypt(&[7; 32])).collect())
}

criterion_group!(
    rows,
    handshakes::<SignalV3>,
    handshakes::<Native>,
    messages::<SignalV3>,
    messages::<Native>,
    ratchet::<SignalV3>,
    ratchet::<Native>,
    kept::<SignalV3>,
    signatures,
    groups
);
criterion_main!(rows);
