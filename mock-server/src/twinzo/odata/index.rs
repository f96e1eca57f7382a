//! Which rows a filter can be true of, by number and by login: the rows that have to be looked at.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use wire::contract::{Shape, Value};

use super::expression::{Comparison, Expression, Literal, Operand};

/// What the rows of a collection are found by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    /// The member that has the number.
    pub(super) number: &'static str,
    /// The member that has the login, if there are accounts behind the rows.
    pub(super) login: Option<&'static str>,
}

/// Where the rows are that a filter can be true of. More may be named than it is, and never fewer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Candidates<'f> {
    /// Among those whose number is within.
    Within(RangeInclusive<i64>),
    /// Among these.
    These(BTreeSet<Key<'f>>),
}

/// What names one row.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key<'f> {
    Number(i64),
    Login(&'f str),
}

const ALL: Candidates<'_> = Candidates::Within(i64::MIN..=i64::MAX);

/// The candidates of a filter over the rows of a contract.
pub(super) fn candidates<'f>(filter: &'f Expression, shape: &Shape, keys: Keys) -> Candidates<'f> {
    let is = |operand: &Operand, name| match operand {
        Operand::Member(place) => shape.fields.get(*place).is_some_and(|field| Some(field.name) == name),
        Operand::Literal(_) | Operand::Lower(_) | Operand::Upper(_) => false,
    };
    let key = |operand: &Operand, literal: &'f Literal| {
        if let (Value::Integer(number), true) = (&literal.0, is(operand, Some(keys.number))) {
            return Some(Key::Number(*number));
        }
        if let (Value::Text(login), true) = (&literal.0, is(operand, keys.login)) {
            return Some(Key::Login(login));
        }
        None
    };
    match filter {
        Expression::All(parts) => {
            let parts = parts.iter().map(|part| candidates(part, shape, keys));
            parts.reduce(Candidates::both).unwrap_or(ALL)
        }
        Expression::Any(parts) => {
            let parts = parts.iter().map(|part| candidates(part, shape, keys));
            parts.reduce(Candidates::either).unwrap_or(ALL)
        }
        Expression::Compare(Operand::Literal(literal), comparison, operand)
        | Expression::Compare(operand, comparison, Operand::Literal(literal)) => {
            let is_turned = matches!(filter, Expression::Compare(Operand::Literal(_), ..));
            let comparison = if is_turned { comparison.turned() } else { *comparison };
            match (key(operand, literal), comparison) {
                (Some(key), Comparison::Equal) => Candidates::These(BTreeSet::from([key])),
                (Some(Key::Number(number)), Comparison::Greater | Comparison::GreaterOrEqual) => {
                    Candidates::Within(number..=i64::MAX)
                }
                (Some(Key::Number(number)), Comparison::Less | Comparison::LessOrEqual) => {
                    Candidates::Within(i64::MIN..=number)
                }
                _ => ALL,
            }
        }
        Expression::OneOf(operand, among) => {
            let these: Option<BTreeSet<_>> = among.iter().map(|literal| key(operand, literal)).collect();
            these.map_or(ALL, Candidates::These)
        }
        Expression::Not(_) | Expression::Compare(..) | Expression::Find(..) | Expression::Truth(_) => ALL,
    }
}

// === impl Candidates ===

impl Candidates<'_> {
    /// Rows that are among both. Two sets may name a row differently, so either one alone will do.
    fn both(self, other: Self) -> Self {
        match (self, other) {
            (Self::Within(one), Self::Within(other)) => {
                Self::Within(*one.start().max(other.start())..=*one.end().min(other.end()))
            }
            (Self::These(one), Self::These(other)) => Self::These(if one.len() <= other.len() { one } else { other }),
            (these @ Self::These(_), Self::Within(_)) | (Self::Within(_), these @ Self::These(_)) => these,
        }
    }

    /// Rows that are among one of them.
    fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Within(one), Self::Within(other)) => {
                Self::Within(*one.start().min(other.start())..=*one.end().max(other.end()))
            }
            (Self::These(mut one), Self::These(other)) => {
                one.extend(other);
                Self::These(one)
            }
            (Self::These(_), Self::Within(_)) | (Self::Within(_), Self::These(_)) => ALL,
        }
    }
}
