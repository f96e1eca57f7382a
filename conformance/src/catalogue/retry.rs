//! Trying again.

use serde_json::json;

use super::record::send;
use super::{Case, Check, SENDER, Setting};
use crate::check::{retry, seen};
use crate::clause::Kind;
use crate::step::{HOUR, Step};

/// Answers that the same request will get again.
pub(crate) const FINAL: [u16; 8] = [400, 403, 404, 405, 409, 413, 415, 422];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "RTY-01",
            profiles: SENDER,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                let each = FINAL.iter().enumerate().flat_map(|(number, status)| {
                    [
                        refuse(&format!("status {status}"), &json!({"status": status}), Some(1)),
                        send(scene, number, 1).into(),
                    ]
                });
                each.collect()
            },
            delivered: retry::every_status_was_met,
            checks: &[
                Check {
                    name: "not-repeated",
                    says: "no identical request after a final answer",
                    kind: None,
                    judge: retry::not_repeated,
                },
                Check {
                    name: "surfaced",
                    says: "the caller learns of it",
                    kind: Some(Kind::Loss),
                    judge: retry::final_answers_surface,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "RTY-02",
            profiles: SENDER,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                vec![refuse("busy", &json!({"status": 429, "retry_after": 7}), Some(1)), send(scene, 0, 1).into()]
            },
            delivered: |t| seen::met(t, "busy"),
            checks: &[Check {
                name: "not-early",
                says: "no attempt before the 7 s are over",
                kind: None,
                judge: retry::waits_as_asked,
            }],
            ..Case::PLAIN
        },
        Case {
            id: "RTY-08",
            profiles: SENDER,
            ops: &["send"],
            needs_virtual_clock: true,
            settings: &[Setting("retry_base_ms", 500), Setting("retry_cap_ms", 8_000), Setting("retry_attempts", 8)],
            steps: |scene| {
                vec![
                    refuse("down", &json!({"status": 503}), None),
                    send(scene, 0, 1).into(),
                    Step::Quiet { ms: 24 * HOUR },
                ]
            },
            delivered: |t| seen::met(t, "down"),
            checks: &[
                Check { name: "gaps-grow", says: "later gaps are longer", kind: None, judge: retry::gaps_grow },
                Check { name: "cap", says: "no gap above the configured cap", kind: None, judge: retry::cap },
                Check { name: "bounded", says: "no more attempts than configured", kind: None, judge: retry::bounded },
                Check {
                    name: "surfaced",
                    says: "the caller learns of it",
                    kind: Some(Kind::Loss),
                    judge: |t| seen::error(t, 1),
                },
                Check {
                    name: "no-loop",
                    says: "nothing for 24 hours",
                    kind: Some(Kind::Endless),
                    judge: seen::no_sending_unasked,
                },
            ],
            ..Case::PLAIN
        },
    ]
}

/// A rule on whatever stores positions.
fn refuse(name: &str, effect: &serde_json::Value, limit: Option<u64>) -> Step {
    let mut rule = json!({"name": name, "match": {"route": "localization/**"}, "effect": effect});
    if let Some(limit) = limit {
        rule["limit"] = json!(limit);
    }
    Step::Server { method: "POST", path: "faults".to_owned(), body: Some(rule) }
}
