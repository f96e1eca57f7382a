//! Many records.

use serde_json::json;

use super::record::send;
use super::{Case, Check, Scene};
use crate::check::{deliver, seen};
use crate::clause::Kind;
use crate::manifest::Profile;
use crate::step::{Ask, Step};

const BATCH: &[Profile] = &[Profile::Batch];

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "BAT-01",
            profiles: BATCH,
            ops: &["send"],
            steps: |scene| with_flush(scene, vec![send(scene, 0, 1000).into()]),
            delivered: |t| seen::any(t, "nothing came to the server"),
            checks: &[
                Check {
                    name: "each-once",
                    says: "every record is stored exactly once",
                    kind: Some(Kind::Loss),
                    judge: deliver::each_once,
                },
                Check {
                    name: "reported",
                    says: "the client reports what the server stored",
                    kind: Some(Kind::Loss),
                    judge: deliver::reports_agree,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "BAT-02",
            profiles: BATCH,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                let busy = json!({
                    "name": "busy", "match": {"route": "localization/**"}, "trigger": {"nth": 2}, "effect": {"status": 503},
                });
                let mut steps = vec![Step::Server { method: "POST", path: "faults".to_owned(), body: Some(busy) }];
                steps.extend((0..3).map(|number| send(scene, number * 100, 100).into()));
                with_flush(scene, steps)
            },
            delivered: |t| seen::met(t, "busy"),
            checks: &[
                Check {
                    name: "none-lost",
                    says: "every record is stored, or its caller learns that it is not",
                    kind: Some(Kind::Loss),
                    judge: deliver::none_lost,
                },
                Check {
                    name: "none-twice",
                    says: "no record is stored under two times",
                    kind: Some(Kind::Loss),
                    judge: deliver::none_twice,
                },
            ],
            ..Case::PLAIN
        },
    ]
}

fn with_flush(scene: &Scene<'_>, mut steps: Vec<Step>) -> Vec<Step> {
    if scene.has("flush") {
        steps.push(Ask::new("flush").into());
    }
    steps
}
