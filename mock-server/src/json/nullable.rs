//! A member that may be absent, null, or given: three things that a change tells apart.

use serde::{Deserialize, Deserializer};

/// What a change says of a value that can be taken away. Needs `#[serde(default)]` on the member.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Nullable<T> {
    /// Nothing: it stays.
    #[default]
    Absent,
    /// It is taken away.
    Null,
    /// It becomes this.
    Given(T),
}

// === impl Nullable ===

impl<T> Nullable<T> {
    /// Whether nothing is said.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Given))
    }
}
