//! What a case about a server works with: fresh randomness, a client, and the accounts it makes.

mod instances;

use std::{
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use countersign_vectors::naive::{bugs::Bugs, keys::KeyPair};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    account::{self, Account, Tokens, paths},
    client::{Client, Request},
    draw::Draw,
    person::Person,
    prekeys::{Suite, SuiteKeys},
    registration::Registration,
    target::{Provision, Target},
};
use crate::{
    case::{Failure, Stop, Trouble},
    run::Seed,
};

/// One case in progress.
#[derive(Debug)]
pub struct ServerRun {
    /// Randomness of this case alone.
    pub draw: Draw,
    /// A client that keeps this case's exchanges. Accounts and devices speak through it.
    pub client: Client,
    target: Arc<Target>,
    variant: Option<String>,
}

/// One row of `limits.rates`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// So many at once.
    pub burst: u64,
    /// Seconds until one more is allowed.
    pub per_seconds: f64,
}

impl ServerRun {
    /// Begins a case.
    #[must_use]
    pub fn new(target: &Arc<Target>, seed: &Seed, case: &str) -> Self {
        Self {
            draw: Draw::seeded(seed.derive(case)),
            client: target.client(),
            target: Arc::clone(target),
            variant: None,
        }
    }

    /// The server.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// A time, scaled as the user wants.
    #[must_use]
    pub fn scaled(&self, time: Duration) -> Duration {
        time.mul_f64(self.target.timeout_scale)
    }

    /// A limit of the capability document, for instance `body_bytes`.
    ///
    /// # Errors
    /// Fails the case when the document does not tell it.
    pub fn limit(&self, name: &str) -> Result<u64, Stop> {
        let limit =
            self.target.document.pointer(&format!("/limits/{name}")).and_then(Value::as_u64);
        limit.ok_or_else(|| not_told(name))
    }

    /// A rate of the capability document, for instance `claim`.
    ///
    /// # Errors
    /// Fails the case when the document does not tell it.
    pub fn rate(&self, name: &str) -> Result<Rate, Stop> {
        let rate = self.target.document.pointer(&format!("/limits/rates/{name}"));
        let burst = rate.and_then(|rate| rate.get("burst")).and_then(Value::as_u64);
        let per_seconds = rate.and_then(|rate| rate.get("per_seconds")).and_then(Value::as_f64);
        match (burst, per_seconds) {
            (Some(burst), Some(per_seconds)) => Ok(Rate { burst, per_seconds }),
            _ => Err(not_told(name)),
        }
    }

    /// A fresh account without keys.
    ///
    /// # Errors
    /// Fails the case when the honest sign-up is refused.
    pub fn account(&mut self) -> Result<Account, Stop> {
        let (username, password) =
            (self.draw.name(), format!("correct horse {}", self.draw.uuid()));
        match self.target.provision.clone() {
            Provision::Open => self.signed_up(&json!({"username": username, "password": password})),
            Provision::Token(token) => self.signed_up(
                &json!({"username": username, "password": password, "registration_token": token}),
            ),
            Provision::Command(command) => {
                let Given { username, password } = given(&command)?;
                let body = json!({"username": username, "password": password});
                self.admitted(&Request::post(paths::LOGIN, &body), 200, &body)
            }
        }
    }

    /// A sign-up body that the server takes, for cases that change something in it.
    #[must_use]
    pub fn signup_body(&mut self) -> Value {
        let (username, password) =
            (self.draw.name(), format!("correct horse {}", self.draw.uuid()));
        match &self.target.provision {
            Provision::Token(token) => {
                json!({"username": username, "password": password, "registration_token": token})
            }
            _ => json!({"username": username, "password": password}),
        }
    }

    /// Whether the judge signs up itself, so that sign-up can be judged.
    ///
    /// # Errors
    /// Unsupported when accounts come from a command.
    pub fn needs_signup(&self) -> Result<(), Stop> {
        match self.target.provision {
            Provision::Command(_) => Err(Stop::Unsupported("sign-up".into())),
            _ => Ok(()),
        }
    }

    fn signed_up(&mut self, body: &Value) -> Result<Account, Stop> {
        self.admitted(&Request::post(paths::SIGNUP, body), 201, body)
    }

    fn admitted(&mut self, request: &Request, status: u16, body: &Value) -> Result<Account, Stop> {
        let reply = self.client.send(request)?;
        if reply.status == 429 {
            return Err(account::unprepared(&reply, "make an account"));
        }
        let reply = reply.ok(status)?;
        let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Account {
            client: self.client.clone(),
            username: text("username"),
            password: text("password"),
            id: reply.text("/account_id")?,
            tokens: Tokens::of(&reply)?,
            identity: KeyPair::new(self.draw.private_key(), Bugs::NONE),
        })
    }

    /// A fresh account with one device: `signal-v3`, 10 one-time prekeys.
    ///
    /// # Errors
    /// Fails the case when an honest request is refused.
    pub fn person(&mut self) -> Result<Person, Stop> {
        self.person_with(10)
    }

    /// The same with so many one-time prekeys, at most 200.
    ///
    /// # Errors
    /// Fails the case when an honest request is refused.
    pub fn person_with(&mut self, count: u32) -> Result<Person, Stop> {
        let account = self.account()?;
        let registration = Registration::first(&account, count, &mut self.draw);
        Person::begin(account, registration, &mut self.draw)
    }

    /// A fresh account with one device that publishes in these suites.
    ///
    /// # Errors
    /// Fails the case when an honest request is refused.
    pub fn person_in(&mut self, suites: &[(Suite, u32)]) -> Result<Person, Stop> {
        let account = self.account()?;
        let mut registration = Registration::first(&account, 0, &mut self.draw);
        let none = super::list::DeviceList {
            version: 0,
            previous: 0,
            entries: Vec::new(),
            ..registration.list
        };
        let keys = self.keys(suites, &account.identity);
        registration = Registration::next(&none, &account.identity, 1, keys, &mut self.draw);
        Person::begin(account, registration, &mut self.draw)
    }

    /// Adds a device with `signal-v3` and `count` one-time prekeys.
    ///
    /// # Errors
    /// Fails the case when an honest request is refused.
    pub fn add_device(&mut self, person: &mut Person, count: u32) -> Result<(), Stop> {
        let keys = self.keys(&[(Suite::SignalV3, count)], &person.account.identity);
        person.add_device(keys, &mut self.draw)
    }

    /// Fresh keys in these suites.
    pub fn keys(&mut self, suites: &[(Suite, u32)], identity: &KeyPair) -> Vec<SuiteKeys> {
        suites
            .iter()
            .map(|(suite, count)| SuiteKeys::fresh(*suite, *count, identity, &mut self.draw))
            .collect()
    }

    /// Does something so many times, up to 32 at once, and gives back what came, in the order of the numbers.
    ///
    /// # Errors
    /// The first error by number.
    pub fn parallel<T: Send>(
        &self,
        count: usize,
        act: impl Fn(usize) -> Result<T, Stop> + Sync,
    ) -> Result<Vec<T>, Stop> {
        let next = AtomicUsize::new(0);
        let done: Vec<Mutex<Option<Result<T, Stop>>>> =
            (0..count).map(|_| Mutex::new(None)).collect();
        thread::scope(|scope| {
            for _ in 0..count.min(32) {
                scope.spawn(|| {
                    while let Some((at, slot)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        done.get(at).map(|slot| (at, slot))
                    } {
                        let result = act(at);
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    }
                });
            }
        });
        let lost =
            || Err(Stop::Inconclusive(Trouble::Judge("a thread of a case ended early".into())));
        done.into_iter()
            .map(|slot| {
                slot.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(lost)
            })
            .collect()
    }

    /// Records which of several allowed behaviours the server showed.
    pub fn variant(&mut self, shown: &str) {
        self.variant = Some(shown.to_owned());
    }

    pub(super) fn take_variant(&mut self) -> Option<String> {
        self.variant.take()
    }
}

fn not_told(name: &str) -> Stop {
    Failure::new("the capability document", format!("limits with {name}"), "none").into()
}

/// What a provisioning command prints.
#[derive(Deserialize)]
struct Given {
    username: String,
    password: String,
}

fn given(command: &str) -> Result<Given, Stop> {
    let io = |text: String| Stop::Inconclusive(Trouble::Io(text));
    let output = Command::new("sh").args(["-c", command]).output();
    let output = output.map_err(|error| io(format!("cannot run {command}: {error}")))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        io(format!("{command} must print {{\"username\": …, \"password\": …}}: {error}"))
    })
}
