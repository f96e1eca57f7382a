//! Faults: rules that say where they apply (match), when (trigger), and what happens then (effect).
//!
//! An exchange goes: route, identify, rules, limits, commit, answer. An effect that gives another answer or breaks the
//! connection acts before the commit, so nothing is stored, unless it says `at = "after_commit"`. Every rule counts every
//! exchange that it matches, also those that another rule answered. Delays add, changes follow one another, and of
//! other answers and broken connections the first in load order acts.

mod condition;
mod decision;
mod draw;
mod effect;
mod invalid;
mod key;
mod pack;
mod quirk;
mod rule;
mod rules;
mod spec;
mod subject;
mod trace;
mod trigger;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Value;

use crate::directory::Directory;
use crate::json::{Members, Names, merge};

pub(crate) use condition::Condition;
pub(crate) use decision::{Decision, Wait};
pub(crate) use effect::{Items, Shape};
pub use invalid::InvalidRule;
pub(crate) use key::{Key, Keyed};
pub use pack::{Pack, packs};
pub use rule::RuleView;
pub use spec::*;
pub(crate) use subject::{Subject, Who};
pub use trace::{Glance, Probe};

use draw::Draws;
use rule::Rule;
use rules::Rules;

/// Rules at most in one sandbox.
pub const MAX_RULES: usize = 10_000;

/// Bytes of a rule's name at most.
const MAX_NAME: usize = 200;

/// The rules of one sandbox.
#[derive(Debug)]
pub struct Faults {
    // So that an exchange without rules takes no lock.
    count: AtomicUsize,
    // Read for as long as an exchange is compared with the rules, never across an await.
    rules: RwLock<Rules>,
    /// Edits follow one another.
    editing: Mutex<()>,
    draws: Draws,
}

/// What a rule is checked against.
#[derive(Clone, Copy, Debug)]
pub struct Premises<'a> {
    /// The names that it may use.
    pub directory: &'a Directory,
    /// Where the files lie that it may answer with.
    pub files: Option<&'a Path>,
    /// The sandbox's time.
    pub now: Timestamp,
}

/// Why a rule was not changed.
#[derive(Debug)]
pub(crate) enum CannotChange {
    /// There is none of that id.
    NotFound,
    /// What it would become cannot be read.
    Syntax { path: String, error: serde_json::Error },
    /// What it would become is wrong.
    Invalid(InvalidRule),
}

// === impl Faults ===

impl Faults {
    /// None yet, for a sandbox with a seed.
    pub fn new(seed: u64, sandbox: &str) -> Self {
        let draws = Draws::of_sandbox(seed, sandbox);
        Self { count: AtomicUsize::new(0), rules: RwLock::default(), editing: Mutex::default(), draws }
    }

    /// Checks a rule, or a pack of them, and puts it behind the others. Returns the ids.
    pub fn add(&self, spec: RuleSpec, premises: &Premises<'_>) -> Result<Vec<String>, InvalidRule> {
        let specs = if spec.pack.is_some() { pack::expand(&spec, premises)? } else { vec![spec] };
        // One after another; exchanges need not wait for files to be read.
        let _edit = self.edits();
        let ids = {
            let rules = self.read();
            if rules.len() + specs.len() > MAX_RULES {
                return Err(InvalidRule::TooMany);
            }
            let id = |(ahead, spec): (usize, &RuleSpec)| free_id(&rules, spec.name.as_deref(), ahead);
            specs.iter().enumerate().map(id).collect::<Result<Vec<String>, _>>()?
        };
        let compile = |(id, spec): (&String, RuleSpec)| {
            Rule::compile(id.as_str().into(), spec, self.draws, premises).map(Arc::new)
        };
        let made = ids.iter().zip(specs).map(compile).collect::<Result<Vec<_>, _>>()?;
        let mut rules = self.write();
        for rule in made {
            rules.push(rule);
        }
        self.count.store(rules.len(), Ordering::Release);
        Ok(ids)
    }

    /// Every rule in load order.
    pub fn list(&self, now: Timestamp) -> Vec<RuleView> {
        self.read().iter().map(|rule| rule.view(now)).collect()
    }

    /// One rule.
    pub fn get(&self, id: &str, now: Timestamp) -> Option<RuleView> {
        self.read().get(id).map(|rule| rule.view(now))
    }

    /// Rules that must fire and have not: a test that relied on them tested nothing.
    pub fn unfired(&self, now: Timestamp) -> Vec<RuleView> {
        let rules = self.read();
        let unfired = rules.iter().filter(|rule| rule.fired() == 0 && !rule.spec.optional);
        unfired.map(|rule| rule.view(now)).collect()
    }

    /// Changes a rule by a merge patch. Its counts go on, unless it counts by another key now.
    pub(crate) fn change(&self, id: &str, patch: &Value, premises: &Premises<'_>) -> Result<RuleView, CannotChange> {
        let _edit = self.edits();
        let rule = self.read().get(id).map(Arc::clone).ok_or(CannotChange::NotFound)?;
        let unreadable = |error| CannotChange::Syntax { path: String::new(), error };
        let mut text = serde_json::to_value(&rule.spec).map_err(unreadable)?;
        merge(&mut text, patch);
        let mut track = serde_path_to_error::Track::new();
        let tracked = serde_path_to_error::Deserializer::new(&text, &mut track);
        let spec = RuleSpec::deserialize(Members(Names::Exact, tracked));
        let spec = spec.map_err(|error| CannotChange::Syntax { path: track.path().to_string(), error })?;
        if (&spec.name, &spec.pack) != (&rule.spec.name, &rule.spec.pack) {
            let error = serde_json::Error::custom("a rule keeps its name and its pack");
            return Err(CannotChange::Syntax { path: "name".to_owned(), error });
        }
        let mut changed = rule.changed(spec, self.draws, premises).map_err(CannotChange::Invalid)?;
        let mut rules = self.write();
        changed.count_on(&rule);
        let view = changed.view(premises.now);
        rules.replace(changed);
        Ok(view)
    }

    /// Takes one rule away. False if there is none of that id.
    pub fn remove(&self, id: &str) -> bool {
        self.retain(|rule| *rule.id != *id)
    }

    /// Takes the rules of a pack away. False if there are none.
    pub fn remove_pack(&self, pack: &str) -> bool {
        self.retain(|rule| rule.spec.pack.as_deref() != Some(pack))
    }

    /// Takes every rule away.
    pub fn clear(&self) {
        self.retain(|_| false);
    }

    /// Begins all counts anew.
    pub(crate) fn forget(&self) {
        self.read().iter().for_each(|rule| rule.forget());
    }

    /// Counts the exchange on every rule that it matches, and decides.
    #[inline]
    pub(crate) fn decide(&self, subject: &Subject<'_>) -> Decision {
        let mut decision = Decision::default();
        if self.count.load(Ordering::Acquire) > 0 {
            self.read().for_each_about(subject, |rule| {
                if let Some(hit) = rule.hit(subject) {
                    decision.push(hit);
                }
            });
        }
        decision
    }

    fn retain(&self, keep: impl Fn(&Rule) -> bool) -> bool {
        let _edit = self.edits();
        let mut rules = self.write();
        let is_less = rules.retain(keep);
        self.count.store(rules.len(), Ordering::Release);
        is_less
    }

    fn edits(&self) -> MutexGuard<'_, ()> {
        self.editing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rules> {
        self.rules.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names of routes, and of what is counted beside the rules.
const RESERVED: [&str; 2] = ["packs", trace::HEADER];

/// A name stands in paths, logs and metrics.
pub(crate) fn check_name(name: &str) -> Result<(), InvalidRule> {
    if name.is_empty() || name.len() > MAX_NAME || name.contains(|c: char| c.is_control()) {
        return Err(InvalidRule::value(
            "name",
            format!("a name has 1 to {MAX_NAME} bytes, none of them a control character"),
        ));
    }
    Ok(())
}

/// `rule-1`, `rule-2` …: by position, never random, so that a run can be repeated.
fn free_id(rules: &Rules, name: Option<&str>, ahead: usize) -> Result<String, InvalidRule> {
    match name {
        Some(name) if rules.get(name).is_some() => Err(InvalidRule::NameTaken { name: name.to_owned() }),
        Some(name) if RESERVED.contains(&name) || name.starts_with("account ") => {
            Err(InvalidRule::value("name", format!("{name:?} stands for something else; choose another name")))
        }
        Some(name) => check_name(name).map(|()| name.to_owned()),
        None => {
            let mut position = rules.len() + ahead + 1;
            while rules.get(&format!("rule-{position}")).is_some() {
                position += 1;
            }
            Ok(format!("rule-{position}"))
        }
    }
}

#[cfg(test)]
mod tests;
