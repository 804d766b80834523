//! A subject as a child process: lines on stdin and stdout, free text on stderr.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read, Write as _},
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::{LINE_BYTES_MAX, Launcher, Transport, TransportError};

/// How much of stderr is kept, in lines and in bytes a line.
const STDERR_LINES: usize = 40;
const STDERR_LINE_BYTES: usize = 500;

type Incoming = Result<String, TransportError>;

/// A command that is running, or was.
#[derive(Debug)]
pub struct Process {
    command: Vec<String>,
    running: Option<Running>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

#[derive(Debug)]
struct Running {
    child: Box<dyn ChildWrapper>,
    outgoing: Option<Sender<String>>,
    incoming: Receiver<Incoming>,
}

impl Process {
    /// A launcher of processes: `command` is the program and its arguments, run as they are, without a shell.
    #[must_use]
    pub fn launcher(command: &[String]) -> Launcher {
        let command = command.to_vec();
        let name = command.join(" ");
        let argv = command.clone();
        let launch = move || {
            let mut process =
                Self { command: command.clone(), running: None, stderr: Arc::default() };
            process.restart()?;
            Ok(Box::new(process) as Box<dyn Transport>)
        };
        Launcher { name, command: argv, launch: Arc::new(launch) }
    }

    fn give_up(&mut self) {
        if let Some(running) = self.running.take() {
            running.end();
        }
    }
}

impl Transport for Process {
    fn exchange(&mut self, line: &str, timeout: Duration) -> Result<String, TransportError> {
        let Some(running) = &mut self.running else {
            return Err(TransportError::Exited("it is not running".into()));
        };
        if let Ok(extra) = running.incoming.try_recv() {
            let rule = match extra {
                Ok(extra) => format!(
                    "an adapter must not write a line that nobody asked for: {}",
                    crate::subject::cut(&extra, 200)
                ),
                Err(TransportError::Exited(_)) => return Err(running.exited()),
                Err(error) => return Err(error),
            };
            return Err(TransportError::BadLine(rule));
        }
        let sent = running.outgoing.as_ref().map(|outgoing| outgoing.send(format!("{line}\n")));
        if !matches!(sent, Some(Ok(()))) {
            return Err(running.exited());
        }
        match running.incoming.recv_timeout(timeout) {
            Ok(Err(TransportError::Exited(_))) | Err(RecvTimeoutError::Disconnected) => {
                Err(running.exited())
            }
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.give_up();
                Err(TransportError::Timeout(timeout))
            }
        }
    }

    fn restart(&mut self) -> Result<(), TransportError> {
        self.give_up();
        self.running = Some(spawn(&self.command, &self.stderr)?);
        Ok(())
    }

    fn stderr(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl Running {
    /// How the process ended, once its stdout is closed.
    fn exited(&mut self) -> TransportError {
        let deadline = Instant::now() + Duration::from_millis(500);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return TransportError::Exited(how_it_ended(status)),
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                Ok(None) => {
                    return TransportError::Exited("it closed its stdout and runs on".into());
                }
                Err(error) => return TransportError::Io(error.to_string()),
            }
        }
    }

    /// Closes stdin, gives it a moment to end by itself, then kills the whole process group.
    fn end(mut self) {
        self.outgoing = None;
        let deadline = Instant::now() + Duration::from_millis(300);
        let drained = |incoming: &Receiver<Incoming>| {
            matches!(incoming.try_recv(), Err(TryRecvError::Disconnected))
        };
        while Instant::now() < deadline && !drained(&self.incoming) {
            thread::sleep(Duration::from_millis(2));
        }
        // Killing what has ended already is no error worth telling.
        let _killed = self.child.start_kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(
    command: &[String],
    stderr: &Arc<Mutex<VecDeque<String>>>,
) -> Result<Running, TransportError> {
    let (program, args) = command
        .split_first()
        .ok_or_else(|| TransportError::Start("the command is empty".into()))?;
    let mut wrapped = CommandWrap::with_new(program, |command| {
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    #[cfg(unix)]
    wrapped.wrap(process_wrap::std::ProcessGroup::leader());
    let mut child = wrapped
        .spawn()
        .map_err(|error| TransportError::Start(format!("cannot start {program}: {error}")))?;
    let missing = || TransportError::Start("the child has no pipes".into());
    let mut stdin = child.stdin().take().ok_or_else(missing)?;
    let stdout = child.stdout().take().ok_or_else(missing)?;
    let noise = child.stderr().take().ok_or_else(missing)?;

    let (outgoing, to_write) = mpsc::channel::<String>();
    let (heard, incoming) = mpsc::channel();
    // A writer of its own: an adapter that does not read must not hold the judge.
    thread::spawn(move || {
        for line in to_write {
            if stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || listen(stdout, &heard));
    let kept = Arc::clone(stderr);
    thread::spawn(move || keep_noise(noise, &kept));
    Ok(Running { child, outgoing: Some(outgoing), incoming })
}

fn listen(stdout: impl Read, heard: &Sender<Incoming>) {
    let mut stdout = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let mut line = Vec::new();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
        let incoming = match stdout.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(0) => Err(TransportError::Exited(String::new())),
            Ok(_) if line.len() > LINE_BYTES_MAX => {
                Err(TransportError::BadLine("a line must not be longer than 8 MiB".into()))
            }
            Ok(_) => {
                if line.last() == Some(&b'\n') {
                    line.pop();
                }
                String::from_utf8(line)
                    .map_err(|_| TransportError::BadLine("a line must be UTF-8".into()))
            }
            Err(error) => Err(TransportError::Io(error.to_string())),
        };
        let last = incoming.is_err();
        if heard.send(incoming).is_err() || last {
            return;
        }
    }
}

fn keep_noise(noise: impl Read, kept: &Mutex<VecDeque<String>>) {
    let mut noise = BufReader::new(noise);
    loop {
        let mut line = Vec::new();
        match noise.by_ref().take(1 << 20).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == STDERR_LINES {
                    kept.pop_front();
                }
                kept.push_back(crate::subject::cut(text.trim_end(), STDERR_LINE_BYTES));
            }
        }
    }
}

fn how_it_ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        let name = match signal {
            4 => " (SIGILL)",
            6 => " (SIGABRT)",
            7 => " (SIGBUS)",
            8 => " (SIGFPE)",
            9 => " (SIGKILL)",
            11 => " (SIGSEGV)",
            15 => " (SIGTERM)",
            _ => "",
        };
        return format!("signal {signal}{name}");
    }
    status.code().map_or_else(|| "unknown".into(), |code| format!("exit code {code}"))
}
