//! One function per command of the program.

use crate::{
    builtin,
    campaign::{self, Campaign, Judgee, Usage},
    case::{Case, Profile},
    cases, check,
    cli::{
        AdapterArgs, AdapterCommand, Cli, Command, JudgeOptions, MutantsCommand, ServerArgs,
        TranscriptsArgs,
    },
    expect_file, explain, mutants, output, probes, replay, server,
    stored::Stored,
    trace,
    transport::{Launcher, process::Process},
};

/// Runs a command line. The exit code comes back; 5 when a built-in vector or transcript is malformed.
///
/// # Errors
/// A usage error, exit code 2.
pub fn run(cli: Cli) -> Result<u8, Usage> {
    if let Err(defect) = Stored::built_in() {
        output::warn(&format!("{} {defect}", output::red("defect of the suite:")));
        return Ok(5);
    }
    match cli.command {
        None => everything(builtin::reference(), &cli.options),
        Some(Command::Adapter(args)) => adapter(args),
        Some(Command::Server(args)) => serve(&args),
        Some(Command::Transcripts(args)) => transcripts(&args),
        Some(Command::List(args)) => explain::list(&args),
        Some(Command::Explain(args)) => explain::explain(&args),
        Some(Command::Trace(args)) => trace::run(&args),
        Some(Command::Mutants(args)) => match args.command {
            MutantsCommand::List => Ok(mutants::list()),
            MutantsCommand::Run(args) => mutants::run(&args, mutants::Extent::OwnRequirement),
            MutantsCommand::Matrix(args) => mutants::run(&args, mutants::Extent::Everything),
            MutantsCommand::Servers(args) => server::mutants::run(&args),
        },
        Some(Command::Replay(args)) => replay::run(&args),
        Some(Command::Expect(args)) => expect_file::run(&args),
    }
}

/// All cases of the suite: the probes, the chapters, the vectors, the recorded transcripts, the servers' probes.
///
/// # Errors
/// When a built-in file is malformed, which [`run`] has found before.
pub fn all_cases() -> Result<(Vec<&'static Case>, Stored), Usage> {
    let stored = Stored::built_in()?.clone();
    let probes = probes::PROBES.iter().filter(|probe| cases::all().all(|case| case.id != probe.id));
    let cases = probes.chain(cases::all()).chain(stored.cases.iter().copied());
    Ok((cases.chain(server::probes::PROBES).collect(), stored))
}

/// The cases of one profile.
fn cases_of(profile: Profile) -> Result<(Vec<&'static Case>, Stored), Usage> {
    let (mut cases, stored) = all_cases()?;
    cases.retain(|case| case.profile() == profile);
    Ok((cases, stored))
}

fn everything(launcher: Launcher, options: &JudgeOptions) -> Result<u8, Usage> {
    let (cases, stored) = cases_of(Profile::Library)?;
    let judgee = Judgee::Adapter(launcher);
    campaign::run(&Campaign { judgee, cases, stored, folder: None, probes: true }, options)
}

fn serve(args: &ServerArgs) -> Result<u8, Usage> {
    let (cases, stored) = cases_of(Profile::Server)?;
    let judgee = Judgee::Server(Box::new(args.into()));
    campaign::run(&Campaign { judgee, cases, stored, folder: None, probes: true }, &args.options)
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
    let stored = Stored::in_folder(&args.folder)?;
    let launcher = if args.command.is_empty() {
        builtin::reference()
    } else {
        Process::launcher(&args.command)
    };
    let cases = stored.cases.clone();
    let folder = Some(args.folder.display().to_string());
    let judgee = Judgee::Adapter(launcher);
    campaign::run(&Campaign { judgee, cases, stored, folder, probes: true }, &args.options)
}
