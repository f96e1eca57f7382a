//! Answers that take their time, on either clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, Signature, TestServer};

async fn add(server: &TestServer, effect: Value) {
    let rule = json!({ "name": "late", "match": { "operation": "clients.list" }, "effect": effect });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
}

/// Waits until so many exchanges are in the journal; they are put there before they wait.
async fn arrived(server: &TestServer, count: u64) {
    while server.admin(Method::GET, "/requests?limit=1", None).await.json()["total"].as_u64().unwrap() < count {
        tokio::task::yield_now().await;
    }
}

/// The runtime of this test has one thread, which serves the clients too: if any answer held it, none would come.
#[tokio::test]
async fn five_hundred_answers_wait_at_once_and_none_is_lost() {
    const ALL: usize = 500;
    let server = Arc::new(TestServer::start().await);
    add(&server, json!({ "delay": { "fixed": "1h", "clock": "sandbox" } })).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..ALL)
        .map(|_| {
            let (server, answered) = (Arc::clone(&server), Arc::clone(&answered));
            tokio::spawn(async move {
                server.get("/v3/clients", &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(200);
                answered.fetch_add(1, Ordering::SeqCst);
            })
        })
        .collect();
    arrived(&server, ALL as u64).await;
    let hint = "the clock is frozen, and the answer waits for 2026-01-01T01:00:00Z: advance it by 1h";
    assert_eq!(server.last_entry().await["hints"], json!([hint]));
    server.advance("59m").await;
    assert_eq!(answered.load(Ordering::SeqCst), 0);
    server.advance("1m").await;
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(answered.load(Ordering::SeqCst), ALL);
    let listed = server.admin(Method::GET, "/faults/late", None).await.json();
    assert_eq!((&listed["fired"], &server.last_entry().await["delay_ms"]), (&json!(ALL), &json!(3_600_000)));
}

#[tokio::test]
async fn who_waits_for_the_sandboxs_clock_does_not_keep_it_from_being_moved() {
    let server = Arc::new(TestServer::start().await);
    add(&server, json!({ "delay": { "fixed": "10m", "clock": "sandbox" } })).await;
    let client = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.get("/v3/clients", &Signature::api_key(BRATISLAVA, API_KEY)).await.status }
    });
    arrived(&server, 1).await;
    let step = json!({ "by": "10m", "if_idle": true });
    server.admin(Method::POST, "/clock/advance", Some(step)).await.assert(200);
    assert_eq!(client.await.unwrap(), 200);
}

#[tokio::test]
async fn on_the_real_clock_an_answer_that_waits_is_under_way() {
    let server = Arc::new(TestServer::start().await);
    add(&server, json!({ "delay": "300ms" })).await;
    let client = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.get("/v3/clients", &Signature::api_key(BRATISLAVA, API_KEY)).await.status }
    });
    arrived(&server, 1).await;
    let step = json!({ "by": "10m", "if_idle": true });
    let problem = server.admin(Method::POST, "/clock/advance", Some(step)).await.assert_problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("under way"), "{problem}");
    assert_eq!(client.await.unwrap(), 200);
}

#[tokio::test]
async fn a_sandbox_that_goes_lets_go_of_who_waits_in_it() {
    let server = Arc::new(TestServer::start().await);
    let own = server.sandbox(json!({ "name": "t1" })).await;
    let rule = json!({ "effect": { "delay": { "fixed": "1h", "clock": "sandbox" } } });
    own.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let client = tokio::spawn({
        let server = Arc::clone(&server);
        async move { server.get("/sandbox/t1/v3/clients", &Signature::none()).await.status }
    });
    while own.admin(Method::GET, "/requests", None).await.json()["total"] != 1 {
        tokio::task::yield_now().await;
    }
    server.admin(Method::DELETE, "/sandboxes/t1", None).await.assert(204);
    assert_eq!(client.await.unwrap(), 401);
}

#[tokio::test]
async fn the_same_seed_delays_the_same_requests_by_as_much() {
    let run = |seed: u64| async move {
        let server = TestServer::start().await;
        let own = server.sandbox(json!({ "name": "t1", "seed": seed })).await;
        let effect = json!({ "delay": { "lognormal": { "median": "2ms", "p99": "9ms" } } });
        own.admin(Method::POST, "/faults", Some(json!({ "effect": effect }))).await.assert(201);
        for _ in 0..20 {
            own.get("/v3/clients", &Signature::none()).await.assert(401);
        }
        let listing = own.admin(Method::GET, "/requests", None).await.json();
        let delays = listing["requests"].as_array().unwrap().iter().map(|entry| entry["delay_ms"].as_u64().unwrap());
        delays.collect::<Vec<_>>()
    };
    let first = run(7).await;
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
}

/// Whoever tests time-outs leaves in the middle of a delay; the place of its connection must not be lost for as long.
#[tokio::test]
async fn a_client_that_leaves_frees_its_connection() {
    let server = TestServer::with(|config| config.limits.connections = "3".parse().unwrap()).await;
    add(&server, json!({ "delay": "1h" })).await;
    let address = server.server.addresses()[0];
    for number in 1..=6 {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = b"GET /v3/clients HTTP/1.1\r\nHost: x\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.unwrap();
        arrived(&server, number).await;
        // A client that gives up while bytes wait to be read resets the connection; one that does not, ends it.
        stream.set_zero_linger().unwrap();
    } // One that only closes its side may still read, so it keeps its place for a moment.
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET /v3/clients HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    arrived(&server, 7).await;
    drop(stream);
    let idle = json!({ "by": "1s", "if_idle": true });
    while server.admin(Method::POST, "/clock/advance", Some(idle.clone())).await.status != 200 {
        tokio::task::yield_now().await;
    }
}
