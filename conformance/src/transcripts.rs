//! Recorded traffic of real implementations, format `libsignal-transcript/1`, replayed through a subject.

pub mod fingerprints;
pub mod format;
pub mod groups;
pub mod parties;
pub mod replay;

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    case::{Case, Kind, Outcome, Severity},
    run::Run,
};

use format::Transcript;

include!(concat!(env!("OUT_DIR"), "/recorded.rs"));

/// Transcripts by the id of their case.
pub type Transcripts = Arc<BTreeMap<&'static str, Transcript>>;

/// Transcripts and the cases that replay them.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// One case per transcript.
    pub cases: Vec<&'static Case>,
    /// What they replay.
    pub transcripts: Transcripts,
}

impl Recorded {
    /// The transcripts that are built into this program.
    ///
    /// # Errors
    /// When one of them is malformed, which a test rules out.
    pub fn built_in() -> Result<Self, String> {
        let files = FILES.iter().map(|(name, bytes)| Ok(((*name).to_owned(), bytes.to_vec())));
        Self::read(files)
    }

    /// All `.json` and `.json.gz` files under a folder, or one such file.
    ///
    /// # Errors
    /// For the user: what cannot be read, or is no transcript.
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
            Ok((path.strip_prefix(folder).unwrap_or(&path).display().to_string(), bytes))
        }))
    }

    fn read(
        files: impl Iterator<Item = Result<(String, Vec<u8>), String>>,
    ) -> Result<Self, String> {
        let mut transcripts = BTreeMap::new();
        let mut cases = Vec::new();
        for file in files {
            let (name, bytes) = file?;
            let transcript = Transcript::parse(&unpacked(&name, bytes)?)
                .map_err(|error| format!("{name}: {error}"))?;
            // Cases live as long as the program: the table of recorded cases is built once in a run.
            let id: &'static str = Box::leak(
                format!("recorded/{}/{}", transcript.kind, transcript.id).into_boxed_str(),
            );
            let needs = needs(&transcript.kind);
            let case = Case {
                id,
                reqs: &[],
                needs,
                severity: Severity::Interop,
                kind: Kind::Vector,
                run: replay_recorded,
            };
            if transcripts.insert(id, transcript).is_some() {
                return Err(format!("{name}: there are two transcripts with the id {id}"));
            }
            cases.push(&*Box::leak(Box::new(case)));
        }
        Ok(Self { cases, transcripts: Arc::new(transcripts) })
    }
}

fn replay_recorded(run: &mut Run) -> Outcome {
    let transcripts = run.transcripts();
    match transcripts.get(run.case()) {
        Some(transcript) => replay::replay(run, transcript),
        None => Err(crate::case::Stop::Inconclusive(crate::case::Trouble::Judge(format!(
            "no transcript {}",
            run.case()
        )))),
    }
}

/// The capabilities a kind of transcript needs. Those of suites that nobody can declare yet make it `unsupported`.
fn needs(kind: &str) -> &'static [&'static str] {
    match kind {
        "x3dh-v3" => &["signal-v3/1", "profile.compatible"],
        "sender-keys" => &["sender-key-v3/1"],
        "fingerprints" => &["fingerprint/1"],
        "pqxdh-v4" => &["signal-v4/1"],
        "pqxdh-v4-spqr" => &["signal-v4-spqr/1"],
        _ => &["sealed-sender/1"],
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
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(cannot)? {
            collect(&entry.map_err(cannot)?.path(), found)?;
        }
    } else if !path.exists() {
        return Err(format!("there is no {}", path.display()));
    } else if [".json", ".json.gz"].iter().any(|end| path.to_string_lossy().ends_with(end)) {
        found.push(path.to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_transcript_parses() {
        let recorded = Recorded::built_in().unwrap();
        assert!(recorded.cases.len() >= 129, "{}", recorded.cases.len());
    }
}
