//! Stored bytes and the cases that replay them: recorded transcripts and composed vectors.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use crate::{
    case::{Body, Case, Kind, Outcome, Stop, Trouble},
    run::Run,
    transcripts::{self, format::Transcript},
    vectors::{self, format::Vector},
};

include!(concat!(env!("OUT_DIR"), "/recorded.rs"));
include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

/// What a case replays.
#[derive(Clone, Debug)]
pub enum Script {
    /// Traffic of a real implementation.
    Transcript(Box<Transcript>),
    /// Requests with the replies they must get.
    Vector(Box<Vector>),
}

/// Scripts by the id of their case.
pub type Scripts = Arc<BTreeMap<&'static str, Script>>;

/// Scripts and the cases that replay them.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// One case per script.
    pub cases: Vec<&'static Case>,
    /// What they replay.
    pub scripts: Scripts,
}

impl Stored {
    /// What is built into this program: the vectors, then the recorded transcripts.
    ///
    /// # Errors
    /// When one of them is malformed: a defect of the suite.
    pub fn built_in() -> Result<&'static Self, String> {
        static BUILT_IN: OnceLock<Result<Stored, String>> = OnceLock::new();
        let read = || {
            let files = VECTORS.iter().chain(RECORDED);
            Self::read(files.map(|(name, bytes)| Ok(((*name).to_owned(), bytes.to_vec()))))
        };
        BUILT_IN.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// All `.json` and `.json.gz` files under a folder, schemas left out, or one such file.
    ///
    /// # Errors
    /// For the user: what cannot be read, or is neither a transcript nor a file of vectors.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        let mut paths = Vec::new();
        collect(folder, &mut paths)?;
        if paths.is_empty() {
            return Err(format!("there are no .json or .json.gz files in {}", folder.display()));
        }
        paths.sort();
        Self::read(paths.into_iter().map(|path| {
            let bytes = fs::read(&path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Ok((path.display().to_string(), bytes))
        }))
    }

    fn read(
        files: impl Iterator<Item = Result<(String, Vec<u8>), String>>,
    ) -> Result<Self, String> {
        let (mut scripts, mut cases) = (BTreeMap::new(), Vec::new());
        for file in files {
            let (name, bytes) = file?;
            let found =
                parsed(&unpacked(&name, bytes)?).map_err(|error| format!("{name}: {error}"))?;
            for (case, script) in found {
                // Cases live as long as the program: the table of stored cases is built once in a run.
                let case: &'static Case = Box::leak(Box::new(case));
                if scripts.insert(case.id, script).is_some() {
                    return Err(format!("{name}: the id {} is there twice", case.id));
                }
                cases.push(case);
            }
        }
        Ok(Self { cases, scripts: Arc::new(scripts) })
    }
}

/// Reads one file of either format.
fn parsed(bytes: &[u8]) -> Result<Vec<(Case, Script)>, String> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("not JSON: {error}"))?;
    match value.get("format").and_then(Value::as_str) {
        Some(transcripts::format::FORMAT) => {
            let transcript = Transcript::parse(value)?;
            let case = transcripts::case(&transcript);
            Ok(vec![(case, Script::Transcript(Box::new(transcript)))])
        }
        Some(vectors::format::FORMAT) => {
            let cases = vectors::cases(vectors::format::read(value)?)?;
            Ok(cases
                .into_iter()
                .map(|(case, vector)| (case, Script::Vector(Box::new(vector))))
                .collect())
        }
        other => Err(format!(
            "its field \"format\" is {}; this program reads {} and {}",
            other.map_or_else(|| "not there".into(), |other| format!("\"{other}\"")),
            transcripts::format::FORMAT,
            vectors::format::FORMAT
        )),
    }
}

/// The body of every stored case: replays what its id names.
///
/// # Errors
/// A failed or inconclusive case.
pub fn replay(run: &mut Run) -> Outcome {
    let scripts = run.scripts();
    match scripts.get(run.case()) {
        Some(Script::Transcript(transcript)) => transcripts::replay::replay(run, transcript),
        Some(Script::Vector(vector)) => vectors::replay::replay(run, vector),
        None => {
            Err(Stop::Inconclusive(Trouble::Judge(format!("nothing stored for {}", run.case()))))
        }
    }
}

/// A stored case: [`Kind::Vector`], replayed by [`replay`].
pub(crate) fn case(id: String, template: Case) -> Case {
    Case {
        id: Box::leak(id.into_boxed_str()),
        kind: Kind::Vector,
        body: Body::Library(replay),
        ..template
    }
}

fn unpacked(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !name.ends_with(".gz") {
        return Ok(bytes);
    }
    let mut unpacked = Vec::new();
    let read = flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked);
    read.map_err(|error| format!("{name}: not gzip: {error}"))?;
    Ok(unpacked)
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let cannot = |error| format!("cannot read {}: {error}", path.display());
    let name = path.to_string_lossy();
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(cannot)? {
            collect(&entry.map_err(cannot)?.path(), found)?;
        }
    } else if !path.exists() {
        return Err(format!("there is no {}", path.display()));
    } else if [".json", ".json.gz"].iter().any(|end| name.ends_with(end))
        && !name.ends_with(".schema.json")
    {
        found.push(path.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_built_in_is_well_formed() {
        let stored = Stored::built_in().unwrap();
        let count =
            |area: &str| stored.cases.iter().filter(|case| case.id.starts_with(area)).count();
        assert!(count("recorded/") >= 129 && count("vector/") >= 442, "{}", stored.cases.len());
    }

    #[test]
    fn what_is_neither_format_is_named() {
        let error = |text: &str| parsed(text.as_bytes()).unwrap_err();
        assert!(error("{").starts_with("not JSON"));
        assert!(error("{}").contains("is not there"));
        assert!(error(r#"{"format":"other/1"}"#).contains("\"other/1\""));
        assert!(error(r#"{"format":"libsignal-transcript/1"}"#).contains("missing field"));
        assert!(error(r#"{"format":"countersign-vectors/1"}"#).contains("missing field"));
    }
}
