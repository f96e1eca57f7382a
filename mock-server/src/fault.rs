//! Faults: rules that say where they apply (match), when (trigger), and what happens instead (effect).
//!
//! An exchange goes: route, identify, rules, commit, answer. An effect that replaces the answer acts before the commit,
//! so nothing is stored. Every rule counts every exchange that it matches, also those that another rule answered; among
//! the rules that fire on one exchange the first in load order gives the answer.

mod compile;
mod effect;
mod spec;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use http::Method;

use crate::directory::{BranchId, ClientId, Directory};
use crate::operation::{Operation, Vendor};

pub use compile::InvalidRule;
pub(crate) use effect::Decision;
pub use spec::{At, EffectSpec, HeaderCase, MatchSpec, Per, RuleSpec, TriggerSpec, WireEffect};

use effect::Effect;

/// Rules at most in one sandbox.
pub const MAX_RULES: usize = 10_000;

/// Bytes of a rule's name at most.
const MAX_NAME: usize = 200;

/// The rules of one sandbox.
#[derive(Debug, Default)]
pub struct Faults {
    // So that an exchange without rules takes no lock.
    count: AtomicUsize,
    rules: Mutex<Vec<Rule>>,
}

/// What a rule can look at.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) operation: Operation,
    pub(crate) method: &'a Method,
    pub(crate) client: Option<ClientId>,
    pub(crate) branch: Option<BranchId>,
    /// Login or Timbr user, only if the directory knows it.
    pub(crate) account: Option<&'a str>,
}

/// A rule with its counts, as the admin API shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RuleView {
    /// Name, or position in load order.
    pub id: String,
    /// The rule as it was given.
    #[serde(flatten)]
    pub spec: RuleSpec,
    /// Exchanges that it matched.
    pub matched: u64,
    /// Exchanges on which it fired.
    pub fired: u64,
}

/// A rule that was checked against the directory.
#[derive(Debug)]
struct Rule {
    id: String,
    spec: RuleSpec,
    vendor: Option<Vendor>,
    operation: Option<Operation>,
    method: Option<Method>,
    client: Option<ClientId>,
    branch: Option<BranchId>,
    trigger: Trigger,
    effect: Effect,
    matched: u64,
    fired: u64,
    counts: HashMap<Key, u64>,
}

#[derive(Clone, Copy, Debug)]
enum Trigger {
    Always,
    /// 1-based.
    Nth(u64),
    First(u64),
}

/// What a rule counts by. Only names from the directory occur, so the table is bounded.
#[derive(Debug, Eq, Hash, PartialEq)]
enum Key {
    Rule,
    Client(Option<ClientId>),
    Branch(Option<BranchId>),
    Account(Option<String>),
}

// === impl Faults ===

impl Faults {
    /// Checks a rule and puts it behind the others. Returns its id.
    pub fn add(&self, spec: RuleSpec, directory: &Directory) -> Result<String, InvalidRule> {
        let mut rules = self.lock();
        if rules.len() >= MAX_RULES {
            return Err(InvalidRule::TooMany);
        }
        let id = match &spec.name {
            Some(name) if rules.iter().any(|rule| rule.id == *name) => {
                return Err(InvalidRule::NameTaken { name: name.clone() });
            }
            Some(name) if name.is_empty() || name.len() > MAX_NAME => {
                let problem = format!("a name has 1 to {MAX_NAME} bytes");
                return Err(InvalidRule::Value { field: "name", problem });
            }
            Some(name) => name.clone(),
            None => free_position(&rules),
        };
        rules.push(Rule::compile(id.clone(), spec, directory)?);
        self.count.store(rules.len(), Ordering::Release);
        Ok(id)
    }

    /// Every rule in load order.
    pub fn list(&self) -> Vec<RuleView> {
        self.lock().iter().map(Rule::view).collect()
    }

    /// Takes one rule away. False if there is none of that id.
    pub fn remove(&self, id: &str) -> bool {
        let mut rules = self.lock();
        let before = rules.len();
        rules.retain(|rule| rule.id != id);
        self.count.store(rules.len(), Ordering::Release);
        rules.len() < before
    }

    /// Takes every rule away.
    pub fn clear(&self) {
        self.lock().clear();
        self.count.store(0, Ordering::Release);
    }

    /// Counts the exchange on every rule that it matches, and decides.
    pub(crate) fn decide(&self, subject: &Subject<'_>) -> Option<Decision> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut decision: Option<Decision> = None;
        for rule in self.lock().iter_mut().filter(|rule| rule.matches(subject)) {
            if rule.fires(subject) {
                let first = || Decision { fired: Vec::new(), effect: rule.effect.clone() };
                decision.get_or_insert_with(first).fired.push(rule.id.clone());
            }
        }
        decision
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `rule-1`, `rule-2` …: by position, never random, so that a run can be repeated.
fn free_position(rules: &[Rule]) -> String {
    let mut position = rules.len() + 1;
    while rules.iter().any(|rule| rule.id == format!("rule-{position}")) {
        position += 1;
    }
    format!("rule-{position}")
}

// === impl Rule ===

impl Rule {
    fn matches(&self, subject: &Subject<'_>) -> bool {
        self.vendor.is_none_or(|vendor| vendor == subject.operation.vendor())
            && self.operation.is_none_or(|operation| operation == subject.operation)
            && self.method.as_ref().is_none_or(|method| method == subject.method)
            && self.client.is_none_or(|client| Some(client) == subject.client)
            && self.branch.is_none_or(|branch| Some(branch) == subject.branch)
            && self.spec.matches.account.as_deref().is_none_or(|account| Some(account) == subject.account)
    }

    /// Counts one matching exchange and says whether the rule fires on it.
    fn fires(&mut self, subject: &Subject<'_>) -> bool {
        let key = match self.spec.trigger.per {
            Per::Rule => Key::Rule,
            Per::Client => Key::Client(subject.client),
            Per::Branch => Key::Branch(subject.branch),
            Per::Account => Key::Account(subject.account.map(str::to_owned)),
        };
        let ordinal = self.counts.entry(key).or_insert(0);
        *ordinal += 1;
        self.matched += 1;
        let fires = match self.trigger {
            Trigger::Always => true,
            Trigger::Nth(nth) => *ordinal == nth,
            Trigger::First(first) => *ordinal <= first,
        };
        self.fired += u64::from(fires);
        fires
    }

    fn view(&self) -> RuleView {
        RuleView { id: self.id.clone(), spec: self.spec.clone(), matched: self.matched, fired: self.fired }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::TwinzoOperation;

    fn faults(rules: &[&str]) -> (Faults, Directory) {
        let directory = Directory::default_world().unwrap();
        let faults = Faults::default();
        for rule in rules {
            faults.add(serde_json::from_str(rule).unwrap(), &directory).unwrap();
        }
        (faults, directory)
    }

    fn statuses(faults: &Faults, accounts: &[Option<&str>]) -> Vec<Option<u16>> {
        let decide = |account: Option<&str>| {
            let subject = Subject {
                operation: Operation::Twinzo(TwinzoOperation::Authenticate),
                method: &Method::POST,
                client: None,
                branch: None,
                account,
            };
            faults.decide(&subject).map(|decision| match decision.effect {
                Effect::Answer { status, .. } => status.as_u16(),
                Effect::Wire { .. } => panic!("no rule here breaks a connection"),
            })
        };
        accounts.iter().copied().map(decide).collect()
    }

    #[test]
    fn first_and_nth_count_from_one() {
        let (first, _) = faults(&[r#"{"trigger":{"first":2},"effect":{"status":503}}"#]);
        assert_eq!(statuses(&first, &[None; 4]), [Some(503), Some(503), None, None]);
        let (nth, _) = faults(&[r#"{"trigger":{"nth":2},"effect":{"status":500}}"#]);
        assert_eq!(statuses(&nth, &[None; 3]), [None, Some(500), None]);
        let (always, _) = faults(&[r#"{"effect":{"status":418}}"#]);
        assert_eq!(statuses(&always, &[None; 2]), [Some(418); 2]);
    }

    #[test]
    fn a_count_per_account_keeps_accounts_apart() {
        let (faults, _) = faults(&[r#"{"trigger":{"first":1,"per":"account"},"effect":{"status":503}}"#]);
        let accounts = [Some("forklift-01"), Some("walker-01"), Some("forklift-01"), None, None];
        assert_eq!(statuses(&faults, &accounts), [Some(503), Some(503), None, Some(503), None]);
    }

    #[test]
    fn the_first_rule_answers_and_the_others_count_on() {
        let (faults, _) = faults(&[
            r#"{"name":"a","trigger":{"first":1},"effect":{"status":500}}"#,
            r#"{"name":"b","trigger":{"first":2},"effect":{"status":503}}"#,
            r#"{"match":{"operation":"refresh"},"effect":{"status":400}}"#,
        ]);
        assert_eq!(statuses(&faults, &[None; 3]), [Some(500), Some(503), None]);
        let counts: Vec<_> = faults.list().into_iter().map(|rule| (rule.id, rule.matched, rule.fired)).collect();
        assert_eq!(counts, [("a".into(), 3, 1), ("b".into(), 3, 2), ("rule-3".into(), 0, 0)]);
    }

    #[test]
    fn a_match_narrows_by_account() {
        let (faults, _) = faults(&[r#"{"match":{"account":"walker-01"},"effect":{"status":503}}"#]);
        assert_eq!(statuses(&faults, &[Some("forklift-01"), Some("walker-01"), None]), [None, Some(503), None]);
    }

    #[test]
    fn rules_go_away_one_by_one_or_all_at_once() {
        let (faults, _) = faults(&[r#"{"name":"a","effect":{"status":500}}"#, r#"{"effect":{"status":503}}"#]);
        assert!(faults.remove("a") && !faults.remove("a"));
        assert_eq!(statuses(&faults, &[None]), [Some(503)]);
        faults.clear();
        assert_eq!(statuses(&faults, &[None]), [None]);
    }
}
