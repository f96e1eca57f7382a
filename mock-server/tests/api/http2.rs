//! HTTP/2 with prior knowledge (h2c): many exchanges on one connection, of one sandbox.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode, Version};
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, Signature, TestServer};

fn client() -> Client {
    Client::builder().no_proxy().http2_prior_knowledge().build().unwrap()
}

async fn sectors(server: &TestServer, client: &Client, prefix: &str) -> Result<(StatusCode, String), reqwest::Error> {
    let url = format!("{}{prefix}/v3/sectors", server.server.base_url());
    let response = Signature::api_key(BRATISLAVA, API_KEY).sign(client.get(url)).send().await?;
    assert_eq!(response.version(), Version::HTTP_2);
    Ok((response.status(), response.text().await?))
}

#[tokio::test]
async fn many_exchanges_share_a_connection() {
    let server = TestServer::start().await;
    let client = client();
    sectors(&server, &client, "").await.unwrap();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = client.get(format!("{}/v3/sectors", server.server.base_url()));
        let request = Signature::api_key(BRATISLAVA, API_KEY).sign(request);
        all.spawn(async move { request.send().await.unwrap().status() });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    let entries = server.admin(Method::GET, "/requests?limit=51", None).await.json();
    let connections: Vec<&Value> =
        entries["requests"].as_array().unwrap().iter().map(|entry| &entry["connection"]).collect();
    assert_eq!(connections.len(), 51);
    assert!(connections.iter().all(|connection| *connection == connections[0]));
    let headers = entries["requests"][0]["headers"].as_array().unwrap();
    assert!(headers.iter().any(|pair| pair[0] == "host"), "the authority shows as a host: {headers:?}");
    assert_eq!(entries["requests"][0]["path"], "/v3/sectors");
}

#[tokio::test]
async fn a_connection_belongs_to_the_sandbox_of_its_first_exchange() {
    let server = TestServer::start().await;
    let (one, other) = (server.sandbox(json!({})).await, server.sandbox(json!({})).await);
    let client = client();
    let prefix = |id: &str| format!("/sandbox/{id}");
    let (status, _) = sectors(&server, &client, &prefix(&one.id)).await.unwrap();
    assert_eq!(status, 401, "the key is another sandbox's");
    let (status, text) = sectors(&server, &client, &prefix(&other.id)).await.unwrap();
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(&format!("{:?}", one.id)) && detail.contains(&format!("{:?}", other.id)), "{detail}");
    // The admin API is nobody's.
    let health = client.get(format!("{}/__admin/health", server.server.base_url())).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

#[tokio::test]
async fn a_broken_connection_is_broken_and_an_answer_can_be_cut() {
    let server = TestServer::start().await;
    for (effect, tampered) in [
        (json!({ "wire": "reset" }), "reset after 0 bytes"),
        (json!({ "wire": "close" }), "close after 0 bytes"),
        (json!({ "wire": "garbage", "bytes": 20 }), "20 bytes of garbage, close"),
        (json!({ "wire": "close", "body_bytes": 11 }), "close after 11 bytes of the body"),
    ] {
        let rule = json!({ "match": { "operation": "sectors.list" }, "effect": effect, "limit": 1 });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        let client = client();
        let url = format!("{}/v3/sectors", server.server.base_url());
        let answer = Signature::api_key(BRATISLAVA, API_KEY).sign(client.get(url)).send().await;
        if effect["body_bytes"].is_null() {
            assert!(answer.unwrap_err().is_request(), "{effect}");
        } else {
            let mut response = answer.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(response.chunk().await.unwrap().unwrap(), r#"[{"Id":1,"G"#);
            response.chunk().await.unwrap_err();
        }
        assert_eq!(server.last_entry().await["tampered"], tampered);
        let (status, _) = sectors(&server, &client, "").await.unwrap();
        assert_eq!(status, 200, "the next connection is a good one");
    }
}

#[tokio::test]
async fn an_answer_shorter_than_its_cut_is_whole_and_its_connection_ends() {
    let server = TestServer::start().await;
    let effect = json!({ "wire": "close", "body_bytes": 1_000_000 });
    let rule = json!({ "match": { "operation": "sectors.list" }, "effect": effect, "limit": 1 });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let client = client();
    let (status, text) = sectors(&server, &client, "").await.unwrap();
    assert!(status == 200 && text.ends_with(']'), "{status} {text}");
    let first = server.last_entry().await["connection"].clone();
    // Until the client has learned of the end, its next exchange may still try the old connection.
    let another = async {
        while sectors(&server, &client, "").await.is_err() || server.last_entry().await["connection"] == first {}
    };
    tokio::time::timeout(Duration::from_secs(20), another).await.expect("the connection ends");
}

#[tokio::test]
async fn what_is_about_bytes_is_not_done_and_said() {
    let server = TestServer::start().await;
    let rule = json!({ "match": { "operation": "sectors.list" }, "effect": { "wire": "bad_chunk" } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let (status, text) = sectors(&server, &client(), "").await.unwrap();
    assert!(status == 200 && text.starts_with('['), "{status} {text}");
    let hints = server.last_entry().await["hints"].clone();
    assert_eq!(hints, json!(["this is HTTP/2, where bytes cannot be tampered with: not done was bad chunk"]));
}

#[tokio::test]
async fn an_answer_is_whole_where_only_its_connection_was_to_end_later() {
    let server = TestServer::start().await;
    let rule = json!({ "match": { "operation": "sectors.list" }, "effect": { "wire": "slow_close", "after": "1h" } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let (status, text) = sectors(&server, &client(), "").await.unwrap();
    assert!(status == 200 && text.ends_with(']'), "{status} {text}");
    let hint = server.last_entry().await["hints"][0].as_str().unwrap().to_owned();
    assert!(hint.contains("not done was close after the answer"), "{hint}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_and_a_long_head_does_not_get_in() {
    let server = TestServer::with(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let client = client();
    let url = format!("{}/v3/Authorization/Authenticate", server.server.base_url());
    let post = |body: String| client.post(&url).header("content-type", "application/json").body(body).send();
    assert_eq!(post("x".repeat(2000)).await.unwrap().status(), 413);
    let long = client.get(&url).header("x-long", "x".repeat(200_000)).send().await;
    assert!(long.is_err() || long.unwrap().status() == 431);
    assert_eq!(post("{}".to_owned()).await.unwrap().status(), 400);
}

#[tokio::test]
async fn an_answer_to_head_has_no_body() {
    let server = TestServer::start().await;
    let client = client();
    for path in ["/nope", "/v3/sectors"] {
        let answer = client.head(format!("{}{path}", server.server.base_url())).send().await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2);
        assert_eq!(answer.bytes().await.unwrap().len(), 0, "{path}");
    }
}

#[tokio::test]
async fn a_status_without_content_has_none_whatever_a_rule_says() {
    let server = TestServer::start().await;
    let respond = json!({ "status": 204, "body": "hello" });
    let rule = json!({ "match": { "route": "/x" }, "effect": { "respond": respond } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let answer = client().get(format!("{}/x", server.server.base_url())).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("content-length")), (204, None));
    assert_eq!(answer.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_admin_api_wants_json_also_where_no_header_announces_a_body() {
    let server = TestServer::start().await;
    let url = format!("{}/__admin/reset", server.server.base_url());
    let reply = client().post(url).body(reqwest::Body::from("x")).send().await.unwrap();
    assert_eq!(reply.status(), 415);
}

#[tokio::test]
async fn a_request_for_leave_does_not_choose_the_sandbox() {
    let server = TestServer::with(|config| config.server.cors = mock_server::config::Cors::Any).await;
    let own = server.sandbox(json!({})).await;
    let client = client();
    let url = format!("{}{}", server.server.base_url(), own.path("/v3/sectors"));
    let ask = client.request(Method::OPTIONS, format!("{}/v3/sectors", server.server.base_url()));
    let ask = ask.header("origin", "http://page.test").header("access-control-request-method", "GET");
    assert_eq!(ask.send().await.unwrap().status(), 204);
    assert_eq!(client.get(url).send().await.unwrap().status(), 401, "no 421");
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let server = TestServer::with(|config| config.server.http2 = false).await;
    sectors(&server, &client(), "").await.unwrap_err();
    assert_eq!(server.get("/v3/sectors", &Signature::none()).await.status, 401);
}

#[tokio::test]
async fn a_silent_connection_is_closed_in_the_end() {
    let server = TestServer::with(|config| config.limits.idle_timeout = "50ms".parse().unwrap()).await;
    let connected = |greeting: &'static [u8]| {
        let address = server.server.addresses()[0];
        tokio::task::spawn_blocking(move || {
            use std::io::{Read, Write};
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(greeting).unwrap();
            let mut scrap = Vec::new();
            stream.read_to_end(&mut scrap).map(|_| scrap.len())
        })
    };
    assert_eq!(connected(b"").await.unwrap().unwrap(), 0);
    assert!(connected(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap().unwrap() > 0);
}
