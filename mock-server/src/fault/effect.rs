//! What a rule that fired does to the answer, and to the connection that carries it.

use std::ops::ControlFlow;

use http::StatusCode;
use http::header::RETRY_AFTER;

use super::compile::InvalidRule;
use super::spec::{At, EffectSpec, HeaderCase, WireEffect};
use crate::answer::{Answer, Outcome};
use crate::connection::{Cut, End, Spelling, Tamper};
use crate::reason::Reason;

/// What the rules decided on one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// Every rule that fired, in load order.
    pub(crate) fired: Vec<String>,
    /// What happens, from the first of them.
    pub(crate) effect: Effect,
}

/// An effect that was checked.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Another answer.
    Answer { status: StatusCode, retry_after: Option<u64> },
    /// The real answer, if it comes to one, on a connection that misbehaves.
    Wire { tamper: Tamper, at: At },
}

// === impl Decision ===

impl Decision {
    /// Does it. `Break` if nothing may be committed any more; `shape` is how the vendor words a status.
    pub(crate) fn apply(self, outcome: &mut Outcome, shape: impl FnOnce(StatusCode) -> Answer) -> ControlFlow<()> {
        let rule = self.fired.first().cloned().unwrap_or_default();
        outcome.faults = self.fired;
        match self.effect {
            Effect::Answer { status, retry_after } => {
                outcome.answer = shape(status);
                if let Some(seconds) = retry_after {
                    outcome.answer.headers.insert(RETRY_AFTER, seconds.into());
                }
                outcome.refused = Some(Reason::Fault.because(format!("rule {rule:?} answered")));
                ControlFlow::Break(())
            }
            Effect::Wire { tamper, at } => {
                outcome.tamper = Some(tamper);
                match at {
                    At::BeforeCommit => {
                        let detail = format!("rule {rule:?} broke the connection before anything was stored");
                        outcome.refused = Some(Reason::Fault.because(detail));
                        ControlFlow::Break(())
                    }
                    At::AfterCommit => ControlFlow::Continue(()),
                }
            }
        }
    }
}

// === impl Effect ===

impl Effect {
    pub(super) fn compile(spec: &EffectSpec) -> Result<Self, InvalidRule> {
        let wrong = |field, problem: &str| Err(InvalidRule::Value { field, problem: problem.to_owned() });
        let EffectSpec { status, retry_after, wire, at, bytes, case, statuses } = spec;
        let wire = match (status, wire) {
            (Some(status), None) => {
                let in_range = StatusCode::from_u16(*status).ok().filter(|_| (200..=599).contains(status));
                let Some(status) = in_range else {
                    let problem = format!("{status} is not between 200 and 599");
                    return Err(InvalidRule::Value { field: "effect.status", problem });
                };
                if at.is_some() || bytes.is_some() || case.is_some() || statuses.is_some() {
                    return wrong("effect", "at, bytes, case and statuses belong to effect.wire");
                }
                return Ok(Self::Answer { status, retry_after: *retry_after });
            }
            (None, Some(_)) if retry_after.is_some() => {
                return wrong("effect.retry_after", "it belongs to effect.status");
            }
            (None, Some(wire)) => *wire,
            _ => return wrong("effect", "give one of status and wire"),
        };
        if case.is_some() != (wire == WireEffect::HeaderCase) {
            return wrong("effect.case", "it belongs to the wire effect header_case, which needs it");
        }
        if statuses.is_some() && wire != WireEffect::Interim {
            return wrong("effect.statuses", "they belong to the wire effect interim");
        }
        let cut = |end| Tamper { cut: Some(Cut { after: bytes.unwrap_or(0), end }), ..Tamper::default() };
        let tamper = match wire {
            WireEffect::Reset => cut(End::Reset),
            WireEffect::Close => cut(End::Close),
            WireEffect::Stall => cut(End::Stall),
            WireEffect::BadChunk => Tamper { bad_chunk: true, ..Tamper::default() },
            WireEffect::HeaderCase => Tamper { spelling: case.map(spelling), ..Tamper::default() },
            WireEffect::Interim => {
                let statuses = statuses.clone().unwrap_or_else(|| vec![103]);
                if statuses.is_empty()
                    || statuses.len() > 10
                    || statuses.iter().any(|status| !matches!(status, 100 | 102..=199))
                {
                    return wrong("effect.statuses", "allowed: 1 to 10 of 100 and 102 to 199");
                }
                Tamper { interim: statuses, ..Tamper::default() }
            }
        };
        let Some(Cut { after, .. }) = tamper.cut else {
            if at.is_some() || bytes.is_some() {
                return wrong("effect", "at and bytes belong to reset, close and stall");
            }
            return Ok(Self::Wire { tamper, at: At::AfterCommit });
        };
        match (after, at) {
            (0, None) => Ok(Self::Wire { tamper, at: At::BeforeCommit }),
            (0, Some(at)) => Ok(Self::Wire { tamper, at: *at }),
            (_, Some(At::BeforeCommit)) => {
                wrong("effect.at", "there is no answer before the commit of which bytes could be sent; leave bytes out")
            }
            (_, None | Some(At::AfterCommit)) => Ok(Self::Wire { tamper, at: At::AfterCommit }),
        }
    }
}

fn spelling(case: HeaderCase) -> Spelling {
    match case {
        HeaderCase::Lower => Spelling::Lower,
        HeaderCase::Upper => Spelling::Upper,
        HeaderCase::Mixed => Spelling::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_refused() {
        let compile = |json| Effect::compile(&serde_json::from_str(json).unwrap());
        for (json, expected) in [
            ("{}", "effect: give one of status and wire"),
            (r#"{"status":503,"wire":"reset"}"#, "effect: give one of status and wire"),
            (r#"{"status":503,"bytes":1}"#, "effect: at, bytes, case and statuses belong to effect.wire"),
            (r#"{"wire":"reset","retry_after":1}"#, "effect.retry_after: it belongs to effect.status"),
            (
                r#"{"wire":"reset","case":"lower"}"#,
                "effect.case: it belongs to the wire effect header_case, which needs it",
            ),
            (r#"{"wire":"header_case"}"#, "effect.case: it belongs to the wire effect header_case, which needs it"),
            (r#"{"wire":"interim","statuses":[101]}"#, "effect.statuses: allowed: 1 to 10 of 100 and 102 to 199"),
            (r#"{"wire":"bad_chunk","bytes":1}"#, "effect: at and bytes belong to reset, close and stall"),
        ] {
            assert_eq!(compile(json).unwrap_err().to_string(), expected, "{json}");
        }
        let at = |json| match compile(json).unwrap() {
            Effect::Wire { at, .. } => at,
            Effect::Answer { .. } => panic!("{json}"),
        };
        assert_eq!(at(r#"{"wire":"reset"}"#), At::BeforeCommit);
        assert_eq!(at(r#"{"wire":"reset","at":"after_commit"}"#), At::AfterCommit);
        assert_eq!(at(r#"{"wire":"close","bytes":9}"#), At::AfterCommit);
        assert!(compile(r#"{"wire":"close","bytes":9,"at":"before_commit"}"#).is_err());
    }
}
