//! `$select` and `$expand`: which members are shown, and the rows of which.

use wire::contract::{Contract, Shape};

use super::filter::member;
use super::lexer::{Token, tokens};
use super::{Mistake, Scope, short};
use crate::suggest::one_of;

/// The members to show; `None` for all.
pub(super) fn members(text: &str, shape: &'static Shape) -> Result<Option<Vec<&'static str>>, Mistake> {
    let mut is_all = false;
    let mut members = Vec::new();
    for (name, at) in names(text)? {
        match name {
            None => is_all = true,
            Some(name) => members.push(member(shape, &name, at)?.1.name),
        }
    }
    Ok((!is_all).then_some(members))
}

/// The members whose rows to show. Of those that the vendor knows and this server never shows nothing is said.
pub(super) fn expansions(text: &str, scope: Scope) -> Result<Vec<&'static str>, Mistake> {
    let mut shown = Vec::new();
    for (name, at) in names(text)? {
        let Some(name) = name else {
            shown.extend(scope.expands);
            continue;
        };
        let find = |names: &'static [&'static str]| names.iter().find(|known| known.eq_ignore_ascii_case(&name));
        match find(scope.expands) {
            Some(name) => shown.push(*name),
            None if find(scope.hides).is_some() => {}
            None => {
                let known = || scope.expands.iter().chain(scope.hides).copied();
                let hint = if known().next().is_none() { "it has none".to_owned() } else { one_of(known()) };
                let message = format!("{} has no rows {} to expand; {hint}", scope.shape.name, short(&name));
                return Err(Mistake::new(at, message));
            }
        }
    }
    Ok(shown)
}

/// A row without what is not selected.
pub(in crate::twinzo) fn thin<T: Contract>(row: T, members: &[&str]) -> T {
    let mut thin = T::default();
    thin.adopt(row, |name| members.contains(&name));
    thin
}

/// Names between commas, each with its place; `None` is the star.
fn names(text: &str) -> Result<Vec<(Option<String>, usize)>, Mistake> {
    let mut names = Vec::new();
    for part in tokens(text)?.split(|placed| placed.token == Token::Comma) {
        let [name, rest @ ..] = part else {
            return Err(Mistake::new(text.len(), "expected a name between commas".to_owned()));
        };
        let at = name.span.start;
        if let Some(stranger) = rest.first() {
            let is_within = matches!(stranger.token, Token::Open | Token::Slash);
            let message = if is_within {
                "options and paths within it are not known here; give names between commas".to_owned()
            } else {
                format!("expected a comma, found {}", short(&stranger.token.to_string()))
            };
            return Err(Mistake::new(stranger.span.start, message));
        }
        if let Token::Word(word) = &name.token {
            names.push((Some(word.clone()), at));
        } else if name.token == Token::Star {
            names.push((None, at));
        } else {
            return Err(Mistake::new(at, format!("expected a name, found {}", short(&name.token.to_string()))));
        }
    }
    Ok(names)
}
