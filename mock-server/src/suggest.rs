//! What was probably meant: the nearest of the allowed names.

use std::collections::HashSet;

/// A name that stands for nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{field} {value:?} is unknown{}", hint(.suggestion.as_deref(), .allowed))]
pub struct Unknown {
    /// JSON path of the member.
    pub field: &'static str,
    /// What it says.
    pub value: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// What could stand there.
    pub allowed: Vec<String>,
}

// === impl Unknown ===

impl Unknown {
    pub(crate) fn new<'a>(field: &'static str, value: &str, allowed: impl IntoIterator<Item = &'a str>) -> Self {
        let mut allowed: Vec<String> = allowed.into_iter().map(str::to_owned).collect();
        // A login may be there once for each client.
        let mut seen = HashSet::new();
        allowed.retain(|name| seen.insert(name.clone()));
        let suggestion = nearest(value, allowed.iter().map(String::as_str)).map(str::to_owned);
        Self { field, value: value.to_owned(), suggestion, allowed }
    }
}

fn hint(suggestion: Option<&str>, allowed: &[String]) -> String {
    match suggestion {
        Some(suggestion) => format!("; did you mean {suggestion:?}?"),
        None => format!("; {}", one_of(allowed.iter().map(String::as_str))),
    }
}

/// The nearest name, if it is near enough to be worth saying.
pub(crate) fn nearest<'a>(given: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.8;
    let given = given.to_lowercase();
    allowed
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), name))
        .filter(|(nearness, _)| *nearness >= NEAR_ENOUGH)
        // The first of equals: it stands first in the documentation too.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, name)| name)
}

/// `allowed: a, b, c`, cut where it would fill the screen.
pub(crate) fn one_of<'a>(allowed: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let allowed: Vec<&str> = allowed.into_iter().collect();
    if allowed.is_empty() {
        return "there is none".to_owned();
    }
    let more = if allowed.len() > SHOWN { ", …" } else { "" };
    format!("allowed: {}{more}", allowed[..allowed.len().min(SHOWN)].join(", "))
}
