//! What one mutant does differently: at most a few of these, and everything else is honest.

use std::sync::Arc;

use countersign_server::{config::Config, limiter::Limiter};

use crate::{
    gate::{Act, Gate, Route},
    relay::Wire,
    twist::Twist,
};

/// A name of `conformance/server-known-bad.toml` and what it stands for.
pub(crate) struct Mutant(pub(crate) &'static str, pub(crate) fn() -> Faults);

/// The decorators of one mutant.
pub(crate) struct Faults {
    /// Changes the settings. Clients are told the ones before.
    pub(crate) config: fn(&mut Config),
    /// SQL that is run once on the database, for instance a trigger.
    pub(crate) triggers: &'static str,
    /// Around the store.
    pub(crate) store: Option<Box<dyn Twist>>,
    /// Around the limiter.
    pub(crate) limiter: fn(Arc<dyn Limiter>) -> Arc<dyn Limiter>,
    /// Around the router.
    pub(crate) gate: Vec<Gate>,
    /// Around the frames of a WebSocket.
    pub(crate) wire: Option<Wire>,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            config: |_| (),
            triggers: "",
            store: None,
            limiter: |limiter| limiter,
            gate: Vec::new(),
            wire: None,
        }
    }
}

impl Faults {
    /// Something else with the settings.
    pub(crate) fn config(config: fn(&mut Config)) -> Self {
        Self { config, ..Self::default() }
    }

    /// Something else in the database.
    pub(crate) fn triggers(triggers: &'static str) -> Self {
        Self { triggers, ..Self::default() }
    }

    /// Something else in the store.
    pub(crate) fn store(twist: impl Twist) -> Self {
        Self { store: Some(Box::new(twist)), ..Self::default() }
    }

    /// Something else in the limiter.
    pub(crate) fn limiter(limiter: fn(Arc<dyn Limiter>) -> Arc<dyn Limiter>) -> Self {
        Self { limiter, ..Self::default() }
    }

    /// Something else at these routes; at all when there are none.
    pub(crate) fn gate(at: &'static [Route], act: Act) -> Self {
        Self::default().and_gate(at, act)
    }

    /// Something else with frames.
    pub(crate) fn wire(wire: Wire) -> Self {
        Self { wire: Some(wire), ..Self::default() }
    }

    /// And at these routes too.
    pub(crate) fn and_gate(mut self, at: &'static [Route], act: Act) -> Self {
        self.gate.push(Gate { at, act });
        self
    }
}
