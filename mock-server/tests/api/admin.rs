//! The admin API: clock, reset, access.

use reqwest::Method;
use serde_json::json;

use crate::support::{START_MS, TestServer, send};

#[tokio::test]
async fn the_clock_is_shown_set_and_moved() {
    let server = TestServer::start().await;
    let clock = server.admin(Method::GET, "/clock", None).await.assert(200).json();
    assert_eq!(clock, json!({ "mode": "frozen", "now": "2026-01-01T00:00:00Z", "now_ms": START_MS, "rate": 0 }));
    let moved = server.admin(Method::POST, "/clock/advance", Some(json!({ "by": "2h30m" }))).await.assert(200).json();
    assert_eq!(moved["now"], "2026-01-01T02:30:00Z");
    let back = server.admin(Method::POST, "/clock/advance", Some(json!({ "by": -1000 }))).await.assert(200).json();
    assert_eq!(back["now"], "2026-01-01T02:29:59Z");
    let set = json!({ "mode": "frozen", "now": "2030-05-05T05:05:05.005Z" });
    assert_eq!(
        server.admin(Method::PUT, "/clock", Some(set)).await.assert(200).json()["now_ms"],
        1_904_187_905_005_i64
    );
    let set = server.admin(Method::PUT, "/clock", Some(json!({ "now": START_MS }))).await.assert(200).json();
    assert_eq!((&set["mode"], &set["now_ms"]), (&json!("frozen"), &json!(START_MS)));
    let run = server.admin(Method::PUT, "/clock", Some(json!({ "mode": "running" }))).await.assert(200).json();
    assert_eq!((&run["mode"], &run["rate"]), (&json!("running"), &json!(1)));
    assert!(run["now_ms"].as_i64().unwrap() >= START_MS);
    let system = server.admin(Method::PUT, "/clock", Some(json!({ "mode": "system" }))).await.assert(200).json();
    assert_eq!(system["mode"], "system");
}

#[tokio::test]
async fn a_bad_clock_request_says_what_is_allowed_and_changes_nothing() {
    let server = TestServer::start().await;
    for (method, path, body, status, words) in [
        (Method::PUT, "/clock", json!({}), 422, "give mode, now, offset, rate or auto_advance"),
        (Method::PUT, "/clock", json!({ "mode": "frosen" }), 422, "`frozen`"),
        (Method::PUT, "/clock", json!({ "now": "tomorrow" }), 422, "2026-01-01T00:00:00Z"),
        (Method::PUT, "/clock", json!({ "mode": "system", "now": 0 }), 422, "real time"),
        (Method::PUT, "/clock", json!({ "nwo": 0 }), 422, "`now`"),
        (Method::PUT, "/clock", json!(["frozen", 0]), 422, "expected an object"),
        (Method::POST, "/clock/advance", json!({}), 422, "give one of by and to"),
        (Method::POST, "/clock/advance", json!({ "by": "soon" }), 422, "24h"),
        (Method::POST, "/clock/advance", json!({ "by": "24" }), 422, "24h"),
        (Method::POST, "/clock/advance", json!({ "by": "999999999h" }), 422, "9999"),
    ] {
        let problem = server.admin(method, path, Some(body.clone())).await.assert_problem(status);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body} → {problem}");
    }
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS);
    let request = server.request(Method::PUT, "/__admin/clock").header("content-type", "application/json").body("{");
    send(request).await.assert_problem(400);
}

#[tokio::test]
async fn a_reset_goes_back_to_the_seed() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1 }])).await.assert(200);
    let fault = json!({ "match": { "operation": "refresh" }, "effect": { "status": 503 } });
    server.admin(Method::POST, "/faults", Some(fault)).await.assert(201);
    server.advance("1h").await;
    server.admin(Method::POST, "/reset", None).await.assert(204);

    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS);
    assert_eq!(server.admin(Method::GET, "/faults", None).await.json(), json!({ "faults": [], "unfired": [] }));
    assert_eq!(server.admin(Method::GET, "/requests", None).await.json()["total"], 0);
    server.get("/v3/devices", &signature).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenOfEarlierRun");
    let fresh = server.signature_of("forklift-01").await;
    assert_eq!(server.last_entry().await["token_generation"], 1);
    assert_eq!(server.get("/v3/devices/locations/?deviceId=1", &fresh).await.json(), json!([]));
    server.admin(Method::POST, "/reset?all=true", Some(json!({}))).await.assert(204);
    server.admin(Method::POST, "/reset?sandbox=x", None).await.assert_problem(400);
    server.admin(Method::POST, "/reset", Some(json!({ "sandbox": "x" }))).await.assert_problem(422);
}

#[tokio::test]
async fn probes_answer_and_strangers_are_shown_the_nouns() {
    let server = TestServer::start().await;
    for path in ["/health", "/ready", "/__admin/health", "/__admin/ready"] {
        let reply = send(server.request(Method::GET, path)).await.assert(200);
        assert_eq!(reply.text, r#"{"status":"ok"}"#);
    }
    for path in ["/nothing", "", "/"] {
        let problem = server.admin(Method::GET, path, None).await.assert_problem(404);
        assert!(problem["detail"].as_str().unwrap().contains("clock/advance"), "{problem}");
    }
    let reply = server.admin(Method::PATCH, "/clock", None).await;
    assert_eq!(reply.header("allow"), "GET,HEAD,PUT");
    reply.assert_problem(405);
}

#[tokio::test]
async fn pages_of_other_sites_and_forms_cannot_steer() {
    let server = TestServer::start().await;
    let advance = || server.request(Method::POST, "/__admin/clock/advance");
    let json = |request: reqwest::RequestBuilder| request.json(&json!({ "by": "1h" }));
    let problem = send(json(advance()).header("host", "evil.test")).await.assert_problem(403);
    assert!(problem["detail"].as_str().unwrap().contains("--allow-host evil.test"), "{problem}");
    send(json(advance()).header("origin", "http://evil.test")).await.assert_problem(403);
    send(advance().header("content-type", "text/plain").body(r#"{"by":"1h"}"#)).await.assert_problem(415);
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS);
    // The vendors' side has nothing to do with any of this.
    let login = server.request(Method::GET, "/v3/devices").header("host", "api.platform.twinzo.com");
    send(login).await.assert_problem(401);
}

#[tokio::test]
async fn an_admin_token_is_asked_for() {
    let server = TestServer::with(|config| config.server.admin_token = Some("made-up".into())).await;
    let clock = || server.request(Method::GET, "/__admin/clock");
    let reply = send(clock()).await;
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    reply.assert_problem(401);
    send(clock().bearer_auth("wrong")).await.assert_problem(401);
    send(clock().bearer_auth("made-up")).await.assert(200);
}

#[tokio::test]
async fn the_admin_api_can_have_a_port_of_its_own() {
    let server = TestServer::with(|config| config.server.admin_port = Some(0)).await;
    send(server.request(Method::GET, "/__admin/clock")).await.assert_problem(404);
    assert_ne!(server.server.admin_url(), format!("{}/__admin", server.server.base_url()));
    let clock = reqwest::get(format!("{}/clock", server.server.admin_url())).await.unwrap();
    assert_eq!(clock.status(), 200);
}

#[tokio::test]
async fn an_open_address_needs_a_guarded_admin_api() {
    let start = |change: fn(&mut mock_server::Config)| async move {
        let mut config = mock_server::Config::default();
        config.server.port = 0;
        config.server.hosts = vec!["0.0.0.0".parse().unwrap()];
        change(&mut config);
        mock_server::RunningServer::start(config).await.map(|_| ()).map_err(|error| error.to_string())
    };
    let error = start(|_| {}).await.unwrap_err();
    assert!(error.contains("0.0.0.0 is not a loopback address: give --admin-token"), "{error}");
    let error = start(|config| config.server.admin_token = Some("".into())).await.unwrap_err();
    assert_eq!(error, "the admin token is empty; leave it out, or give one");
    let error = start(|config| {
        config.server.admin_token = Some("made-up".into());
        config.server.allow_hosts = vec!["http://mock.test".to_owned()];
    });
    assert_eq!(error.await.unwrap_err(), "\"http://mock.test\" is not a host name; write it like mock.test");
}

#[tokio::test]
async fn both_loopback_addresses_answer_on_one_port() {
    let server = TestServer::start().await;
    for address in server.server.addresses() {
        let health = reqwest::get(format!("http://{address}/health")).await.unwrap();
        assert_eq!(health.status(), 200, "{address}");
    }
    assert_eq!(server.server.addresses().len(), 2, "a machine for tests has ::1");
}
