//! One function per command of the program.

use crate::{
    builtin,
    campaign::{self, Campaign, Usage},
    case::Case,
    cases, check,
    cli::{
        AdapterArgs, AdapterCommand, Cli, Command, JudgeOptions, MutantsCommand, TranscriptsArgs,
    },
    expect_file, explain, mutants, probes, replay, trace,
    transcripts::Recorded,
    transport::{Launcher, process::Process},
};

/// Runs a command line. The exit code comes back.
///
/// # Errors
/// A usage error, exit code 2.
pub fn run(cli: Cli) -> Result<u8, Usage> {
    match cli.command {
        None => everything(builtin::reference(), &cli.options),
        Some(Command::Adapter(args)) => adapter(args),
        Some(Command::Transcripts(args)) => transcripts(&args),
        Some(Command::List(args)) => explain::list(&args),
        Some(Command::Explain(args)) => explain::explain(&args),
        Some(Command::Trace(args)) => trace::run(&args),
        Some(Command::Mutants(args)) => match args.command {
            MutantsCommand::List => Ok(mutants::list()),
            MutantsCommand::Run(args) => mutants::run(&args, mutants::Extent::OwnRequirement),
            MutantsCommand::Matrix(args) => mutants::run(&args, mutants::Extent::Everything),
        },
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Expect(args)) => expect_file::run(&args),
    }
}

/// All cases of the suite: the probes, the chapters, the recorded transcripts.
///
/// # Errors
/// When a built-in transcript is malformed.
pub fn all_cases() -> Result<(Vec<&'static Case>, Recorded), Usage> {
    let recorded = Recorded::built_in()?;
    let probes = probes::PROBES.iter().filter(|probe| cases::all().all(|case| case.id != probe.id));
    let cases = probes.chain(cases::all()).chain(recorded.cases.iter().copied()).collect();
    Ok((cases, recorded))
}

fn everything(launcher: Launcher, options: &JudgeOptions) -> Result<u8, Usage> {
    let (cases, recorded) = all_cases()?;
    campaign::run(&Campaign { launcher, cases, recorded, folder: None, probes: true }, options)
}

fn adapter(args: AdapterArgs) -> Result<u8, Usage> {
    if let Some(AdapterCommand::Check(check)) = args.check {
        return Ok(check::run(&check));
    }
    if args.command.is_empty() {
        return Err(
            "the adapter's command is missing: conformance adapter [OPTIONS] -- COMMAND".into()
        );
    }
    everything(Process::launcher(&args.command), &args.options)
}

fn transcripts(args: &TranscriptsArgs) -> Result<u8, Usage> {
    let recorded = Recorded::in_folder(&args.folder)?;
    let launcher = if args.command.is_empty() {
        builtin::reference()
    } else {
        Process::launcher(&args.command)
    };
    let cases = recorded.cases.clone();
    let folder = Some(args.folder.display().to_string());
    campaign::run(&Campaign { launcher, cases, recorded, folder, probes: true }, &args.options)
}
