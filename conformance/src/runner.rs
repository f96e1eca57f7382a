//! Runs cases against a client. It tells listeners what happens and prints nothing.

mod case;
mod plan;
mod stage;
mod talk;

use crate::catalogue::Case;
use crate::driver::Client;
use crate::policy::Policy;
use crate::target::{Target, TargetError};
use crate::transcript::Transcript;
use crate::verdict::Verdict;

pub(crate) use case::greet;
pub(crate) use plan::cfg;

/// What happens during a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// These checks will be looked at, whatever happens.
    Planned {
        /// Their ids.
        checks: &'a [String],
    },
    /// A case is done.
    Done {
        /// What it came to.
        outcome: &'a CaseOutcome,
    },
}

/// What a case came to.
#[derive(Clone, Debug)]
pub struct CaseOutcome {
    /// The case.
    pub case: &'static Case,
    /// The worst of its checks.
    pub verdict: Verdict,
    /// Its checks, in the order of the case.
    pub checks: Vec<CheckOutcome>,
    /// What happened; absent if the case was not run.
    pub transcript: Option<Transcript>,
}

/// What a check came to.
#[derive(Clone, Debug)]
pub struct CheckOutcome {
    /// `CASE.check`.
    pub check: String,
    /// What it came to.
    pub verdict: Verdict,
    /// What it rests on.
    pub evidence: Vec<crate::evidence::Point>,
    /// What is wrong, or why it is not the plain verdict.
    pub message: Option<String>,
}

/// What to run, and how it is graded.
#[derive(Debug)]
pub struct Run<'a> {
    /// Whom to drive.
    pub client: &'a Client,
    /// Which cases.
    pub cases: &'a [&'static Case],
    /// How clauses without a vendor's or an RFC's word are graded.
    pub policy: &'a Policy,
    /// Of everything that the server gives out.
    pub seed: u64,
}

// === impl Run ===

impl Run<'_> {
    /// The ids of all checks that will be looked at.
    pub fn planned(&self) -> Vec<String> {
        self.cases.iter().flat_map(|case| case.check_ids()).collect()
    }

    /// Runs the cases, one after the other, each with a driver and a part of the server of its own.
    ///
    /// # Errors
    ///
    /// The server does not start.
    pub async fn all(&self, listener: &mut impl FnMut(&Event<'_>)) -> Result<Vec<CaseOutcome>, TargetError> {
        listener(&Event::Planned { checks: &self.planned() });
        let target = Target::start(self.seed).await?;
        let mut outcomes = Vec::with_capacity(self.cases.len());
        for case in self.cases {
            let outcome = case::run(case, self, &target).await;
            listener(&Event::Done { outcome: &outcome });
            outcomes.push(outcome);
        }
        target.stop().await;
        Ok(outcomes)
    }
}
