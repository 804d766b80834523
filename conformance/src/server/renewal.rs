//! A device that comes back: under another login, or set up anew as another incarnation of its number.

use serde_json::json;

use super::{
    account::{Tokens, paths},
    client::Request,
    device::Device,
    person::Person,
    prekeys::{Suite, SuiteKeys},
    registration::Registration,
    run::ServerRun,
};
use crate::case::{Outcome, Stop};

/// Registers a person's device anew under a fresh login. It is the person's last device from then on; the incarnation
/// before stays where it was, with tokens that are worth nothing any more.
///
/// # Errors
/// Fails the case when the honest registration is refused.
pub fn renew(run: &mut ServerRun, person: &mut Person, at: usize) -> Outcome {
    let identity = person.account.identity.clone();
    let keys = vec![SuiteKeys::fresh(Suite::SignalV3, 1, &identity, &mut run.draw)];
    let device_id = person.device(at)?.id();
    let registration = Registration::next(&person.list, &identity, device_id, keys, &mut run.draw);
    let login = person.account.login()?;
    let reply = Person::register(&person.account, &login.access, &registration, &mut run.draw)?;
    person.adopt(registration, Tokens::of(&reply.ok(201)?)?);
    Ok(())
}

/// A device under a further login of its own, with the password and the identity key's proof.
///
/// # Errors
/// Fails the case when the honest login is refused.
pub fn logged_in(run: &mut ServerRun, person: &Person, at: usize) -> Result<Device, Stop> {
    let (account, mut device) = (&person.account, person.device(at)?.clone());
    let proof = device.proof(&mut run.draw);
    let body = json!({"username": account.username, "password": account.password, "device": proof});
    device.tokens =
        Tokens::of(&account.client.send(&Request::post(paths::LOGIN, &body))?.ok(200)?)?;
    Ok(device)
}

/// A person as it stands, without the devices at these places.
///
/// # Errors
/// A defect of the case: none is left.
pub fn without(person: &Person, gone: &[usize]) -> Result<Person, Stop> {
    let mut left = person.clone();
    left.devices = person
        .devices
        .iter()
        .enumerate()
        .filter(|(at, _)| !gone.contains(at))
        .map(|(_, device)| device.clone())
        .collect();
    left.device(0)?;
    Ok(left)
}
