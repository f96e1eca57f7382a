//! Using the token.

use serde_json::json;

use super::record::send;
use super::{Case, Check, DEVICE};
use crate::check::{seen, sign};
use crate::step::Step;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "TOK-01",
            profiles: DEVICE,
            ops: &["send"],
            steps: |scene| {
                vec![
                    send(scene, 0, 1).into(),
                    fail_next(&scene.credentials.login),
                    send(scene, 1, 1).into(),
                    send(scene, 2, 1).into(),
                ]
            },
            delivered: seen::log_in_answered,
            checks: &[Check {
                name: "latest-token",
                says: "exactly one Token, the latest issued, on every signed call",
                kind: None,
                judge: sign::latest_token,
            }],
            ..Case::PLAIN
        },
        Case {
            id: "TOK-02",
            profiles: DEVICE,
            ops: &["send"],
            steps: |scene| vec![send(scene, 0, 1).into()],
            delivered: seen::signed_call,
            checks: &[Check {
                name: "no-authorization",
                says: "no Authorization header on signed calls",
                kind: None,
                judge: sign::no_authorization,
            }],
            ..Case::PLAIN
        },
    ]
}

/// Makes the account's token fail once, though it lives.
pub(super) fn fail_next(login: &str) -> Step {
    Step::Server { method: "POST", path: "tokens/fail".to_owned(), body: Some(json!({"account": login, "times": 1})) }
}
