//! RFC 7396: what a patch names changes, null takes away.

use serde_json::Value;

/// Applies a merge patch.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, patch) in patch {
                if patch.is_null() {
                    target.remove(name);
                } else {
                    merge(target.entry(name.as_str()).or_insert(Value::Null), patch);
                }
            }
        }
        (target, patch) => *target = without_nulls(patch),
    }
}

/// Where nothing was before, a null takes nothing away.
fn without_nulls(patch: &Value) -> Value {
    match patch {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            members.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => patch.clone(),
    }
}
