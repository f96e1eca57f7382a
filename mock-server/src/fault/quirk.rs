//! The accounts that misbehave by themselves: what their rules are.

use jiff::Timestamp;

use super::condition::Condition;
use super::effect::Effect;
use super::rule::Rule;
use super::spec::{MatchSpec, RuleSpec};
use super::{Draws, Faults, InvalidRule};
use crate::directory::{Directory, Quirk};

// === impl Faults ===

impl Faults {
    /// The rules of those accounts. They stand behind the user's own.
    pub(crate) fn of_quirks(seed: u64, sandbox: &str) -> Result<Self, InvalidRule> {
        let faults = Self::new(seed, sandbox);
        for quirk in Quirk::ALL {
            if let Some(rule) = rule(quirk, faults.draws)? {
                let mut rules = faults.write();
                rules.push(rule.into());
                faults.count.store(rules.len(), super::Ordering::Release);
            }
        }
        Ok(faults)
    }
}

/// The rule behind a quirk, if it is one that a rule can be.
fn rule(quirk: Quirk, draws: Draws) -> Result<Option<Rule>, InvalidRule> {
    let Some(text) = quirk.rule() else { return Ok(None) };
    let unreadable = |error: serde_json::Error| InvalidRule::value("quirk", error.to_string());
    let spec: RuleSpec = serde_json::from_str(text).map_err(unreadable)?;
    let effect = Effect::compile(&spec.effect, &MatchSpec::default(), None)?;
    let id = format!("account {}", quirk.login());
    let condition = Condition::compile(&spec.matches, &Directory::default(), false)?.of_quirk(quirk);
    Rule::assemble(id.into(), spec, condition, effect, draws, Timestamp::MIN).map(Some)
}
