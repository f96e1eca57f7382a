//! `conformance run`.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use conformance::catalogue;
use conformance::driver::Client;
use conformance::exit::Exit;
use conformance::ledger::Ledger;
use conformance::policy::Policy;
use conformance::report::Human;
use conformance::results::Results;
use conformance::runner::{CaseOutcome, Run};
use conformance::transcript::{render, view};
use jiff::civil::Date;

use super::{Failure, client, select};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The client's manifest, a TOML file; or `reference` for the built-in one.
    #[arg(long, value_name = "FILE|reference")]
    client: String,
    /// Only these cases: ids, or beginnings of ids with a star.
    #[arg(long, value_name = "CASE,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Of everything that the server gives out: names, GUIDs, tokens, times.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How clauses are graded that rest on no vendor's and no RFC's word; the built-in baseline if absent.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the results as well: `json=FILE`.
    #[arg(long, value_name = "KIND=FILE")]
    report: Vec<Report>,
    /// Write what happened in each case into this folder, as JSON and as text.
    #[arg(long, value_name = "FOLDER")]
    transcripts: Option<PathBuf>,
    /// Exit with 6 if there are warnings and nothing worse.
    #[arg(long)]
    strict: bool,
    /// Run it so many times, and compare the digests.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeat: u32,
    /// The day by which expected failures expire; today if absent.
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<Date>,
}

/// Where a report goes, and what kind it is.
#[derive(Clone, Debug)]
enum Report {
    Json(PathBuf),
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("json", path)) if !path.is_empty() => Ok(Self::Json(path.into())),
            _ => Err("allowed: json=FILE".to_owned()),
        }
    }
}

pub(super) async fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let cases = select::select(&arguments.only)?;
    let client = client(&arguments.client)?;
    let policy = match &arguments.policy {
        Some(path) => Policy::load(path)?,
        None => Policy::baseline()?,
    };
    let ledger = match &client {
        Client::External(manifest) => manifest.ledger_path().map(|path| Ledger::load(&path)).transpose()?,
        Client::Reference(_) => None,
    };
    let ledger = ledger.unwrap_or_default();
    let today = arguments.today.unwrap_or_else(today);
    if let Some(folder) = &arguments.transcripts {
        std::fs::create_dir_all(folder).map_err(|cause| Failure::Unwritable { path: folder.clone(), cause })?;
    }
    let run = Run { client: &client, cases: &cases, policy: &policy, seed: arguments.seed };
    let all_checks: Vec<String> = catalogue::all().iter().flat_map(catalogue::Case::check_ids).collect();

    let mut first: Option<(Results, Exit)> = None;
    let mut differing = 0;
    for round in 0..arguments.repeat {
        let expected = ledger.expected.iter().map(|entry| entry.check.clone()).collect();
        // Of many runs the first is shown.
        let mut human = (round == 0).then(|| Human::new(io::stdout(), &client, arguments.seed, expected));
        let outcomes = run
            .all(&mut |event| {
                if let Some(human) = &mut human {
                    human.take(event);
                }
            })
            .await?;
        let reckoning = ledger.reckon(&outcomes, today, &all_checks);
        let results = Results::new(&client, &policy, arguments.seed, &outcomes, reckoning);
        let exit = results.exit(&run.planned(), arguments.strict);
        if let Some(human) = human {
            human.end(&results, exit)?;
            write_out(&arguments, &results, &outcomes)?;
        }
        match &first {
            None => first = Some((results, exit)),
            Some((own, _)) if own.digest == results.digest => {}
            Some((own, _)) => {
                differing += 1;
                tell_difference(round + 1, own, &results);
            }
        }
    }
    let (_, exit) = first.ok_or_else(|| Failure::Selection("nothing was run".to_owned()))?;
    if arguments.repeat > 1 {
        let same = arguments.repeat - differing;
        println(&format!("{same} of {} runs have the digest of the first", arguments.repeat));
    }
    Ok(if differing > 0 { exit.and(Exit::Failed) } else { exit })
}

fn tell_difference(round: u32, first: &Results, other: &Results) {
    let pairs = first.cases.iter().flat_map(|case| &case.checks).zip(other.cases.iter().flat_map(|case| &case.checks));
    for (own, different) in pairs.filter(|(own, different)| {
        (own.verdict, &own.evidence, &own.message) != (different.verdict, &different.evidence, &different.message)
    }) {
        let message = different.message.as_deref().unwrap_or_default();
        println(&format!(
            "run {round}: {}: {} {message} [{}], in the first run {} [{}]",
            own.check,
            different.verdict.name(),
            different.evidence.join(", "),
            own.verdict.name(),
            own.evidence.join(", "),
        ));
    }
}

fn println(line: &str) {
    use io::Write as _;
    // A reader that went away has read enough.
    writeln!(io::stdout(), "{line}").unwrap_or_default();
}

fn write_out(arguments: &Arguments, results: &Results, outcomes: &[CaseOutcome]) -> Result<(), Failure> {
    for Report::Json(path) in &arguments.report {
        write_json(path, results)?;
    }
    let Some(folder) = &arguments.transcripts else { return Ok(()) };
    for outcome in outcomes {
        let Some(transcript) = &outcome.transcript else { continue };
        write_json(&folder.join(format!("{}.json", outcome.case.id)), &view(transcript))?;
        write(&folder.join(format!("{}.txt", outcome.case.id)), &render(transcript, None))?;
    }
    Ok(())
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::Unwritable { path: path.to_owned(), cause: error.into() })?;
    text.push('\n');
    write(path, &text)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|cause| Failure::Unwritable { path: path.to_owned(), cause })
}

/// The one look at the calendar: entries of a ledger end on a day.
fn today() -> Date {
    #[expect(clippy::disallowed_methods, reason = "a ledger's entries end on a day of the real calendar")]
    jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date()
}
