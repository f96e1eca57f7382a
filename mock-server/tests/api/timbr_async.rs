//! Asynchronous queries: docs/timbr.md §6.1.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, Reply, Signature, TestServer};
use crate::timbr::{OPENAPI, QUERY, assert_error, key, openapi};

const BOB: &str = "tk_bee7fc9f63d90f0af5cec9e941ed426627e04339327d0165e3e2fc044ea467e8";
const LOST: &str = "Async result not found (expired or already fetched)";

fn alice() -> Signature {
    key(ALICE).with("x-async", Some("true"))
}

/// A server whose queries take ten seconds.
async fn slow() -> TestServer {
    TestServer::with(|config| config.timbr.async_duration = Some("10s".parse().unwrap())).await
}

/// Submits, and says where the result will be.
async fn submit(server: &TestServer, sql: &'static str) -> String {
    let reply = openapi(server, OPENAPI, &alice(), sql).await.assert(202);
    reply.json()["poll_url"].as_str().unwrap().to_owned()
}

async fn poll(server: &TestServer, url: &str) -> Reply {
    server.get(url, &key(ALICE)).await
}

async fn set(server: &TestServer, timbr: Value) {
    server.admin(Method::PATCH, "/settings", Some(json!({ "timbr": timbr }))).await.assert(200);
}

async fn assert_lost(server: &TestServer, url: &str, reason: &str) {
    assert_error(&poll(server, url).await, 404, &[LOST]);
    assert_eq!(server.last_reason().await, reason, "{url}");
}

#[tokio::test]
async fn a_query_runs_until_the_clock_says_that_it_is_over() {
    let server = slow().await;
    let reply = openapi(&server, OPENAPI, &alice(), "SELECT 1").await.assert(202);
    let submitted = reply.json();
    let id = submitted["response_id"].as_str().unwrap();
    assert!(id.len() == 36 && id.as_bytes()[14] == b'4', "{id} is no random UUID");
    let url = format!("/timbr/openapi/get-async-results/{id}");
    assert_eq!((&submitted["async"], &submitted["poll_url"]), (&json!(true), &json!(url)));
    assert!(submitted["message"].is_string());
    server.advance("9s 999ms").await;
    for url in [url.clone(), format!("{url}/")] {
        let running = poll(&server, &url).await.assert(200).json();
        assert_eq!((&running["status"], &running["response_id"]), (&json!("running"), &json!(id)));
    }
    server.advance("1ms").await;
    let over = poll(&server, &url).await.assert(200);
    assert_eq!(over.text, r#"{"status":"completed","response":[{"1":1}],"original_status_code":200}"#);
    assert_eq!(over.header("content-type"), "application/json");
    assert_lost(&server, &url, "AsyncFetched").await;
}

#[tokio::test]
async fn without_a_duration_a_query_is_over_at_once_and_a_result_can_be_kept() {
    let server = TestServer::with(|config| config.timbr.async_once = false).await;
    let url = submit(&server, "SELECT 2").await;
    for _ in 0..2 {
        assert_eq!(poll(&server, &url).await.assert(200).json()["response"], json!([{ "2": 2 }]));
    }
}

#[tokio::test]
async fn what_the_engine_refuses_is_a_result_and_what_nobody_can_read_is_refused_at_once() {
    let server = TestServer::start().await;
    let url = submit(&server, "SELECT * FROM dtimbr.nobody").await;
    let error = poll(&server, &url).await.assert(200).json();
    assert_eq!((&error["status"], &error["error_type"]), (&json!("error"), &json!("ExecutionError")));
    assert!(error["error"].as_str().unwrap().contains("no such table: dtimbr.nobody"), "{error}");
    assert_eq!(server.last_reason().await, "SqlInvalid");
    assert_lost(&server, &url, "AsyncFetched").await;
    let nowhere = openapi(&server, "/timbr/openapi/ontology/nope/query", &alice(), "SELECT 1").await.assert(202).json();
    let error = poll(&server, nowhere["poll_url"].as_str().unwrap()).await.assert(200).json();
    assert!(error["error"].as_str().unwrap().contains("Unknown database 'nope'"), "{error}");
    assert_error(&openapi(&server, OPENAPI, &alice(), "").await, 400, &["empty"]);
    assert_error(&openapi(&server, OPENAPI, &alice(), vec![0xff]).await, 400, &["UTF-8"]);
    let nobody = Signature::none().with("x-async", Some("true"));
    assert_error(&openapi(&server, OPENAPI, &nobody, "SELECT 1").await, 401, &["Unauthorized"]);
}

#[tokio::test]
async fn the_header_means_nothing_elsewhere_and_false_means_nothing_here() {
    let server = TestServer::start().await;
    let body = json!({ "query": "SELECT 1", "ontology_name": "supply_chain" });
    let reply = server.post(QUERY, &alice(), &body).await.assert(200);
    assert_eq!(reply.text, r#"{"data":[{"1":1}],"status":"success"}"#);
    let declined = key(ALICE).with("x-async", Some("false"));
    assert_eq!(openapi(&server, OPENAPI, &declined, "SELECT 1").await.assert(200).text, r#"[{"1":1}]"#);
}

#[tokio::test]
async fn only_the_same_token_sees_a_result() {
    let server = TestServer::start().await;
    let url = submit(&server, "SELECT 1").await;
    assert_error(&server.get(&url, &key(BOB)).await, 404, &[LOST]);
    assert_eq!(server.last_reason().await, "AsyncOfOther");
    assert_error(&server.get(&url, &Signature::none()).await, 401, &["Unauthorized"]);
    // Neither of them took it away.
    poll(&server, &url).await.assert(200);
    for id in ["00000000-0000-4000-8000-000000000000", "made-up"] {
        assert_lost(&server, &format!("/timbr/openapi/get-async-results/{id}"), "AsyncUnknown").await;
    }
}

#[tokio::test]
async fn a_result_lasts_as_long_as_the_setting_says_after_its_query() {
    let server = slow().await;
    set(&server, json!({ "async_ttl": "5s" })).await;
    let url = submit(&server, "SELECT 1").await;
    server.advance("15s").await;
    assert_lost(&server, &url, "AsyncExpired").await;
    assert!(server.last_entry().await["detail"].as_str().unwrap().contains("2026-01-01T00:00:15Z"));
    server.advance("-1ms").await;
    assert_eq!(poll(&server, &url).await.assert(200).json()["status"], "completed");
}

#[tokio::test]
async fn newer_queries_take_the_place_of_old_ones() {
    let server = TestServer::with(|config| config.timbr.async_queries = mock_server::config::Count::new(2)).await;
    let (first, second) = (submit(&server, "SELECT 1").await, submit(&server, "SELECT 2").await);
    submit(&server, "SELECT 3").await;
    assert_lost(&server, &first, "AsyncEvicted").await;
    assert_eq!(poll(&server, &second).await.assert(200).json()["response"], json!([{ "2": 2 }]));
}

#[tokio::test]
async fn reset_forgets_every_query() {
    let server = TestServer::start().await;
    let url = submit(&server, "SELECT 1").await;
    server.admin(Method::POST, "/reset", None).await;
    assert_lost(&server, &url, "AsyncUnknown").await;
}

#[tokio::test]
async fn each_sandbox_has_its_own_queries_and_its_own_prefix() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let token = own.credentials["timbr"]["users"][0]["token"].as_str().unwrap().to_owned();
    let signature = key(&token).with("x-async", Some("true"));
    let reply = openapi(&server, &own.path(OPENAPI), &signature, "SELECT 1").await.assert(202).json();
    let url = reply["poll_url"].as_str().unwrap();
    assert!(url.starts_with("/sandbox/own/timbr/openapi/get-async-results/"), "{url}");
    assert_lost(&server, url.strip_prefix("/sandbox/own").unwrap(), "AsyncUnknown").await;
    server.get(url, &key(&token)).await.assert(200);
}

#[tokio::test]
async fn rules_apply_to_submitting_and_to_polling() {
    let server = TestServer::start().await;
    let rule = |operation: &str, at: &str| {
        let rule = json!({ "match": { "operation": operation }, "trigger": { "first": 1 }, "effect": { "status": 503, "at": at } });
        server.admin(Method::POST, "/faults", Some(rule))
    };
    rule("timbr.async_result", "before_commit").await.assert(201);
    let url = submit(&server, "SELECT 1").await;
    assert_error(&poll(&server, &url).await, 503, &["503"]);
    // Nothing was fetched by the answer that a rule gave.
    assert_eq!(poll(&server, &url).await.assert(200).json()["status"], "completed");
    // An answer that is lost after the commit takes its result along.
    rule("timbr.async_result", "after_commit").await.assert(201);
    let url = submit(&server, "SELECT 1").await;
    assert_error(&poll(&server, &url).await, 503, &["503"]);
    assert_lost(&server, &url, "AsyncFetched").await;
    rule("timbr.openapi_query", "before_commit").await.assert(201);
    assert_error(&openapi(&server, OPENAPI, &alice(), "SELECT 1").await, 503, &["503"]);
}
