//! Renewal after a 401: by refresh or by log in.

use serde_json::{Value, json};

use super::record::send;
use super::token::fail_next;
use super::{Case, Check, DEVICE, Scene, Setting};
use crate::check::{renew, seen};
use crate::clause::Kind;
use crate::step::{Ask, HOUR, Release, Step};

/// How far the clock moves to let the held answers go.
const HOLD_MS: i64 = 1000;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = alone();
    cases.extend(overlapping());
    cases
}

/// One call at a time.
fn alone() -> Vec<Case> {
    vec![
        Case {
            id: "REF-01",
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
            delivered: refused_once,
            checks: &[
                Check {
                    name: "one-renewal",
                    says: "at most one renewal",
                    kind: None,
                    judge: |t| renew::at_most_one(t, 2),
                },
                Check {
                    name: "replayed",
                    says: "the call is repeated with the new token, or the caller learns of the 401",
                    kind: Some(Kind::Loss),
                    judge: renew::replayed_or_surfaced,
                },
                Check { name: "goes-on", says: "the next call succeeds", kind: None, judge: |t| seen::ok(t, 3) },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "REF-02",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                vec![
                    send(scene, 0, 1).into(),
                    rule(json!({"name": "refused", "match": {"operation": "localization"}, "effect": {"status": 401}})),
                    send(scene, 1, 1).into(),
                    Step::Quiet { ms: 24 * HOUR },
                ]
            },
            delivered: |t| seen::met(t, "refused"),
            checks: &[
                Check {
                    name: "no-third-try",
                    says: "sent twice at most",
                    kind: None,
                    judge: |t| renew::at_most_two_tries(t, 2),
                },
                Check {
                    name: "one-renewal",
                    says: "at most one renewal",
                    kind: None,
                    judge: |t| renew::at_most_one(t, 2),
                },
                Check {
                    name: "surfaced",
                    says: "the caller learns of the 401",
                    kind: None,
                    judge: |t| seen::refused(t, 2),
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

/// Many calls at once.
fn overlapping() -> Vec<Case> {
    vec![
        Case {
            id: "REF-07",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                let [held, refused] = refused_together(scene);
                let first = send(scene, 0, 1).into();
                vec![first, ask(scene, 0).into(), held, refused, together(scene, 100), ask(scene, 101).into()]
            },
            delivered: renew::overlapped,
            checks: &[
                Check {
                    name: "one-renewal",
                    says: "one renewal for all calls that were refused",
                    kind: None,
                    judge: renew::one_for_all,
                },
                Check {
                    name: "new-token",
                    says: "after the renewal only the new token is sent",
                    kind: None,
                    judge: renew::only_the_new,
                },
                Check {
                    name: "each-ends-well",
                    says: "every call is delivered, or its caller learns of the 401",
                    kind: Some(Kind::Loss),
                    judge: renew::each_delivered_or_surfaced,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "REF-09",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            settings: &[Setting("retry_attempts", 2), Setting("retry_base_ms", 500)],
            steps: |scene| {
                let down = |operation: &str| {
                    rule(
                        json!({"name": format!("no {operation}"), "match": {"operation": operation}, "effect": {"status": 503}}),
                    )
                };
                let [held, refused] = refused_together(scene);
                vec![
                    send(scene, 0, 1).into(),
                    ask(scene, 0).into(),
                    held,
                    refused,
                    down("refresh"),
                    down("authenticate"),
                    together(scene, 20),
                    Step::Server { method: "DELETE", path: "faults".to_owned(), body: None },
                    ask(scene, 21).into(),
                ]
            },
            delivered: renew::leader_failed,
            checks: &[
                Check {
                    name: "none-hangs",
                    says: "every call that waited ends",
                    kind: Some(Kind::Hang),
                    judge: renew::none_hangs,
                },
                Check {
                    name: "bounded",
                    says: "each caller has one attempt of its own at most",
                    kind: None,
                    judge: renew::attempts_are_shared,
                },
                Check { name: "recovers", says: "the next call succeeds", kind: None, judge: |t| seen::ok(t, 23) },
            ],
            ..Case::PLAIN
        },
    ]
}

/// One call was refused with 401 although its token lives.
fn refused_once(t: &crate::transcript::Transcript) -> crate::evidence::Finding {
    seen::all(t, |e| e.reason.as_deref() == Some("TokenToFail"), "no call was refused with 401")
}

fn rule(rule: Value) -> Step {
    Step::Server { method: "POST", path: "faults".to_owned(), body: Some(rule) }
}

/// Refuses every call with the first token from now on. The answers to those that come before the clock moves are held back
/// until it does, so that the calls overlap.
fn refused_together(scene: &Scene<'_>) -> [Step; 2] {
    let route = if scene.has("read") { "devices/**" } else { "localization/**" };
    let first_token = json!({"route": route, "token_generation": 1});
    [
        rule(json!({
            "name": "held",
            "match": first_token,
            "trigger": {"window": {"until": format!("{HOLD_MS}ms")}},
            "effect": {"status": 401, "delay": {"fixed": format!("{HOLD_MS}ms"), "clock": "sandbox"}},
        })),
        rule(json!({"name": "refused", "match": first_token, "effect": {"status": 401}, "optional": true})),
    ]
}

fn together(scene: &Scene<'_>, count: usize) -> Step {
    Step::Together {
        asks: (1..=count).map(|number| ask(scene, number)).collect(),
        release: Release { rule: "held", by_ms: HOLD_MS },
    }
}

/// A signed call: a read if the client can, since many clients send records one after the other.
fn ask(scene: &Scene<'_>, number: usize) -> Ask {
    if scene.has("read") {
        return Ask::new("read").with("what", "device").with("login", scene.credentials.login.clone());
    }
    send(scene, number, 1)
}
