//! The command line.

mod explain;
mod run;
mod select;
mod self_test;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use conformance::catalogue;
use conformance::driver::Client;
use conformance::exit::Exit;
use conformance::file::FileError;
use conformance::manifest::Manifest;
use conformance::policy::Policy;
use conformance::target::TargetError;
use reference_client::{Defect, Habits};

/// Drive a client of twinzo or Timbr through a catalogue of cases, and judge what it does.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, after_help = EXITS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXITS: &str = "Exit status: 0 conformant, 1 a case failed, 2 wrong usage, 3 nothing was run or a case is inconclusive, \
4 the manifest, another file or the driver is wrong, 5 the harness is wrong, 6 only warnings and --strict.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run cases against a client.
    Run(run::Arguments),
    /// List the cases.
    List,
    /// Say what a case is about, what usually breaks it, and what a good exchange looks like.
    Explain {
        /// A case such as REF-01, or a check of one such as REF-01.replayed.
        case: String,
    },
    /// Look at a driver before it is used.
    #[command(subcommand)]
    Driver(DriverCommand),
    /// Prove the harness on bad clients, which must be caught, and on good ones of other habits, which must pass.
    SelfTest {
        /// Of everything that the server gives out.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, Subcommand)]
enum DriverCommand {
    /// Check handshake, operations, log text, idle traffic and the end of a driver.
    Lint {
        /// The client's manifest.
        manifest: PathBuf,
    },
    /// Serve the reference client on standard input and output, as an example of a driver.
    Reference {
        /// With a defect of this name, see self-test.
        #[arg(long, value_parser = defect)]
        defect: Option<Defect>,
    },
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the server: {0}")]
    Target(#[from] TargetError),
    #[error("{0}")]
    Selection(String),
    #[error("cannot write {}: {cause}", .path.display())]
    Unwritable { path: PathBuf, cause: io::Error },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
    #[error("interrupted")]
    Interrupted,
}

// === impl Failure ===

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::File(_) | Self::Unwritable { .. } => Exit::Config,
            Self::Selection(_) | Self::Interrupted => Exit::Incomplete,
            Self::Target(_) | Self::Print(_) => Exit::Harness,
        }
    }
}

// === impl Cli ===

impl Cli {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let exit = runtime.block_on(async {
            tokio::select! {
                exit = self.command.run() => exit,
                // Drivers end with what holds them.
                () = interrupted() => Err(Failure::Interrupted),
            }
        });
        // A driver that does not go must not keep us.
        runtime.shutdown_background();
        match exit {
            // Who reads no more has read enough.
            Err(Failure::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Conformant),
            exit => exit,
        }
    }
}

// === impl Command ===

impl Command {
    async fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Run(arguments) => run::run(arguments).await,
            Self::List => list(&mut io::stdout().lock()),
            Self::Explain { case } => explain::explain(&case).await,
            Self::Driver(DriverCommand::Lint { manifest }) => lint(&manifest).await,
            Self::Driver(DriverCommand::Reference { defect }) => {
                let input = tokio::io::BufReader::new(tokio::io::stdin());
                let habits = Habits { defect, ..Habits::default() };
                reference_client::serve(input, tokio::io::stdout(), habits).await?;
                Ok(Exit::Conformant)
            }
            Self::SelfTest { seed } => self_test::self_test(seed).await,
        }
    }
}

/// Somebody wants us to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    tokio::signal::ctrl_c().await.unwrap_or_default();
}

fn list(out: &mut impl Write) -> Result<Exit, Failure> {
    let policy = Policy::baseline()?;
    for case in catalogue::all() {
        let clause = case.clause();
        let level = policy.strictest(case).name();
        writeln!(out, "{:<8} {level:<6} {:<6} {}", case.id, clause.basis.name(), clause.title)?;
        for check in case.checks {
            let level = policy.level(clause, check.kind).name();
            writeln!(out, "         {level:<6} {}.{}: {}", case.id, check.name, check.says)?;
        }
    }
    writeln!(out, "\nEvery case also has the check `ends`: MUST, each call comes to an end.")?;
    Ok(Exit::Conformant)
}

async fn lint(manifest: &Path) -> Result<Exit, Failure> {
    let findings = conformance::driver::lint(&Manifest::load(manifest)?).await?;
    let mut out = io::stdout().lock();
    let mut exit = Exit::Conformant;
    for finding in findings {
        match finding.wrong {
            None => writeln!(out, "   ok  {}", finding.what)?,
            Some(why) => {
                exit = Exit::Config;
                writeln!(out, "WRONG  {}: {why}", finding.what)?;
            }
        }
    }
    Ok(exit)
}

fn defect(name: &str) -> Result<Defect, String> {
    let known = Defect::ALL.iter().find(|defect| defect.name() == name).copied();
    known.ok_or_else(|| {
        format!("allowed: {}", Defect::ALL.iter().map(|defect| defect.name()).collect::<Vec<_>>().join(", "))
    })
}

/// The built-in client, or the one that a manifest describes.
fn client(named: &str) -> Result<Client, Failure> {
    if named == "reference" {
        return Ok(Client::Reference(Habits::default()));
    }
    Ok(Client::External(Box::new(Manifest::load(Path::new(named))?)))
}
