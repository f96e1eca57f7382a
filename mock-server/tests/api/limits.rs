//! Limits of connections and requests, on raw sockets: the bytes that come back, and how the connection ends.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use mock_server::Config;
use serde_json::json;

use crate::support::{Signature, TestServer};

/// A blocking socket on a thread of its own, so that the server can go on.
async fn raw(server: &TestServer, talk: impl FnOnce(TcpStream) -> String + Send + 'static) -> String {
    let address = server.server.addresses()[0];
    tokio::task::spawn_blocking(move || {
        let stream = TcpStream::connect(address).unwrap();
        // Far beyond every limit that a test sets: reached only if the server does nothing.
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        talk(stream)
    })
    .await
    .unwrap()
}

/// All that comes until the server closes. A reset is told apart from an orderly end.
fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => format!("{}RESET", String::from_utf8_lossy(&bytes)),
        Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
    }
}

/// One answer of a connection that stays open.
fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

async fn server(change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::with(change).await
}

#[tokio::test]
async fn a_silent_connection_is_closed_without_a_word() {
    let server = server(|config| config.limits.idle_timeout = "200ms".parse().unwrap()).await;
    assert_eq!(raw(&server, |mut stream| read_to_end(&mut stream)).await, "");
    // The same between two requests.
    let answers = raw(&server, |mut stream| {
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(answers.starts_with("HTTP/1.1 200 OK\r\n") && answers.ends_with(r#"{"status":"ok"}"#), "{answers}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_answered_408() {
    let server = server(|config| config.limits.head_timeout = "200ms".parse().unwrap()).await;
    let answer = raw(&server, |mut stream| {
        stream.write_all(b"GET /v3/devices HTTP/1.1\r\nHost: loc").unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert_eq!(answer, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_408_in_the_vendors_shape() {
    let server = server(|config| config.limits.body_timeout = "200ms".parse().unwrap()).await;
    for (path, shape) in [
        ("/v3/localization", "application/problem+json"),
        ("/timbr/api/query/", r#""status":"error""#),
        ("/__admin/faults", "application/problem+json"),
    ] {
        let answer = raw(&server, move |mut stream| {
            write!(stream, "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n[")
                .unwrap();
            read_to_end(&mut stream)
        })
        .await;
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n") && answer.contains(shape), "{path}: {answer}");
    }
    let entries = server.server.sandbox().journal.page(0, 10);
    assert_eq!(entries.total, 2, "the vendors' exchanges are in the journal, the admin's are not");
    assert_eq!(server.last_reason().await, "BodyTooSlow");
}

#[tokio::test]
async fn an_unknown_path_does_not_wait_for_its_body() {
    let server = server(|config| config.limits.body_timeout = "1h".parse().unwrap()).await;
    let answer = raw(&server, |mut stream| {
        stream.write_all(b"POST /v3/plants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n[").unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n") && answer.contains("Connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_in_the_vendors_shape_and_the_answer_arrives() {
    let server = server(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let signature = server.signature_of("forklift-01").await;
    let long = json!([{ "Timestamp": 1, "Note": "x".repeat(4 << 20) }]);
    let reply = server.post("/v3/localization", &signature, &long).await;
    assert_eq!(reply.header("connection"), "close");
    reply.assert_problem(413);
    assert_eq!(server.last_reason().await, "BodyTooLarge");
    let reply = server.post("/timbr/api/query/", &Signature::none(), &long).await.assert(413);
    assert_eq!(reply.json()["status"], "error");
    let at_the_limit = json!([{ "Timestamp": 1, "Note": "x".repeat(1024 - 27) }]);
    assert_eq!(at_the_limit.to_string().len(), 1024);
    server.post("/v3/localization", &signature, &at_the_limit).await.assert(200);
}

#[tokio::test]
async fn who_asks_before_sending_is_told_at_once() {
    let server = server(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let answer = raw(&server, |mut stream| {
        let head = "POST /v3/localization HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    let answer = raw(&server, |mut stream| {
        let head =
            "POST /v3/localization HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        stream.write_all(b"[]").unwrap();
        String::from_utf8_lossy(&go_on).into_owned() + &read_answer(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 415 "), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told_apart() {
    let server = TestServer::start().await;
    let answer = raw(&server, |mut stream| {
        stream.write_all(b"POST /v3/localization HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n[").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert_eq!(server.last_reason().await, "BodyIncomplete");
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_431_whether_hyper_sees_it_or_we() {
    let server = TestServer::start().await;
    for (length, expected) in [(60_000, "HTTP/1.1 401 "), (80_000, "HTTP/1.1 431 "), (300_000, "HTTP/1.1 431 ")] {
        let answer = raw(&server, move |mut stream| {
            let head = "GET /v3/devices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: ";
            let head = format!("{head}{}\r\n\r\n", "x".repeat(length));
            // A server that has answered may close before all is sent.
            let sent = stream.write_all(head.as_bytes());
            assert!(sent.is_ok() || length > 64 << 10, "{sent:?}");
            read_to_end(&mut stream)
        })
        .await;
        assert!(answer.starts_with(expected), "{length}: {answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_are_told_so() {
    let server = server(|config| config.limits.connections = "2".parse().unwrap()).await;
    let address = server.server.addresses()[0];
    let answer = tokio::task::spawn_blocking(move || {
        let ask = |stream: &mut TcpStream| {
            stream.write_all(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            read_answer(stream)
        };
        let mut kept: Vec<_> = (0..2).map(|_| TcpStream::connect(address).unwrap()).collect();
        assert!(kept.iter_mut().all(|stream| ask(stream).starts_with("HTTP/1.1 200 ")));
        let mut third = TcpStream::connect(address).unwrap();
        read_to_end(&mut third)
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"), "{answer}");
    assert!(answer.ends_with("see limits.connections\n"), "{answer}");
}

#[tokio::test]
async fn connections_end_as_the_client_asks() {
    let server = TestServer::start().await;
    let answer = raw(&server, |mut stream| {
        stream.write_all(b"GET /v3/plants HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "a close must be announced: {answer}");
    // Two requests in one write, answered in order on one connection.
    let answers = raw(&server, |mut stream| {
        let both = "GET /v3/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(both.as_bytes()).unwrap();
        read_answer(&mut stream) + &read_answer(&mut stream)
    })
    .await;
    assert!(answers.find("404 Not Found").unwrap() < answers.find("200 OK").unwrap(), "{answers}");
    let old = raw(&server, |mut stream| {
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").unwrap();
        read_to_end(&mut stream)
    })
    .await;
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n"), "{old}");
}

#[tokio::test]
async fn get_token_needs_neither_body_nor_length() {
    let server = TestServer::start().await;
    let answer = raw(&server, |mut stream| {
        stream
            .write_all(
                b"POST /timbr/api/get_token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n",
            )
            .unwrap();
        read_answer(&mut stream)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
}
