//! What every signed call carries.

use super::record::send;
use super::{Case, Check, SENDER, Scene};
use crate::check::{seen, sign};
use crate::step::{Ask, Step};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "HDR-01",
            profiles: SENDER,
            ops: &["send"],
            steps: several_calls,
            delivered: seen::signed_call,
            checks: &[Check {
                name: "one-each",
                says: "exactly one Client and one Branch on every signed call",
                kind: None,
                judge: sign::one_client_and_branch,
            }],
            ..Case::PLAIN
        },
        Case {
            id: "HDR-03",
            profiles: SENDER,
            ops: &["send"],
            steps: several_calls,
            delivered: seen::signed_call,
            checks: &[Check {
                name: "not-swapped",
                says: "Client has the client's GUID and Branch the branch's",
                kind: None,
                judge: sign::known_guids,
            }],
            ..Case::PLAIN
        },
    ]
}

fn several_calls(scene: &Scene<'_>) -> Vec<Step> {
    let mut steps = vec![send(scene, 0, 1).into()];
    if scene.has("read") {
        let login = scene.credentials.login.clone();
        steps.push(Ask::new("read").with("what", "device").with("login", login).into());
    }
    steps.push(send(scene, 1, 1).into());
    steps
}
