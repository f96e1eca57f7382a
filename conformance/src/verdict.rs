//! What a check or a case came to. Worst wins.

use serde::{Deserialize, Serialize};

/// What a check or a case came to, best first: where several come together, the last of them in this order holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Verdict {
    /// The client does not claim what the case is about, or took a way that the check says nothing of.
    NotApplicable,
    /// It was seen to hold.
    Pass,
    /// It was seen to hold, by a reading that is not the strictest.
    PassNonstrict,
    /// It could not be looked at through this carrier or with this clock.
    NotObserved,
    /// The driver knows the operation, and not with these arguments.
    Unimplemented,
    /// Something that should hold does not.
    Warn,
    /// The stimulus did not reach the client, or nothing followed from what was seen.
    Inconclusive,
    /// Something that must hold does not.
    Fail,
    /// The driver or its manifest is wrong.
    ConfigError,
    /// The harness or the server is wrong.
    HarnessError,
}

// === impl Verdict ===

impl Verdict {
    /// All there are, best first.
    pub const ALL: [Self; 10] = [
        Self::NotApplicable,
        Self::Pass,
        Self::PassNonstrict,
        Self::NotObserved,
        Self::Unimplemented,
        Self::Warn,
        Self::Inconclusive,
        Self::Fail,
        Self::ConfigError,
        Self::HarnessError,
    ];

    /// As reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "NOT-APPLICABLE",
            Self::Pass => "PASS",
            Self::PassNonstrict => "PASS-NONSTRICT",
            Self::NotObserved => "NOT-OBSERVED",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Warn => "WARN",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::Fail => "FAIL",
            Self::ConfigError => "CONFIG-ERROR",
            Self::HarnessError => "HARNESS-ERROR",
        }
    }

    /// As a key of the summary.
    pub fn key(self) -> String {
        self.name().to_lowercase().replace('-', "_")
    }

    /// Both at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether it was seen to hold.
    pub fn is_pass(self) -> bool {
        matches!(self, Self::Pass | Self::PassNonstrict)
    }

    /// Whether the client was seen to break something.
    pub fn is_broken(self) -> bool {
        matches!(self, Self::Warn | Self::Fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_results() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
        }
        assert_eq!(Verdict::NotApplicable.key(), "not_applicable");
    }

    #[test]
    fn merging_is_associative_commutative_and_idempotent_and_worst_wins() {
        for a in Verdict::ALL {
            assert_eq!(a.and(a), a);
            for b in Verdict::ALL {
                assert_eq!(a.and(b), b.and(a));
                for c in Verdict::ALL {
                    assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                }
            }
        }
        // The table of docs/conformance.md.
        assert_eq!(Verdict::Pass.and(Verdict::NotApplicable), Verdict::Pass);
        assert_eq!(Verdict::Pass.and(Verdict::NotObserved), Verdict::NotObserved);
        assert_eq!(Verdict::Warn.and(Verdict::Inconclusive), Verdict::Inconclusive);
        assert_eq!(Verdict::Fail.and(Verdict::Inconclusive), Verdict::Fail);
        assert_eq!(Verdict::Fail.and(Verdict::ConfigError), Verdict::ConfigError);
    }
}
