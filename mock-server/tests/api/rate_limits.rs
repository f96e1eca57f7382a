//! Rate limits on real exchanges, on a clock that the test moves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, API_KEY, BRATISLAVA, PUNE, Reply, Signature, TestServer};

async fn limit(server: &TestServer, limit: Value) -> Value {
    server.admin(Method::POST, "/limits", Some(limit)).await.assert(201).json()["id"].clone()
}

/// Limit, remaining and reset, as clients are told.
fn told(reply: &Reply) -> [&str; 3] {
    ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"].map(|name| reply.header(name))
}

#[tokio::test]
async fn a_bucket_runs_dry_and_fills_up_with_the_clock() {
    let server = TestServer::start().await;
    let bucket = json!({ "per": "account", "bucket": { "capacity": 2, "refill": "1/10s" },
                         "match": { "operation": "devices.list" } });
    assert_eq!(limit(&server, bucket).await, "limit-1");
    let (one, other) = (server.signature_of("forklift-01").await, server.signature_of("walker-01").await);
    let get = |signature: &Signature| {
        let signature = signature.clone();
        let server = &server;
        async move { server.get("/v3/devices", &signature).await }
    };
    assert_eq!(told(&get(&one).await.assert(200)), ["2", "1", "10"]);
    assert_eq!(told(&get(&one).await.assert(200)), ["2", "0", "20"]);
    server.advance("1s").await;
    let refused = get(&one).await;
    assert_eq!((refused.header("retry-after"), told(&refused)), ("9", ["2", "0", "19"]));
    assert_eq!(refused.assert_problem(429)["title"], "Too Many Requests");
    let entry = server.last_entry().await;
    assert_eq!(entry["reason"], "RateLimited");
    assert!(entry["detail"].as_str().unwrap().contains("limit \"limit-1\""), "{entry}");
    // Others have a bucket of their own, and other operations none.
    get(&other).await.assert(200);
    assert_eq!(told(&server.get("/v3/sectors", &one).await.assert(200)), ["", "", ""]);
    // Whoever waits as told passes.
    server.advance("9s").await;
    get(&one).await.assert(200);
    get(&one).await.assert(429);
    let listed = server.admin(Method::GET, "/limits", None).await.json();
    assert_eq!((&listed["limits"][0]["matched"], &listed["limits"][0]["refused"]), (&json!(6), &json!(2)));
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    limit(&server, json!({ "per": "account", "fixed": { "limit": 1, "window": "1m" } })).await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1 }])).await.assert(200);
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 2 }])).await.assert(429);
    server.advance("1m").await;
    let read = server.get("/v3/devices/locations/?deviceId=1", &signature).await.assert(200).json();
    assert_eq!(read.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fixed_window_begins_anew_and_a_sliding_one_slides() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(BRATISLAVA, API_KEY);
    for (kind, after_half, after_all) in [("fixed", 429, 200), ("sliding", 429, 429)] {
        server.admin(Method::DELETE, "/limits", None).await.assert(204);
        let rule = json!({ "per": "client", (kind): { "limit": 2, "window": "1m" } });
        limit(&server, rule).await;
        // The clock stands at the beginning of a minute.
        server.get("/v3/clients", &signature).await.assert(200);
        server.advance("30s").await;
        server.get("/v3/clients", &signature).await.assert(200);
        server.get("/v3/clients", &signature).await.assert(after_half);
        server.advance("30s").await;
        // A sliding window has room for one: the first was a minute ago.
        server.get("/v3/clients", &signature).await.assert(200);
        server.get("/v3/clients", &signature).await.assert(after_all);
    }
}

#[tokio::test]
async fn each_key_is_counted_by_what_it_is() {
    let server = TestServer::start().await;
    let (bratislava, pune) = (Signature::api_key(BRATISLAVA, API_KEY), Signature::api_key(PUNE, API_KEY));
    for (per, statuses) in [("client", [200, 429]), ("branch", [200, 200])] {
        server.admin(Method::DELETE, "/limits", None).await.assert(204);
        limit(&server, json!({ "per": per, "fixed": { "limit": 1, "window": "1m" } })).await;
        let first = server.get("/v3/devices", &bratislava).await.status;
        assert_eq!([first, server.get("/v3/devices", &pune).await.status], statuses, "{per}");
    }
    server.admin(Method::DELETE, "/limits", None).await.assert(204);
    let (first, second) = (server.signature_of("agv-07").await, server.signature_of("agv-07").await);
    limit(&server, json!({ "per": "token", "fixed": { "limit": 1, "window": "1m" } })).await;
    for signature in [&first, &second] {
        server.get("/v3/devices", signature).await.assert(200);
        server.get("/v3/devices", signature).await.assert(429);
    }
    server.admin(Method::DELETE, "/limits", None).await.assert(204);
    limit(&server, json!({ "per": "account", "fixed": { "limit": 1, "window": "1m" } })).await;
    let alice = Signature(vec![("x-api-key", ALICE.to_owned())]);
    server.get("/timbr/api/get_ontologies/", &alice).await.assert(200);
    let refused = server.get("/timbr/api/get_ontologies/", &alice).await.assert(429).json();
    assert_eq!(refused["status"], "error");
}

#[tokio::test]
async fn of_several_limits_all_must_allow_and_none_counts_what_another_refuses() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    limit(&server, json!({ "name": "wide", "per": "account", "fixed": { "limit": 5, "window": "1h" } })).await;
    limit(&server, json!({ "name": "narrow", "per": "account", "fixed": { "limit": 1, "window": "1m" } })).await;
    let first = server.get("/v3/devices", &signature).await.assert(200);
    assert_eq!(first.header("x-ratelimit-limit"), "1");
    for _ in 0..9 {
        server.get("/v3/devices", &signature).await.assert(429);
    }
    server.admin(Method::DELETE, "/limits/narrow", None).await.assert(204);
    let next = server.get("/v3/devices", &signature).await.assert(200);
    assert_eq!(told(&next)[..2], ["5", "3"]);
    server.admin(Method::DELETE, "/limits/narrow", None).await.assert_problem(404);
}

#[tokio::test]
async fn what_a_rule_answers_uses_up_no_limit() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    limit(&server, json!({ "per": "account", "fixed": { "limit": 1, "window": "1m" } })).await;
    let rule = json!({ "trigger": { "first": 3 }, "effect": { "status": 503 } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    for status in [503, 503, 503, 200, 429] {
        server.get("/v3/devices", &signature).await.assert(status);
    }
}

#[tokio::test]
async fn limits_of_a_sandbox_come_with_it_and_a_reset_brings_them_back() {
    let server = TestServer::start().await;
    let own = server
        .sandbox(json!({ "limits": [{ "name": "tight", "per": "client", "fixed": { "limit": 1, "window": "1m" } }] }))
        .await;
    own.get("/v3/clients", &Signature::none()).await.assert(401);
    own.get("/v3/clients", &Signature::none()).await.assert(429);
    own.admin(Method::DELETE, "/limits", None).await.assert(204);
    own.get("/v3/clients", &Signature::none()).await.assert(401);
    own.admin(Method::POST, "/reset", None).await.assert(204);
    own.get("/v3/clients", &Signature::none()).await.assert(401);
    own.get("/v3/clients", &Signature::none()).await.assert(429);
    server.get("/v3/clients", &Signature::none()).await.assert(401);
}

#[tokio::test]
async fn a_limit_that_makes_no_sense_is_refused() {
    let server = TestServer::start().await;
    for (limit, field) in [
        (json!({ "per": "account" }), "bucket"),
        (json!({ "per": "account", "bucket": { "capacity": 0, "refill": "1/s" } }), "bucket.capacity"),
        (json!({ "per": "account", "bucket": { "capacity": 1, "refill": "often" } }), "bucket.refill"),
        (json!({ "per": "acount", "fixed": { "limit": 1, "window": "1m" } }), "per"),
        (json!({ "fixed": { "limit": 1, "window": "1m" } }), ""),
        (
            json!({ "per": "account", "fixed": { "limit": 1, "window": "1m" }, "match": { "account": "nobody" } }),
            "match.account",
        ),
    ] {
        let problem = server.admin(Method::POST, "/limits", Some(limit)).await.assert_problem(422);
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{problem}");
    }
}

#[tokio::test]
async fn limits_of_the_configuration_hold_from_the_start() {
    let limit = json!({ "per": "client", "fixed": { "limit": 1, "window": "1m" } });
    let server = TestServer::with(|config| config.rate_limits = vec![serde_json::from_value(limit).unwrap()]).await;
    server.get("/v3/clients", &Signature::none()).await.assert(401);
    server.get("/v3/clients", &Signature::none()).await.assert(429);
}
