//! The documents of the server's interface: `OpenAPI`, `AsyncAPI` and the schemas they refer to.

use std::process::Command;

use anyhow::Result;

use crate::{
    machine,
    steps::{root, succeed},
};

/// Lints all of them; installs the linters when they are absent.
pub(crate) fn lint() -> Result<()> {
    let tools = machine::ensure_spec_tools()?;
    let programs = tools.join("node_modules/.bin");
    let spec = root().join("spec");
    succeed(
        Command::new(programs.join("redocly"))
            .args(["lint", "openapi.yaml", "--config", "redocly.yaml"])
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
            .current_dir(&spec),
    )?;
    succeed(
        Command::new(programs.join("spectral"))
            .args(["lint", "openapi.yaml", "--ruleset", ".spectral.yaml"])
            .args(["--fail-severity", "warn"])
            .current_dir(&spec),
    )?;
    succeed(
        Command::new("node")
            .arg(spec.join("schemas/check-asyncapi.mjs"))
            .arg(spec.join("asyncapi.yaml"))
            .current_dir(&tools),
    )
}
