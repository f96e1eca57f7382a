//! What can be tested with which clock: each row of docs/time.md is a test here.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, API_KEY, BRATISLAVA, CLIENT, START_MS, Signature, TestServer, send};
use crate::timbr::{OPENAPI, key, openapi};

const HOUR_MS: i64 = 3_600_000;

async fn system() -> TestServer {
    TestServer::with(|config| config.clock = toml::from_str("mode = 'system'").unwrap()).await
}

#[tokio::test]
async fn a_token_dies_on_the_millisecond_of_its_expiry() {
    let server = TestServer::start().await;
    let contract = server.login_as("forklift-01").await.assert(200).json();
    assert_eq!(contract["Expiration"], START_MS + 24 * HOUR_MS);
    let signature = Signature::token(&contract);
    let to = |ms: i64| server.admin(Method::POST, "/clock/advance", Some(json!({ "to": ms })));
    to(START_MS + 24 * HOUR_MS - 1).await.assert(200);
    server.get("/v3/devices", &signature).await.assert(200);
    to(START_MS + 24 * HOUR_MS).await.assert(200);
    server.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}

#[tokio::test]
async fn a_month_of_renewals_takes_no_time() {
    let server = TestServer::with(|config| config.twinzo.token_life = "90m".parse().unwrap()).await;
    let mut signature = server.signature_of("forklift-01").await;
    // The network fails on every tenth renewal, and the client tries again.
    for nth in (10..800).step_by(10) {
        let rule =
            json!({ "match": { "operation": "refresh" }, "trigger": { "nth": nth }, "effect": { "status": 503 } });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    }
    let (hours, mut failures) = (30 * 24, 0);
    for _ in 0..hours {
        server.advance("1h").await;
        let mut answer = server.get("/v3/Authorization/Token", &signature).await;
        if answer.status == 503 {
            failures += 1;
            answer = server.get("/v3/Authorization/Token", &signature).await;
        }
        signature = Signature::token(&answer.assert(200).json());
    }
    // 720 good ones and as many failures as tens among all.
    assert_eq!(failures, 79);
    let clock = server.admin(Method::GET, "/clock", None).await.json();
    assert_eq!(clock["now"], "2026-01-31T00:00:00Z");
    let tokens = server.admin(Method::GET, "/tokens?account=forklift-01&limit=1", None).await.json();
    assert_eq!((&tokens["total"], &tokens["tokens"][0]["generation"]), (&json!(hours + 1), &json!(hours + 1)));
}

#[tokio::test]
async fn a_client_on_the_real_clock_can_be_told_a_short_life() {
    let server = system().await;
    let life = json!({ "twinzo": { "token_life": "5s", "actual_token_life": "24h" } });
    server.admin(Method::PATCH, "/settings", Some(life)).await.assert(200);
    let contract = server.login_as("forklift-01").await.assert(200).json();
    assert_eq!(contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap(), 5000);
    server.advance("23h").await;
    server.get("/v3/devices", &Signature::token(&contract)).await.assert(200);
}

#[tokio::test]
async fn a_token_can_die_before_what_was_announced() {
    let server = TestServer::with(|config| config.twinzo.actual_token_life = Some("5s".parse().unwrap())).await;
    let contract = server.login_as("forklift-01").await.assert(200).json();
    assert_eq!(contract["Expiration"], START_MS + 24 * HOUR_MS);
    server.advance("5s").await;
    server.get("/v3/devices", &Signature::token(&contract)).await.assert(401);
    let entry = server.last_entry().await;
    assert_eq!(entry["reason"], "TokenExpired");
    assert!(entry["detail"].as_str().unwrap().ends_with("which said that it would live on"), "{entry}");
}

#[tokio::test]
async fn an_offset_clock_looks_like_a_server_whose_clock_is_wrong() {
    let server = system().await;
    server.admin(Method::PUT, "/clock", Some(json!({ "offset": "-26h" }))).await.assert(200);
    let before = mock_server::clock::real_now().as_millisecond() - 26 * HOUR_MS;
    let reply = server.login_as("forklift-01").await.assert(200);
    let after = mock_server::clock::real_now().as_millisecond() - 26 * HOUR_MS;
    let created = reply.json()["Created"].as_i64().unwrap();
    assert!((before..=after).contains(&created), "{before} {created} {after}");
    let date = jiff::fmt::rfc2822::parse(reply.header("date")).unwrap().timestamp().as_millisecond();
    assert!((before - 1000..=after).contains(&date), "{before} {date} {after}");
    server.get("/v3/devices", &Signature::token(&reply.json())).await.assert(200);
}

#[tokio::test]
async fn a_backward_step_brings_a_token_back() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.advance("25h").await;
    server.get("/v3/devices", &signature).await.assert(401);
    server.advance("-2h").await;
    server.get("/v3/devices", &signature).await.assert(200);
    let listing = server.admin(Method::GET, "/requests", None).await.json();
    let at: Vec<i64> = listing["requests"].as_array().unwrap().iter().map(|e| e["at_ms"].as_i64().unwrap()).collect();
    assert_eq!(at, [START_MS, START_MS + 25 * HOUR_MS, START_MS + 23 * HOUR_MS]);
}

#[tokio::test]
async fn a_scaled_clock_passes_an_hour_in_a_moment() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let clock = server.admin(Method::PUT, "/clock", Some(json!({ "rate": 1_000_000 }))).await.assert(200).json();
    assert_eq!((&clock["mode"], &clock["rate"]), (&json!("scaled"), &json!(1_000_000)));
    let until = START_MS + 24 * HOUR_MS;
    let wait = server.admin(Method::GET, &format!("/clock?until={until}"), None).await.assert(200).json();
    assert_eq!(wait["reached"], true);
    server.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}

#[tokio::test]
async fn a_wait_ends_when_the_clock_gets_there() {
    let server = TestServer::start().await;
    let wait = server.admin(Method::GET, "/clock?until=2026-01-01T01:00:00Z", None);
    let step = async {
        // Whichever comes first, the wait ends.
        server.advance("30m").await;
        server.advance("30m").await;
    };
    let (wait, ()) = tokio::join!(wait, step);
    let wait = wait.assert(200).json();
    assert_eq!((&wait["reached"], &wait["now_ms"]), (&json!(true), &json!(START_MS + HOUR_MS)));
}

#[tokio::test]
async fn a_frozen_clock_says_why_a_wait_never_ends() {
    let server = TestServer::start().await;
    let wait =
        server.admin(Method::GET, "/clock?until=2026-01-01T01:00:00Z&timeout=1ms", None).await.assert(200).json();
    assert_eq!(wait["reached"], false);
    assert!(wait["hint"].as_str().unwrap().starts_with("the clock is frozen"), "{wait}");
    throttle(&server).await;
    server.get("/v3/devices", &Signature::none()).await.assert(429);
    let hints = server.last_entry().await["hints"].clone();
    let expected = "the clock is frozen; the wait ends at 2026-01-01T00:00:07Z: advance it by 7s, or set auto_advance";
    assert_eq!(hints, json!([expected]));
    for (query, words) in
        [("until=soon", "is not a time"), ("until=0&timeout=1y", "is not a duration"), ("til=0", "until")]
    {
        let problem = server.admin(Method::GET, &format!("/clock?{query}"), None).await.assert_problem(400);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
    }
}

async fn throttle(server: &TestServer) {
    let effect = json!({ "status": 429, "retry_after": 7 });
    server.admin(Method::POST, "/faults", Some(json!({ "effect": effect }))).await.assert(201);
}

#[tokio::test]
async fn auto_advance_lets_waits_end() {
    let server = TestServer::start().await;
    throttle(&server).await;
    server.admin(Method::PUT, "/clock", Some(json!({ "auto_advance": "1s" }))).await.assert(200);
    for passed in 1..=3 {
        server.get("/v3/devices", &Signature::none()).await.assert(429);
        let clock = server.admin(Method::GET, "/clock", None).await.json();
        assert_eq!(clock["now_ms"], START_MS + passed * 1000, "{clock}");
    }
    // What does not tell a client to wait moves nothing.
    server.get("/timbr/nowhere", &Signature::none()).await.assert(404);
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS + 3000);
    server.admin(Method::PUT, "/clock", Some(json!({ "mode": "running" }))).await.assert(200);
    server.get("/v3/devices", &Signature::none()).await.assert(429);
    assert_eq!(server.last_entry().await["hints"], json!([]));
}

#[tokio::test]
async fn an_asynchronous_query_that_never_ends_is_noticed() {
    let server = TestServer::with(|config| config.timbr.async_duration = Some("2s".parse().unwrap())).await;
    let signature = key(ALICE).with("x-async", Some("true"));
    let submitted = openapi(&server, OPENAPI, &signature, "SELECT 1").await.assert(202).json();
    assert_eq!(server.last_entry().await["hints"], json!([]));
    let poll = || server.get(submitted["poll_url"].as_str().unwrap(), &signature);
    assert_eq!(poll().await.assert(200).json()["status"], "running");
    let expected = "the clock is frozen; the wait ends at 2026-01-01T00:00:02Z: advance it by 2s, or set auto_advance";
    assert_eq!(server.last_entry().await["hints"], json!([expected]));
    server.admin(Method::PUT, "/clock", Some(json!({ "auto_advance": "1s" }))).await.assert(200);
    for expected in ["running", "running", "completed"] {
        assert_eq!(poll().await.assert(200).json()["status"], expected);
    }
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS + 2000);
    assert_eq!(server.last_entry().await["hints"], json!([]));
}

#[tokio::test]
async fn a_conditional_step_happens_only_when_idle() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let step = |body: Value| own.admin(Method::POST, "/clock/advance", Some(body));
    assert_eq!(step(json!({ "by": "1s", "if_idle": true })).await.assert(200).json()["now_ms"], START_MS + 1000);
    // An exchange whose body has not arrived yet is under way.
    let address = server.server.addresses()[0];
    let head = "POST /sandbox/own/v3/localization HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n";
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
    let busy = loop {
        let reply = step(json!({ "by": "1s", "if_idle": true })).await;
        if reply.status == 409 {
            break reply.json();
        }
        own.advance("-1s").await;
    };
    assert_eq!(busy["traffic"], json!({ "open": 1, "arrived": 1 }));
    drop(stream);
    let idle = loop {
        let reply = step(json!({ "to": START_MS, "if_idle": true })).await;
        if reply.status == 200 {
            break reply.json();
        }
    };
    assert_eq!(idle["now_ms"], START_MS);
    // One came since the decision was made.
    let busy = step(json!({ "by": "1s", "arrived": 0 })).await.assert(409).json();
    assert_eq!(busy["traffic"], json!({ "open": 0, "arrived": 1 }));
    step(json!({ "by": "1s", "arrived": 1 })).await.assert(200);
}

#[tokio::test]
async fn stamps_far_from_the_clock_are_remarked_on() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let post = |stamps: &[i64]| {
        let records: Vec<Value> = stamps.iter().map(|stamp| json!({ "Timestamp": stamp })).collect();
        let (server, signature) = (&server, signature.clone());
        async move {
            server.post("/v3/localization", &signature, &json!(records)).await.assert(200);
            server.last_entry().await["hints"].clone()
        }
    };
    assert_eq!(post(&[START_MS, START_MS - 300_000, START_MS + 300_000]).await, json!([]));
    let hints = post(&[START_MS, START_MS - 3 * HOUR_MS, START_MS / 1000]).await;
    let expected = format!(
        "Timestamp {} is 3h behind the sandbox's clock ({START_MS}); the tolerance is 5m; 1 more are as far off",
        START_MS - 3 * HOUR_MS
    );
    assert_eq!(hints, json!([expected]));
    server.admin(Method::PATCH, "/settings", Some(json!({ "twinzo": { "stamp_tolerance": "4h" } }))).await.assert(200);
    assert_eq!(post(&[START_MS - 3 * HOUR_MS]).await, json!([]));
}

#[tokio::test]
async fn a_rotated_key_overlaps_until_the_clock_says_so() {
    let server = TestServer::start().await;
    let new =
        server.admin(Method::POST, "/keys/key-1/rotate", Some(json!({ "overlap": "1h" }))).await.assert(201).json();
    let (old, new) =
        (Signature::api_key(BRATISLAVA, API_KEY), Signature::api_key(BRATISLAVA, new["key"].as_str().unwrap()));
    server.advance("59m 59s 999ms").await;
    server.get("/v3/devices", &old).await.assert(200);
    server.get("/v3/devices", &new).await.assert(200);
    server.advance("1ms").await;
    server.get("/v3/devices", &old).await.assert(401);
    assert_eq!(server.last_reason().await, "ApiKeyRetired");
    server.get("/v3/devices", &new).await.assert(200);
}

#[tokio::test]
async fn every_time_that_a_client_sees_comes_from_the_sandbox() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own", "clock": { "frozen": "1999-12-31T23:59:59.123Z" } })).await;
    let now = "1999-12-31T23:59:59.123Z".parse::<Timestamp>().unwrap().as_millisecond();
    let reply = own.login_as("forklift-01").await.assert(200);
    let contract = reply.json();
    assert_eq!((&contract["Created"], &contract["Expiration"]), (&json!(now), &json!(now + 24 * HOUR_MS)));
    assert_eq!(reply.header("date"), "Fri, 31 Dec 1999 23:59:59 GMT");
    let signature = Signature::token(&contract);
    own.post("/v3/localization", &signature, &json!([{ "Timestamp": 1 }])).await.assert(200);
    let device = own.get("/v3/devices/login/forklift-01", &signature).await.assert(200).json();
    assert_eq!(device["Heartbeat"], now);
    let entry = own.last_entry().await;
    assert_eq!((&entry["at_ms"], &entry["at"]), (&json!(now), &json!("1999-12-31T23:59:59.123Z")));
    // Beside it, the default sandbox lives in its own time.
    let request = server.request(Method::GET, "/v3/clients").header("Client", CLIENT).header("Branch", BRATISLAVA);
    let reply = send(request.header("Api-Key", API_KEY)).await.assert(200);
    assert_eq!(reply.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
}
