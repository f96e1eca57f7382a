//! What the connection layer does, byte for byte, and how the connection ends: RST against FIN against silence.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};

use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Ended, exchange, get, read_to_end};
use crate::support::{API_KEY, BRATISLAVA, CLIENT, Signature, TestServer};

/// What `GET /v3/clients` answers on a connection that closes. The clock stands still, so that even the date is known.
pub(crate) const ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\n",
    "Content-Type: application/json; charset=utf-8\r\n",
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
    "Connection: close\r\n",
    "Content-Length: 130\r\n",
    "\r\n",
    r#"[{"Id":1,"Guid":"004706bc-968b-41a9-9fa4-16465ca1e40d","Title":"acme-logistics","DBName":"acme_logistics","OdooPartnerId":"1001"}]"#
);

pub(crate) fn clients() -> String {
    get("/v3/clients", &[("Client", CLIENT), ("Branch", BRATISLAVA), ("Api-Key", API_KEY)])
}

pub(crate) fn address(server: &TestServer) -> SocketAddr {
    server.server.addresses()[0]
}

pub(crate) async fn with_rule(effect: Value) -> TestServer {
    let server = TestServer::start().await;
    let rule = json!({ "name": "r", "match": { "operation": "clients.list" }, "effect": effect });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    server
}

/// The answer under a rule, how it ends, and what the journal says the connection did.
pub(crate) async fn tampered(effect: Value) -> (String, Ended, Value) {
    let server = with_rule(effect).await;
    let (answer, ended) = exchange(address(&server), clients()).await;
    let entry = server.last_entry().await;
    assert_eq!(entry["fault"], json!(["r"]));
    (answer, ended, json!([entry["status"], entry["tampered"]]))
}

#[tokio::test]
async fn without_orders_the_answer_is_whole_and_ends_with_fin() {
    let server = TestServer::start().await;
    assert_eq!(exchange(address(&server), clients()).await, (ANSWER.to_owned(), Ended::Fin));
    assert_eq!(server.last_entry().await["tampered"], Value::Null);
}

#[tokio::test]
async fn an_answer_ends_early_with_rst_fin_or_silence() {
    for (wire, ended) in [("reset", Ended::Rst), ("close", Ended::Fin), ("stall", Ended::Silent)] {
        let (answer, how, journal) = tampered(json!({ "wire": wire })).await;
        assert_eq!((answer.as_str(), how), ("", ended), "{wire} instead of the answer");
        assert_eq!(journal, json!([null, format!("{wire} after 0 bytes")]));
        // In the status line, in a header, in the body, one byte short.
        for bytes in [7, 40, ANSWER.len() - 20, ANSWER.len() - 1] {
            let (answer, how, journal) = tampered(json!({ "wire": wire, "bytes": bytes })).await;
            assert_eq!((answer.as_str(), how), (&ANSWER[..bytes], ended), "{wire} after {bytes} bytes");
            assert_eq!(journal, json!([200, format!("{wire} after {bytes} bytes")]));
        }
    }
}

#[tokio::test]
async fn header_names_come_in_the_spelling_that_was_ordered() {
    let head = |f: fn(&str) -> String| {
        let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
        let respelled = |line: &str| match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}", f(name)),
            None => line.to_owned(),
        };
        format!("{}\r\n\r\n{body}", head.split("\r\n").map(respelled).collect::<Vec<_>>().join("\r\n"))
    };
    let mixed = |name: &str| {
        let each = |(position, c): (usize, char)| {
            if position % 2 == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }
        };
        name.chars().enumerate().map(each).collect()
    };
    for (case, expected) in
        [("lower", head(str::to_lowercase)), ("upper", head(str::to_uppercase)), ("mixed", head(mixed))]
    {
        let (answer, ended, journal) = tampered(json!({ "wire": "header_case", "case": case })).await;
        assert_eq!((answer, ended), (expected, Ended::Fin));
        assert_eq!(journal, json!([200, format!("header names {case}")]));
    }
}

#[tokio::test]
async fn interim_answers_come_before_the_answer() {
    let (answer, ended, _) = tampered(json!({ "wire": "interim", "statuses": [100, 103] })).await;
    let expected = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n{ANSWER}");
    assert_eq!((answer, ended), (expected, Ended::Fin));
}

#[tokio::test]
async fn garbage_stands_where_the_last_chunk_should_be() {
    let (answer, ended, _) = tampered(json!({ "wire": "bad_chunk" })).await;
    let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\nContent-Length: 130", "");
    let expected = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n82\r\n{body}\r\nzz\r\nnot a chunk\r\n");
    assert_eq!((answer, ended), (expected, Ended::Fin));
}

#[tokio::test]
async fn a_break_stores_nothing_before_the_commit_and_everything_after_it() {
    for (at, stored) in [("before_commit", 0), ("after_commit", 1)] {
        let server = TestServer::start().await;
        let signature = server.signature_of("forklift-01").await;
        let rule = json!({ "match": { "operation": "localization" }, "effect": { "wire": "reset", "at": at } });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        let request = signature.sign(server.request(Method::POST, "/v3/localization"));
        assert!(request.json(&json!([{ "Timestamp": 5 }])).send().await.is_err(), "{at}");
        let read = server.get("/v3/devices/locations/?deviceId=1", &signature).await.assert(200).json();
        assert_eq!(read.as_array().unwrap().len(), stored, "{at}");
    }
}

#[tokio::test]
async fn orders_hold_for_one_answer_of_a_connection() {
    let server = with_rule(json!({ "wire": "header_case", "case": "upper" })).await;
    let alive = clients().replace("Connection: close", "Connection: keep-alive");
    let plain = clients().replace("/v3/clients", "/v3/branches");
    let (answers, ended) = exchange(address(&server), format!("{alive}{alive}{plain}")).await;
    let heads: Vec<&str> = answers.split("HTTP/1.1 200 OK\r\n").skip(1).map(|answer| &answer[..12]).collect();
    assert_eq!((heads, ended), (vec!["CONTENT-TYPE", "CONTENT-TYPE", "Content-Type"], Ended::Fin));
}

#[tokio::test]
async fn a_stalled_connection_is_free_again_when_its_client_gives_up() {
    let server = TestServer::with(|config| config.limits.connections = "2".parse().unwrap()).await;
    let rule = json!({ "match": { "operation": "clients.list" }, "effect": { "wire": "stall" } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    for _ in 0..5 {
        // Each keeps its place until it closes; the admin call holds the other one.
        assert_eq!(exchange(address(&server), clients()).await, (String::new(), Ended::Silent));
    }
    assert_eq!(server.admin(Method::GET, "/requests", None).await.assert(200).json()["total"], 5);
}

#[tokio::test]
async fn what_no_service_answered_is_in_the_journal() {
    let server = TestServer::with(|config| {
        config.limits.head_timeout = "50ms".parse().unwrap();
        config.limits.head = "8KiB".parse().unwrap();
    })
    .await;
    let long = format!("GET /v3/devices HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    for (bytes, status, reason, method, path) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400, "HeadMalformed", "NONSENSE", ""),
        ("GET /v3/x\u{7f} HTTP/1.1\r\n\r\n".to_owned(), 400, "HeadMalformed", "GET", "/v3/x\u{7f}"),
        (long, 431, "HeadTooLarge", "GET", "/v3/devices"),
        ("POST /v3/localization HTTP/1.1\r\nHost: x\r\nTok".to_owned(), 408, "HeadTooSlow", "POST", "/v3/localization"),
    ] {
        let (answer, ended) = exchange(address(&server), bytes).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}");
        assert_ne!(ended, Ended::Silent);
        let entry = wait_for_entry(&server, reason).await;
        assert_eq!(
            (&entry["status"], &entry["method"], &entry["path"], &entry["operation"]),
            (&json!(status), &json!(method), &json!(path), &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_bad_head_is_shown_without_its_secrets() {
    let server = TestServer::start().await;
    exchange(address(&server), format!("GET /v3/devices HTTP/1.1\r\nApi-Key: {API_KEY}\r\nBad Name: x\r\n\r\n")).await;
    let detail = wait_for_entry(&server, "HeadMalformed").await["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("/v3/devices") && detail.contains("fingerprint:"), "{detail}");
    assert!(!detail.contains(API_KEY), "{detail}");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_is_in_the_journal() {
    let server = TestServer::with(|config| config.limits.connections = "1".parse().unwrap()).await;
    let address = address(&server);
    let first = tokio::task::spawn_blocking(move || TcpStream::connect(address).unwrap()).await.unwrap();
    let (answer, ended) = exchange(address, "").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && ended == Ended::Fin, "{answer:?}");
    drop(first);
    let entry = wait_for_entry(&server, "TooManyConnections").await;
    assert_eq!((&entry["status"], &entry["connection"]), (&json!(503), &json!(0)));
}

#[tokio::test]
async fn the_tap_keeps_the_bytes_on_the_wire_and_hides_secrets() {
    for show in [false, true] {
        let server = TestServer::with(|config| {
            config.journal.wire = true;
            config.server.show_secrets = show;
        })
        .await;
        let request = clients().replace("Api-Key", "aPI-kEY");
        let address = address(&server);
        let pieces = request.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            let (first, second) = pieces.split_at(30);
            stream.write_all(first.as_bytes()).unwrap();
            stream.flush().unwrap();
            stream.write_all(second.as_bytes()).unwrap();
            read_to_end(&mut stream).0
        })
        .await
        .unwrap();
        assert_eq!(answer, ANSWER);
        let wire = &server.last_entry().await["wire"];
        let text = wire["request"]["text"].as_str().unwrap();
        assert_eq!(text.contains("aPI-kEY: fingerprint:"), !show, "{text}");
        assert_eq!(text.contains(&format!("aPI-kEY: {API_KEY}")), show, "{text}");
        assert_eq!(wire["request"]["bytes"], request.len());
        assert_eq!((&wire["answer"]["bytes"], &wire["answer"]["text"]), (&json!(ANSWER.len()), &json!(ANSWER)));
        assert_eq!(wire["answer"]["base64"].is_string(), show);
        let times =
            wire["request"]["pieces"].as_array().unwrap().iter().chain(wire["answer"]["pieces"].as_array().unwrap());
        let times: Vec<u64> = times.map(|piece| piece[1].as_u64().unwrap()).collect();
        assert!(times.is_sorted(), "{times:?}");
    }
}

#[tokio::test]
async fn the_tap_is_off_unless_somebody_wants_it() {
    let server = TestServer::start().await;
    exchange(address(&server), clients()).await;
    assert_eq!(server.last_entry().await.get("wire"), None);
    server.admin(Method::PATCH, "/settings", Some(json!({ "journal": { "wire": true } }))).await.assert(200);
    exchange(address(&server), clients()).await;
    assert_eq!(server.last_entry().await["wire"]["answer"]["text"], ANSWER);
    let other = server.sandbox(json!({ "settings": { "journal": { "wire": false } } })).await;
    other.get("/v3/clients", &Signature::none()).await.assert(401);
    assert_eq!(other.last_entry().await.get("wire"), None);
}

/// The newest entry of a reason. It is written when the connection has ended, which the client may see first.
async fn wait_for_entry(server: &TestServer, reason: &str) -> Value {
    for _ in 0..1000 {
        let listing = server.admin(Method::GET, "/requests", None).await.assert(200).json();
        let found =
            listing["requests"].as_array().unwrap().iter().rev().find(|entry| entry["reason"] == reason).cloned();
        if let Some(entry) = found {
            return entry;
        }
    }
    panic!("no entry with the reason {reason}");
}

#[tokio::test]
async fn a_stall_lasts_as_long_as_an_idle_connection_may() {
    let server = TestServer::with(|config| config.limits.head_timeout = "50ms".parse().unwrap()).await;
    let rule = json!({ "effect": { "wire": "stall" } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    assert_eq!(exchange(address(&server), clients()).await, (String::new(), Ended::Silent));
    let server = TestServer::with(|config| config.limits.idle_timeout = "50ms".parse().unwrap()).await;
    let rule = json!({ "effect": { "wire": "stall" } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    assert_ne!(exchange(address(&server), clients()).await.1, Ended::Silent);
}

#[tokio::test]
async fn an_order_for_more_bytes_than_there_are_ends_the_connection_after_the_answer() {
    let server = with_rule(json!({ "wire": "close", "bytes": 100_000 })).await;
    let alive = clients().replace("Connection: close\r\n", "");
    let whole = ANSWER.replace("Connection: close\r\n", "");
    assert_eq!(exchange(address(&server), alive).await, (whole, Ended::Fin));
}

#[tokio::test]
async fn heads_that_come_in_one_piece_are_told_apart() {
    let server = TestServer::with(|config| config.journal.wire = true).await;
    let alive = clients().replace("Connection: close", "Connection: keep-alive");
    let (answers, ended) = exchange(address(&server), format!("{alive}BAD HEAD\r\n\r\n")).await;
    assert_eq!((answers.matches("HTTP/1.1 200 OK").count(), ended), (1, Ended::Fin));
    let entry = wait_for_entry(&server, "HeadMalformed").await;
    assert_eq!((&entry["method"], &entry["path"]), (&json!("-"), &json!("")), "it is not the one before it");
    // The first has all the bytes that came, and each has its own answer.
    exchange(address(&server), format!("{alive}{}", clients())).await;
    let page = server.admin(Method::GET, "/requests?limit=2", None).await.json();
    let sides = |entry: &Value| (entry["wire"]["request"]["bytes"].clone(), entry["wire"]["answer"]["bytes"].clone());
    let kept_alive = ANSWER.len() - "Connection: close\r\n".len();
    assert_eq!(sides(&page["requests"][0]), (json!(alive.len() + clients().len()), json!(kept_alive)));
    assert_eq!(sides(&page["requests"][1]), (json!(0), json!(ANSWER.len())));
}

#[tokio::test]
async fn the_tap_goes_on_after_100_continue() {
    let server = TestServer::with(|config| config.journal.wire = true).await;
    let signature = server.signature_of("forklift-01").await;
    let headers: Vec<_> = signature.0.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let body = r#"[{"Timestamp":1767225600000}]"#;
    let head = format!(
        "POST /v3/localization HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n",
        body.len(),
        headers.concat()
    );
    let (address, sent) = (address(&server), head.len() + body.len());
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut interim = [0; 25];
        std::io::Read::read_exact(&mut stream, &mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        read_to_end(&mut stream).0
    });
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200 "));
    let wire = &server.last_entry().await["wire"];
    assert_eq!(wire["request"]["bytes"], sent, "{wire}");
    assert!(
        wire["answer"]["text"].as_str().unwrap().starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
        "{wire}"
    );
}

#[tokio::test]
async fn a_preface_of_http_2_is_refused_without_a_word() {
    let server = TestServer::with(|config| config.server.http2 = false).await;
    let (answer, _) = exchange(address(&server), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(answer, "");
    assert_eq!(wait_for_entry(&server, "HeadMalformed").await["status"], Value::Null);
}

#[tokio::test]
async fn secrets_are_hidden_however_a_head_is_written() {
    let server = TestServer::with(|config| config.journal.wire = true).await;
    let odd = "Authorization:Bearer my-very-secret\r\nX-Auth:my-very-secret\r\nCookie:  my-very-secret\r\n";
    exchange(address(&server), format!("GET /v3/devices HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{odd}\r\n")).await;
    let text = server.last_entry().await["wire"]["request"]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Authorization:fingerprint:") && !text.contains("my-very-secret"), "{text}");
    exchange(address(&server), format!("GET /v3/devices HTTP/1.1\r\n{odd}Bad Name: x\r\n\r\n")).await;
    let detail = wait_for_entry(&server, "HeadMalformed").await["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("fingerprint:") && !detail.contains("my-very-secret"), "{detail}");
}
