//! The rules of a sandbox in load order, and where to find those that an exchange may concern.

use std::collections::HashMap;
use std::sync::Arc;

use super::rule::Rule;
use super::subject::Subject;
use crate::operation::Operation;

/// The rules.
#[derive(Debug, Default)]
pub(super) struct Rules {
    list: Vec<Arc<Rule>>,
    ids: HashMap<Arc<str>, usize>,
    /// `None` is for paths that no vendor has.
    by_operation: HashMap<Option<Operation>, Candidates>,
}

/// Positions of the rules that may match, each list in load order.
#[derive(Debug, Default)]
struct Candidates {
    of_anybody: Vec<usize>,
    of_account: HashMap<Box<str>, Vec<usize>>,
}

// === impl Rules ===

impl Rules {
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.list.iter()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<Rule>> {
        self.list.get(*self.ids.get(id)?)
    }

    pub(super) fn push(&mut self, rule: Arc<Rule>) {
        let position = self.list.len();
        self.ids.insert(Arc::clone(&rule.id), position);
        let operations = Operation::all().map(Some).chain([None]);
        for operation in operations.filter(|operation| rule.condition.is_about(*operation)) {
            let candidates = self.by_operation.entry(operation).or_default();
            match rule.condition.account() {
                Some(account) => candidates.of_account.entry(account.into()).or_default().push(position),
                None => candidates.of_anybody.push(position),
            }
        }
        self.list.push(rule);
    }

    /// Puts a rule in the place of the one with its id.
    pub(super) fn replace(&mut self, rule: Rule) {
        let rule = Arc::new(rule);
        if let Some(place) = self.ids.get(&rule.id).and_then(|position| self.list.get_mut(*position)) {
            *place = rule;
        }
        self.rebuild();
    }

    /// Keeps some of them. True if any went.
    pub(super) fn retain(&mut self, keep: impl Fn(&Rule) -> bool) -> bool {
        let before = self.list.len();
        self.list.retain(|rule| keep(rule));
        let is_less = self.list.len() < before;
        if is_less {
            self.rebuild();
        }
        is_less
    }

    fn rebuild(&mut self) {
        for rule in std::mem::take(self).list {
            self.push(rule);
        }
    }

    /// Every rule that an exchange may concern, in load order.
    #[inline]
    pub(super) fn for_each_about(&self, subject: &Subject<'_>, mut each: impl FnMut(&Rule)) {
        let Some(candidates) = self.by_operation.get(&subject.operation) else { return };
        let of_account = subject.who.account.as_deref().and_then(|account| candidates.of_account.get(account));
        let mut of_account = of_account.map_or(&[][..], Vec::as_slice);
        let mut at = |position: usize| self.list.get(position).into_iter().for_each(|rule| each(rule));
        for position in candidates.of_anybody.iter().copied() {
            while let Some((first, rest)) = of_account.split_first().filter(|(first, _)| **first < position) {
                at(*first);
                of_account = rest;
            }
            at(position);
        }
        of_account.iter().copied().for_each(at);
    }
}
