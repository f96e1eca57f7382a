//! The cases: what is done to a client, and what is looked at then. A case is data; its checks look at a transcript.
//!
//! Names are those of the requirements in `clause/clauses.toml`. The driver never learns them.

mod authenticate;
mod batch;
mod expiry;
mod header;
mod localization;
mod record;
mod refresh;
mod retry;
mod stamp;
mod timbr;
mod token;

use serde_json::{Map, Value};

use crate::clause::{self, Clause, Kind};
use crate::evidence::Finding;
use crate::manifest::Profile;
use crate::step::Step;
use crate::target::Credentials;
use crate::transcript::Transcript;

pub(crate) use retry::FINAL;
pub(crate) use timbr::ENGINE_ERROR;

/// The version of the catalogue.
pub const VERSION: &str = "2026.1";

/// One stimulus with its checks.
#[derive(Debug)]
pub struct Case {
    /// Its id; that of its clause.
    pub id: &'static str,
    /// As what the client is opened: the first of these that it claims.
    pub profiles: &'static [Profile],
    /// What it must claim besides.
    pub claims: &'static [Profile],
    /// The operations of the driver that it needs.
    pub ops: &'static [&'static str],
    /// Whether hours pass in it.
    pub needs_virtual_clock: bool,
    /// What it changes of the configuration that clients get.
    pub settings: &'static [Setting],
    /// What is done.
    pub steps: fn(&Scene<'_>) -> Vec<Step>,
    /// Whether the stimulus reached the client; without it no check can pass.
    pub delivered: fn(&Transcript) -> Finding,
    /// What is looked at.
    pub checks: &'static [Check],
}

/// One thing that is looked at.
#[derive(Debug)]
pub struct Check {
    /// Its name within the case.
    pub name: &'static str,
    /// What it looks for, in a few words.
    pub says: &'static str,
    /// What breaking it amounts to, if that is more than breaking the clause.
    pub kind: Option<Kind>,
    /// Looks.
    pub judge: fn(&Transcript) -> Finding,
}

/// A number of the configuration that clients get.
#[derive(Clone, Copy, Debug)]
pub struct Setting(pub &'static str, pub i64);

/// What the steps of a case are made from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// When the case begins, in unix milliseconds.
    pub t0_ms: i64,
    /// What the server knows.
    pub credentials: &'a Credentials,
    /// What the client was told.
    pub cfg: &'a Map<String, Value>,
    /// The operations of the driver.
    pub ops: &'a [String],
}

/// All cases, in the order of the catalogue.
pub fn all() -> &'static [Case] {
    static ALL: std::sync::LazyLock<Vec<Case>> = std::sync::LazyLock::new(|| {
        [
            authenticate::cases(),
            token::cases(),
            expiry::cases(),
            refresh::cases(),
            retry::cases(),
            batch::cases(),
            stamp::cases(),
            header::cases(),
            localization::cases(),
            timbr::cases(),
        ]
        .into_iter()
        .flatten()
        .collect()
    });
    &ALL
}

// === impl Case ===

impl Case {
    /// What most cases have in common.
    const PLAIN: Self = Self {
        id: "",
        profiles: &[],
        claims: &[],
        ops: &[],
        needs_virtual_clock: false,
        settings: &[],
        steps: |_| Vec::new(),
        delivered: |_| crate::evidence::undecided("the case has no stimulus"),
        checks: &[],
    };

    /// Ids of its checks. The last one holds for every case: each call ends.
    pub fn check_ids(&self) -> impl Iterator<Item = String> + use<'_> {
        let names = self.checks.iter().map(|check| check.name).chain(["ends"]);
        names.map(|name| format!("{}.{name}", self.id))
    }

    /// Its requirement.
    pub fn clause(&self) -> &'static Clause {
        #[expect(clippy::expect_used, reason = "a test sees to it that every case has its clause")]
        clause::all().iter().find(|clause| clause.id == self.id).expect("a clause for every case")
    }
}

// === impl Scene ===

impl Scene<'_> {
    fn has(&self, op: &str) -> bool {
        self.ops.iter().any(|own| own == op)
    }
}

/// A twinzo device.
const DEVICE: &[Profile] = &[Profile::Device];
/// Whoever sends positions.
const SENDER: &[Profile] = &[Profile::Device, Profile::Batch, Profile::Server];
/// A Timbr client, however it comes by its token.
const TIMBR: &[Profile] = &[Profile::TimbrToken, Profile::TimbrBearer];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_case_has_its_clause_and_every_clause_its_case() {
        let cases: Vec<&str> = all().iter().map(|case| case.id).collect();
        let clauses: Vec<&str> = clause::all().iter().map(|clause| clause.id.as_str()).collect();
        assert_eq!(cases, clauses);
    }

    #[test]
    fn names_are_unique_and_every_case_looks_at_something() {
        let mut seen = HashSet::new();
        for case in all() {
            assert!(!case.checks.is_empty(), "{}", case.id);
            for id in case.check_ids() {
                assert!(seen.insert(id.clone()), "{id} twice");
            }
        }
    }
}
