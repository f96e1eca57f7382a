//! Ports that are a sandbox's own: roles, states, TLS, and what happens before a request is read.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Ended, exchange, get, read_to_end};
use crate::support::{Signature, TestSandbox, TestServer};

/// A SYN that nobody answers shows only as time that passes.
const SILENCE: Duration = Duration::from_millis(300);

impl TestSandbox<'_> {
    pub(crate) async fn listen(&self, spec: Value) -> (String, SocketAddr, Value) {
        let made = self.admin(Method::POST, "/listeners", Some(spec)).await.assert(201).json();
        let port = made["port"].as_u64().unwrap();
        let address = format!("127.0.0.1:{port}").parse().unwrap();
        (made["id"].as_str().unwrap().to_owned(), address, made)
    }

    async fn change(&self, id: &str, change: Value) -> Value {
        self.admin(Method::PATCH, &format!("/listeners/{id}"), Some(change)).await.assert(200).json()
    }
}

async fn connects(address: SocketAddr) -> Result<(), ErrorKind> {
    let connect = move || TcpStream::connect_timeout(&address, SILENCE).map(drop).map_err(|error| error.kind());
    tokio::task::spawn_blocking(connect).await.unwrap()
}

#[tokio::test]
async fn a_listener_belongs_to_its_sandbox() {
    let server = TestServer::start().await;
    let (own, other) =
        (server.sandbox(json!({ "name": "own" })).await, server.sandbox(json!({ "name": "other" })).await);
    let (id, address, made) = own.listen(json!({})).await;
    assert_eq!(
        (&made["url"], &made["role"], &made["state"]),
        (&json!(format!("http://{address}")), &json!("api"), &json!("up"))
    );
    // Whatever else the request names.
    let headers =
        [("X-Mock-Sandbox", "other"), ("Client", other.credentials["twinzo"]["client_guid"].as_str().unwrap())];
    let (answer, _) = exchange(address, get("/v3/clients", &headers)).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(own.last_entry().await["via"], "listener");
    let (answer, _) = exchange(address, get("/sandbox/own/v3/clients", &[])).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "its own prefix may be repeated: {answer}");
    let (answer, _) = exchange(address, get("/sandbox/other/v3/clients", &[])).await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("allowed: own"), "{answer}");
    // The admin API on it is about its sandbox.
    own.advance("1h").await;
    let (answer, _) = exchange(address, get("/__admin/clock", &[])).await;
    assert!(answer.contains("2026-01-01T01:00:00Z"), "{answer}");
    let list = own.admin(Method::GET, "/listeners", None).await.assert(200).json();
    assert_eq!(list, json!({ "listeners": [made] }));
    own.admin(Method::DELETE, &format!("/listeners/{id}"), None).await.assert(204);
    own.admin(Method::DELETE, &format!("/listeners/{id}"), None).await.assert_problem(404);
    assert_eq!(wait_until_refused(address).await, Err(ErrorKind::ConnectionRefused));
    assert_eq!(other.admin(Method::GET, "/requests", None).await.json()["total"], 0);
}

/// A socket closes a moment after its task was told to.
async fn wait_until_refused(address: SocketAddr) -> Result<(), ErrorKind> {
    for _ in 0..1000 {
        connects(address).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_listener_lets_in_refuses_and_swallows() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (id, address, _) = own.listen(json!({ "state": "refuse" })).await;
    assert_eq!(connects(address).await, Err(ErrorKind::ConnectionRefused));
    assert_eq!(own.change(&id, json!({ "state": "blackhole" })).await["state"], "blackhole");
    assert_eq!(connects(address).await, Err(ErrorKind::TimedOut));
    own.change(&id, json!({ "state": "up" })).await;
    let (answer, ended) = exchange(address, get("/health", &[])).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && ended == Ended::Fin, "{answer}");
    assert_eq!(connects(server.server.addresses()[0]).await, Ok(()), "the others go on");
}

#[tokio::test]
async fn open_connections_follow_the_state() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (id, address, _) = own.listen(json!({})).await;
    let request = get("/health", &[]).replace("Connection: close\r\n", "");
    let open = async || {
        let request = request.clone();
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            // An answer, and then the connection stays open.
            let (answer, ended) = read_to_end(&mut stream);
            assert!(answer.starts_with("HTTP/1.1 200 ") && ended == Ended::Silent, "{answer}");
            stream
        })
        .await
        .unwrap()
    };
    let again = async |mut stream: TcpStream, request: Option<String>| {
        tokio::task::spawn_blocking(move || {
            if let Some(request) = request {
                std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            }
            let (answer, ended) = read_to_end(&mut stream);
            (answer.split(' ').nth(1).unwrap_or_default().to_owned(), ended, stream)
        })
        .await
        .unwrap()
    };
    let stream = open().await;
    own.change(&id, json!({ "state": "blackhole" })).await;
    let (status, ended, stream) = again(stream, Some(request.clone())).await;
    assert_eq!((status.as_str(), ended), ("", Ended::Silent));
    own.change(&id, json!({ "state": "up" })).await;
    let (status, ended, _stream) = again(stream, None).await;
    assert_eq!((status.as_str(), ended), ("200", Ended::Silent), "it goes on where it was");
    let stream = open().await;
    own.change(&id, json!({ "state": "refuse" })).await;
    // However short that was.
    own.change(&id, json!({ "state": "up" })).await;
    let (status, ended, _) = again(stream, None).await;
    assert_eq!((status.as_str(), ended), ("", Ended::Rst));
}

#[tokio::test]
async fn an_accepted_connection_is_reset_closed_stalled_or_delayed() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (id, address, _) = own.listen(json!({})).await;
    for (accept, ended) in [("reset", Ended::Rst), ("stall", Ended::Silent)] {
        own.change(&id, json!({ "accept": accept })).await;
        assert_eq!(exchange(address, "").await, (String::new(), ended), "{accept}");
    }
    own.change(&id, json!({ "accept": "close" })).await;
    assert_eq!(exchange(address, "").await, (String::new(), Ended::Fin));
    // An hour's delay shows as silence; taking it away lets new connections in.
    let shown = own.change(&id, json!({ "accept": "serve", "accept_delay": "1h" })).await;
    assert_eq!((&shown["accept"], &shown["accept_delay_ms"]), (&json!("serve"), &json!(3_600_000)));
    assert_eq!(exchange(address, get("/health", &[])).await, (String::new(), Ended::Silent));
    own.change(&id, json!({ "accept_delay": "1ms" })).await;
    assert_eq!(exchange(address, get("/health", &[])).await.1, Ended::Fin);
    own.change(&id, json!({ "accept_delay": null })).await;
    assert_eq!(own.admin(Method::GET, "/listeners", None).await.json()["listeners"][0]["accept_delay_ms"], 0);
    assert_eq!(own.admin(Method::GET, "/requests", None).await.json()["total"], 0, "no request head was ever read");
}

#[tokio::test]
async fn a_trap_records_whatever_comes() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "settings": { "journal": { "wire": true } } })).await;
    let (_, address, _) = own.listen(json!({ "role": "trap" })).await;
    let leak = "POST /anywhere?x=1 HTTP/1.1\r\nHost: trap\r\nConnection: close\r\nToken: leaked-token\r\nContent-Length: 5\r\n\r\nhello";
    let (answer, ended) = exchange(address, leak).await;
    let expected =
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert_eq!((answer.as_str(), ended), (expected, Ended::Fin));
    let entry = own.last_entry().await;
    assert_eq!(
        (&entry["path"], &entry["status"], &entry["reason"]),
        (&json!("/anywhere?x=1"), &json!(200), &Value::Null)
    );
    assert_eq!(entry["body"]["text"], "hello");
    let token = entry["headers"].as_array().unwrap().iter().find(|header| header[0] == "token").unwrap();
    assert!(token[1].as_str().unwrap().starts_with("fingerprint:"), "{token}");
    // Nothing is served there: neither vendors nor admin.
    for path in ["/v3/devices", "/__admin/clock", "/health", "/sandbox/nobody/v3/devices"] {
        let (answer, _) = exchange(address, get(path, &[])).await;
        assert_eq!(answer.split(' ').nth(1), Some("200"), "{path}");
        assert_eq!(own.last_entry().await["path"], path);
    }
}

#[tokio::test]
async fn a_listener_that_cannot_be_is_refused() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let taken = server.server.addresses()[0].port();
    for (spec, status, words) in [
        (json!({ "port": taken }), 409, "cannot listen on"),
        (json!({ "port": 70_000 }), 422, "u16"),
        (json!({ "role": "spy" }), 422, "`trap`"),
        (json!({ "state": "down" }), 422, "`refuse`"),
        (json!({ "tls": { "key": "x" } }), 422, "certificate and key together"),
        (json!({ "tls": true }), 422, "expected struct"),
        (json!({ "accept_delay": "soon" }), 422, "not a duration"),
    ] {
        let problem = own.admin(Method::POST, "/listeners", Some(spec.clone())).await.assert_problem(status);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{spec} → {problem}");
    }
    own.admin(Method::PATCH, "/listeners/l9", Some(json!({}))).await.assert_problem(404);
}

#[tokio::test]
async fn listeners_end_with_their_sandbox_and_survive_its_reset() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let (id, address, _) = own.listen(json!({})).await;
    own.change(&id, json!({ "state": "refuse" })).await;
    own.admin(Method::POST, "/reset", None).await.assert(204);
    let list = own.admin(Method::GET, "/listeners", None).await.json();
    assert_eq!(list["listeners"][0]["state"], "up", "as it was opened");
    own.change(&id, json!({ "state": "up" })).await;
    assert_eq!(connects(address).await, Ok(()));
    let idle = tokio::task::spawn_blocking(move || TcpStream::connect(address).unwrap()).await.unwrap();
    server.admin(Method::DELETE, "/sandboxes/own", None).await.assert(204);
    assert_eq!(wait_until_refused(address).await, Err(ErrorKind::ConnectionRefused));
    let ended = tokio::task::spawn_blocking(move || read_to_end(&mut { idle }).1).await.unwrap();
    assert_ne!(ended, Ended::Silent, "open connections end too");
    server.get("/sandbox/own/v3/clients", &Signature::none()).await.assert_problem(404);
}

#[tokio::test]
async fn a_listener_steers_no_other_sandbox_by_prefix() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let (_, address, _) = own.listen(json!({})).await;
    for path in ["/sandbox/default/__admin/clock", "/sandbox/default/health"] {
        let (answer, _) = exchange(address, get(path, &[])).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_port_that_was_lost_meanwhile_is_said() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (id, address, _) = own.listen(json!({ "state": "refuse" })).await;
    let thief = tokio::net::TcpListener::bind(address).await.unwrap();
    let up = json!({ "state": "up" });
    let problem = own.admin(Method::PATCH, &format!("/listeners/{id}"), Some(up.clone())).await.assert_problem(409);
    assert!(problem["detail"].as_str().unwrap().starts_with("the port could not be taken back"), "{problem}");
    let shown = own.admin(Method::GET, &format!("/listeners/{id}"), None).await.json();
    assert_eq!(shown["state"], "refuse");
    drop(thief);
    own.admin(Method::PATCH, &format!("/listeners/{id}"), Some(up)).await.assert(200);
    assert_eq!(connects(address).await, Ok(()));
}
