//! Which check must notice which defect of the reference client: the harness proves itself on them.

use reference_client::{Defect, Habit, Habits};

use crate::catalogue::{self, Case};
use crate::driver::Client;
use crate::policy::Policy;
use crate::runner::{CaseOutcome, Run};
use crate::target::TargetError;
use crate::verdict::Verdict;

/// A client with one defect, and the check that must notice it.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What is wrong with it.
    pub defect: Defect,
    /// Who must notice, as `CASE.check`.
    pub killer: &'static str,
}

/// What became of a mutant.
#[derive(Clone, Debug)]
pub struct Fate {
    /// The mutant.
    pub mutant: Mutant,
    /// What the named check came to.
    pub verdict: Verdict,
    /// What it said.
    pub message: Option<String>,
    /// Other checks of the case that noticed too.
    pub also: Vec<String>,
    /// What the same check said of the client without the defect.
    pub control: Verdict,
}

/// What became of a client with a habit that is as good.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The habit.
    pub habit: Habit,
    /// Its cases.
    pub outcomes: Vec<CaseOutcome>,
}

/// Every defect with the check that must notice it; some are there for several checks.
const KILLERS: &[(Defect, &str)] = &[
    (Defect::LoginTwice, "AUTH-01.one-login"),
    (Defect::LoginAsForm, "AUTH-01.media-type"),
    (Defect::LoginWithoutClient, "AUTH-01.complete"),
    (Defect::PasswordInHeader, "AUTH-01.clean"),
    (Defect::GuidsMadeUp, "AUTH-03.issued-guids"),
    (Defect::LoginRefusalSwallowed, "AUTH-05.surfaced"),
    (Defect::LoginLoop, "AUTH-05.one-attempt"),
    (Defect::LoginInBackground, "AUTH-05.no-loop"),
    (Defect::LoginDespiteKey, "AUTH-12.never-logs-in"),
    (Defect::KeyMissing, "AUTH-12.key-signs"),
    (Defect::TokenEncoded, "TOK-01.latest-token"),
    (Defect::BearerInstead, "TOK-02.no-authorization"),
    (Defect::ExpiryIgnored, "EXP-02.renewed-first"),
    (Defect::ExpiryTimesThousand, "EXP-04.not-late"),
    (Defect::ExpiryByThousand, "EXP-04.not-early"),
    (Defect::RenewsTwice, "REF-01.one-renewal"),
    (Defect::NoReplay, "REF-01.replayed"),
    (Defect::DeadAfterRefusal, "REF-01.goes-on"),
    (Defect::ReplayThreeTimes, "REF-02.no-third-try"),
    (Defect::RenewsTwice, "REF-02.one-renewal"),
    (Defect::RefusalSwallowed, "REF-02.surfaced"),
    (Defect::ResendInBackground, "REF-02.no-loop"),
    (Defect::Stampede, "REF-07.one-renewal"),
    (Defect::OldTokenOnReplay, "REF-07.new-token"),
    (Defect::NoReplay, "REF-07.each-ends-well"),
    (Defect::WaiterHangs, "REF-09.none-hangs"),
    (Defect::UnboundedRetry, "REF-09.bounded"),
    (Defect::DeadAfterRefusal, "REF-09.recovers"),
    (Defect::WaiterHangs, "REF-09.ends"),
    (Defect::RetryBadRequest, "RTY-01.not-repeated"),
    (Defect::ClearBeforeSend, "RTY-01.surfaced"),
    (Defect::RetryAfterIgnored, "RTY-02.not-early"),
    (Defect::RetryAfterAsMs, "RTY-02.not-early"),
    (Defect::ConstantGap, "RTY-08.gaps-grow"),
    (Defect::NoCap, "RTY-08.cap"),
    (Defect::UnboundedRetry, "RTY-08.bounded"),
    (Defect::ClearBeforeSend, "RTY-08.surfaced"),
    (Defect::ResendInBackground, "RTY-08.no-loop"),
    (Defect::DropLast, "BAT-01.each-once"),
    (Defect::DropLast, "BAT-01.reported"),
    (Defect::ClearBeforeSend, "BAT-02.none-lost"),
    (Defect::SendsTwice, "BAT-02.none-twice"),
    (Defect::StampInSeconds, "TS-01.integer-ms"),
    (Defect::StampAsFloat, "TS-01.integer-ms"),
    (Defect::DuplicateHeader, "HDR-01.one-each"),
    (Defect::SwappedGuids, "HDR-03.not-swapped"),
    (Defect::BatchEndpoint, "LOC-01.endpoint"),
    (Defect::BareRecord, "LOC-01.array"),
    (Defect::SectorMissing, "LOC-01.fields"),
    (Defect::TokenBoughtTwice, "TBA-01.one-post"),
    (Defect::BearerNotBase64, "TBA-01.bearer"),
    (Defect::KeyWithScheme, "TBA-07.token-verbatim"),
    (Defect::QueryAsText, "TBQ-01.media-type"),
    (Defect::MisnamedOntology, "TBQ-01.two-strings"),
    (Defect::RowsLost, "TBQ-01.rows"),
    (Defect::LineEndsChanged, "TBQ-02.bytes-unchanged"),
    (Defect::ErrorTakenForRows, "TBE-02.error-surfaced"),
    (Defect::ErrorTextLost, "TBE-02.text-kept"),
];

/// All mutants, in the order of the catalogue.
pub fn mutants() -> Vec<Mutant> {
    KILLERS.iter().map(|(defect, killer)| Mutant { defect: *defect, killer }).collect()
}

// === impl Mutant ===

impl Mutant {
    /// The case of its check.
    pub fn case(&self) -> Option<&'static Case> {
        catalogue::all().iter().find(|case| case.check_ids().any(|id| id == self.killer))
    }

    /// Runs its case with it and without it.
    ///
    /// # Errors
    ///
    /// The server does not start.
    pub async fn fate(self, policy: &Policy, seed: u64) -> Result<Fate, TargetError> {
        let cases: Vec<&'static Case> = self.case().into_iter().collect();
        let mutated = outcomes(&Client::Reference(Habits::defective(self.defect)), &cases, policy, seed).await?;
        let control = outcomes(&Client::Reference(Habits::default()), &cases, policy, seed).await?;
        let checks = || mutated.iter().flat_map(|outcome| &outcome.checks);
        let named = checks().find(|check| check.check == self.killer);
        let also = checks().filter(|check| check.check != self.killer && check.verdict.is_broken());
        let control = control.iter().flat_map(|outcome| &outcome.checks).find(|check| check.check == self.killer);
        Ok(Fate {
            mutant: self,
            verdict: named.map_or(Verdict::HarnessError, |named| named.verdict),
            message: named.and_then(|named| named.message.clone()),
            also: also.map(|check| check.check.clone()).collect(),
            control: control.map_or(Verdict::HarnessError, |control| control.verdict),
        })
    }
}

// === impl Fate ===

impl Fate {
    /// The named check says that it is broken, with evidence, and says of the client without the defect that it holds.
    /// A crash, a time-out or a broken driver is no kill.
    pub fn is_kill(&self) -> bool {
        self.verdict.is_broken() && self.control.is_pass()
    }
}

// === impl Variant ===

impl Variant {
    /// Runs all cases with a habit.
    ///
    /// # Errors
    ///
    /// The server does not start.
    pub async fn of(habit: Habit, policy: &Policy, seed: u64) -> Result<Self, TargetError> {
        let cases: Vec<&'static Case> = catalogue::all().iter().collect();
        let client = Client::Reference(Habits::other(habit));
        Ok(Self { habit, outcomes: outcomes(&client, &cases, policy, seed).await? })
    }

    /// Checks that neither pass nor are outside what it does.
    pub fn false_alarms(&self) -> impl Iterator<Item = &crate::runner::CheckOutcome> {
        let checks = self.outcomes.iter().flat_map(|outcome| &outcome.checks);
        checks.filter(|check| !check.verdict.is_pass() && check.verdict != Verdict::NotApplicable)
    }
}

async fn outcomes(
    client: &Client,
    cases: &[&'static Case],
    policy: &Policy,
    seed: u64,
) -> Result<Vec<CaseOutcome>, TargetError> {
    Run { client, cases, policy, seed }.all(&mut |_| ()).await
}
