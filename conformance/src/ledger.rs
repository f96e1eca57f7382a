//! Expected failures: each with its reason and its end. A ledger that is not true any more fails the run.

use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;

use crate::file::{FileError, read_toml};
use crate::runner::{CaseOutcome, CheckOutcome};
use crate::verdict::Verdict;

/// What is known to fail.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The entries.
    #[serde(default)]
    pub expected: Vec<Expected>,
}

/// One expected failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The check, as `CASE.check`.
    pub check: String,
    /// Why it is known to fail.
    pub reason: String,
    /// The last day on which this may still be so.
    pub expires: Date,
    /// `FAIL`, `WARN` or `INCONCLUSIVE`; either of the first two if absent.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Where it is dealt with.
    #[serde(default)]
    pub issue: Option<String>,
    /// A part of the check's message.
    #[serde(default)]
    pub message: Option<String>,
}

/// A run in the light of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Reckoning {
    /// Checks that came out as expected.
    pub expected: Vec<String>,
    /// What is wrong with the ledger, entry by entry.
    pub problems: Vec<String>,
}

/// What a client may be known to come to. What is wrong with its driver must be mended instead.
const EXPECTABLE: [Verdict; 3] = [Verdict::Fail, Verdict::Warn, Verdict::Inconclusive];

// === impl Ledger ===

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    ///
    /// The file cannot be read, an entry has no reason, or two are about one check.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let ledger: Self = read_toml(path)?;
        for (place, entry) in ledger.expected.iter().enumerate() {
            if entry.reason.trim().is_empty() {
                return Err(FileError::wrong(path, format!("{}: the reason is empty", entry.check)));
            }
            if let Some(verdict) = entry.verdict
                && !EXPECTABLE.contains(&verdict)
            {
                let (check, name) = (&entry.check, verdict.name());
                let allowed = EXPECTABLE.map(Verdict::name).join(", ");
                return Err(FileError::wrong(path, format!("{check}: {name} cannot be expected; allowed: {allowed}")));
            }
            if ledger.expected.iter().take(place).any(|other| other.check == entry.check) {
                return Err(FileError::wrong(path, format!("{}: two entries", entry.check)));
            }
        }
        Ok(ledger)
    }

    /// Compares what came out with what was expected. `all_checks` are those that exist, whether they were run or not.
    pub fn reckon(&self, outcomes: &[CaseOutcome], today: Date, all_checks: &[String]) -> Reckoning {
        let mut reckoning = Reckoning::default();
        for entry in &self.expected {
            let check = &entry.check;
            let outcome = outcomes.iter().flat_map(|outcome| &outcome.checks).find(|outcome| outcome.check == *check);
            match outcome {
                None if all_checks.contains(check) => {}
                None => reckoning.problems.push(format!("{check}: there is no such check")),
                Some(_) if entry.expires < today => {
                    reckoning.problems.push(format!("{check}: the entry expired on {}", entry.expires));
                }
                Some(outcome) => match entry.fits(outcome) {
                    Ok(()) => reckoning.expected.push(check.clone()),
                    Err(why) => reckoning.problems.push(format!("{check}: {why}")),
                },
            }
        }
        reckoning
    }
}

// === impl Expected ===

impl Expected {
    fn fits(&self, outcome: &CheckOutcome) -> Result<(), String> {
        let is_expected = match self.verdict {
            Some(verdict) => outcome.verdict == verdict,
            None => outcome.verdict.is_broken(),
        };
        if !is_expected {
            let expected = self.verdict.map_or("FAIL or WARN", Verdict::name);
            let advice = if outcome.verdict.is_pass() { "; take the entry out" } else { "" };
            return Err(format!("{expected} was expected, {} came{advice}", outcome.verdict.name()));
        }
        let message = outcome.message.as_deref().unwrap_or_default();
        match &self.message {
            Some(part) if !message.contains(part.as_str()) => {
                Err(format!("it fails in another way than expected: {message}"))
            }
            _ => Ok(()),
        }
    }
}
