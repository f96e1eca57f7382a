//! Timbr: buying a token, and asking with it.

use serde_json::json;

use super::{Case, Check, Scene, TIMBR};
use crate::check::{seen, timbr};
use crate::clause::Kind;
use crate::manifest::Profile;
use crate::step::{Ask, Step};

const QUERIES: &[Profile] = &[Profile::TimbrQuery];
/// An error that an engine would give.
pub(crate) const ENGINE_ERROR: &str = "Line 1: no such concept `dtimbr`.`nothing`";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = log_in();
    cases.extend(queries());
    cases
}

fn log_in() -> Vec<Case> {
    vec![
        Case {
            id: "TBA-01",
            profiles: &[Profile::TimbrBearer],
            ops: &[],
            steps: |scene| {
                vec![if scene.has("auth") { Ask::new("auth").into() } else { query(scene, "openapi", "SELECT 1") }]
            },
            delivered: |t| seen::any(t, "nothing came to the server"),
            checks: &[
                Check { name: "one-post", says: "exactly one get_token", kind: None, judge: timbr::one_get_token },
                Check {
                    name: "bearer",
                    says: "the bearer decrypts to base64 of user:password",
                    kind: None,
                    judge: timbr::bearer_decrypts,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "TBA-07",
            profiles: TIMBR,
            claims: QUERIES,
            ops: &["query"],
            steps: |scene| vec![query(scene, "openapi", "SELECT 1"), query(scene, "api", "SHOW VERSION")],
            delivered: timbr::asked,
            checks: &[Check {
                name: "token-verbatim",
                says: "the token is the only x-api-key, as it is",
                kind: None,
                judge: timbr::token_verbatim,
            }],
            ..Case::PLAIN
        },
    ]
}

fn queries() -> Vec<Case> {
    vec![
        Case {
            id: "TBQ-01",
            profiles: TIMBR,
            claims: QUERIES,
            ops: &["query"],
            steps: |scene| vec![query(scene, "api", "SELECT 1")],
            delivered: timbr::asked,
            checks: &[
                Check { name: "media-type", says: "application/json", kind: None, judge: timbr::json_media_type },
                Check {
                    name: "rows",
                    says: "the caller gets the rows of the answer",
                    kind: Some(Kind::Loss),
                    judge: timbr::rows_are_given,
                },
                Check {
                    name: "two-strings",
                    says: "an object of ontology_name and query, both strings, as given",
                    kind: None,
                    judge: timbr::two_strings,
                },
            ],
            ..Case::PLAIN
        },
        Case {
            id: "TBQ-02",
            profiles: TIMBR,
            claims: QUERIES,
            ops: &["query"],
            steps: |scene| {
                let short = "SELECT 'žluťoučký 测试 🚚' AS text\r\n-- a comment\r\n";
                let long = format!("SELECT 1\r\n-- {}\r\n", "0123456789".repeat(30_000));
                vec![query(scene, "openapi", short), query(scene, "openapi", &long)]
            },
            delivered: timbr::asked,
            checks: &[Check {
                name: "bytes-unchanged",
                says: "the SQL's bytes are the body",
                kind: None,
                judge: timbr::bytes_unchanged,
            }],
            ..Case::PLAIN
        },
        Case {
            id: "TBE-02",
            profiles: TIMBR,
            claims: QUERIES,
            ops: &["query"],
            steps: |scene| {
                let rule = json!({
                    "name": "engine", "match": {"operation": "timbr.query"}, "effect": {"in_band": ENGINE_ERROR},
                });
                vec![
                    // A client that always fails would pass what follows.
                    query(scene, "api", "SELECT 1"),
                    Step::Server { method: "POST", path: "faults".to_owned(), body: Some(rule) },
                    query(scene, "api", "SELECT * FROM `dtimbr`.`nothing`"),
                ]
            },
            delivered: |t| timbr::worked_before(t).and_then(|worked| Ok(worked.and(seen::met(t, "engine")?))),
            checks: &[
                Check {
                    name: "error-surfaced",
                    says: "the caller gets an error, not rows",
                    kind: Some(Kind::Loss),
                    judge: |t| seen::error(t, 2),
                },
                Check {
                    name: "text-kept",
                    says: "the error has the engine's text",
                    kind: None,
                    judge: timbr::error_text_kept,
                },
            ],
            ..Case::PLAIN
        },
    ]
}

fn query(scene: &Scene<'_>, route: &str, sql: &str) -> Step {
    let ontology = scene.credentials.ontology.clone();
    Ask::new("query").with("route", route).with("ontology", ontology).with("sql", sql).into()
}
