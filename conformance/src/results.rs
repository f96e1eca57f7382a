//! The results of a run as versioned JSON, `conform-results/1`, docs/results.schema.json. Every other report says the same.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::catalogue;
use crate::driver::Client;
use crate::exit::Exit;
use crate::hex::hex;
use crate::ledger::Reckoning;
use crate::policy::Policy;
use crate::runner::CaseOutcome;
use crate::verdict::Verdict;

/// The results of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
    /// The version of this shape.
    pub schema: &'static str,
    /// The version of the catalogue.
    pub catalogue: &'static str,
    /// Who was driven.
    pub client: ClientResult,
    /// The policy's name.
    pub policy: String,
    /// Of everything that the server gave out.
    pub seed: u64,
    /// Of everything here but seed, summary and ledger: equal for equal behaviour.
    pub digest: String,
    /// How many cases came to what.
    pub summary: BTreeMap<String, usize>,
    /// The run in the light of the client's ledger.
    pub ledger: LedgerResult,
    /// The cases, in the order of the catalogue.
    pub cases: Vec<CaseResult>,
}

/// Who was driven.
#[derive(Clone, Debug, Serialize)]
pub struct ClientResult {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The run in the light of the client's ledger.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LedgerResult {
    /// Checks that failed as expected.
    pub expected: Vec<String>,
    /// What is wrong with the ledger.
    pub problems: Vec<String>,
}

/// A case.
#[derive(Clone, Debug, Serialize)]
pub struct CaseResult {
    /// Its id.
    pub case: &'static str,
    /// How binding the strictest of its checks is, under the policy.
    pub level: &'static str,
    /// On whose word it rests.
    pub basis: &'static str,
    /// The digest of its clause.
    pub clause: String,
    /// The worst of its checks.
    pub verdict: Verdict,
    /// Its checks.
    pub checks: Vec<CheckResult>,
}

/// A check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckResult {
    /// `CASE.check`.
    pub check: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What it rests on, by the numbers of the transcript.
    pub evidence: Vec<String>,
    /// What is wrong, or why it is not the plain verdict.
    pub message: Option<String>,
}

const SCHEMA: &str = "conform-results/1";

// === impl Results ===

impl Results {
    /// Of a run.
    pub fn new(client: &Client, policy: &Policy, seed: u64, outcomes: &[CaseOutcome], reckoning: Reckoning) -> Self {
        let cases: Vec<CaseResult> = outcomes.iter().map(|outcome| CaseResult::new(outcome, policy)).collect();
        let client = ClientResult { name: client.name().to_owned(), version: client.version().to_owned() };
        let mut summary: BTreeMap<String, usize> = Verdict::ALL.iter().map(|verdict| (verdict.key(), 0)).collect();
        for case in &cases {
            *summary.entry(case.verdict.key()).or_default() += 1;
        }
        let digest = digest(&json!({
            "schema": SCHEMA, "catalogue": catalogue::VERSION, "client": client, "policy": policy.name, "cases": cases,
        }));
        let Reckoning { expected, problems } = reckoning;
        Self {
            schema: SCHEMA,
            catalogue: catalogue::VERSION,
            client,
            policy: policy.name.clone(),
            seed,
            digest,
            summary,
            ledger: LedgerResult { expected, problems },
            cases,
        }
    }

    /// How many cases came to this.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.summary.get(&verdict.key()).copied().unwrap_or_default()
    }

    /// Checks with this verdict that no ledger expects.
    pub fn unexpected(&self, verdict: Verdict) -> impl Iterator<Item = &CheckResult> {
        let checks = self.cases.iter().flat_map(|case| &case.checks);
        checks.filter(move |check| check.verdict == verdict && !self.ledger.expected.contains(&check.check))
    }

    /// How the run ended. `planned` are the checks that were to be looked at: one that is missing was not.
    pub fn exit(&self, planned: &[String], strict: bool) -> Exit {
        let has = |verdict| self.unexpected(verdict).next().is_some();
        let looked_at: Vec<&str> =
            self.cases.iter().flat_map(|case| &case.checks).map(|check| check.check.as_str()).collect();
        let was_run = |verdict: Verdict| {
            !matches!(verdict, Verdict::NotApplicable | Verdict::NotObserved | Verdict::Unimplemented)
        };
        let mut exit = Exit::Conformant;
        if has(Verdict::HarnessError) || planned.iter().any(|check| !looked_at.contains(&check.as_str())) {
            exit = exit.and(Exit::Harness);
        }
        if has(Verdict::ConfigError) {
            exit = exit.and(Exit::Config);
        }
        if has(Verdict::Fail) || !self.ledger.problems.is_empty() {
            exit = exit.and(Exit::Failed);
        }
        if has(Verdict::Inconclusive) || !self.cases.iter().any(|case| was_run(case.verdict)) {
            exit = exit.and(Exit::Incomplete);
        }
        if strict && has(Verdict::Warn) {
            exit = exit.and(Exit::Warnings);
        }
        exit
    }
}

// === impl CaseResult ===

impl CaseResult {
    fn new(outcome: &CaseOutcome, policy: &Policy) -> Self {
        let clause = outcome.case.clause();
        let checks = outcome.checks.iter().map(|check| CheckResult {
            check: check.check.clone(),
            verdict: check.verdict,
            evidence: check.evidence.iter().map(ToString::to_string).collect(),
            message: check.message.clone(),
        });
        Self {
            case: outcome.case.id,
            level: policy.strictest(outcome.case).name(),
            basis: clause.basis.name(),
            clause: clause.digest.clone(),
            verdict: outcome.verdict,
            checks: checks.collect(),
        }
    }
}

/// SHA-256 over RFC 8785 JSON.
fn digest(value: &serde_json::Value) -> String {
    // What cannot be written canonically has numbers that are none; there are only texts here.
    let canonical = serde_json_canonicalizer::to_vec(value).unwrap_or_default();
    format!("sha256:{}", hex(&Sha256::digest(canonical)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results of one check for each verdict; those that are named are in the ledger.
    fn results(verdicts: &[Verdict], expected: &[usize]) -> Results {
        let check = |number: usize| format!("CASE-{number}.check");
        let case = |(number, verdict): (usize, &Verdict)| CaseResult {
            case: "CASE",
            level: "MUST",
            basis: "policy",
            clause: String::new(),
            verdict: *verdict,
            checks: vec![CheckResult { check: check(number), verdict: *verdict, evidence: Vec::new(), message: None }],
        };
        Results {
            schema: SCHEMA,
            catalogue: catalogue::VERSION,
            client: ClientResult { name: "c".to_owned(), version: "1".to_owned() },
            policy: "baseline".to_owned(),
            seed: 1,
            digest: String::new(),
            summary: BTreeMap::new(),
            ledger: LedgerResult {
                expected: expected.iter().map(|number| check(*number)).collect(),
                problems: Vec::new(),
            },
            cases: verdicts.iter().enumerate().map(case).collect(),
        }
    }

    #[track_caller]
    fn check(verdicts: &[Verdict], expected: &[usize], strict: bool, exit: Exit) {
        assert_eq!(results(verdicts, expected).exit(&[], strict), exit, "{verdicts:?}");
    }

    #[test]
    fn the_exit_is_that_of_the_worst_by_the_table() {
        use Verdict::{
            ConfigError, Fail, HarnessError, Inconclusive, NotApplicable, NotObserved, Pass, PassNonstrict,
            Unimplemented, Warn,
        };
        check(&[Pass, PassNonstrict, NotApplicable, NotObserved, Unimplemented, Warn], &[], false, Exit::Conformant);
        check(&[Pass, Warn], &[], true, Exit::Warnings);
        check(&[Pass, Warn, Inconclusive], &[], true, Exit::Incomplete);
        check(&[Pass, Inconclusive, Fail], &[], false, Exit::Failed);
        check(&[Fail, ConfigError], &[], false, Exit::Config);
        check(&[Fail, ConfigError, HarnessError], &[], false, Exit::Harness);
        // Nothing was run.
        for nothing in [vec![], vec![NotApplicable], vec![NotObserved], vec![Unimplemented]] {
            check(&nothing, &[], false, Exit::Incomplete);
        }
        // All that failed is expected.
        check(&[Pass, Fail, Inconclusive], &[1, 2], false, Exit::Conformant);
        check(&[Pass, Fail, Fail], &[1], false, Exit::Failed);
    }

    #[test]
    fn a_check_that_was_planned_and_not_looked_at_is_the_harness_s_fault() {
        let results = results(&[Verdict::Pass], &[]);
        assert_eq!(results.exit(&["CASE-0.check".to_owned()], false), Exit::Conformant);
        assert_eq!(results.exit(&["CASE-0.check".to_owned(), "CASE-1.check".to_owned()], false), Exit::Harness);
    }
}
