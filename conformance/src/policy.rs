//! How clauses are graded that rest on no vendor's and no RFC's word: a file, because people may differ.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Deserialize;

use crate::catalogue::Case;
use crate::clause::{self, Clause, Kind, Level};
use crate::file::{FileError, parse_toml, read_toml};

/// A grading.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name, as reports show it.
    pub name: String,
    /// Of clauses that nothing below names.
    default: Level,
    /// By what breaking them amounts to.
    #[serde(default)]
    kind: HashMap<Kind, Level>,
    /// By id; stronger than the kind.
    #[serde(default)]
    clause: BTreeMap<String, Level>,
}

// === impl Policy ===

impl Policy {
    /// The one that ships.
    ///
    /// # Errors
    ///
    /// Never, unless this program was built from a broken file.
    pub fn baseline() -> Result<Self, FileError> {
        parse_toml(Path::new("baseline.toml"), include_str!("policy/baseline.toml"))
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or grades a clause that does not exist or that the policy has no say in.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let policy: Self = read_toml(path)?;
        for id in policy.clause.keys() {
            match clause::all().iter().find(|clause| clause.id == *id) {
                None => return Err(FileError::wrong(path, format!("clause.{id}: there is no such clause"))),
                Some(clause) if clause.level.is_some() => {
                    let source = &clause.source;
                    return Err(FileError::wrong(path, format!("clause.{id}: it rests on {source}, not on a policy")));
                }
                Some(_) => {}
            }
        }
        Ok(policy)
    }

    /// How binding a check of a clause is, by what breaking it amounts to.
    pub fn level(&self, clause: &Clause, kind: Option<Kind>) -> Level {
        let by_kind = || kind.and_then(|kind| self.kind.get(&kind)).copied();
        clause.level.or_else(|| self.clause.get(&clause.id).copied()).or_else(by_kind).unwrap_or(self.default)
    }

    /// How binding the strictest check of a case is.
    pub fn strictest(&self, case: &Case) -> Level {
        let levels = case.checks.iter().map(|check| self.level(case.clause(), check.kind));
        levels.min().unwrap_or(Level::Should)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clause(id: &str) -> &'static Clause {
        clause::all().iter().find(|clause| clause.id == id).unwrap()
    }

    #[test]
    fn the_baseline_grades_by_the_word_a_clause_rests_on_and_by_what_breaking_it_amounts_to() {
        let baseline = Policy::baseline().unwrap();
        // Quoted vendor, RFC SHOULD, policy, and the four kinds that are defects under any reading.
        assert_eq!(baseline.level(clause("HDR-01"), None), Level::Must);
        assert_eq!(baseline.level(clause("RTY-02"), None), Level::Should);
        assert_eq!(baseline.level(clause("REF-01"), None), Level::Should);
        for kind in [Kind::Loss, Kind::Leak, Kind::Endless, Kind::Hang] {
            assert_eq!(baseline.level(clause("REF-01"), Some(kind)), Level::Must);
            assert_eq!(baseline.level(clause("RTY-02"), Some(kind)), Level::Should, "a policy has no say in an RFC");
        }
    }

    #[test]
    fn a_policy_has_no_say_in_what_does_not_rest_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        for (text, part) in [
            ("name='own'\ndefault='should'\n[clause]\n'HDR-01'='should'", "clause.HDR-01: it rests on twinzo"),
            ("name='own'\ndefault='should'\n[clause]\n'NO-01'='should'", "clause.NO-01: there is no such clause"),
            ("name='own'\ndefault='may'", "unknown variant `may`"),
            ("name='own'\ndefalt='must'", "did you mean `default`?"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Policy::load(&path).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(&path, "name='own'\ndefault='should'\n[clause]\n'REF-01'='must'").unwrap();
        assert_eq!(Policy::load(&path).unwrap().level(clause("REF-01"), None), Level::Must);
    }
}
