//! Signed device lists. Spec: `spec/server/devices.md#the-list`.

use async_trait::async_trait;
use countersign_protocol::device_list::SignedDeviceList;
use countersign_server::{
    auth::token::{hash, new_refresh},
    ids::{DeviceAddress, DeviceId, Incarnation, LoginId},
    problem::Code,
    store::{Result, accounts::*},
};
use futures_util::FutureExt;
use serde_json::json;

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{Act::Around, Route, Served},
    lax,
    lists::{LaxList, force, take},
    server::{Call, Server},
    twist::{Honest, Twist},
};

const LIST: &[Route] = &[("POST", "users/me/device-list")];
const REGISTER: &[Route] = &[("POST", "keys/register")];
/// The greatest version that JSON carries.
const VERSION_MAX: u64 = (1 << 53) - 1;

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("device-1-unsigned-list", || {
        Faults::gate(LIST, Around(|server, call| relist(server, call, Code::SignatureInvalid, any)))
    }),
    Mutant("device-2-no-precondition", || {
        Faults::gate(
            LIST,
            Around(|server, call| relist(server, call, Code::DeviceListConflict, any)),
        )
    }),
    Mutant("device-3-many-at-once", || {
        Faults::gate(
            LIST,
            Around(|server, call| relist(server, call, Code::DeviceListNotOneDevice, any)),
        )
    }),
    Mutant("device-4-version-not-greater", || {
        Faults::gate(
            LIST,
            Around(|server, call| relist(server, call, Code::DeviceListMalformed, is_not_greater)),
        )
    }),
    Mutant("device-5-closed-id-reused", || {
        Faults::gate(LIST, Around(|server, call| relist(server, call, Code::DeviceIdClosed, any)))
            .and_gate(
                REGISTER,
                Around(|server, call| reregister(server, call, Code::DeviceIdClosed)),
            )
    }),
    Mutant("device-6-regression", || {
        Faults::gate(
            LIST,
            Around(|server, call| relist(server, call, Code::CapabilityRegression, any)),
        )
    }),
    Mutant("device-7-lenient-list", || {
        Faults::gate(
            LIST,
            Around(|server, call| relist(server, call, Code::DeviceListMalformed, possible)),
        )
    }),
    Mutant("device-10-foreign-list", || {
        Faults::gate(LIST, Around(|server, call| relist(server, call, Code::IdentityMismatch, any)))
    }),
    Mutant("device-14-list-unlike-registration", || Faults::gate(REGISTER, Around(unlike))),
    Mutant("device-15-closed-stays-live", || Faults::store(ClosedStaysLive)),
    Mutant("keys-4-identity-replaced", || {
        Faults::gate(
            REGISTER,
            Around(|server, call| reregister(server, call, Code::IdentityMismatch)),
        )
    }),
];

const fn any(_: &LaxList) -> bool {
    true
}

fn is_not_greater(list: &LaxList) -> bool {
    list.version == list.previous
}

/// Its versions and devices are right, whatever else is not.
fn possible(list: &LaxList) -> bool {
    let is_device = |device: u8| DeviceId::new(device).is_some();
    list.version > list.previous
        && list.version <= VERSION_MAX
        && list.entries.iter().all(|entry| is_device(entry.device))
}

/// A list that is refused with `code`, and for which `fits` holds, is taken all the same.
fn relist(server: &Server, call: Call, code: Code, fits: fn(&LaxList) -> bool) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        if !answer.is_refused(code) {
            return answer;
        }
        let taken = || {
            let list = lax::bytes(&call.json(), "device_list")?;
            fits(&LaxList::read(&list)?).then_some(())?;
            let account = lax::caller(server, &call)?.account;
            force(&server.db, account, &list, server.app.now()).ok()?
        };
        match taken() {
            Some(version) => Answer::json_of(200, json!({ "version": version })),
            None => answer,
        }
    }
    .boxed()
}

/// A registration that is refused with `code` is taken all the same.
fn reregister(server: &Server, call: Call, code: Code) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let lax = answer.is_refused(code);
        let done = if lax { lax::register_by_force(server, &call).await } else { None };
        done.unwrap_or(answer)
    }
    .boxed()
}

/// The registration as the list has it; then what was said otherwise.
fn unlike(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        if !answer.is_refused(Code::RegistrationMismatch) {
            return answer;
        }
        let json = call.json();
        let registration = || {
            let list = lax::bytes(&json, "device_list")?;
            let list = SignedDeviceList::decode_and_verify(&list).ok()?;
            let access = server.access(&call)?;
            let device = lax::device_id(&json, "device_id")?;
            let entry = list.entry(device)?;
            let (incarnation, registration_id) =
                (Incarnation(entry.incarnation.0), entry.registration_id.0);
            let now = server.app.now();
            let all = lax::suite_keys(&json)?;
            let prekeys = all
                .into_iter()
                .filter(|keys| entry.suites.iter().any(|suite| suite.0 == keys.suite.0));
            let prekeys = prekeys.collect();
            let refresh = new_refresh(&*server.app.entropy);
            let registration = Registration {
                device: DeviceAddress { account: access.account, device },
                login: access.login,
                refresh: hash(&refresh),
                refresh_expires_at: now.plus_millis(86_400_000),
                incarnation,
                registration_id,
                identity_key: list.identity_key.to_bytes(),
                prekeys,
                nonce: server.app.entropy.bytes(),
                nonce_forget_at: now,
                now,
                list,
            };
            Some((registration, refresh))
        };
        let Some((registration, refresh)) = registration() else { return answer };
        match lax::take(server, registration, refresh).await {
            Ok(done) => done,
            Err(_) => answer,
        }
    }
    .boxed()
}

struct ClosedStaysLive;

#[async_trait]
impl Twist for ClosedStaysLive {
    async fn replace_device_list(&self, to: &Honest, new: NewDeviceList) -> Result<Vec<LoginId>> {
        let bytes = new.list.as_bytes().to_vec();
        let read = LaxList::read(&bytes);
        let held = to.store.directory(new.account).await?;
        let closes = |list: &LaxList, held: &Directory| {
            let closed =
                |id: u8| list.entries.iter().any(|entry| entry.device == id && entry.closed);
            list.previous == held.version && held.live.iter().any(|live| closed(live.id.number()))
        };
        match (&read, &held) {
            (Some(list), Some(held)) if closes(list, held) => {
                take(&to.db, new.account, list, &bytes)?;
                Ok(Vec::new())
            }
            _ => to.store.replace_device_list(new).await,
        }
    }
}
