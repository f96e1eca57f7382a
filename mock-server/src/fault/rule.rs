//! One rule: checked against the directory, counting what it matches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::condition::Condition;
use super::decision::Hit;
use super::draw::Draws;
use super::effect::Effect;
use super::key::{Key, Keyed};
use super::spec::RuleSpec;
use super::subject::Subject;
use super::trigger::Trigger;
use super::{InvalidRule, Premises};

/// A rule that was checked.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: Arc<str>,
    pub(super) spec: RuleSpec,
    pub(super) condition: Condition,
    trigger: Trigger,
    effect: Arc<Effect>,
    loaded: Timestamp,
    /// When its life ends.
    ends: Option<Timestamp>,
    draws: Draws,
    /// Shared with the rule that it was before it was changed.
    tally: Arc<Mutex<Tally>>,
}

#[derive(Debug, Default)]
struct Tally {
    matched: u64,
    fired: u64,
    counts: Keyed<Count>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    ordinal: u64,
    /// Position of its key among all keys.
    position: u64,
}

/// A rule with its counts, as the admin API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct RuleView {
    /// Name, or position in load order.
    pub id: String,
    /// The rule as it was given.
    #[serde(flatten)]
    pub spec: RuleSpec,
    /// `active`, `paused`, `expired` or `spent`.
    pub state: &'static str,
    /// Exchanges that it matched.
    pub matched: u64,
    /// Exchanges on which it fired.
    pub fired: u64,
    /// Keys that were forgotten because there were too many; if they come back their count begins anew.
    #[serde(skip_serializing_if = "is_zero")]
    pub forgotten: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What became of one exchange under one rule.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is about something else.
    Elsewhere,
    /// It is paused, its life is over, or its window is closed.
    Off(&'static str),
    /// It was counted.
    Counted { key: Key, ordinal: u64, position: u64, hit: Option<Hit>, is_spent: bool },
}

// === impl Rule ===

impl Rule {
    pub(super) fn compile(
        id: Arc<str>,
        spec: RuleSpec,
        draws: Draws,
        premises: &Premises<'_>,
    ) -> Result<Self, InvalidRule> {
        let anywhere = Effect::is_for_anywhere(&spec.effect);
        let condition = Condition::compile(&spec.matches, premises.directory, anywhere)?;
        let effect = Effect::compile(&spec.effect, &spec.matches, premises.files)?;
        Self::assemble(id, spec, condition, effect, draws, premises.now)
    }

    pub(super) fn assemble(
        id: Arc<str>,
        spec: RuleSpec,
        condition: Condition,
        effect: Effect,
        draws: Draws,
        loaded: Timestamp,
    ) -> Result<Self, InvalidRule> {
        if spec.limit == Some(0) {
            return Err(InvalidRule::value("limit", "it could never fire: a limit starts at 1"));
        }
        let trigger = Trigger::compile(spec.trigger, loaded)?;
        let ends = spec.ttl.map(|ttl| loaded.checked_add(ttl.signed()).unwrap_or(Timestamp::MAX));
        let draws = draws.of_rule(&id);
        Ok(Self { id, spec, condition, trigger, effect: Arc::new(effect), loaded, ends, draws, tally: Arc::default() })
    }

    /// The same rule with another text. Its counts go on, unless it counts by another key now.
    pub(super) fn changed(&self, spec: RuleSpec, draws: Draws, premises: &Premises<'_>) -> Result<Self, InvalidRule> {
        let premises = Premises { now: self.loaded, ..*premises };
        let mut rule = Self::compile(Arc::clone(&self.id), spec, draws, &premises)?;
        if rule.spec.trigger.per == self.spec.trigger.per {
            rule.tally = Arc::clone(&self.tally);
        }
        Ok(rule)
    }

    /// Counts one exchange, if it is about it, and says whether it fires.
    pub(super) fn take(&self, subject: &Subject<'_>) -> Taken {
        if self.condition.matches(subject) { self.take_any(subject) } else { Taken::Elsewhere }
    }

    /// Counts one exchange, whatever it is about.
    pub(super) fn take_any(&self, subject: &Subject<'_>) -> Taken {
        if self.spec.paused {
            return Taken::Off("it is paused");
        }
        if self.ends.is_some_and(|ends| subject.now >= ends) {
            return Taken::Off("its ttl is over");
        }
        if !self.trigger.counts_at(subject.now) {
            return Taken::Off("its window is closed");
        }
        let key = Key::of(self.spec.trigger.per, subject);
        let mut tally = self.tally();
        tally.matched += 1;
        let count = tally.counts.entry(&key, |position| Count { ordinal: 0, position });
        count.ordinal += 1;
        let Count { ordinal, position } = *count;
        let fires = self.trigger.fires(ordinal, self.draws, || key.stable(position));
        let is_spent = fires && self.is_spent(&tally);
        let fires = fires && !is_spent;
        tally.fired += u64::from(fires);
        drop(tally);
        let hit = fires.then(|| Hit {
            rule: Arc::clone(&self.id),
            effect: Arc::clone(&self.effect),
            draw: self.draws.at(&key.stable(position), ordinal),
        });
        Taken::Counted { key, ordinal, position, hit, is_spent }
    }

    pub(super) fn view(&self, now: Timestamp) -> RuleView {
        let tally = self.tally();
        let state = match self.ends {
            _ if self.spec.paused => "paused",
            Some(ends) if now >= ends => "expired",
            _ if self.is_spent(&tally) => "spent",
            _ => "active",
        };
        RuleView {
            id: self.id.to_string(),
            spec: self.spec.clone(),
            state,
            matched: tally.matched,
            fired: tally.fired,
            forgotten: tally.counts.forgotten(),
        }
    }

    pub(super) fn fired(&self) -> u64 {
        self.tally().fired
    }

    pub(super) fn forget(&self) {
        *self.tally() = Tally::default();
    }

    fn is_spent(&self, tally: &Tally) -> bool {
        self.spec.limit.is_some_and(|limit| tally.fired >= limit)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
