//! Registering and rotating. Spec: `spec/server/key-service.md`.

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_server::{
    ids::*,
    problem::Code,
    store::{Result, accounts::*, keys::*},
};
use futures_util::{FutureExt, future::BoxFuture};
use rusqlite::params;
use serde_json::Value;

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{
        Act::{After, Around},
        Route, Served,
    },
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

const REGISTER: &[Route] = &[("POST", "keys/register")];
const ROTATE: &[Route] = &[("POST", "keys/rotate")];
const REPLACE: &[Route] = &[("PUT", "keys/prekeys")];
const SIGNED: &[Route] = &[
    ("POST", "keys/register"),
    ("POST", "keys/rotate"),
    ("POST", "keys/prekeys"),
    ("PUT", "keys/prekeys"),
    ("POST", "users/me/device-list"),
    ("POST", "auth/login"),
];

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("keys-1-unsigned-registration", || {
        Faults::gate(
            REGISTER,
            Around(|server, call| unless(server, call, Code::SignatureInvalid, register)),
        )
    }),
    Mutant("keys-2-nonce-replayed", || Faults::store(AnyNonce)),
    Mutant("keys-3-any-time", || {
        Faults::gate(
            REGISTER,
            Around(|server, call| unless(server, call, Code::TimestampOutOfWindow, register)),
        )
    }),
    Mutant("keys-5-unverified-signed-prekey", || {
        const CODE: Code = Code::PrekeySignatureInvalid;
        Faults::gate(REGISTER, Around(|server, call| unless(server, call, CODE, register)))
            .and_gate(ROTATE, Around(|server, call| unless(server, call, CODE, rotate)))
            .and_gate(REPLACE, Around(|server, call| unless(server, call, CODE, upload)))
    }),
    Mutant("keys-6-malleable-signature", || Faults::gate(SIGNED, Around(malleable))),
    Mutant("keys-7-signed-id-rollback", || Faults::store(SignedRollback)),
    Mutant("keys-14-check-always-fine", || {
        Faults::gate(
            &[("POST", "keys/check")],
            After(|_, _, answer| {
                if answer.is_refused(Code::KeysDrifted) {
                    *answer = Answer::empty();
                }
            }),
        )
    }),
    Mutant("keys-19-login-rebound", || Faults::store(Rebound)),
];

type Lax = for<'a> fn(&'a Server, &'a Call) -> BoxFuture<'a, Option<Answer>>;

fn register<'a>(server: &'a Server, call: &'a Call) -> BoxFuture<'a, Option<Answer>> {
    lax::register(server, call).boxed()
}

fn rotate<'a>(server: &'a Server, call: &'a Call) -> BoxFuture<'a, Option<Answer>> {
    lax::rotate(server, call).boxed()
}

pub(super) fn upload<'a>(server: &'a Server, call: &'a Call) -> BoxFuture<'a, Option<Answer>> {
    lax::upload(server, call).boxed()
}

/// What is refused with `code` is done in a laxer way.
pub(super) fn unless(server: &Server, call: Call, code: Code, lax: Lax) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let done = if answer.is_refused(code) { lax(server, &call).await } else { None };
        done.unwrap_or(answer)
    }
    .boxed()
}

struct AnyNonce;

#[async_trait]
impl Twist for AnyNonce {
    async fn register_device(
        &self,
        to: &Honest,
        registration: Registration,
    ) -> Result<Vec<LoginId>> {
        let sql = "DELETE FROM nonces WHERE account = ? AND nonce = ?";
        to.db.run(sql, params![registration.device.account, registration.nonce])?;
        to.store.register_device(registration).await
    }
}

struct Rebound;

#[async_trait]
impl Twist for Rebound {
    async fn register_device(
        &self,
        to: &Honest,
        registration: Registration,
    ) -> Result<Vec<LoginId>> {
        to.db.run("UPDATE logins SET device_id = NULL WHERE id = ?", [registration.login])?;
        to.store.register_device(registration).await
    }
}

struct SignedRollback;

#[async_trait]
impl Twist for SignedRollback {
    async fn rotate_signed_prekey(
        &self,
        to: &Honest,
        device: DeviceAddress,
        suite: Suite,
        prekey: SignedPrekey,
        now: Moment,
    ) -> Result<()> {
        match to.store.rotate_signed_prekey(device, suite, prekey.clone(), now).await {
            Err(problem) if problem.code == Code::PrekeyIdRollback => {
                let sql = "UPDATE suites SET signed_id = 0 WHERE suite = ? AND device =
                               (SELECT key FROM devices WHERE account = ? AND device_id = ?)";
                to.db.run(sql, params![suite, device.account, device.device.number()])?;
                to.store.rotate_signed_prekey(device, suite, prekey, now).await
            }
            done => done,
        }
    }
}

/// The order of the group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// What a signature that is refused may have been before somebody changed its encoding.
fn malleable(server: &Server, call: Call) -> Served<'_> {
    async move {
        let first = server.pass(&call).await;
        let codes = [Code::SignatureInvalid, Code::PrekeySignatureInvalid, Code::PrekeysRejected];
        let refused = |answer: &Answer| codes.iter().any(|code| answer.is_refused(*code));
        if !refused(&first) {
            return first;
        }
        for change in [less_order as fn(&mut [u8; 32]), turn_sign, turn_high] {
            for path in ["/signature", "/signed_prekey/signature", "/device_list"] {
                let mut json = call.json();
                let Some(Value::String(text)) = json.pointer_mut(path) else { continue };
                let Ok(mut bytes) = BASE64_STANDARD.decode(&*text) else { continue };
                let Some(s) = bytes.last_chunk_mut::<32>() else { continue };
                change(s);
                *text = BASE64_STANDARD.encode(bytes);
                let mut other = call.clone();
                other.set_json(&json);
                let answer = server.pass(&other).await;
                if !refused(&answer) {
                    return answer;
                }
            }
        }
        first
    }
    .boxed()
}

/// s - q, with the sign bit left as it is.
fn less_order(s: &mut [u8; 32]) {
    let sign = s[31] & 0x80;
    s[31] &= 0x7f;
    let mut borrow = 0_i16;
    for (byte, order) in s.iter_mut().zip(ORDER) {
        let [low, high] = (i16::from(*byte) - i16::from(order) - borrow).to_le_bytes();
        (*byte, borrow) = (low, i16::from(high != 0));
    }
    s[31] |= sign;
}

const fn turn_sign(s: &mut [u8; 32]) {
    s[31] ^= 0x80;
}

const fn turn_high(s: &mut [u8; 32]) {
    s[31] ^= 0x60;
}
