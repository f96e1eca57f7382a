//! Which items of a batch are refused.

use crate::fault::InvalidRule;
use crate::fault::spec::{ItemsOf, ItemsSpec, MatchSpec};

/// Items that are refused while the others are stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Items {
    pick: Pick,
    pub(crate) of: ItemsOf,
    pub(crate) message: String,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Pick {
    Every(usize),
    /// Counted from 1.
    Rows(Vec<usize>),
}

const MESSAGE: &str = "The item was refused.";
/// Chosen rows at most.
const MOST_ROWS: usize = 1000;

// === impl Items ===

impl Items {
    pub(super) fn compile(spec: &ItemsSpec, matches: &MatchSpec) -> Result<Self, InvalidRule> {
        let wrong = |problem: &str| Err(InvalidRule::value("effect.items", problem));
        let has_items = |name: &str| matches!(name, "localization" | "localization_batch");
        if !matches.operation.as_deref().is_some_and(has_items) {
            return wrong("match.operation must be localization or localization_batch: nothing else has items");
        }
        let pick = match (spec.every, &spec.rows) {
            (Some(0), None) => return wrong("every starts at 1"),
            (Some(every), None) => Pick::Every(every),
            (None, Some(rows)) if rows.is_empty() || rows.len() > MOST_ROWS || rows.contains(&0) => {
                return wrong("rows are 1 to 1000 numbers, counted from 1");
            }
            (None, Some(rows)) => Pick::Rows(rows.clone()),
            _ => return wrong("give one of every and rows"),
        };
        let is_batch = matches.operation.as_deref() == Some("localization_batch");
        let default = if is_batch { ItemsOf::Devices } else { ItemsOf::Records };
        let of = spec.of.unwrap_or(default);
        if of == ItemsOf::Devices && !is_batch {
            return wrong("localization is about one device; its items are records");
        }
        Ok(Self { pick, of, message: spec.message.clone().unwrap_or_else(|| MESSAGE.to_owned()) })
    }

    /// Whether an item is refused; items are counted from 1.
    pub(crate) fn refuses(&self, position: usize) -> bool {
        match &self.pick {
            Pick::Every(every) => position.is_multiple_of(*every),
            Pick::Rows(rows) => rows.contains(&position),
        }
    }

    pub(crate) fn describe(&self) -> String {
        let of = match self.of {
            ItemsOf::Devices => "device",
            ItemsOf::Records => "record",
        };
        match &self.pick {
            Pick::Every(every) => format!("of every {every} {of}s the last refused"),
            Pick::Rows(rows) => format!("{of}s {rows:?} refused"),
        }
    }
}
