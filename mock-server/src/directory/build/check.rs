//! What a world's values may be.

use super::super::invalid::Problem;

/// What the TOML reader makes of a date where JSON is wanted.
pub(super) fn has_date(value: &serde_json::Value) -> bool {
    use serde_json::Value;

    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.starts_with("$__toml") || has_date(value)),
        Value::Array(elements) => elements.iter().any(has_date),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

pub(super) fn check_number(number: i32) -> Result<(), Problem> {
    if number < 1 { Err(Problem::Number(number)) } else { Ok(()) }
}

/// A text that the server looks for: not empty, and of so many bytes at most.
pub(super) fn check_text(member: &str, text: &str, most: usize) -> Result<(), Problem> {
    let member = member.to_owned();
    match text.len() {
        0 => Err(Problem::Missing { member, whose: "write one".to_owned() }),
        length if length > most => Err(Problem::TooLong { member, length, most, unit: "bytes" }),
        _ if text.contains(char::is_control) => Err(Problem::Control(member)),
        _ => Ok(()),
    }
}
