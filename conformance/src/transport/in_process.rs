//! A subject inside this process, on a thread of its own, so that it can be given up like a process.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use super::{Launcher, Transport, TransportError};

/// Something that answers lines: an adapter used as a library.
pub trait LineHandler {
    /// Answers one request line with one reply line, both without the newline.
    fn handle(&mut self, line: &str) -> String;
}

impl<F: FnMut(&str) -> String> LineHandler for F {
    fn handle(&mut self, line: &str) -> String {
        self(line)
    }
}

/// Makes one more handler.
pub type Factory = Arc<dyn Fn() -> Box<dyn LineHandler> + Send + Sync>;

/// Where requests go in, and where replies, or the text of a panic, come out.
type Lines = (Sender<String>, Receiver<Result<String, String>>);

/// A handler on its own thread.
pub struct InProcess {
    factory: Factory,
    lines: Option<Lines>,
}

impl InProcess {
    /// A launcher of handlers that `factory` makes.
    pub fn launcher(name: impl Into<String>, factory: Factory) -> Launcher {
        let launch = move || {
            let mut transport = Self { factory: Arc::clone(&factory), lines: None };
            transport.restart()?;
            Ok(Box::new(transport) as Box<dyn Transport>)
        };
        Launcher { name: name.into(), command: Vec::new(), launch: Arc::new(launch) }
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl Transport for InProcess {
    fn exchange(&mut self, line: &str, timeout: Duration) -> Result<String, TransportError> {
        let gone = || TransportError::Exited("the in-process subject is gone".into());
        let (requests, replies) = self.lines.as_ref().ok_or_else(gone)?;
        requests.send(line.to_owned()).map_err(|_| gone())?;
        match replies.recv_timeout(timeout) {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(panic)) => Err(TransportError::Exited(format!("panic: {panic}"))),
            Err(RecvTimeoutError::Timeout) => Err(TransportError::Timeout(timeout)),
            Err(RecvTimeoutError::Disconnected) => Err(gone()),
        }
    }

    fn restart(&mut self) -> Result<(), TransportError> {
        // A thread that hangs cannot be ended; it is left behind and its answers go nowhere.
        self.lines = None;
        let (requests, inbox) = mpsc::channel::<String>();
        let (outbox, replies) = mpsc::channel();
        let factory = Arc::clone(&self.factory);
        thread::Builder::new()
            .name("subject".into())
            .spawn(move || serve(&factory, &inbox, &outbox))
            .map_err(|error| TransportError::Start(error.to_string()))?;
        self.lines = Some((requests, replies));
        Ok(())
    }

    fn stderr(&self) -> String {
        String::new()
    }
}

fn serve(factory: &Factory, inbox: &Receiver<String>, outbox: &Sender<Result<String, String>>) {
    let mut handler = factory();
    for line in inbox {
        let reply = catch_unwind(AssertUnwindSafe(|| handler.handle(&line))).map_err(|panic| {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
        });
        let dead = reply.is_err();
        if outbox.send(reply).is_err() || dead {
            return;
        }
    }
}
