//! Where a place of a world stands in the text of its file. What is not there is looked for one step above.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

use super::invalid::{Place, Step};

/// The first byte of a value in TOML; of a table its header, where it has one.
pub(super) fn toml_position(text: &str, place: &Place) -> usize {
    let Ok(world) = DeTable::parse(text) else { return 0 };
    let mut steps = place.steps().iter();
    let Some(Step::Key(name)) = steps.next() else { return 0 };
    let Some(mut value) = world.get_ref().get(&**name) else { return 0 };
    for step in steps {
        let next = match (step, value.get_ref()) {
            (Step::Key(name), DeValue::Table(table)) => table.get(&**name),
            (Step::Index(index), DeValue::Array(list)) => list.get(*index),
            _ => None,
        };
        let Some(next) = next else { break };
        value = next;
    }
    value.span().start
}

/// The first byte of a value in JSON.
pub(super) fn json_position(text: &str, place: &Place) -> usize {
    let Ok(mut value) = serde_json::from_str::<&RawValue>(text) else { return 0 };
    for step in place.steps() {
        let next = match step {
            Step::Key(name) => serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get())
                .ok()
                .and_then(|members| members.get(&**name).copied()),
            Step::Index(index) => serde_json::from_str::<Vec<&RawValue>>(value.get())
                .ok()
                .and_then(|elements| elements.get(*index).copied()),
        };
        let Some(next) = next else { break };
        value = next;
    }
    // Each value borrows from the text.
    value.get().as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// The first byte of the key before a value in JSON.
pub(super) fn json_key_position(text: &str, value: usize) -> usize {
    let before = text.get(..value).unwrap_or_default();
    let key = before.trim_end().trim_end_matches(':').trim_end().trim_end_matches('"');
    key.rfind('"').unwrap_or(value)
}
