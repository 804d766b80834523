//! A server that the judge starts itself: killed and started again for the crash cases, gone with the judge.

use std::{
    collections::VecDeque,
    fs,
    io::{BufRead as _, BufReader, Read},
    net::TcpListener,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use process_wrap::std::{ChildWrapper, CommandWrap};

/// How much of stderr is kept, in lines.
const STDERR_LINES: usize = 40;

/// A running server with a folder of its own.
#[derive(Debug)]
pub struct Host {
    command: Vec<String>,
    folder: PathBuf,
    patience: Duration,
    child: Mutex<Option<Box<dyn ChildWrapper>>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Host {
    /// Starts a command. `{port}` in it is a free port and `{dir}` a fresh folder; both stay the same over restarts.
    /// The first line on its stdout is its address.
    ///
    /// # Errors
    /// For the user: it does not start, or says no address in time.
    pub fn start(command: &[String], patience: Duration) -> Result<(Self, String), String> {
        let folder = fresh_folder()?;
        let port = free_port()?.to_string();
        let dir = folder.display().to_string();
        let command: Vec<_> = command
            .iter()
            .map(|word| word.replace("{port}", &port).replace("{dir}", &dir))
            .collect();
        let host =
            Self { command, folder, patience, child: Mutex::default(), stderr: Arc::default() };
        let url = host.spawn()?;
        Ok((host, url))
    }

    /// Kills it as a power failure would (SIGKILL to the whole process group) and starts it again on the same data.
    /// Its address comes back.
    ///
    /// # Errors
    /// For the user: it does not start again.
    pub fn kill_and_restart(&self) -> Result<String, String> {
        self.kill();
        self.spawn()
    }

    /// What it wrote to stderr last.
    #[must_use]
    pub fn stderr(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }

    fn kill(&self) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            // Killing what has ended already is no error worth telling.
            let _killed = child.start_kill();
            let _reaped = child.wait();
        }
    }

    fn spawn(&self) -> Result<String, String> {
        let (program, args) = self.command.split_first().ok_or("the server's command is empty")?;
        let mut wrapped = CommandWrap::with_new(program, |command| {
            command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        });
        #[cfg(unix)]
        wrapped.wrap(process_wrap::std::ProcessGroup::leader());
        let mut child =
            wrapped.spawn().map_err(|error| format!("cannot start {program}: {error}"))?;
        let missing = || "the server has no pipes".to_owned();
        let stdout = child.stdout().take().ok_or_else(missing)?;
        let noise = child.stderr().take().ok_or_else(missing)?;
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        let kept = Arc::clone(&self.stderr);
        thread::spawn(move || keep(noise, &kept));
        let (say, first) = mpsc::channel();
        thread::spawn(move || drain(stdout, &say));
        let line = first.recv_timeout(self.patience).map_err(|_| {
            let noise = self.stderr();
            let noise = if noise.is_empty() {
                String::new()
            } else {
                format!("; its stderr says: {noise}")
            };
            format!("{program} wrote no address on its stdout{noise}")
        })?;
        address_in(&line).ok_or_else(|| {
            format!("the first line of {program} on stdout must hold its address, http://HOST:PORT, not: {line}")
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        // A folder that is left behind does no harm.
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

/// The first `http://…` in a line.
fn address_in(line: &str) -> Option<String> {
    let at = line.find("http://")?;
    let url = line.get(at..)?.split(|c: char| c.is_whitespace() || "\"',".contains(c)).next()?;
    Some(url.to_owned())
}

fn drain(stdout: impl Read, say: &mpsc::Sender<String>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        // Only the first line is waited for.
        let _heard = say.send(line);
    }
}

fn keep(noise: impl Read, kept: &Mutex<VecDeque<String>>) {
    for line in BufReader::new(noise).lines().map_while(Result::ok) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == STDERR_LINES {
            kept.pop_front();
        }
        kept.push_back(crate::subject::cut(&line, 500));
    }
}

fn fresh_folder() -> Result<PathBuf, String> {
    let mut name = [0; 8];
    getrandom::fill(&mut name).map_err(|error| error.to_string())?;
    let folder = std::env::temp_dir().join(format!("conformance-{}", hex::encode(name)));
    fs::create_dir(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_whatever_is_around_it() {
        assert_eq!(
            address_in("listening on http://127.0.0.1:80 now").unwrap(),
            "http://127.0.0.1:80"
        );
        assert_eq!(address_in("{\"url\":\"http://h:1\"}").unwrap(), "http://h:1");
        assert!(address_in("ready").is_none());
    }
}
