//! What is wrong with a body, in the words of the vendor's framework (§4.4).

use std::collections::BTreeMap;

/// By JSON path, or by member.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invalid {
    pub(crate) errors: BTreeMap<String, Vec<String>>,
}

// === impl Invalid ===

impl Invalid {
    /// One thing that is wrong, and where.
    pub(crate) fn one(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { errors: BTreeMap::from([(path.into(), vec![message.into()])]) }
    }

    /// Members that are required and missing.
    pub(crate) fn required<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let errors = members.into_iter().map(|(path, name)| (path.to_owned(), vec![required(name)])).collect();
        Self { errors }
    }

    /// One more thing that is wrong.
    pub(crate) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.entry(path.into()).or_default().push(message.into());
    }

    /// This, unless nothing is wrong.
    pub(crate) fn or_ok(self) -> Result<(), Self> {
        if self.errors.is_empty() { Ok(()) } else { Err(self) }
    }

    /// One sentence for the journal.
    pub(crate) fn summary(&self) -> String {
        let mut parts = self.errors.iter().map(|(path, messages)| format!("{path}: {}", messages.join(" ")));
        // The framework complains about the parameter as a whole beside the true cause: the path says more.
        let specific = parts.clone().find(|part| part.starts_with('$') || part.starts_with('['));
        specific.or_else(|| parts.next()).unwrap_or_default()
    }
}

pub(super) fn required(name: &str) -> String {
    format!("The {name} field is required.")
}
