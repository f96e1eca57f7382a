//! One rule: checked against the directory, counting what it matches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::condition::Condition;
use super::decision::Hit;
use super::draw::Draws;
use super::effect::Effect;
use super::key::{Key, Keyed};
use super::spec::{Per, RuleSpec};
use super::subject::Subject;
use super::trigger::Trigger;
use super::{InvalidRule, Premises};

/// A rule that was checked.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: Arc<str>,
    // Boxed, so that many rules that are looked at one after another lie close together.
    pub(super) spec: Box<RuleSpec>,
    pub(super) condition: Box<Condition>,
    effect: Arc<Effect>,
    loaded: Timestamp,
    draws: Draws,
    hot: Hot,
    /// For rules that count by a key.
    counts: Mutex<Keyed<Count>>,
}

/// What is looked at on every exchange that a rule may concern, close together.
#[derive(Debug)]
struct Hot {
    /// Whether its condition says more than the index knows.
    has_rest: bool,
    trigger: Trigger,
    /// When its life ends.
    ends: Option<Timestamp>,
    is_paused: bool,
    per: Per,
    matched: AtomicU64,
    fired: AtomicU64,
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
        let hot = Hot {
            has_rest: condition.has_rest(),
            trigger: Trigger::compile(spec.trigger, loaded)?,
            ends: spec.ttl.map(|ttl| loaded.checked_add(ttl.signed()).unwrap_or(Timestamp::MAX)),
            is_paused: spec.paused,
            per: spec.trigger.per,
            matched: AtomicU64::new(0),
            fired: AtomicU64::new(0),
        };
        let (effect, draws) = (Arc::new(effect), draws.of_rule(&id));
        let (spec, condition) = (Box::new(spec), Box::new(condition));
        Ok(Self { id, spec, condition, effect, loaded, draws, hot, counts: Mutex::default() })
    }

    /// The same rule with another text, and counts that begin anew.
    pub(super) fn changed(&self, spec: RuleSpec, draws: Draws, premises: &Premises<'_>) -> Result<Self, InvalidRule> {
        let premises = Premises { now: self.loaded, ..*premises };
        Self::compile(Arc::clone(&self.id), spec, draws, &premises)
    }

    /// Goes on with the counts of the rule that it was. Nobody may count meanwhile.
    pub(super) fn count_on(&mut self, before: &Self) {
        if self.hot.per == before.hot.per {
            self.hot.matched = AtomicU64::new(before.matched());
            self.hot.fired = AtomicU64::new(before.fired());
            self.counts = Mutex::new(std::mem::take(&mut *before.counts()));
        }
    }

    /// Counts one exchange, if it is about it, and fires if it is its turn.
    #[inline]
    pub(super) fn hit(&self, subject: &Subject<'_>) -> Option<Hit> {
        if self.hot.has_rest && !self.condition.matches_rest(subject) {
            return None;
        }
        self.hit_any(subject)
    }

    /// The same for an exchange that it is about.
    #[inline]
    pub(super) fn hit_any(&self, subject: &Subject<'_>) -> Option<Hit> {
        if self.off(subject.now).is_some() {
            return None;
        }
        let all = self.hot.matched.fetch_add(1, Ordering::Relaxed) + 1;
        if self.hot.per == Per::Rule {
            let fires = self.hot.trigger.fires(all, self.draws, || Key::Rule.stable(1));
            return (fires && self.fire()).then(|| self.hit_by(&Key::Rule, all, 1));
        }
        let (key, Count { ordinal, position }) = self.count(self.hot.per, subject);
        let fires = self.hot.trigger.fires(ordinal, self.draws, || key.stable(position));
        (fires && self.fire()).then(|| self.hit_by(&key, ordinal, position))
    }

    /// The same, telling all about it.
    pub(super) fn take(&self, subject: &Subject<'_>) -> Taken {
        if !self.condition.matches_rest(subject) {
            return Taken::Elsewhere;
        }
        if let Some(why) = self.off(subject.now) {
            return Taken::Off(why);
        }
        let was_spent = self.is_spent();
        let hit = self.hit_any(subject);
        let key = Key::of(self.hot.per, subject);
        let Count { ordinal, position } = match self.hot.per {
            Per::Rule => Count { ordinal: self.matched(), position: 1 },
            Per::Client | Per::Branch | Per::Account | Per::Token | Per::Connection => {
                *self.counts().entry(&key, |position| Count { ordinal: 0, position })
            }
        };
        let is_spent = hit.is_none() && was_spent;
        Taken::Counted { key, ordinal, position, hit, is_spent }
    }

    #[inline]
    fn off(&self, now: Timestamp) -> Option<&'static str> {
        if self.hot.is_paused {
            return Some("it is paused");
        }
        if self.hot.ends.is_some_and(|ends| now >= ends) {
            return Some("its ttl is over");
        }
        if self.hot.trigger.counts_at(now) { None } else { Some("its window is closed") }
    }

    fn hit_by(&self, key: &Key, ordinal: u64, position: u64) -> Hit {
        let draw = self.draws.at(&key.stable(position), ordinal);
        Hit { rule: Arc::clone(&self.id), effect: Arc::clone(&self.effect), draw }
    }

    fn is_spent(&self) -> bool {
        self.spec.limit.is_some_and(|limit| self.fired() >= limit)
    }

    fn count(&self, per: Per, subject: &Subject<'_>) -> (Key, Count) {
        let key = Key::of(per, subject);
        let mut counts = self.counts();
        let count = counts.entry(&key, |position| Count { ordinal: 0, position });
        count.ordinal += 1;
        let count = *count;
        (key, count)
    }

    /// False if it may not fire any more.
    fn fire(&self) -> bool {
        let limit = self.spec.limit.unwrap_or(u64::MAX);
        let more = |fired| (fired < limit).then_some(fired + 1);
        self.hot.fired.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(super) fn view(&self, now: Timestamp) -> RuleView {
        let state = match self.hot.ends {
            _ if self.spec.paused => "paused",
            Some(ends) if now >= ends => "expired",
            _ if self.is_spent() => "spent",
            _ => "active",
        };
        RuleView {
            id: self.id.to_string(),
            spec: RuleSpec::clone(&self.spec),
            state,
            matched: self.matched(),
            fired: self.fired(),
            forgotten: self.counts().forgotten(),
        }
    }

    fn matched(&self) -> u64 {
        self.hot.matched.load(Ordering::Relaxed)
    }

    pub(super) fn fired(&self) -> u64 {
        self.hot.fired.load(Ordering::Relaxed)
    }

    pub(super) fn forget(&self) {
        *self.counts() = Keyed::default();
        self.hot.matched.store(0, Ordering::Relaxed);
        self.hot.fired.store(0, Ordering::Relaxed);
    }

    fn counts(&self) -> MutexGuard<'_, Keyed<Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
