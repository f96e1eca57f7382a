//! `$orderby`: members, each up or down.

use std::cmp::Ordering;

use wire::contract::{Contract, Shape, Value};

use super::Mistake;
use super::filter::member;
use super::lexer::{Token, tokens};
use super::literal::{Type, order};
use super::short;

/// One member to sort by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Key {
    /// Its place in the contract.
    pub(super) member: usize,
    pub(super) is_down: bool,
}

/// Reads an order.
pub(super) fn parse(text: &str, shape: &'static Shape) -> Result<Vec<Key>, Mistake> {
    let tokens = tokens(text)?;
    let mut keys = Vec::new();
    for part in tokens.split(|placed| placed.token == Token::Comma) {
        let [name, rest @ ..] = part else {
            return Err(Mistake::new(text.len(), "expected a member between commas".to_owned()));
        };
        let Token::Word(word) = &name.token else {
            return Err(Mistake::new(
                name.span.start,
                format!("expected a member, found {}", short(&name.token.to_string())),
            ));
        };
        let (place, field) = member(shape, word, name.span.start)?;
        if Type::of(field.kind).is_none() {
            let message = format!("{} holds no single value, so nothing can be sorted by it", field.name);
            return Err(Mistake::new(name.span.start, message));
        }
        let is_down = match rest {
            [] => false,
            [direction] if matches!(&direction.token, Token::Word(word) if word.eq_ignore_ascii_case("asc")) => false,
            [direction] if matches!(&direction.token, Token::Word(word) if word.eq_ignore_ascii_case("desc")) => true,
            [stranger, ..] => {
                let message = format!("expected asc, desc or a comma, found {}", short(&stranger.token.to_string()));
                return Err(Mistake::new(stranger.span.start, message));
            }
        };
        // A member named again decides nothing, and a long row of them would cost time for every two rows.
        if !keys.iter().any(|key: &Key| key.member == place) {
            keys.push(Key { member: place, is_down });
        }
    }
    Ok(keys)
}

/// Which of two rows comes first. What is missing comes before what is there, as OData has it.
pub(super) fn compare<T: Contract>(keys: &[Key], one: &T, other: &T) -> Ordering {
    let value =
        |row, key: &Key| T::GETTERS.get(key.member).map_or(Value::Nothing, |get: &fn(&T) -> Value<'_>| get(row));
    keys.iter().fold(Ordering::Equal, |before, key| {
        before.then_with(|| {
            let order = order(&value(one, key), &value(other, key));
            if key.is_down { order.reverse() } else { order }
        })
    })
}
