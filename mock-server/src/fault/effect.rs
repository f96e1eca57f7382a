//! What a rule that fired does, checked: another answer, changes to the real one, a connection that misbehaves, a delay.

mod delay;
mod items;
mod replace;
mod reshape;
mod respond;
mod template;
mod wire;

use std::path::Path;

use super::InvalidRule;
use super::spec::{At, EffectSpec, MatchSpec};

pub(crate) use delay::{Delay, Drawn};
pub(crate) use items::Items;
pub(crate) use replace::{Replacement, Shape};
pub(crate) use reshape::Reshape;
pub(crate) use wire::Wire;

/// An effect that was checked.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) replacement: Option<Replacement>,
    pub(crate) items: Option<Items>,
    pub(crate) reshape: Option<Reshape>,
    pub(crate) wire: Option<Wire>,
    pub(crate) delay: Option<Delay>,
    /// When the replacement, or the break of the connection, acts.
    pub(crate) at: At,
}

// === impl Effect ===

impl Effect {
    /// Checks an effect. Files are looked for below `files`.
    pub(super) fn compile(spec: &EffectSpec, matches: &MatchSpec, files: Option<&Path>) -> Result<Self, InvalidRule> {
        let wrong = |field, problem: &str| Err(InvalidRule::value(field, problem));
        let spec = &spec.in_our_words()?;
        let replacement = Replacement::compile(spec, matches, files)?;
        let items = spec.items.as_ref().map(|items| Items::compile(items, matches)).transpose()?;
        let reshape = spec.reshape.as_deref().map(Reshape::compile).transpose()?;
        let wire = Wire::compile(spec)?;
        let delay = spec.delay.as_ref().map(Delay::compile).transpose()?;
        if replacement.is_none() && items.is_none() && reshape.is_none() && wire.is_none() && delay.is_none() {
            return wrong(
                "effect",
                "give at least one of status, in_band, redirect, respond, items, reshape, wire and delay",
            );
        }
        let breaks = wire.as_ref().is_some_and(|wire| wire.can_be_before_commit);
        let at = match (spec.at, &wire) {
            (None, Some(wire)) if breaks && wire.sends_nothing() => At::BeforeCommit,
            (None, _) if replacement.is_some() => At::BeforeCommit,
            (None, _) => At::AfterCommit,
            (Some(_), _) if replacement.is_none() && !breaks => {
                return wrong("effect.at", "it belongs to another answer, or to reset, close, stall and garbage");
            }
            (Some(At::BeforeCommit), Some(wire)) if replacement.is_none() && !wire.sends_nothing() => {
                return wrong(
                    "effect.at",
                    "there is no answer before the commit of which bytes could be sent; leave bytes out",
                );
            }
            (Some(at), _) => at,
        };
        let is_lost = wire.as_ref().is_some_and(Wire::sends_nothing);
        if is_lost && (replacement.is_some() || reshape.is_some()) {
            return wrong("effect.wire", "nothing of an answer is sent, so there is nothing to change in one");
        }
        if items.is_some() && at == At::BeforeCommit {
            return wrong(
                "effect.items",
                "items are refused while the others are stored, so the real answer must come",
            );
        }
        Ok(Self { replacement, items, reshape, wire, delay, at })
    }

    /// Whether it is one of those of which only the first on an exchange acts.
    pub(crate) fn leads(&self) -> bool {
        self.replacement.is_some() || self.wire.is_some()
    }

    /// Whether it makes sense on a path that no vendor has.
    pub(super) fn is_for_anywhere(spec: &EffectSpec) -> bool {
        spec.respond.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(json: &str) -> Result<Effect, InvalidRule> {
        Effect::compile(&serde_json::from_str(json).unwrap(), &MatchSpec::default(), None)
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (json, expected) in [
            ("{}", "effect: give at least one of status, in_band, redirect"),
            (r#"{"status":503,"in_band":"no"}"#, "effect: give one of status, in_band, redirect and respond"),
            (r#"{"status":503,"wire":"reset"}"#, "effect.wire: nothing of an answer is sent"),
            (r#"{"status":503,"bytes":1}"#, "effect.bytes: it belongs to effect.wire"),
            (r#"{"status":99}"#, "effect.status: 99 is not between 200 and 599"),
            (r#"{"wire":"reset","retry_after":1}"#, "effect.retry_after: it belongs to effect.status"),
            (r#"{"delay":"1s","body":"html"}"#, "effect.body: it belongs to effect.status"),
            (r#"{"wire":"reset","case":"lower"}"#, "effect.case: it does not belong to reset"),
            (r#"{"wire":"header_case"}"#, "effect.case: header_case needs it"),
            (r#"{"wire":"bandwidth"}"#, "effect.rate: bandwidth needs it"),
            (r#"{"wire":"interim","statuses":[101]}"#, "effect.statuses: allowed: 1 to 10 of 100 and 102 to 199"),
            (r#"{"wire":"bad_chunk","bytes":1}"#, "effect.bytes: it does not belong to bad_chunk"),
            (r#"{"wire":"close","bytes":1,"body_bytes":1}"#, "effect.body_bytes: give one of bytes and body_bytes"),
            (r#"{"wire":"close","bytes":9,"at":"before_commit"}"#, "effect.at: there is no answer before the commit"),
            (r#"{"wire":"bad_chunk","at":"after_commit"}"#, "effect.at: it belongs to another answer"),
            (r#"{"delay":"1s","at":"after_commit"}"#, "effect.at: it belongs to another answer"),
            (r#"{"items":{"every":2}}"#, "effect.items: match.operation must be localization"),
        ] {
            let refused = compile(json).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{json}: {refused}");
        }
    }

    #[test]
    fn what_comes_before_the_commit_unless_it_says_otherwise() {
        let at = |json| compile(json).unwrap().at;
        assert_eq!(at(r#"{"wire":"reset"}"#), At::BeforeCommit);
        assert_eq!(at(r#"{"wire":"garbage"}"#), At::BeforeCommit);
        assert_eq!(at(r#"{"wire":"reset","at":"after_commit"}"#), At::AfterCommit);
        assert_eq!(at(r#"{"wire":"close","bytes":9}"#), At::AfterCommit);
        assert_eq!(at(r#"{"wire":"close","body_bytes":0}"#), At::AfterCommit);
        assert_eq!(at(r#"{"status":503}"#), At::BeforeCommit);
        assert_eq!(at(r#"{"status":503,"wire":"dribble"}"#), At::BeforeCommit);
        assert_eq!(at(r#"{"status":503,"at":"after_commit"}"#), At::AfterCommit);
        assert_eq!(at(r#"{"delay":"1s"}"#), At::AfterCommit);
    }

    #[test]
    fn foreign_words_say_the_same_as_ours() {
        for (theirs, ours) in [
            (r#"{"fault":"CONNECTION_RESET_BY_PEER"}"#, r#"{"wire":"reset"}"#),
            (r#"{"fault":"EMPTY_RESPONSE"}"#, r#"{"wire":"close"}"#),
            (r#"{"fault":"MALFORMED_RESPONSE_CHUNK"}"#, r#"{"wire":"bad_chunk"}"#),
            (r#"{"fault":"RANDOM_DATA_THEN_CLOSE"}"#, r#"{"wire":"garbage"}"#),
            (r#"{"fixedDelayMilliseconds":1500}"#, r#"{"delay":"1500ms"}"#),
            (
                r#"{"delayDistribution":{"type":"lognormal","median":80,"sigma":0.4}}"#,
                r#"{"delay":{"lognormal":{"median":"80ms","sigma":0.4}}}"#,
            ),
            (
                r#"{"delayDistribution":{"type":"uniform","lower":15,"upper":25}}"#,
                r#"{"delay":{"uniform":{"min":"15ms","max":"25ms"}}}"#,
            ),
            (
                r#"{"chunkedDribbleDelay":{"numberOfChunks":5,"totalDuration":1000}}"#,
                r#"{"wire":"dribble","pieces":5,"every":"250ms"}"#,
            ),
            (
                r#"{"type":"latency","attributes":{"latency":1000,"jitter":100}}"#,
                r#"{"delay":{"uniform":{"min":"900ms","max":"1100ms"}}}"#,
            ),
            (r#"{"type":"latency","attributes":{"latency":1000}}"#, r#"{"delay":"1s"}"#),
            (r#"{"type":"bandwidth","attributes":{"rate":2}}"#, r#"{"wire":"bandwidth","rate":2000}"#),
            (r#"{"type":"slow_close","attributes":{"delay":300}}"#, r#"{"wire":"slow_close","after":"300ms"}"#),
            (r#"{"type":"timeout","attributes":{"timeout":0}}"#, r#"{"wire":"stall"}"#),
            (r#"{"type":"timeout","attributes":{"timeout":50}}"#, r#"{"wire":"close","delay":"50ms"}"#),
            (r#"{"type":"reset_peer","attributes":{"timeout":50}}"#, r#"{"wire":"reset","delay":"50ms"}"#),
            (
                r#"{"type":"slicer","attributes":{"average_size":64,"delay":10000}}"#,
                r#"{"wire":"dribble","bytes":64,"every":"10ms"}"#,
            ),
            (r#"{"type":"limit_data","attributes":{"bytes":100}}"#, r#"{"wire":"close","bytes":100}"#),
        ] {
            let read = |json| serde_json::from_str::<EffectSpec>(json).unwrap();
            assert_eq!(read(theirs).in_our_words().unwrap(), read(ours), "{theirs}");
            compile(theirs).unwrap();
        }
    }

    #[test]
    fn foreign_words_are_checked_too() {
        for (json, expected) in [
            (r#"{"type":"latensy"}"#, "effect.type \"latensy\" is unknown; did you mean \"latency\"?"),
            (
                r#"{"type":"latency","attributes":{"latency":1,"jiter":1}}"#,
                "effect.attributes \"jiter\" is unknown; did you mean \"jitter\"?",
            ),
            (r#"{"attributes":{"latency":1}}"#, "effect.attributes: they belong to effect.type"),
            (r#"{"type":"latency"}"#, "effect.attributes: latency is missing"),
            (r#"{"type":"bandwidth"}"#, "effect.attributes: rate is missing"),
            (r#"{"type":"timeout","attributes":{"timeout":50},"delay":"5s"}"#, "effect.delay: it is said twice"),
            (r#"{"type":"limit_data","attributes":{"bytes":5},"bytes":9}"#, "effect.bytes: it is said twice"),
            (r#"{"fixedDelayMilliseconds":0}"#, "effect.fixedDelayMilliseconds: it is not above zero"),
            (r#"{"delayDistribution":{"type":"uniform","lower":9,"upper":5}}"#, "effect.delay: min is more than max"),
            (
                r#"{"type":"slicer","attributes":{"average_size":9,"size_variation":3}}"#,
                "effect.attributes: size_variation is not supported",
            ),
            (r#"{"wire":"reset","type":"timeout"}"#, "effect.wire: it is said twice"),
            (r#"{"delay":"1s","fixedDelayMilliseconds":1}"#, "effect.delay: it is said twice"),
        ] {
            let refused = compile(json).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{json}: {refused}");
        }
    }
}
