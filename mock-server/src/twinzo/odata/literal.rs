//! Values that a filter compares with, and how values compare.

use std::cmp::Ordering;

use wire::contract::{Field, Kind, Value};

/// What can be compared with what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Type {
    /// `null`, which goes with everything.
    Null,
    Bool,
    Number,
    Text,
    Guid,
    /// A text that is one of these.
    Choice(&'static [&'static str]),
}

// === impl Type ===

impl Type {
    /// Of a member; `None` for what holds rows or anything.
    pub(super) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Bool => Some(Self::Bool),
            Kind::Integer(_) | Kind::Single | Kind::Double => Some(Self::Number),
            Kind::Text => Some(Self::Text),
            Kind::Guid => Some(Self::Guid),
            Kind::Choice(names) => Some(Self::Choice(names)),
            Kind::Nullable(inner) => Self::of(*inner),
            Kind::Object(_) | Kind::Link(_) | Kind::List(_) | Kind::Secret(_) | Kind::Anything => None,
        }
    }

    /// Whether it can be compared with another.
    pub(super) fn goes_with(self, other: Self) -> bool {
        let plain = |one| if matches!(one, Self::Choice(_)) { Self::Text } else { one };
        let (one, other) = (plain(self), plain(other));
        one == other || one == Self::Null || other == Self::Null
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text | Self::Choice(_) => "a text",
            Self::Guid => "a GUID",
        }
    }
}

/// Whether answers show a member, so that it may be asked for.
pub(in crate::twinzo) fn is_shown(field: &Field) -> bool {
    !matches!(field.kind, Kind::Secret(_))
}

/// Whether a member can be compared and sorted by.
pub(in crate::twinzo) fn is_comparable(field: &Field) -> bool {
    Type::of(field.kind).is_some()
}

/// Which of two values comes first. Nothing comes before everything; what cannot be compared is equal.
pub(super) fn order(one: &Value<'_>, other: &Value<'_>) -> Ordering {
    match (one, other) {
        (Value::Nothing, Value::Nothing) => Ordering::Equal,
        (Value::Nothing, _) => Ordering::Less,
        (_, Value::Nothing) => Ordering::Greater,
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Guid(one), Value::Guid(other)) => one.cmp(other),
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        // A literal is rounded as the member was, so that what an answer shows can be asked for.
        (Value::Single(_), _) | (_, Value::Single(_)) => narrow(one).total_cmp(&narrow(other)),
        (one, other) => wide(one).total_cmp(&wide(other)),
    }
}

/// -0 is 0 to whoever compares.
fn wide(value: &Value<'_>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "only where the other side is no integer either")]
    match value {
        Value::Integer(number) => *number as f64,
        Value::Single(number) => f64::from(*number) + 0.0,
        Value::Double(number) => *number + 0.0,
        Value::Nothing | Value::Bool(_) | Value::Text(_) | Value::Guid(_) | Value::Compound => 0.0,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "as the member was rounded")]
fn narrow(value: &Value<'_>) -> f32 {
    wide(value) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_precision() {
        let check = |one: Value<'_>, other: Value<'_>, expected| {
            assert_eq!(order(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(order(&other, &one), expected.reverse(), "{other:?} {one:?}");
        };
        check(Value::Single(0.1), Value::Double(0.1), Ordering::Equal);
        check(Value::Single(87.5), Value::Integer(87), Ordering::Greater);
        check(Value::Double(-0.0), Value::Integer(0), Ordering::Equal);
        check(Value::Integer(i64::MAX - 1), Value::Integer(i64::MAX), Ordering::Less);
        check(Value::Nothing, Value::Integer(i64::MIN), Ordering::Less);
        check(Value::Text("B".into()), Value::Text("a".into()), Ordering::Less);
    }
}
