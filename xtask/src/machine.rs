//! What this machine has, and how to get what it lacks: Debian packages, npm packages, cargo subcommands.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::steps::{command, root, succeed, works};

/// The folder of the adapter for the real libsignal.
pub(crate) const LIBSIGNAL_NODE: &str = "adapters/libsignal-node";

/// Makes sure of Node.js 18 or newer and npm, from Debian's packages when they are absent.
pub(crate) fn ensure_node() -> Result<()> {
    if node_major().is_some_and(|major| major >= 18) && works("npm --version") {
        return Ok(());
    }
    install_debian(&["nodejs", "npm"])?;
    match node_major() {
        Some(major) if major >= 18 => Ok(()),
        Some(major) => {
            bail!("Node.js {major} is installed, and the libsignal adapter needs 18 or newer")
        }
        None => bail!("Node.js is not installed"),
    }
}

/// Installs the pinned npm packages of the libsignal adapter into its own ignored folder.
pub(crate) fn ensure_libsignal() -> Result<()> {
    let folder = root().join(LIBSIGNAL_NODE);
    let (wanted, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.installed-lock"));
    let wanted = fs::read(&wanted).with_context(|| format!("cannot read {}", wanted.display()))?;
    if fs::read(&installed).is_ok_and(|lock| lock == wanted) {
        return Ok(());
    }
    ensure_node()?;
    println!("   npm ci in {LIBSIGNAL_NODE}");
    succeed(command("npm ci --no-audit --no-fund --loglevel=error").current_dir(&folder))?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// What checks the interface's documents, each at the version that was tried.
const SPEC_TOOLS: [&str; 3] =
    ["@redocly/cli@2.77.0", "@stoplight/spectral-cli@6.16.3", "@asyncapi/parser@3.6.3"];

/// Installs the linters of the interface's documents into an ignored folder, and gives that folder.
pub(crate) fn ensure_spec_tools() -> Result<PathBuf> {
    let folder = root().join("target/spec-tools");
    let (wanted, mark) = (SPEC_TOOLS.join(" "), folder.join("installed"));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    ensure_node()?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    println!("   npm install {wanted}");
    let line = format!("npm install --no-audit --no-fund --no-save --loglevel=error {wanted}");
    succeed(command(&line).current_dir(&folder))?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(folder)
}

/// What makes cases from the schemas of the interface's document, at the version that was tried.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Installs schemathesis into an ignored Python environment, and gives its program.
pub(crate) fn ensure_schemathesis() -> Result<PathBuf> {
    let folder = root().join("target/schemathesis-tools");
    let (program, mark) = (folder.join("bin/schemathesis"), folder.join("installed"));
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == SCHEMATHESIS) {
        return Ok(program);
    }
    if !works("python3 -m ensurepip --version") {
        install_debian(&["python3-venv"])?;
    }
    println!("   pip install {SCHEMATHESIS}");
    succeed(command("python3 -m venv --clear").arg(&folder))?;
    succeed(Command::new(folder.join("bin/python")).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        SCHEMATHESIS,
    ]))?;
    fs::write(&mark, SCHEMATHESIS).with_context(|| format!("cannot write {}", mark.display()))?;
    Ok(program)
}

/// Makes sure of `cargo NAME`, built from its crate when it is absent.
pub(crate) fn ensure_cargo_command(name: &str, version: &str) -> Result<()> {
    if works(&format!("cargo {name} --version")) {
        return Ok(());
    }
    println!("   cargo-{name} is absent: building it from its crate, once");
    succeed(&mut command(&format!("cargo install --locked cargo-{name}@{version}")))
}

fn node_major() -> Option<u32> {
    let output = command("node --version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

fn install_debian(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    let sudo = if works("test -w /usr/bin") {
        ""
    } else if works("sudo -n true") {
        "sudo "
    } else {
        bail!("missing: {names}. Install them, or run this as root or with sudo");
    };
    if !works("apt-get --version") {
        bail!("missing: {names}, and there is no apt-get here to install them with");
    }
    println!("   apt-get install {names}");
    succeed(&mut command(&format!("{sudo}apt-get update -qq")))?;
    succeed(&mut command(&format!("{sudo}apt-get install -y -qq --no-install-recommends {names}")))
}
