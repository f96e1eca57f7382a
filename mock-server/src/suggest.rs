//! What was probably meant: the nearest of the allowed names.

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
    let more = if allowed.len() > SHOWN { ", …" } else { "" };
    format!("allowed: {}{more}", allowed[..allowed.len().min(SHOWN)].join(", "))
}
