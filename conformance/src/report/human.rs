//! The report for people.

use std::io::{self, Write};

use crate::catalogue;
use crate::driver::Client;
use crate::exit::Exit;
use crate::manifest::ClockClass;
use crate::results::Results;
use crate::runner::{CaseOutcome, Event};
use crate::transcript::render;
use crate::verdict::Verdict;

/// Prints a run while it goes.
#[derive(Debug)]
pub struct Human<W> {
    out: W,
    /// Checks that the ledger names.
    expected: Vec<String>,
    failed: io::Result<()>,
}

// === impl Human ===

impl<W: Write> Human<W> {
    /// Prints the head of a report. `expected` are the checks that the client's ledger names.
    pub fn new(mut out: W, client: &Client, seed: u64, expected: Vec<String>) -> Self {
        let clock = match client.clock() {
            ClockClass::Real => "real clock",
            ClockClass::Scaled => "scaled clock",
            ClockClass::Virtual => "virtual clock",
        };
        let version = catalogue::VERSION;
        let failed =
            writeln!(out, "catalogue {version}: {} {}, {clock}, seed {seed}\n", client.name(), client.version());
        Self { out, expected, failed }
    }

    /// Takes an event.
    pub fn take(&mut self, event: &Event<'_>) {
        let done = match event {
            Event::Planned { .. } => Ok(()),
            Event::Done { outcome } => self.case(outcome),
        };
        if self.failed.is_ok() {
            self.failed = done;
        }
    }

    fn case(&mut self, outcome: &CaseOutcome) -> io::Result<()> {
        let clause = outcome.case.clause();
        let (verdict, id, title) = (outcome.verdict.name(), outcome.case.id, &clause.title);
        writeln!(self.out, "{verdict:>14}  {id:<8} {title} ({})", clause.basis.name())?;
        if let Verdict::NotApplicable | Verdict::NotObserved = outcome.verdict {
            let why = outcome.checks.iter().find_map(|check| check.message.as_deref()).unwrap_or_default();
            return writeln!(self.out, "{:>26}{why}", "");
        }
        let mut points = Vec::new();
        let mut last: Option<&str> = None;
        for check in outcome.checks.iter().filter(|check| check.verdict != Verdict::Pass) {
            let (verdict, id) = (check.verdict.name(), &check.check);
            let message = check.message.as_deref().unwrap_or_default();
            let expected = if self.expected.contains(id) { " (in the ledger)" } else { "" };
            // One cause for all checks of a case is said once.
            if last == Some(message) && check.evidence.is_empty() {
                writeln!(self.out, "{:>26}{id}: {verdict}{expected}, as above", "")?;
            } else {
                let evidence: Vec<String> = check.evidence.iter().map(ToString::to_string).collect();
                let at = if evidence.is_empty() { String::new() } else { format!(" [{}]", shortened(&evidence)) };
                writeln!(self.out, "{:>26}{id}: {verdict}{expected}: {message}{at}", "")?;
            }
            last = Some(message);
            if check.verdict.is_broken() && !self.expected.contains(id) {
                points.extend(check.evidence.iter().copied());
            }
        }
        if let Some(transcript) = outcome.transcript.as_ref().filter(|_| !points.is_empty()) {
            for line in render(transcript, Some(&points)).lines() {
                writeln!(self.out, "{:>26}| {line}", "")?;
            }
            writeln!(self.out, "{:>26}`conformance explain {}` says more", "", outcome.case.id)?;
        }
        Ok(())
    }

    /// Prints the end of a report.
    ///
    /// # Errors
    ///
    /// Whatever printing gave.
    pub fn end(mut self, results: &Results, exit: Exit) -> io::Result<()> {
        match self.print_end(results, exit) {
            // Who reads no more has read enough; the exit status is still the run's.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }

    fn print_end(&mut self, results: &Results, exit: Exit) -> io::Result<()> {
        std::mem::replace(&mut self.failed, Ok(()))?;
        let counts: Vec<String> = Verdict::ALL
            .iter()
            .map(|verdict| (results.count(*verdict), verdict.name()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        let cases = if results.cases.len() == 1 { "case" } else { "cases" };
        writeln!(self.out, "\n{} {cases}: {}", results.cases.len(), counts.join(", "))?;
        if !results.ledger.expected.is_empty() {
            writeln!(self.out, "as the ledger expects: {}", results.ledger.expected.join(", "))?;
        }
        for problem in &results.ledger.problems {
            writeln!(self.out, "ledger: {problem}")?;
        }
        writeln!(self.out, "digest {}", results.digest)?;
        let said = match exit {
            Exit::Conformant => "conformant: self-tested, not certified",
            Exit::Failed => "not conformant",
            Exit::Incomplete => "incomplete: not every case could be judged",
            Exit::Config => "the driver, its manifest or another file is wrong",
            Exit::Harness => "the harness or the server is wrong, not the client",
            Exit::Warnings => "warnings, and --strict",
        };
        writeln!(self.out, "{said} (exit {}). Not affiliated with the vendors.", exit as u8)
    }
}

fn shortened(evidence: &[String]) -> String {
    const SHOWN: usize = 6;
    match evidence.get(..SHOWN) {
        Some(first) if evidence.len() > SHOWN => format!("{}, … {} more", first.join(", "), evidence.len() - SHOWN),
        _ => evidence.join(", "),
    }
}
