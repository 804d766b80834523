//! Reports: one result, rendered as text, JSON and `junit.xml`. They are written whatever the outcome.

pub mod json;
pub mod junit;
pub mod text;

use std::{fs, io, path::Path};

use crate::{cli::JudgeOptions, verdict::RunResult};

/// Writes `report.txt`, `report.json` and `junit.xml` into the output folder, and where else the user wants them.
///
/// # Errors
/// When a file cannot be written.
pub fn write_all(result: &RunResult, options: &JudgeOptions) -> io::Result<()> {
    let text =
        anstream::adapter::strip_str(&text::render(result, text::Detail::Verbose)).to_string();
    let json = json::render(result)?;
    let junit = junit::render(result).map_err(io::Error::other)?;
    write(&options.out.join("report.txt"), &(text + "\n"))?;
    write(&options.out.join("report.json"), &json)?;
    write(&options.out.join("junit.xml"), &junit)?;
    options.json.iter().try_for_each(|path| write(path, &json))?;
    options.junit.iter().try_for_each(|path| write(path, &junit))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(named)?;
    }
    fs::write(path, text).map_err(named)
}
