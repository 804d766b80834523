//! Schemathesis calls the built server by the interface's document, with cases it makes from the schemas.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    conformance::binary,
    machine,
    steps::{command, root, shown, succeed},
};

/// Rates that nobody meets, so that every case reaches its operation, and passwords that cost little.
const SETTINGS: &str = "\
listen = \"127.0.0.1:0\"
log = { filter = \"warn\" }
passwords = { memory_kib = 64, passes = 1, waiting = 20000 }
[rates]
signup = { burst = 1000000, per_seconds = 0.000001 }
login_username = { burst = 1000000, per_seconds = 0.000001 }
login_address = { burst = 1000000, per_seconds = 0.000001 }
provisioning = { burst = 1000000, per_seconds = 0.000001 }
claim = { burst = 1000000, per_seconds = 0.000001 }
send = { burst = 1000000, per_seconds = 0.000001 }
";

/// Builds what is called and what calls, then runs all cases.
pub(crate) fn build_and_run() -> Result<()> {
    succeed(&mut command(
        "cargo build --quiet --package countersign-server --package countersign-load",
    ))?;
    run()
}

/// Runs all cases; shows what schemathesis says when one of them fails.
pub(crate) fn run() -> Result<()> {
    let program = machine::ensure_schemathesis()?;
    let folder = root().join("target/schemathesis");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let server = Server::start(&folder)?;
    let spec = root().join("spec");
    let mut cases = Command::new(program);
    cases
        .arg("--config-file")
        .arg(spec.join("schemathesis.toml"))
        .arg("run")
        .arg(spec.join("openapi.yaml"))
        .args(["--url", &server.url, "--no-color"])
        .envs(cast(&server.url)?)
        .env("SCHEMATHESIS_HOOKS", spec.join("schemathesis_hooks.py"))
        .current_dir(&folder);
    judge(&mut cases, &folder)
}

/// A server on a database of its own, which ends with this value.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path) -> Result<Self> {
        let settings = folder.join("settings.toml");
        fs::write(&settings, SETTINGS)
            .with_context(|| format!("cannot write {}", settings.display()))?;
        let mut program = Command::new(binary("countersign-server")?);
        program.arg("--config").arg(settings).arg("--database").arg(folder.join("server.db"));
        let process = program
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", shown(&program)))?;
        let mut server = Self { process, url: String::new() };
        let output = server.process.stdout.take().context("the server has no output")?;
        BufReader::new(output).read_line(&mut server.url).context("the server says nothing")?;
        server.url = server.url.trim().to_owned();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // When it has ended by itself, there is nothing left to end.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Accounts on the server, as the variables that spec/schemathesis.toml and the hooks read.
fn cast(url: &str) -> Result<Vec<(String, String)>> {
    let address = url.strip_prefix("http://").context("the server's URL is not http")?;
    let mut program = Command::new(binary("countersign-load")?);
    program.args(["cast", address]);
    let made = program.output().with_context(|| format!("cannot start `{}`", shown(&program)))?;
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr);
        bail!("`{}` ended with {}: {said}", shown(&program), made.status);
    }
    let lines = String::from_utf8(made.stdout).context("the accounts are not UTF-8")?;
    let pairs = lines.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn judge(cases: &mut Command, folder: &Path) -> Result<()> {
    let done = cases.output().with_context(|| format!("cannot start `{}`", shown(cases)))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let report = folder.join("report.txt");
    fs::write(&report, said.as_bytes())
        .with_context(|| format!("cannot write {}", report.display()))?;
    if !done.status.success() {
        println!("{said}{}", String::from_utf8_lossy(&done.stderr));
        bail!("`{}` ended with {}", shown(cases), done.status);
    }
    for line in
        said.lines().filter(|line| line.contains(" generated, ") || line.contains("covered"))
    {
        println!("   {}", line.trim());
    }
    Ok(())
}
