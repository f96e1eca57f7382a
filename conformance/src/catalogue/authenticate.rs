//! Logging in.

use serde_json::json;

use super::record::send;
use super::{Case, Check, DEVICE};
use crate::check::{log_in, seen, sign};
use crate::clause::Kind;
use crate::manifest::Profile;
use crate::step::{Ask, HOUR, Step};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            id: "AUTH-01",
            profiles: DEVICE,
            ops: &["send"],
            steps: |scene| vec![send(scene, 0, 1).into()],
            delivered: |t| seen::any(t, "nothing came to the server"),
            checks: &[
                Check { name: "one-login", says: "exactly one log in", kind: None, judge: log_in::one },
                Check {
                    name: "media-type",
                    says: "its media type is that of its body",
                    kind: None,
                    judge: log_in::media_type,
                },
                Check {
                    name: "complete",
                    says: "client name, login and password as configured",
                    kind: None,
                    judge: log_in::complete,
                },
                Check {
                    name: "clean",
                    says: "the password is nowhere else",
                    kind: Some(Kind::Leak),
                    judge: log_in::password_nowhere_else,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "AUTH-03",
            profiles: DEVICE,
            ops: &["send"],
            steps: |scene| vec![send(scene, 0, 1).into(), send(scene, 1, 1).into()],
            delivered: seen::log_in_answered,
            checks: &[Check {
                name: "issued-guids",
                says: "every signed call has the GUIDs of the log in",
                kind: None,
                judge: sign::known_guids,
            }],
            ..Case::PLAIN
        },
        Case {
            id: "AUTH-05",
            profiles: DEVICE,
            ops: &["send"],
            needs_virtual_clock: true,
            steps: |scene| {
                let ask = if scene.has("auth") { Ask::new("auth") } else { send(scene, 0, 1) };
                vec![
                    Step::Server {
                        method: "PATCH",
                        path: format!("accounts/{}", scene.credentials.login),
                        body: Some(json!({"password": "another-password"})),
                    },
                    ask.into(),
                    Step::Quiet { ms: 24 * HOUR },
                ]
            },
            delivered: |t| {
                seen::all(t, |e| e.is("authenticate") && e.status == Some(401), "no log in was refused with 401")
            },
            checks: &[
                Check { name: "surfaced", says: "the caller learns of it", kind: None, judge: log_in::surfaced },
                Check { name: "one-attempt", says: "one log in, no more", kind: None, judge: log_in::one_attempt },
                Check {
                    name: "no-loop",
                    says: "no log in for 24 hours",
                    kind: Some(Kind::Endless),
                    judge: seen::no_renewal_unasked,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "AUTH-12",
            profiles: &[Profile::Server, Profile::Batch],
            ops: &["send"],
            steps: |scene| vec![send(scene, 0, 1).into(), send(scene, 1, 1).into()],
            delivered: |t| seen::any(t, "nothing came to the server"),
            checks: &[
                Check { name: "never-logs-in", says: "no log in, no refresh", kind: None, judge: log_in::none },
                Check { name: "key-signs", says: "the key is on every call", kind: None, judge: sign::key_on_each },
            ],
            ..Case::PLAIN
        },
    ]
}
