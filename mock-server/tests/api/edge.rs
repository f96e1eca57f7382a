//! Compression, cross-origin leave, and TLS on the vendors' own port: docs/twinzo.md §1, docs/configuration.md.

use std::io::Read;
use std::sync::Arc;

use mock_server::config::{Cors, TlsSection};
use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::raw::get;
use crate::support::{API_KEY, BRATISLAVA, Signature, TestServer};

const ORIGIN: &str = "http://localhost:5173";

async fn sectors_as(server: &TestServer, coding: &str) -> (String, Vec<u8>) {
    let request = Signature::api_key(BRATISLAVA, API_KEY).sign(server.request(Method::GET, "/v3/sectors"));
    let response = request.header("accept-encoding", coding).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let named = response.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap()).to_owned();
    let varies = response.headers().get("vary").is_some_and(|value| value == "Accept-Encoding");
    assert_eq!(varies, !named.is_empty(), "a cache must know why an answer has a coding");
    let length: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let body = response.bytes().await.unwrap().to_vec();
    assert_eq!(body.len(), length);
    (named, body)
}

#[tokio::test]
async fn an_answer_is_compressed_where_a_client_asks_for_it() {
    let server = TestServer::start().await;
    let (named, plain) = sectors_as(&server, "identity").await;
    assert_eq!(named, "");
    let (named, gzip) = sectors_as(&server, "gzip, deflate").await;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut text).unwrap();
    assert_eq!((named.as_str(), &text), ("gzip", &plain));
    let (named, packed) = sectors_as(&server, "gzip, br").await;
    let mut text = Vec::new();
    brotli::Decompressor::new(packed.as_slice(), 4096).read_to_end(&mut text).unwrap();
    assert_eq!((named.as_str(), &text), ("br", &plain));
    assert!(packed.len() < plain.len() / 2);
    // The journal shows what was said, not how it was packed.
    let entry = server.last_entry().await;
    assert_eq!(entry["answer"]["body"]["text"].as_str().unwrap().as_bytes(), plain);
}

#[tokio::test]
async fn compression_can_be_switched_off_and_is_twinzos_alone() {
    let off = TestServer::with(|config| config.server.compression = false).await;
    assert_eq!(sectors_as(&off, "gzip, br").await.0, "");
    let server = TestServer::start().await;
    let timbr = server.request(Method::GET, "/timbr/api/get_ontologies/").header("accept-encoding", "gzip");
    assert!(timbr.send().await.unwrap().headers().get("content-encoding").is_none());
}

async fn preflight(server: &TestServer, origin: &str) -> reqwest::Response {
    let request = server.request(Method::OPTIONS, "/v3/localization").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "client,branch,token,content-type").send().await.unwrap()
}

fn allowed(response: &reqwest::Response) -> Option<&str> {
    response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn without_leave_no_page_may_call() {
    let server = TestServer::start().await;
    let response = preflight(&server, ORIGIN).await;
    assert_eq!((response.status().as_u16(), allowed(&response)), (405, None));
}

#[tokio::test]
async fn any_origin_or_those_on_a_list_may_call() {
    let any = TestServer::with(|config| config.server.cors = Cors::Any).await;
    let response = preflight(&any, ORIGIN).await;
    assert_eq!((response.status().as_u16(), allowed(&response)), (204, Some("*")));
    assert_eq!(response.headers()["access-control-allow-methods"], "POST");
    assert_eq!(response.headers()["access-control-allow-headers"], "client,branch,token,content-type");

    let listed = TestServer::with(|config| config.server.cors = Cors::Origins(vec![ORIGIN.to_owned()])).await;
    let response = preflight(&listed, ORIGIN).await;
    assert_eq!((allowed(&response), response.headers()["vary"].to_str().unwrap()), (Some(ORIGIN), "Origin"));
    assert_eq!(allowed(&preflight(&listed, "http://elsewhere.test").await), None);
    // A refusal can be read too, or a page would never learn why.
    let refused = listed.request(Method::GET, "/v3/sectors").header("origin", ORIGIN).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), allowed(&refused)), (401, Some(ORIGIN)));
}

#[tokio::test]
async fn the_admin_api_stays_closed_to_pages_whatever_the_vendors_allow() {
    let server = TestServer::with(|config| config.server.cors = Cors::Any).await;
    let own = server.sandbox(serde_json::json!({})).await;
    for path in
        ["/__admin/requests".to_owned(), own.path("/__admin/clock"), "/health".to_owned(), "/metrics".to_owned()]
    {
        for method in [Method::GET, Method::OPTIONS] {
            let request = server.request(method.clone(), &path).header("origin", ORIGIN);
            let response = request.header("access-control-request-method", "GET").send().await.unwrap();
            let headers = response.headers();
            let leave = headers.keys().find(|name| name.as_str().starts_with("access-control-"));
            assert!(leave.is_none(), "{method} {path}: {leave:?}");
        }
    }
}

#[test]
fn an_origin_that_is_none_is_refused() {
    let read = |text: &str| toml::from_str::<mock_server::Config>(text).map(|config| config.server.cors);
    assert_eq!(read("server.cors = 'any'").unwrap(), Cors::Any);
    let error = read("server.cors = 'all'").unwrap_err().to_string();
    assert!(error.contains(r#""all" is not allowed here; allowed: "off", "any", or a list of origins"#), "{error}");
    let error = read("server.cors = ['localhost']").unwrap_err().to_string();
    assert!(error.contains(r#""localhost" is no origin; write it like "http://localhost:5173""#), "{error}");
}

/// Speaks TLS with the server's own port, and says which protocol was agreed on.
async fn connect(server: &TestServer, ca_pem: &str, protocols: &[&str]) -> (Option<String>, impl Sized + Connection) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = tokio::net::TcpStream::connect(server.server.addresses()[0]).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    let agreed = stream.get_ref().1.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
    (agreed, stream)
}

trait Connection: AsyncReadExt + AsyncWriteExt + Unpin {}
impl<T: AsyncReadExt + AsyncWriteExt + Unpin> Connection for T {}

#[tokio::test]
async fn the_vendors_port_speaks_tls_with_a_certificate_made_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    let tls = TlsSection { ca_file: Some(ca_file.clone()), ..TlsSection::default() };
    let server = TestServer::with(|config| config.server.tls = Some(tls)).await;
    assert!(server.server.base_url().starts_with("https://"), "{}", server.server.base_url());
    assert!(server.server.admin_url().starts_with("https://"));
    let ca = std::fs::read_to_string(&ca_file).unwrap();
    assert_eq!(connect(&server, &ca, &["h2", "http/1.1"]).await.0.as_deref(), Some("h2"));
    let (agreed, mut stream) = connect(&server, &ca, &["http/1.1"]).await;
    assert_eq!(agreed.as_deref(), Some("http/1.1"));
    stream.write_all(get("/__admin/credentials", &[]).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_certificate_can_be_given_and_then_nobody_signs_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(path("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let given = TlsSection { certificate: Some(path("cert.pem")), key: Some(path("key.pem")), ..TlsSection::default() };
    let server = TestServer::with(|config| config.server.tls = Some(given.clone())).await;
    connect(&server, &made.cert.pem(), &[]).await;

    let start = async |tls: TlsSection| {
        let mut config = mock_server::Config::default();
        (config.server.port, config.server.tls) = (0, Some(tls));
        mock_server::RunningServer::start(config).await.unwrap_err().to_string()
    };
    let error = start(TlsSection { ca_file: Some(path("ca.pem")), ..given.clone() }).await;
    assert_eq!(error, "server.tls.ca_file: a certificate that is given was not signed here; leave ca_file out");
    let error = start(TlsSection { key: None, ..given.clone() }).await;
    assert_eq!(error, "server.tls: give certificate and key together, or names, or neither");
    let error = start(TlsSection { key: Some(path("nope.pem")), ..given }).await;
    assert!(error.starts_with("server.tls: ") && error.contains("nope.pem: "), "{error}");
}

#[tokio::test]
async fn dates_are_those_of_the_sandbox_whatever_the_transport() {
    let server = TestServer::start().await;
    let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let response = http2.get(format!("{}/v3/sectors", server.server.base_url())).send().await.unwrap();
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.headers()["date"], "Thu, 01 Jan 2026 00:00:00 GMT");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], 401);
}
