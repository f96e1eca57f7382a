//! Faults over the admin API, on real exchanges.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, API_KEY, BRATISLAVA, PUNE, Signature, TestServer};

async fn add(server: &TestServer, rule: Value) -> Value {
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201).json()["id"].clone()
}

#[tokio::test]
async fn two_503_then_fine() {
    let server = TestServer::start().await;
    let rule = json!({ "match": { "operation": "authenticate" }, "trigger": { "first": 2 },
                       "effect": { "status": 503, "retry_after": 7 } });
    assert_eq!(add(&server, rule).await, "rule-1");
    for _ in 0..2 {
        let reply = server.login_as("forklift-01").await;
        assert_eq!(reply.header("retry-after"), "7");
        let problem = reply.assert_problem(503);
        assert_eq!(problem["title"], "Service Unavailable");
        let entry = server.last_entry().await;
        assert_eq!((&entry["reason"], &entry["fault"]), (&json!("Fault"), &json!(["rule-1"])));
    }
    let reply = server.login_as("forklift-01").await.assert(200);
    assert_eq!(reply.header("retry-after"), "");
    assert_eq!(server.last_entry().await["fault"], Value::Null);
}

#[tokio::test]
async fn an_injected_status_acts_before_anything_is_stored() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    add(
        &server,
        json!({ "match": { "operation": "localization" }, "trigger": { "nth": 1 }, "effect": { "status": 500 } }),
    )
    .await;
    add(&server, json!({ "match": { "operation": "refresh" }, "trigger": { "nth": 1 }, "effect": { "status": 502 } }))
        .await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1 }])).await.assert_problem(500);
    assert_eq!(server.get("/v3/devices/locations/?deviceId=1", &signature).await.json(), json!([]));
    server.get("/v3/Authorization/Token", &signature).await.assert_problem(502);
    server.get("/v3/devices", &signature).await.assert(200);
}

#[tokio::test]
async fn rules_reach_one_account_also_with_a_dead_token() {
    let server = TestServer::start().await;
    let rule = json!({ "name": "forklift is ill", "match": { "account": "forklift-01" }, "effect": { "status": 503 } });
    let signature = server.signature_of("forklift-01").await;
    add(&server, rule).await;
    server.login_as("forklift-01").await.assert_problem(503);
    server.login_as("walker-01").await.assert(200);
    server.advance("24h").await;
    server.get("/v3/devices", &signature).await.assert_problem(503);
    let entry = server.last_entry().await;
    assert_eq!((&entry["account"], &entry["token_generation"]), (&json!("forklift-01"), &json!(1)));
    let listed = server.admin(Method::GET, "/faults", None).await.json();
    let rule = &listed["faults"][0];
    assert_eq!((&rule["id"], &rule["matched"], &rule["fired"]), (&json!("forklift is ill"), &json!(2), &json!(2)));
}

#[tokio::test]
async fn a_rule_for_a_branch_reaches_its_logins_too() {
    let server = TestServer::start().await;
    add(&server, json!({ "match": { "branch": "Pune" }, "effect": { "status": 503 } })).await;
    server.login_as("agv-27").await.assert_problem(503);
    server.login_as("agv-07").await.assert(200);
    server.get("/v3/devices", &Signature::api_key(PUNE, API_KEY)).await.assert_problem(503);
    server.get("/v3/devices", &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(200);
}

#[tokio::test]
async fn what_is_in_order_stays_known_where_something_after_it_is_wrong() {
    let server = TestServer::start().await;
    add(&server, json!({ "match": { "client": "acme-logistics" }, "effect": { "status": 503 } })).await;
    let signature = Signature::api_key(BRATISLAVA, "made-up");
    server.get("/v3/devices", &signature).await.assert_problem(503);
    server.get("/v3/devices", &signature.with("Branch", None)).await.assert_problem(503);
    server.get("/v3/devices", &signature.with("Client", None)).await.assert_problem(401);
}

#[tokio::test]
async fn timbr_answers_a_fault_in_its_envelope() {
    let server = TestServer::start().await;
    add(&server, json!({ "match": { "vendor": "timbr" }, "effect": { "status": 429, "retry_after": 1 } })).await;
    let signature = Signature(vec![("x-api-key", ALICE.to_owned())]);
    let reply = server.get("/timbr/api/get_ontologies/", &signature).await.assert(429);
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(reply.json(), json!({ "data": "Too Many Requests: HTTP Response code: 429", "status": "error" }));
    server.login_as("agv-07").await.assert(200);
}

#[tokio::test]
async fn rules_of_the_configuration_are_back_after_a_reset() {
    let rule = json!({ "name": "ill", "trigger": { "first": 1 }, "effect": { "status": 503 } });
    let server = TestServer::with(|config| config.faults = vec![serde_json::from_value(rule).unwrap()]).await;
    server.login_as("agv-07").await.assert_problem(503);
    server.login_as("agv-07").await.assert(200);
    server.admin(Method::DELETE, "/faults", None).await.assert(204);
    server.admin(Method::POST, "/reset", None).await.assert(204);
    server.login_as("agv-07").await.assert_problem(503);
    server.admin(Method::DELETE, "/faults/ill", None).await.assert(204);
    server.login_as("agv-07").await.assert(200);
}

#[tokio::test]
async fn what_a_rule_names_must_exist_and_its_shape_must_fit() {
    let server = TestServer::start().await;
    for (rule, field, suggestion) in [
        (
            json!({ "match": { "operation": "authentcate" }, "effect": { "status": 503 } }),
            "match.operation",
            "authenticate",
        ),
        (json!({ "match": { "account": "forklift-1" }, "effect": { "status": 503 } }), "match.account", "forklift-01"),
        (json!({ "match": { "operaton": "refresh" }, "effect": { "status": 503 } }), "match.operaton", "operation"),
        (json!({ "trigger": { "frist": 2 }, "effect": { "status": 503 } }), "trigger.frist", "first"),
    ] {
        let problem = server.admin(Method::POST, "/faults", Some(rule)).await.assert_problem(422);
        assert_eq!((&problem["field"], &problem["suggestion"]), (&json!(field), &json!(suggestion)), "{problem}");
    }
    for rule in [
        json!({ "match": { "operation": "refresh" } }),
        json!({ "effect": {} }),
        json!({ "effect": [503] }),
        json!({ "effect": { "status": 99 } }),
        json!({ "name": "", "effect": { "status": 503 } }),
        json!({ "name": "n".repeat(201), "effect": { "status": 503 } }),
        json!({ "trigger": { "nth": 1, "first": 1 }, "effect": { "status": 503 } }),
        json!([]),
    ] {
        server.admin(Method::POST, "/faults", Some(rule)).await.assert_problem(422);
    }
    assert_eq!(server.admin(Method::GET, "/faults", None).await.json(), json!({ "faults": [], "unfired": [] }));
    for path in ["/faults/nobody", "/faults/%FF"] {
        server.admin(Method::DELETE, path, None).await.assert_problem(404);
    }
}
