//! The requirements behind the cases, each with its source, its quoted words and the digest of its text.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hex::hex;

/// One requirement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its id; that of its case.
    pub id: String,
    /// What is required, short.
    pub title: String,
    /// What is required.
    pub text: String,
    /// Whose API it is about.
    pub vendor: String,
    /// On whose word it rests.
    pub basis: Basis,
    /// How binding it is; absent where the policy decides.
    #[serde(default)]
    pub level: Option<Level>,
    /// Where the words stand.
    pub source: String,
    /// The same as a link.
    #[serde(default)]
    pub url: Option<String>,
    /// The words.
    #[serde(default)]
    pub quote: Option<String>,
    /// Why it matters.
    pub why: String,
    /// What usually breaks it.
    pub causes: Vec<String>,
    /// Where it was seen broken.
    pub seen: Vec<String>,
    /// How to mend it.
    pub fix: String,
    /// SHA-256 of what binds: id, text, basis, level and quote. A changed requirement needs another id.
    pub digest: String,
}

/// On whose word a clause rests.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The vendor's.
    Vendor,
    /// That of an RFC.
    Rfc,
    /// This catalogue's; a policy file grades it.
    Policy,
}

/// How binding a clause is, strictest first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Breaking it is a failure.
    Must,
    /// Breaking it is a warning.
    Should,
}

/// What breaking something amounts to, where that is a defect under any reading.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Data lost, or duplicated as new.
    Loss,
    /// A secret leaked.
    Leak,
    /// A loop without end.
    Endless,
    /// A hang or a crash.
    Hang,
}

#[derive(Debug, Deserialize)]
struct Clauses {
    clause: Vec<Clause>,
}

static ALL: LazyLock<Vec<Clause>> = LazyLock::new(|| {
    let clauses: Result<Clauses, _> = toml::from_str(include_str!("clause/clauses.toml"));
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    clauses.expect("the clauses that ship").clause
});

/// All of them, in the order of the catalogue.
pub fn all() -> &'static [Clause] {
    &ALL
}

// === impl Clause ===

impl Clause {
    /// What its digest should be.
    pub fn computed_digest(&self) -> String {
        let Self { id, text, basis, level, quote, .. } = self;
        let (basis, level) = (basis.name(), level.map_or("-", Level::name));
        let binding = format!("{id}\n{text}\n{basis}\n{level}\n{}", quote.as_deref().unwrap_or("-"));
        let digest = Sha256::digest(binding);
        format!("sha256:{}", hex(digest.get(..8).unwrap_or_default()))
    }
}

// === impl Level ===

impl Level {
    /// As results show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
        }
    }
}

// === impl Basis ===

impl Basis {
    /// As reports show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Rfc => "rfc",
            Self::Policy => "policy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_or_rfc_clause_is_quoted_and_a_policy_clause_is_not_graded_here() {
        for clause in all() {
            match clause.basis {
                Basis::Vendor | Basis::Rfc => {
                    assert!(clause.level.is_some(), "{}", clause.id);
                    assert!(clause.quote.as_ref().is_some_and(|quote| quote.len() > 3), "{}", clause.id);
                    assert!(clause.url.as_ref().is_some_and(|url| url.starts_with("https://")), "{}", clause.id);
                }
                Basis::Policy => assert!(clause.level.is_none() && clause.quote.is_none(), "{}", clause.id),
            }
        }
    }

    #[test]
    fn a_changed_requirement_does_not_keep_its_digest() {
        for clause in all() {
            assert_eq!(clause.digest, clause.computed_digest(), "{}: the text changed; give it another id", clause.id);
        }
        let mut changed = all()[0].clone();
        changed.text.push('!');
        assert_ne!(changed.computed_digest(), changed.digest);
    }

    #[test]
    fn every_clause_explains_itself() {
        for clause in all() {
            assert!(!clause.causes.is_empty() && !clause.why.is_empty() && !clause.fix.is_empty(), "{}", clause.id);
            assert!(clause.title.len() <= 60, "{}", clause.id);
        }
    }
}
