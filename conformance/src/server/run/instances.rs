//! A server that is killed and started again, and a second one of short lifetimes.

use std::{
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::ServerRun;
use crate::{
    case::{Stop, Trouble},
    server::{
        account::paths,
        client::Request,
        draw::Draw,
        target::{Restart, Target},
    },
};

impl ServerRun {
    /// Kills the server without warning and starts it again on its data; comes back when it is ready.
    ///
    /// # Errors
    /// Unsupported when the judge was given no way to do it; inconclusive when it does not come back.
    pub fn restart(&self) -> Result<(), Stop> {
        let io = |text: String| Stop::Inconclusive(Trouble::Io(text));
        match &self.target.restart {
            Restart::Never => return Err(Stop::Unsupported("restart".into())),
            Restart::Host(host) => self.target.address.set(&host.kill_and_restart().map_err(io)?),
            Restart::Command(command) => {
                let status = Command::new("sh").args(["-c", command]).status();
                let status =
                    status.map_err(|error| io(format!("cannot run {command}: {error}")))?;
                if !status.success() {
                    return Err(io(format!("{command} ended with {status}")));
                }
            }
        }
        self.client.keep("(kill -9, start again)".into(), String::new());
        self.ready()
    }

    fn ready(&self) -> Result<(), Stop> {
        let deadline = Instant::now() + self.scaled(self.target.ready_timeout);
        loop {
            match self.target.client().send(&Request::get(paths::READY)) {
                Ok(reply) if reply.status == 200 => return Ok(()),
                _ if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                Ok(reply) => return Err(reply.failure("200 after the restart").into()),
                Err(stop) => return Err(stop),
            }
        }
    }

    /// The same case on the same server, with draws of its own.
    #[must_use]
    pub fn twin(&mut self) -> Self {
        Self {
            draw: Draw::seeded(self.draw.bytes()),
            client: self.client.clone(),
            target: Arc::clone(&self.target),
            variant: None,
        }
    }

    /// The same case on the second instance, whose lifetimes are a few seconds.
    ///
    /// # Errors
    /// Unsupported when there is none.
    pub fn impatient(&mut self) -> Result<Self, Stop> {
        let address = self.target.impatient.clone();
        let address = address.ok_or_else(|| Stop::Unsupported("impatient".into()))?;
        let target = Target {
            address,
            restart: Restart::Never,
            impatient: None,
            document: self.target.impatient_document.clone(),
            ..Target::clone(&self.target)
        };
        let client = self.client.at(target.address.clone());
        let draw = Draw::seeded(self.draw.bytes());
        Ok(Self { draw, client, target: Arc::new(target), variant: None })
    }

    /// Waits until a lifetime of the capability document has passed, given in whole seconds.
    ///
    /// # Errors
    /// Unsupported when it is longer than ten seconds.
    pub fn outlive(&self, limit: &str) -> Result<(), Stop> {
        let seconds = self.limit(limit)?;
        if seconds > 10 {
            return Err(Stop::Unsupported(format!("a short {limit}")));
        }
        thread::sleep(Duration::from_secs(seconds) + Duration::from_millis(1200));
        Ok(())
    }
}
