//! A filter, bound to the members of a contract, and what it says of a row.

use std::cmp::Ordering;

use wire::contract::{Contract, Value};

use super::literal::order;

/// What must be true of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Compare(Operand, Comparison, Operand),
    OneOf(Operand, Vec<Literal>),
    /// The first text has the second in it, somewhere.
    Find(Where, Operand, Operand),
    /// A member that is true or false by itself, or a literal.
    Truth(Operand),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// The place of a member in its contract.
    Member(usize),
    Literal(Literal),
    Lower(Box<Self>),
    Upper(Box<Self>),
}

/// A value that stands in the filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Literal(pub(super) Value<'static>);

/// How two values are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// Where in a text another one is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Where {
    Anywhere,
    Start,
    End,
}

// === impl Expression ===

impl Expression {
    /// Whether it is true of a row. What is said of something that is missing is neither true nor false.
    pub(super) fn holds<T: Contract>(&self, row: &T) -> bool {
        self.truth(row) == Some(true)
    }

    fn truth<T: Contract>(&self, row: &T) -> Option<bool> {
        match self {
            Self::All(parts) => decided(parts.iter().map(|part| part.truth(row)), false),
            Self::Any(parts) => decided(parts.iter().map(|part| part.truth(row)), true),
            Self::Not(inner) => inner.truth(row).map(|truth| !truth),
            Self::Compare(left, comparison, right) => Some(comparison.holds(&left.value(row), &right.value(row))),
            Self::OneOf(operand, among) => {
                let value = operand.value(row);
                Some(among.iter().any(|Literal(literal)| Comparison::Equal.holds(&value, literal)))
            }
            Self::Find(place, text, part) => match (text.value(row), part.value(row)) {
                (Value::Text(text), Value::Text(part)) => Some(match place {
                    Where::Anywhere => text.contains(&*part),
                    Where::Start => text.starts_with(&*part),
                    Where::End => text.ends_with(&*part),
                }),
                _ => None,
            },
            Self::Truth(operand) => match operand.value(row) {
                Value::Bool(truth) => Some(truth),
                Value::Nothing
                | Value::Integer(_)
                | Value::Single(_)
                | Value::Double(_)
                | Value::Text(_)
                | Value::Guid(_)
                | Value::Compound => None,
            },
        }
    }

    /// Calls back with the place of every member in it.
    pub(super) fn members(&self, found: &mut impl FnMut(usize)) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.members(found)),
            Self::Not(inner) => inner.members(found),
            Self::Compare(one, _, other) | Self::Find(_, one, other) => {
                one.members(found);
                other.members(found);
            }
            Self::OneOf(operand, _) | Self::Truth(operand) => operand.members(found),
        }
    }
}

/// One part that is `decisive` decides; else one that is neither leaves all open.
fn decided(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut all = Some(!decisive);
    for part in parts {
        match part {
            Some(truth) if truth == decisive => return part,
            Some(_) => {}
            None => all = None,
        }
    }
    all
}

// === impl Operand ===

impl Operand {
    fn value<'v, T: Contract>(&'v self, row: &'v T) -> Value<'v> {
        match self {
            Self::Member(place) => T::GETTERS.get(*place).map_or(Value::Nothing, |get| get(row)),
            Self::Literal(Literal(value)) => borrowed(value),
            Self::Lower(inner) => recased(inner.value(row), str::to_lowercase),
            Self::Upper(inner) => recased(inner.value(row), str::to_uppercase),
        }
    }

    fn members(&self, found: &mut impl FnMut(usize)) {
        match self {
            Self::Member(place) => found(*place),
            Self::Literal(_) => {}
            Self::Lower(inner) | Self::Upper(inner) => inner.members(found),
        }
    }
}

/// The same value without a copy of its text.
fn borrowed<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text((&**text).into()),
        Value::Nothing => Value::Nothing,
        Value::Bool(truth) => Value::Bool(*truth),
        Value::Integer(number) => Value::Integer(*number),
        Value::Single(number) => Value::Single(*number),
        Value::Double(number) => Value::Double(*number),
        Value::Guid(guid) => Value::Guid(*guid),
        Value::Compound => Value::Compound,
    }
}

fn recased(value: Value<'_>, recase: fn(&str) -> String) -> Value<'_> {
    if let Value::Text(text) = &value { Value::Text(recase(text).into()) } else { value }
}

// === impl Comparison ===

impl Comparison {
    /// The operator of a word.
    pub(super) fn of(word: &str) -> Option<Self> {
        let known = [
            ("eq", Self::Equal),
            ("ne", Self::NotEqual),
            ("gt", Self::Greater),
            ("ge", Self::GreaterOrEqual),
            ("lt", Self::Less),
            ("le", Self::LessOrEqual),
        ];
        known.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, comparison)| comparison)
    }

    /// The same with its sides exchanged.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
        }
    }

    /// Something that is missing is equal to nothing else, and neither greater nor less than anything.
    fn holds(self, left: &Value<'_>, right: &Value<'_>) -> bool {
        let is_missing = *left == Value::Nothing || *right == Value::Nothing;
        let order = order(left, right);
        match self {
            Self::Equal => order == Ordering::Equal,
            Self::NotEqual => order != Ordering::Equal,
            Self::Greater => !is_missing && order == Ordering::Greater,
            Self::GreaterOrEqual => !is_missing && order != Ordering::Less,
            Self::Less => !is_missing && order == Ordering::Less,
            Self::LessOrEqual => !is_missing && order != Ordering::Greater,
        }
    }
}
