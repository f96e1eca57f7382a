//! One request, fully read: what the vendors' operations work on.

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::directory::Directory;
use crate::sandbox::Setup;

/// A request whose body has arrived.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// Number of the exchange in the journal.
    pub(crate) id: u64,
    /// The one reading of the sandbox's clock.
    pub(crate) now: Timestamp,
    /// The sandbox's directory and settings, as they were at that moment.
    pub(crate) directory: &'a Directory,
    pub(crate) setup: &'a Setup,
    pub(crate) method: &'a Method,
    /// Without the prefix that names a sandbox.
    pub(crate) path: &'a str,
    /// That prefix, or nothing.
    pub(crate) prefix: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    /// Number of the connection that it came by.
    pub(crate) connection: u64,
}

// === impl Call ===

impl Call<'_> {
    /// A header's text, the first that is there. An empty value counts as absent: real clients send `Token: ` before
    /// they have one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers.get_all(name).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
        values.into_iter().find(|value| !value.is_empty())
    }

    /// The first value of a query parameter, decoded; names are compared without regard to case.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let found = pairs(self.query?).find(|(key, value)| value.is_some() && key.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value)
    }
}

/// The parts of a query or of a form, decoded: a name, and what stands behind its `=`, if there is one.
pub(crate) fn pairs(text: &str) -> impl Iterator<Item = (String, Option<String>)> {
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    text.split('&').filter(|part| !part.is_empty()).map(move |part| match part.split_once('=') {
        Some((name, value)) => (decoded(name), Some(decoded(value))),
        None => (decoded(part), None),
    })
}
