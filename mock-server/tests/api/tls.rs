//! Listeners that speak TLS, well and badly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::raw::{Ended, exchange, exchange_bytes, get};
use crate::support::TestServer;

/// A clock that stands still.
#[derive(Debug)]
struct At(u64);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

/// Half past the beginning of a greeting; what follows does not matter to a server that will not answer.
const GREETING: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

#[tokio::test]
async fn a_certificate_is_out_of_its_time_by_either_clock() {
    const SECOND_OF_2026: u64 = 1_767_225_600;
    const SECOND_OF_2040: u64 = 2_208_988_800;
    let server = TestServer::start().await;
    for (fault, expected) in [("expired", "certificate expired"), ("not_yet_valid", "certificate not valid yet")] {
        for sandbox_time in [SECOND_OF_2026, SECOND_OF_2040] {
            let own = server.sandbox(json!({ "clock": { "frozen": sandbox_time * 1000 } })).await;
            let (_, address, made) = own.listen(json!({ "tls": { "fault": fault } })).await;
            assert_eq!(made["tls_fault"], fault);
            let ca = made["ca_pem"].as_str().unwrap();
            for clock in [Arc::new(At(sandbox_time)) as Arc<dyn TimeProvider>, Arc::new(DefaultTimeProvider)] {
                let refused = connect_tls_at(address, "localhost", ca, clock).await.unwrap_err();
                assert!(refused.contains(expected), "{fault} at {sandbox_time}: {refused}");
            }
        }
        // A client whose clock is far enough off would take it: the time is all that is wrong.
        let own = server.sandbox(json!({})).await;
        let (_, address, made) = own.listen(json!({ "tls": { "fault": fault } })).await;
        let month = 30 * 24 * 60 * 60;
        let now = DefaultTimeProvider.current_time().unwrap().as_secs();
        let fitting = if fault == "expired" { SECOND_OF_2026 - month } else { now + month };
        connect_tls_at(address, "localhost", made["ca_pem"].as_str().unwrap(), Arc::new(At(fitting))).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_is_for_another_host_or_signed_by_a_stranger() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (_, address, made) = own.listen(json!({ "tls": { "fault": "wrong_host" } })).await;
    let ca = made["ca_pem"].as_str().unwrap();
    for name in ["localhost", "127.0.0.1"] {
        let refused = over_tls(address, name, ca).await.unwrap_err();
        assert!(refused.contains("not valid for name"), "{refused}");
    }
    over_tls(address, "wrong-host.invalid", ca).await.unwrap();
    let (_, address, made) = own.listen(json!({ "tls": { "fault": "unknown_ca" } })).await;
    assert_eq!(made["ca_pem"], ca, "what the client is told to trust is what it should trust");
    let refused = over_tls(address, "localhost", ca).await.unwrap_err();
    // Both call themselves the same, so the signature is what gives it away.
    assert!(refused.contains("UnknownIssuer") || refused.contains("BadSignature"), "{refused}");
}

#[tokio::test]
async fn a_handshake_is_left_hanging_refused_or_reset() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    // RFC 8446, 6: a fatal alert (2), handshake_failure (40).
    let alert = vec![21, 3, 3, 0, 2, 2, 40];
    for (fault, bytes, ended) in [
        ("handshake_stall", vec![], Ended::Silent),
        ("handshake_abort", alert, Ended::Fin),
        ("handshake_reset", vec![], Ended::Rst),
    ] {
        let (_, address, made) = own.listen(json!({ "tls": { "fault": fault } })).await;
        assert_eq!(exchange_bytes(address, GREETING).await, (bytes, ended), "{fault}");
        if fault == "handshake_abort" {
            let refused = over_tls(address, "localhost", made["ca_pem"].as_str().unwrap()).await.unwrap_err();
            assert!(refused.contains("HandshakeFailure"), "{refused}");
        }
    }
    for (tls, field) in [
        (json!({ "fault": "expird" }), "tls.fault"),
        (json!({ "fault": "wrong_host", "names": ["localhost"] }), "tls"),
        (json!({ "fault": "expired", "certificate": "x", "key": "y" }), "tls"),
    ] {
        let refused = own.admin(Method::POST, "/listeners", Some(json!({ "tls": tls }))).await.assert_problem(422);
        assert_eq!(refused["field"], field, "{refused}");
    }
}

#[tokio::test]
async fn a_listener_speaks_tls_with_a_made_or_given_certificate() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (_, address, made) = own.listen(json!({ "tls": {} })).await;
    assert_eq!(made["url"], format!("https://{address}"));
    let ca = made["ca_pem"].as_str().unwrap();
    let answer = over_tls(address, "localhost", ca).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    over_tls(address, "127.0.0.1", ca).await.unwrap();
    let wrong_name = over_tls(address, "example.test", ca).await.unwrap_err();
    assert!(wrong_name.contains("not valid for name"), "{wrong_name}");
    let (_, named, also) = own.listen(json!({ "tls": { "names": ["example.test"] } })).await;
    assert_eq!(also["ca_pem"], made["ca_pem"], "one authority signs for the whole process");
    over_tls(named, "example.test", ca).await.unwrap();

    let key = rcgen::KeyPair::generate().unwrap();
    let given = rcgen::CertificateParams::new(vec!["given.test".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let (_, address, made) = own.listen(json!({ "tls": { "certificate": given, "key": key.serialize_pem() } })).await;
    assert_eq!(made.get("ca_pem"), None);
    over_tls(address, "given.test", &given).await.unwrap();
    let untrusted = over_tls(address, "given.test", ca).await.unwrap_err();
    assert!(untrusted.contains("UnknownIssuer"), "{untrusted}");
    // A plain request on a TLS port is no request at all.
    let (answer, _) = exchange(address, get("/health", &[])).await;
    assert!(!answer.contains("HTTP/"), "{answer}");
}

#[tokio::test]
async fn the_document_of_a_listener_with_tls_names_it_so() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let (_, address, made) = own.listen(json!({ "tls": {} })).await;
    let asked = get("/swagger/docs/v3", &[]);
    let answer = asked_over_tls(address, "localhost", made["ca_pem"].as_str().unwrap(), &asked).await.unwrap();
    assert!(answer.contains(r#""servers":[{"url":"https://localhost/v3"}]"#), "{}", &answer[..400]);
}

/// One request over TLS by a client that trusts one authority.
async fn over_tls(address: SocketAddr, name: &str, ca_pem: &str) -> Result<String, String> {
    asked_over_tls(address, name, ca_pem, &get("/health", &[])).await
}

async fn asked_over_tls(address: SocketAddr, name: &str, ca_pem: &str, request: &str) -> Result<String, String> {
    let mut stream = connect_tls(address, name, ca_pem).await?;
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(answer).unwrap())
}

async fn connect_tls(
    address: SocketAddr,
    name: &str,
    ca_pem: &str,
) -> Result<TlsStream<tokio::net::TcpStream>, String> {
    connect_tls_at(address, name, ca_pem, Arc::new(DefaultTimeProvider)).await
}

/// A client that judges certificates by a clock of its own.
async fn connect_tls_at(
    address: SocketAddr,
    name: &str,
    ca_pem: &str,
    clock: Arc<dyn TimeProvider>,
) -> Result<TlsStream<tokio::net::TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), clock)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn wire_effects_hold_under_tls() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({})).await;
    let rule = json!({ "match": { "operation": "clients.list" }, "effect": { "wire": "close", "bytes": 20 } });
    own.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    let (_, address, made) = own.listen(json!({ "tls": {} })).await;
    let mut stream = connect_tls(address, "localhost", made["ca_pem"].as_str().unwrap()).await.unwrap();
    stream.write_all(get("/v3/clients", &[]).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 401 Unautho");
}

#[tokio::test]
async fn a_stall_under_tls_ends_when_patience_does() {
    let server = TestServer::with(|config| config.limits.idle_timeout = "50ms".parse().unwrap()).await;
    let own = server.sandbox(json!({ "faults": [{ "effect": { "wire": "stall", "bytes": 20 } }] })).await;
    let (_, address, made) = own.listen(json!({ "tls": {} })).await;
    let mut stream = connect_tls(address, "localhost", made["ca_pem"].as_str().unwrap()).await.unwrap();
    stream.write_all(get("/v3/clients", &[]).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // It ends without the farewell that TLS wants.
    let ended = stream.read_to_end(&mut answer).await;
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.1 401 Unautho");
    assert!(ended.is_err(), "{ended:?}");
}
