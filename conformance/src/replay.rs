//! The files that failures leave, and `conformance replay`, which runs one of them again.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    builtin,
    campaign::Judgee,
    case::{Case, Failure},
    cli::{JudgeOptions, ReplayArgs},
    output, report,
    runner::Settings,
    server::setup::Setup,
    stored::Stored,
    subject::Step,
    transport::process::Process,
    verdict::{Ended, FailOn, RunResult},
};

/// What a failure leaves: all it takes to run it again.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReplayFile {
    /// Always `countersign-replay/1`.
    pub format: String,
    /// The suite's version.
    pub suite: String,
    /// The case.
    pub case: String,
    /// The run's seed, hex.
    pub seed: String,
    /// The adapter's command; empty for the built-in reference.
    pub command: Vec<String>,
    /// How the server is reached, when it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub server: Option<Setup>,
    /// The factor of all timeouts.
    pub timeout_scale: f64,
    /// The folder of the transcripts, when the case replays one that is not built in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transcripts: Option<String>,
    /// What was found.
    pub failure: Failure,
    /// The last exchanges.
    pub steps: Vec<Step>,
    /// What the subject wrote to stderr.
    pub stderr: String,
}

/// The format this version writes and reads.
const FORMAT: &str = "countersign-replay/1";

/// Writes one file per failure and puts the command that runs it again into the verdicts.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_files(result: &mut RunResult, options: &JudgeOptions) -> io::Result<()> {
    fs::create_dir_all(&options.out)?;
    remove_old(&options.out)?;
    let mut number = 0;
    for verdict in &mut result.verdicts {
        let Ended::Fail { failure } = &verdict.ended else { continue };
        number += 1;
        let path = options.out.join(format!("fail-{number:04}.json"));
        let file = ReplayFile {
            format: FORMAT.into(),
            suite: crate::SUITE_VERSION.into(),
            case: verdict.case.clone(),
            seed: result.seed.clone(),
            command: result.command.clone(),
            server: result.setup.clone(),
            timeout_scale: options.timeout_scale,
            transcripts: result.transcripts.clone(),
            failure: failure.clone(),
            steps: verdict.steps.clone(),
            stderr: verdict.stderr.clone(),
        };
        fs::write(&path, serde_json::to_string_pretty(&file)? + "\n")?;
        let command = format!("conformance replay {}", path.display());
        result.first_replay.get_or_insert_with(|| command.clone());
        verdict.replay = Some(command);
    }
    Ok(())
}

/// Removes the replay files of an earlier run, so that none of them is mistaken for this one's.
fn remove_old(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("fail-") && name.ends_with(".json") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// `conformance replay`: runs the recorded case alone, with the recorded seed, and says whether it still fails.
///
/// # Errors
/// For the user: what is wrong with the file.
pub fn run(args: &ReplayArgs) -> Result<u8, String> {
    let file = read(&args.file)?;
    let (case, stored) = find(&file)?;
    let judgee = judgee(&file, args);
    let settings = Settings {
        seed: crate::campaign::seed(Some(&file.seed))?,
        jobs: 1,
        timeout_scale: file.timeout_scale,
        fail_fast: false,
        trace: true,
        scripts: stored.scripts,
    };
    let (ready, hello) = judgee.ready(&settings)?;
    let judged = ready.judge(&[case], &settings, &|_| ())?;
    let result = RunResult {
        profile: judgee.profile(),
        subject: judgee.name(),
        command: judgee.command(),
        setup: None,
        implementation: hello.implementation,
        capabilities: hello.capabilities,
        seed: file.seed.clone(),
        verdicts: judged.verdicts,
        inconclusive: None,
        given_up: judged.given_up,
        took: std::time::Duration::ZERO,
        first_replay: None,
        transcripts: None,
        fail_on: FailOn::Should,
    };
    output::say(&report::text::render(&result, report::text::Detail::Verbose));
    Ok(result.exit_code())
}

/// What is judged again: as recorded, unless the command line names another.
fn judgee(file: &ReplayFile, args: &ReplayArgs) -> Judgee {
    let command = if args.command.is_empty() { &file.command } else { &args.command };
    match &file.server {
        Some(setup) => {
            let mut setup = setup.clone();
            if args.url.is_some() {
                (setup.url, setup.command) = (args.url.clone(), Vec::new());
            } else if !args.command.is_empty() {
                (setup.url, setup.command) = (None, command.clone());
            }
            Judgee::Server(Box::new(setup))
        }
        None if command.is_empty() => Judgee::Adapter(builtin::reference()),
        None => Judgee::Adapter(Process::launcher(command)),
    }
}

fn read(path: &Path) -> Result<ReplayFile, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let file: ReplayFile = serde_json::from_str(&text)
        .map_err(|error| format!("{} is no replay file: {error}", path.display()))?;
    if file.format != FORMAT {
        return Err(format!(
            "{} has the format {}; this program reads {FORMAT}",
            path.display(),
            file.format
        ));
    }
    Ok(file)
}

fn find(file: &ReplayFile) -> Result<(&'static Case, Stored), String> {
    let stored = match &file.transcripts {
        Some(folder) => Stored::in_folder(Path::new(folder))?,
        None => Stored::built_in()?.clone(),
    };
    let probes = crate::probes::PROBES.iter().chain(crate::server::probes::PROBES);
    let cases = probes.chain(crate::cases::all());
    let case = cases.chain(stored.cases.iter().copied()).find(|case| case.id == file.case);
    let case =
        case.ok_or_else(|| format!("this version of the suite has no case {}", file.case))?;
    Ok((case, stored))
}
