//! How answers are delimited, broken and ended on the socket, by what the rules call `wire`: the bytes, and RST against
//! FIN against silence.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::raw::{Ended, exchange, exchange_bytes, read_to_end};
use crate::support::TestServer;
use crate::wire::{ANSWER, address, clients, tampered, with_rule};

/// The same request on a connection that may stay.
fn alive() -> String {
    clients().replace("Connection: close\r\n", "")
}

/// The same answer on it.
fn kept_alive() -> String {
    ANSWER.replace("Connection: close\r\n", "")
}

#[tokio::test]
async fn bytes_of_the_body_are_counted_after_a_whole_head() {
    let head = ANSWER.find("\r\n\r\n").unwrap() + 4;
    for (wire, ended) in [("reset", Ended::Rst), ("close", Ended::Fin), ("stall", Ended::Silent)] {
        for bytes in [0, 1, 129] {
            let (answer, how, journal) = tampered(json!({ "wire": wire, "body_bytes": bytes })).await;
            // FIN short of Content-Length, which stands in the head.
            assert_eq!((answer.as_str(), how), (&ANSWER[..head + bytes], ended), "{wire} after {bytes}");
            assert!(answer.contains("Content-Length: 130\r\n"));
            assert_eq!(journal, json!([200, format!("{wire} after {bytes} bytes of the body")]));
        }
    }
}

#[tokio::test]
async fn garbage_is_no_http_and_the_same_on_every_run() {
    let run = || async {
        let server = with_rule(json!({ "wire": "garbage", "bytes": 40 })).await;
        let first = exchange_bytes(address(&server), clients()).await;
        let second = exchange_bytes(address(&server), clients()).await;
        let entry = server.last_entry().await;
        assert_eq!((&entry["status"], &entry["tampered"]), (&json!(null), &json!("40 bytes of garbage, close")));
        (first, second)
    };
    let ((first, ended), (second, _)) = run().await;
    assert_eq!((first.len(), ended), (40, Ended::Fin));
    assert!(first[0] >= 0x80 && first != second);
    assert_eq!(run().await, ((first, Ended::Fin), (second, Ended::Fin)));
}

#[tokio::test]
async fn the_last_chunk_never_comes() {
    let (answer, ended, journal) = tampered(json!({ "wire": "no_terminator" })).await;
    let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\nContent-Length: 130", "");
    let expected = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n82\r\n{body}\r\n");
    assert_eq!((answer, ended), (expected, Ended::Fin));
    assert_eq!(journal, json!([200, "chunks without the last"]));
}

#[tokio::test]
async fn an_answer_of_http_1_0_closes_without_saying_so() {
    let server = with_rule(json!({ "wire": "http_1_0" })).await;
    let (answer, ended) = exchange(address(&server), alive()).await;
    assert_eq!((answer, ended), (kept_alive().replace("HTTP/1.1", "HTTP/1.0"), Ended::Fin));
}

#[tokio::test]
async fn a_connection_that_was_to_stay_ends_between_two_requests() {
    for (wire, ended) in [("keep_alive_close", Ended::Fin), ("keep_alive_reset", Ended::Rst)] {
        let server = with_rule(json!({ "wire": wire })).await;
        // Nothing in the answer says that it will close.
        let mut stream = TcpStream::connect(address(&server)).unwrap();
        let read = tokio::task::spawn_blocking(move || {
            stream.write_all(alive().as_bytes()).unwrap();
            let mut answer = vec![0; kept_alive().len()];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(String::from_utf8(answer).unwrap(), kept_alive());
            read_to_end(&mut stream)
        });
        assert_eq!(read.await.unwrap(), (String::new(), ended), "{wire}");
        // Without the rule it stays.
        server.admin(Method::DELETE, "/faults", None).await.assert(204);
        assert_eq!(exchange(address(&server), alive()).await, (kept_alive(), Ended::Silent));
    }
}

#[tokio::test]
async fn a_slow_close_says_so_and_keeps_the_client_waiting() {
    let server = with_rule(json!({ "wire": "slow_close", "after": "1h" })).await;
    let (answer, ended) = exchange(address(&server), alive()).await;
    assert!(answer.contains("Connection: close\r\n") && answer.ends_with("\"1001\"}]"), "{answer}");
    assert_eq!(ended, Ended::Silent);
    let server = with_rule(json!({ "wire": "slow_close", "after": "1ms" })).await;
    assert_eq!(exchange(address(&server), alive()).await.1, Ended::Fin);
}

#[tokio::test]
async fn another_answer_can_break_too() {
    let server = with_rule(json!({ "status": 503, "body": "empty", "wire": "close", "bytes": 20 })).await;
    let (answer, ended) = exchange(address(&server), clients()).await;
    assert_eq!((answer.as_str(), ended), ("HTTP/1.1 503 Service", Ended::Fin));
    let entry = server.last_entry().await;
    assert_eq!(entry["injected"], json!(["r: status 503 without a body, close after 20 bytes"]));
}

#[tokio::test]
async fn what_has_no_body_gets_no_chunks() {
    for wire in ["bad_chunk", "no_terminator"] {
        let server = TestServer::start().await;
        let token = server.signature_of("forklift-01").await;
        let rule = json!({ "match": { "operation": "delete_token" }, "effect": { "wire": wire } });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        let path = "/v3/Authorization/Token";
        crate::support::send(token.sign(server.request(Method::DELETE, path))).await.assert(204);
    }
}

/// Which pieces of the answer went out, and how many microseconds apart at least.
async fn pieces(effect: serde_json::Value) -> (Vec<u64>, u64) {
    let server = TestServer::with(|config| config.journal.wire = true).await;
    let rule = json!({ "match": { "operation": "clients.list" }, "effect": effect });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let mut stream = TcpStream::connect(address(&server)).unwrap();
    let read = tokio::task::spawn_blocking(move || {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(clients().as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = read.await.unwrap();
    assert!(answer.ends_with("}]") || answer.ends_with("0\r\n\r\n"), "{answer}");
    let entry = server.last_entry().await;
    let pieces = entry["wire"]["answer"]["pieces"].as_array().unwrap();
    let number = |piece: &serde_json::Value, place: usize| piece[place].as_u64().unwrap();
    let gaps = pieces.windows(2).map(|pair| number(&pair[1], 1) - number(&pair[0], 1));
    (pieces.iter().map(|piece| number(piece, 0)).collect(), gaps.min().unwrap_or(0))
}

/// Pieces of so many bytes that make up a whole.
fn split(whole: usize, piece: usize) -> Vec<u64> {
    let full = std::iter::repeat_n(piece, whole / piece);
    full.chain(Some(whole % piece).filter(|rest| *rest > 0)).map(|bytes| bytes as u64).collect()
}

#[tokio::test]
async fn an_answer_dribbles_in_pieces_with_pauses() {
    let (lengths, gap) = pieces(json!({ "wire": "dribble", "bytes": 50, "every": "20ms" })).await;
    assert_eq!(lengths, split(ANSWER.len(), 50));
    assert!(gap >= 20_000, "{gap}");
    let (lengths, gap) = pieces(json!({ "wire": "dribble", "pieces": 4, "every": "20ms" })).await;
    let head = ANSWER.len() - 130;
    assert_eq!(lengths, [head as u64 + 33, 33, 33, 31]);
    assert!(gap >= 20_000, "{gap}");
}

#[tokio::test]
async fn bandwidth_is_bytes_a_second() {
    // A twentieth of a second's bytes each twentieth of a second.
    let (lengths, gap) = pieces(json!({ "wire": "bandwidth", "rate": 2000 })).await;
    assert_eq!(lengths, split(ANSWER.len(), 100));
    assert!(gap >= 50_000, "{gap}");
}

#[tokio::test]
async fn a_delay_stands_between_head_and_body_or_before_each_chunk() {
    let (lengths, gap) = pieces(json!({ "delay": { "fixed": "20ms", "where": "body" } })).await;
    assert_eq!(lengths, [ANSWER.len() as u64 - 130, 130]);
    assert!(gap >= 20_000, "{gap}");
    let (lengths, gap) = pieces(json!({ "delay": { "fixed": "20ms", "where": "chunk", "chunk": 50 } })).await;
    let head = ANSWER.len() - 130 - "Content-Length: 130\r\n".len() + "Transfer-Encoding: chunked\r\n".len();
    // Each with its length before it and a line end after it; the last one, which is empty, follows at once.
    assert_eq!(lengths, [head as u64, 4 + 50 + 2, 4 + 50 + 2, 4 + 30 + 2 + 5]);
    assert!(gap >= 20_000, "{gap}");
}

#[tokio::test]
async fn a_pause_is_no_idleness() {
    let server = TestServer::with(|config| config.limits.idle_timeout = "100ms".parse().unwrap()).await;
    let effect = json!({ "delay": { "fixed": "400ms", "where": "body" } });
    let rule = json!({ "match": { "operation": "clients.list" }, "effect": effect });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let mut stream = TcpStream::connect(address(&server)).unwrap();
    let read = tokio::task::spawn_blocking(move || {
        stream.write_all(alive().as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    // The whole answer, and then the idle connection closes.
    assert_eq!(read.await.unwrap(), kept_alive());
}

#[tokio::test]
async fn orders_follow_one_another_on_one_connection() {
    let server = TestServer::start().await;
    let pausing =
        json!({ "name": "a", "trigger": { "nth": 1 }, "effect": { "wire": "dribble", "bytes": 100, "every": "5ms" } });
    let spelled = json!({ "name": "b", "trigger": { "nth": 2 }, "effect": { "wire": "header_case", "case": "lower" } });
    for rule in [pausing, spelled] {
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    }
    // All three requests in one piece: the second answer is ready before the first is out.
    let (answers, ended) = exchange(address(&server), format!("{}{}{}", alive(), alive(), clients())).await;
    let (first, rest) = answers.split_at(kept_alive().len());
    let (second, third) = rest.split_at(kept_alive().len());
    assert_eq!((first, third, ended), (kept_alive().as_str(), ANSWER, Ended::Fin));
    assert!(second.starts_with("HTTP/1.1 200 OK\r\ncontent-type: "), "{second}");
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_answers_that_it_can_read() {
    let old = clients().replace("HTTP/1.1", "HTTP/1.0");
    for effect in [
        json!({ "wire": "header_case", "case": "lower" }),
        json!({ "wire": "interim" }),
        json!({ "wire": "no_terminator" }),
        json!({ "delay": { "fixed": "1ms", "where": "chunk" } }),
        json!({ "wire": "http_1_0" }),
    ] {
        let (answer, _) = exchange(address(&with_rule(effect.clone()).await), old.clone()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{effect}: {head}");
        assert_eq!(Some(body), ANSWER.split("\r\n\r\n").nth(1), "{effect}");
    }
}

#[tokio::test]
async fn orders_do_not_outlive_their_answer() {
    let server = TestServer::start().await;
    let rule =
        json!({ "trigger": { "nth": 1 }, "effect": { "delay": { "fixed": "1ms", "where": "chunk", "chunk": 50 } } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let expecting = "POST /v3/Authorization/Authenticate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                     Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(address(&server)).unwrap();
    let read = tokio::task::spawn_blocking(move || {
        stream.write_all(alive().as_bytes()).unwrap();
        let mut first = Vec::new();
        while !first.ends_with(b"0\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            first.push(byte[0]);
        }
        // hyper says 100 by itself.
        stream.write_all(expecting.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        stream.write_all(b"{}").unwrap();
        (go_on, read_to_end(&mut stream))
    });
    let (go_on, (answer, _)) = read.await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.ends_with('}'), "{answer}");
}

#[tokio::test]
async fn an_answer_to_head_is_over_with_its_head() {
    let respond = json!({ "body": "hello" });
    for (effect, ended) in [
        (json!({ "respond": respond, "wire": "keep_alive_close" }), Ended::Fin),
        (json!({ "respond": respond, "wire": "http_1_0" }), Ended::Fin),
        (json!({ "respond": respond, "wire": "bad_chunk" }), Ended::Silent),
        (json!({ "respond": respond, "wire": "close", "body_bytes": 2 }), Ended::Fin),
        (json!({ "respond": respond, "delay": { "fixed": "1ms", "where": "chunk" } }), Ended::Silent),
    ] {
        let server = TestServer::start().await;
        let rule = json!({ "match": { "route": "/stub" }, "effect": effect });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        let (answer, how) = exchange(address(&server), "HEAD /stub HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(answer.ends_with("Content-Length: 5\r\n\r\n"), "{effect}: {answer}");
        assert_eq!(how, ended, "{effect}");
    }
}

/// A reset throws away what the system has not sent: all of it must have been.
#[tokio::test]
async fn what_stands_before_a_reset_arrives_whole() {
    const BODY: usize = 6 << 20;
    for (effect, bytes) in [
        (json!({ "wire": "keep_alive_reset" }), BODY),
        (json!({ "wire": "reset", "body_bytes": 5_000_000 }), 5_000_000),
    ] {
        let server = TestServer::start().await;
        let mut effect = effect;
        effect["reshape"] = json!({ "pad": BODY });
        let rule = json!({ "match": { "operation": "clients.list" }, "effect": effect });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        for _ in 0..3 {
            let (answer, ended) = exchange_bytes(address(&server), alive()).await;
            let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
            assert_eq!((answer.len() - head, ended), (bytes, Ended::Rst));
        }
    }
}
