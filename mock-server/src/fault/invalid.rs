//! What is wrong with a rule.

use std::borrow::Cow;

use crate::suggest::Unknown;

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRule {
    /// It names something that does not exist.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// A value is out of range, or two exclude each other.
    #[error("{field}: {problem}")]
    Value {
        /// JSON path of the member.
        field: Cow<'static, str>,
        /// What is wrong with it.
        problem: String,
    },
    /// Another rule has that name.
    #[error("a rule named {name:?} exists already; delete it first, or choose another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A rule within a pack cannot be used.
    #[error("pack {pack:?}: {error}")]
    Pack {
        /// The pack.
        pack: String,
        /// What is wrong.
        error: Box<InvalidRule>,
    },
    /// The sandbox holds as many rules as it may.
    #[error("there are {} rules already, which is the limit", super::MAX_RULES)]
    TooMany,
}

// === impl InvalidRule ===

impl InvalidRule {
    pub(crate) fn value(field: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self::Value { field: field.into(), problem: problem.into() }
    }

    /// JSON path of the offending member, where it is one member.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Unknown(unknown) => Some(unknown.field),
            Self::Value { field, .. } => Some(field),
            Self::NameTaken { .. } => Some("name"),
            Self::Pack { error, .. } => error.field(),
            Self::TooMany => None,
        }
    }

    /// What was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::Unknown(unknown) => unknown.suggestion.as_deref(),
            Self::Pack { error, .. } => error.suggestion(),
            Self::Value { .. } | Self::NameTaken { .. } | Self::TooMany => None,
        }
    }
}
