//! Exit codes. 2 is clap's own, for wrong usage.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Conformant: nothing failed that the ledger does not expect.
    Conformant = 0,
    /// A case failed, passed although the ledger expects a failure, or an entry of the ledger is stale; a mutant
    /// survived; runs of one client differ.
    Failed = 1,
    /// Nothing was run, or a case is inconclusive.
    Incomplete = 3,
    /// The manifest, the ledger, the policy or the driver is wrong.
    Config = 4,
    /// The harness or the server is wrong.
    Harness = 5,
    /// Only warnings, under `--strict`.
    Warnings = 6,
}

// === impl Exit ===

impl Exit {
    /// Which of two ends says more: 5, 4, 1, 3, 6, 0.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let weight = |exit| match exit {
            Self::Conformant => 0,
            Self::Warnings => 1,
            Self::Incomplete => 2,
            Self::Failed => 3,
            Self::Config => 4,
            Self::Harness => 5,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precedence_is_5_4_1_3_6_0() {
        let order = [Exit::Harness, Exit::Config, Exit::Failed, Exit::Incomplete, Exit::Warnings, Exit::Conformant];
        for (place, stronger) in order.iter().enumerate() {
            for weaker in &order[place..] {
                assert_eq!(stronger.and(*weaker), *stronger);
                assert_eq!(weaker.and(*stronger), *stronger);
            }
        }
        assert_eq!(order.map(|exit| exit as u8), [5, 4, 1, 3, 6, 0]);
    }
}
