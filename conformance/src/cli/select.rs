//! Which cases are meant.

use conformance::catalogue::{self, Case};

use super::Failure;

/// The cases that one of the patterns fits: an id, or the beginning of one with a star. All without a pattern.
pub(super) fn select(patterns: &[String]) -> Result<Vec<&'static Case>, Failure> {
    let mut cases: Vec<&'static Case> = Vec::new();
    for pattern in patterns {
        let fitting: Vec<&'static Case> = catalogue::all().iter().filter(|case| fits(pattern, case.id)).collect();
        if fitting.is_empty() {
            return Err(Failure::Selection(format!("no case fits {pattern:?}{}", hint(pattern))));
        }
        cases.extend(fitting);
    }
    if patterns.is_empty() {
        return Ok(catalogue::all().iter().collect());
    }
    // In the order of the catalogue, each once.
    Ok(catalogue::all().iter().filter(|case| cases.iter().any(|own| own.id == case.id)).collect())
}

fn fits(pattern: &str, id: &str) -> bool {
    let pattern = pattern.to_ascii_uppercase();
    match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => id == pattern,
    }
}

/// What was probably meant.
pub(super) fn hint(pattern: &str) -> String {
    let pattern = pattern.to_ascii_uppercase();
    let nearest = catalogue::all().iter().map(|case| (strsim::damerau_levenshtein(&pattern, case.id), case.id)).min();
    match nearest {
        Some((distance, id)) if distance <= 2 => format!("; did you mean {id}?"),
        _ => "; `conformance list` shows them".to_owned(),
    }
}
