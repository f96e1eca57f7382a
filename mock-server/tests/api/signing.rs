//! The signing headers: docs/twinzo.md §2 and §3.4. Order of the reasons: client, branch, credential, known, revoked,
//! expired.

use reqwest::Method;
use serde_json::json;

use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, PUNE_API_KEY, Signature, TestServer, send};

async fn check(server: &TestServer, signature: &Signature, status: u16, reason: &str) {
    let reply = server.get("/v3/devices", signature).await;
    assert_eq!((reply.status, server.last_reason().await.as_str()), (status, reason), "{:?}", signature.0);
}

#[tokio::test]
async fn each_missing_or_wrong_header_has_its_own_reason() {
    let server = TestServer::start().await;
    let good = server.signature_of("forklift-01").await;
    let other = "11111111-2222-4333-8444-555555555555";
    check(&server, &good, 200, "none").await;
    check(&server, &good.with("Client", None), 401, "ClientMissing").await;
    check(&server, &good.with("Client", Some("")), 401, "ClientMissing").await;
    check(&server, &good.with("Client", Some("acme-logistics")), 400, "ClientMalformed").await;
    check(&server, &good.with("Client", Some(other)), 401, "ClientUnknown").await;
    check(&server, &good.with("Branch", None), 401, "BranchMissing").await;
    check(&server, &good.with("Branch", Some("1")), 400, "BranchMalformed").await;
    check(&server, &good.with("Branch", Some(other)), 401, "BranchUnknown").await;
    check(&server, &good.with("Token", None), 401, "CredentialMissing").await;
    check(&server, &good.with("Token", Some("made-up")), 401, "TokenUnknown").await;
    check(&server, &good.with("Token", None).with("Client", None), 401, "ClientMissing").await;
    check(&server, &good.with("Token", None).with("Branch", Some(other)), 401, "BranchUnknown").await;
}

#[tokio::test]
async fn refusals_are_problems_that_hide_the_reason() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(BRATISLAVA, "made-up");
    let reply = server.get("/v3/devices?x=1", &signature).await;
    assert_eq!(
        (reply.header("cache-control"), reply.header("expires"), reply.header("pragma")),
        ("no-cache,no-store", "-1", "no-cache")
    );
    assert_eq!(
        reply.assert_problem(401),
        json!({
            "type": "https://tools.ietf.org/html/rfc9110#section-15.5.2",
            "title": "NotAuthorizedException",
            "status": 401,
            "detail": "Token is not valid.",
            "instance": "/v3/devices",
            "code": "10",
        })
    );
}

#[tokio::test]
async fn api_keys_open_the_client_or_one_branch() {
    let server = TestServer::start().await;
    check(&server, &Signature::api_key(BRATISLAVA, API_KEY), 200, "none").await;
    check(&server, &Signature::api_key(PUNE, API_KEY), 200, "none").await;
    check(&server, &Signature::api_key(PUNE, PUNE_API_KEY), 200, "none").await;
    check(&server, &Signature::api_key(BRATISLAVA, PUNE_API_KEY), 401, "ApiKeyOfOtherBranch").await;
    check(&server, &Signature::api_key(BRATISLAVA, "made-up"), 401, "ApiKeyUnknown").await;
}

#[tokio::test]
async fn of_token_and_key_either_is_enough() {
    let server = TestServer::start().await;
    let good = server.signature_of("forklift-01").await;
    check(&server, &good.with("Api-Key", Some("made-up")), 200, "none").await;
    check(&server, &good.with("Token", Some("made-up")).with("Api-Key", Some(API_KEY)), 200, "none").await;
    check(&server, &good.with("Token", Some("made-up")).with("Api-Key", Some("made-up")), 401, "TokenUnknown").await;
}

#[tokio::test]
async fn other_ways_to_carry_the_token_do_not_count() {
    let server = TestServer::start().await;
    let good = server.signature_of("forklift-01").await;
    let token = good.value("Token").to_owned();
    let bare = good.with("Token", None);
    check(&server, &bare.with("Authorization", Some(&format!("Bearer {token}"))), 401, "CredentialMissing").await;
    check(&server, &bare.with("X-Token", Some(&token)), 401, "CredentialMissing").await;
    check(&server, &bare.with("Token", Some(&format!("Bearer {token}"))), 401, "TokenMangled").await;
    check(&server, &bare.with("Token", Some(token.trim_end_matches('='))), 401, "TokenMangled").await;
    check(&server, &bare.with("Token", Some(&token.replace('+', "%2B"))), 401, "TokenMangled").await;
    check(&server, &bare.with("Token", Some(&token.replace('+', " "))), 401, "TokenMangled").await;
}

#[tokio::test]
async fn a_token_dies_at_its_expiration_and_not_a_millisecond_earlier() {
    let server = TestServer::start().await;
    let good = server.signature_of("forklift-01").await;
    server.advance("86399999ms").await;
    check(&server, &good, 200, "none").await;
    server.advance("1ms").await;
    let problem = server.get("/v3/devices", &good).await.assert_problem(401);
    assert_eq!(problem["detail"], "Token is expired.");
    let entry = server.last_entry().await;
    assert_eq!(entry["reason"], "TokenExpired");
    assert_eq!(entry["detail"], "token expired 0s ago; the client saw its expiry in answer #1");
}

#[tokio::test]
async fn tokens_of_another_start_are_recognised() {
    let earlier = TestServer::with(|config| config.entropy.run = Some("yesterday".to_owned())).await;
    let stale = earlier.signature_of("forklift-01").await;
    let server = TestServer::start().await;
    check(&server, &stale, 401, "TokenOfEarlierRun").await;
}

#[tokio::test]
async fn the_reason_is_in_a_header_on_request_only() {
    let quiet = TestServer::start().await;
    assert_eq!(quiet.get("/v3/devices", &Signature::none()).await.header("x-mock-reason"), "");
    let talkative = TestServer::with(|config| config.server.explain = true).await;
    let reply = talkative.get("/v3/devices", &Signature::none()).await;
    assert_eq!(reply.header("x-mock-reason"), "ClientMissing: the request has no Client header");
}

#[tokio::test]
async fn unknown_routes_and_methods_come_before_everything() {
    let server = TestServer::start().await;
    for path in ["/v3/plants", "/v3/sectors/a72f352b-a079-4533-9cb0-4203fa685794", "/v3/branches/one", "/v3", "/v3/"] {
        server.get(path, &Signature::none()).await.assert_empty(404);
        assert_eq!(server.last_reason().await, "RouteUnknown", "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/v3/localization", "POST"),
        (Method::GET, "/v3/Authorization/Authenticate", "POST"),
        (Method::POST, "/v3/Authorization/Token", "GET, DELETE"),
        (Method::PUT, "/v3/devices/1", "GET, PATCH, DELETE"),
        (Method::GET, "/v3/users", "POST"),
    ] {
        let reply = send(server.request(method, path)).await.assert_empty(405);
        assert_eq!(reply.header("allow"), allow, "{path}");
        assert_eq!(server.last_reason().await, "MethodNotAllowed");
    }
}

#[tokio::test]
async fn outside_the_vendors_paths_the_way_is_shown() {
    let server = TestServer::start().await;
    let problem = server.get("/devices", &Signature::none()).await.assert_problem(404);
    assert!(problem["detail"].as_str().unwrap().contains("twinzo is under /v3"), "{problem}");
}

#[tokio::test]
async fn a_client_of_another_tenant_is_unknown_here() {
    let server = TestServer::start().await;
    let swapped =
        server.signature_of("forklift-01").await.with("Client", Some(BRATISLAVA)).with("Branch", Some(CLIENT));
    check(&server, &swapped, 401, "ClientUnknown").await;
}
