//! What the rules decided on one exchange, and how their effects go together: delays add, changes follow one another,
//! and of other answers and broken connections the first in load order acts.

use std::sync::Arc;
use std::time::Duration;

use super::draw::Draw;
use super::effect::{Drawn, Effect, Items, Replacement, Reshape, Wire};
use super::spec::{At, DelayClock};
use crate::connection::{Framing, Tamper};

/// Every rule that fired, in load order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Decision {
    hits: Vec<Hit>,
    /// A limit answered, so no rule does.
    is_limited: bool,
}

/// A rule that fired on one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(super) rule: Arc<str>,
    pub(super) effect: Arc<Effect>,
    pub(super) draw: Draw,
}

/// How long an answer waits before it goes out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wait {
    pub(crate) real: Duration,
    pub(crate) sandbox: Duration,
}

// === impl Wait ===

impl Wait {
    /// Of both clocks together, if there is any.
    pub(crate) fn millis(self) -> Option<u64> {
        let whole = self.real.saturating_add(self.sandbox);
        (!whole.is_zero()).then(|| u64::try_from(whole.as_millis()).unwrap_or(u64::MAX))
    }
}

// === impl Decision ===

impl Decision {
    pub(super) fn push(&mut self, hit: Hit) {
        self.hits.push(hit);
    }

    /// Those of another set of rules come after these.
    pub(crate) fn followed_by(mut self, other: Self) -> Self {
        self.hits.extend(other.hits);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// The rule of whose answer or connection there can be only one.
    pub(crate) fn lead(&self) -> Option<&Hit> {
        self.hits.iter().find(|hit| hit.effect.leads())
    }

    /// Whether nothing may be stored.
    pub(crate) fn is_before_commit(&self) -> bool {
        self.lead().is_some_and(|hit| hit.effect.at == At::BeforeCommit)
    }

    /// The same for an exchange that a limit refused: no rule gives another answer.
    pub(crate) fn without_replacements(self) -> Self {
        Self { is_limited: true, ..self }
    }

    /// The answer that takes the place of the real one.
    pub(crate) fn replacement(&self) -> Option<&Replacement> {
        self.lead().filter(|_| !self.is_limited)?.effect.replacement.as_ref()
    }

    pub(crate) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.hits.iter().map(|hit| &*hit.effect)
    }

    pub(crate) fn items(&self) -> Vec<Items> {
        self.effects().filter_map(|effect| effect.items.clone()).collect()
    }

    /// Names of the rules.
    pub(crate) fn rules(&self) -> Vec<String> {
        self.hits.iter().map(|hit| hit.rule.to_string()).collect()
    }

    /// What the connection does, and how long the answer waits.
    pub(crate) fn wire(&self) -> (Tamper, Wait) {
        let lead = self.lead().and_then(|hit| Some(hit.effect.wire.as_ref()?.tamper(hit.draw)));
        let (mut tamper, mut wait) = (lead.unwrap_or_default(), Wait::default());
        for hit in &self.hits {
            match hit.delay() {
                Some(Drawn::Head(DelayClock::Real, delay)) => wait.real = wait.real.saturating_add(delay),
                Some(Drawn::Head(DelayClock::Sandbox, delay)) => wait.sandbox = wait.sandbox.saturating_add(delay),
                Some(Drawn::Body(delay)) => tamper.body_pause = tamper.body_pause.saturating_add(delay),
                Some(Drawn::Chunks(bytes, pauses)) if tamper.framing == Framing::AsIs => {
                    tamper.framing = Framing::Chunks { bytes, pauses };
                }
                // Two orders of chunks cannot both be carried out, nor one beside broken chunks.
                Some(Drawn::Chunks(..)) | None => {}
            }
        }
        (tamper, wait)
    }

    /// For people, one line a rule: what it did to this exchange.
    pub(crate) fn describe(&self) -> Vec<String> {
        let lead = self.lead().map(|hit| &hit.rule);
        let describe = |hit: &Hit| format!("{}: {}", hit.rule, hit.describe(lead, self.is_limited));
        self.hits.iter().map(describe).collect()
    }
}

// === impl Hit ===

impl Hit {
    pub(super) fn of(rule: &str, effect: Effect, draw: Draw) -> Self {
        Self { rule: rule.into(), effect: Arc::new(effect), draw }
    }

    pub(crate) fn rule(&self) -> &str {
        &self.rule
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    fn delay(&self) -> Option<Drawn> {
        self.effect.delay.as_ref().map(|delay| delay.draw(self.draw))
    }

    fn describe(&self, lead: Option<&Arc<str>>, is_limited: bool) -> String {
        let Effect { replacement, items, reshape, wire, delay: _, at } = &*self.effect;
        let mut words: Vec<String> = self.delay().iter().map(Drawn::describe).collect();
        if lead.is_some_and(|lead| Arc::ptr_eq(lead, &self.rule)) {
            match replacement {
                Some(_) if is_limited => words.push("no other answer, for a limit refused it".to_owned()),
                Some(replacement) => {
                    words.push(replacement.describe());
                    words.extend((*at == At::AfterCommit).then(|| "after the commit".to_owned()));
                }
                None => {}
            }
            words.extend(wire.as_ref().map(Wire::describe));
        } else if let Some(lead) = lead.filter(|_| self.effect.leads()) {
            words.push(format!("nothing else, for {lead} came first"));
        }
        words.extend(items.as_ref().map(Items::describe));
        words.extend(reshape.as_ref().map(Reshape::describe));
        words.join(", ")
    }
}
