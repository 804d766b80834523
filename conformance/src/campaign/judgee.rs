//! What is judged: an adapter or a server, from its description to its verdicts.

use std::sync::Arc;

use super::{said, started};
use crate::{
    case::{Case, Profile},
    probes,
    runner::{self, Judged, Settings, Watcher},
    server::{self, introduction, setup::Setup, setup::Standing, target::Target},
    subject::{Subject, types::Hello},
    transport::Launcher,
};

/// What is judged.
#[derive(Clone, Debug)]
pub enum Judgee {
    /// A library behind an adapter.
    Adapter(Launcher),
    /// A server.
    Server(Box<Setup>),
}

impl Judgee {
    /// What the user reads.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Adapter(launcher) => launcher.name.clone(),
            Self::Server(setup) => setup.name(),
        }
    }

    /// The command, when it is a process of the judge's.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        match self {
            Self::Adapter(launcher) => launcher.command.clone(),
            Self::Server(setup) => setup.command.clone(),
        }
    }

    /// Its requirements.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        match self {
            Self::Adapter(_) => Profile::Library,
            Self::Server(_) => Profile::Server,
        }
    }

    /// Its description, when it is a server: a replay file holds it.
    #[must_use]
    pub fn setup(&self) -> Option<&Setup> {
        match self {
            Self::Adapter(_) => None,
            Self::Server(setup) => Some(setup),
        }
    }

    /// The honesty probes.
    #[must_use]
    pub const fn probes(&self) -> &'static [Case] {
        match self {
            Self::Adapter(_) => probes::PROBES,
            Self::Server(_) => server::probes::PROBES,
        }
    }

    /// Cases at a time unless the user says otherwise.
    #[must_use]
    pub fn jobs(&self) -> usize {
        match self {
            Self::Adapter(_) => super::processors(),
            Self::Server(_) => server::runner::JOBS,
        }
    }

    /// Starts it and hears what it says of itself.
    ///
    /// # Errors
    /// Why nothing can be judged, in words.
    pub fn ready(&self, settings: &Settings) -> Result<(Ready, Hello), String> {
        match self {
            Self::Adapter(launcher) => {
                let hello = introduce(launcher, settings)?;
                Ok((Ready::Adapter(launcher.clone()), hello))
            }
            Self::Server(setup) => {
                let mut standing = setup.stand(settings.timeout_scale)?;
                let hello = introduction::introduce(&mut standing.target)
                    .map_err(|why| with_noise(why, &standing.stderr()))?;
                let target = Arc::new(standing.target.clone());
                Ok((Ready::Server { standing: Box::new(standing), target }, hello))
            }
        }
    }
}

/// A subject that answers.
#[derive(Debug)]
pub enum Ready {
    /// Each worker starts one of its own.
    Adapter(Launcher),
    /// All cases share it.
    Server {
        /// Its processes.
        standing: Box<Standing>,
        /// What the cases see.
        target: Arc<Target>,
    },
}

impl Ready {
    /// Judges cases.
    ///
    /// # Errors
    /// Why it could not be started, in words.
    pub fn judge(
        &self,
        cases: &[&Case],
        settings: &Settings,
        watch: Watcher<'_>,
    ) -> Result<Judged, String> {
        match self {
            Self::Adapter(launcher) => {
                runner::judge(launcher, cases, settings, watch).map_err(|error| started(&error))
            }
            Self::Server { standing, target } => {
                let mut judged = server::runner::judge(target, cases, settings, watch);
                let given_up = judged.given_up.take();
                judged.given_up = given_up.map(|why| with_noise(why, &standing.stderr()));
                Ok(judged)
            }
        }
    }
}

fn introduce(launcher: &Launcher, settings: &Settings) -> Result<Hello, String> {
    let transport = (launcher.launch)().map_err(|error| started(&error))?;
    let subject = Subject::new(transport, settings.timeout_scale, settings.trace);
    let hello = subject.hello(&settings.seed.derive("hello"));
    let hello = hello.map_err(|error| with_noise(said(&error), &subject.stderr()));
    subject.bye();
    hello
}

fn with_noise(why: String, stderr: &str) -> String {
    if stderr.is_empty() { why } else { format!("{why}; its stderr says: {stderr}") }
}
