//! The end of a token's life.

use serde_json::json;

use super::record::send;
use super::{Case, Check, DEVICE, Scene};
use crate::check::{renew, seen};
use crate::step::{HOUR, MINUTE, Step};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "EXP-02",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                vec![an_hour_of_life(), send(scene, 0, 1).into(), Step::Pass { ms: HOUR + 1 }, send(scene, 1, 1).into()]
            },
            delivered: seen::log_in_answered,
            checks: &[Check {
                name: "renewed-first",
                says: "the call after the expiry is signed with a new token",
                kind: None,
                judge: |t| renew::before_the_expired_is_sent(t, 2),
            }],
            ..Case::PLAIN
        },
        Case {
            id: "EXP-04",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: three_calls,
            delivered: seen::log_in_answered,
            checks: &[
                Check {
                    name: "not-early",
                    says: "no renewal after ten minutes of an hour",
                    kind: None,
                    judge: |t| renew::none_during(t, 2),
                },
                Check {
                    name: "not-late",
                    says: "a renewal after the hour",
                    kind: None,
                    judge: |t| renew::before_the_expired_is_sent(t, 3),
                },
            ],
            ..Case::PLAIN
        },
    ]
}

fn three_calls(scene: &Scene<'_>) -> Vec<Step> {
    vec![
        an_hour_of_life(),
        send(scene, 0, 1).into(),
        Step::Pass { ms: 10 * MINUTE },
        send(scene, 1, 1).into(),
        Step::Pass { ms: HOUR },
        send(scene, 2, 1).into(),
    ]
}

fn an_hour_of_life() -> Step {
    Step::Settings { patch: json!({"twinzo": {"token_life": "1h"}}) }
}
