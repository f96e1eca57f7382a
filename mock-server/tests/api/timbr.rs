//! The Timbr service: docs/timbr.md §2 to §8.

use mock_server::config::Fidelity;
use mock_server::timbr::bearer::BearerBase64;
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw;
use crate::support::{ALICE, Reply, Signature, TestServer, send};

const GET_TOKEN: &str = "/timbr/api/get_token";
pub(crate) const QUERY: &str = "/timbr/api/query/";
pub(crate) const OPENAPI: &str = "/timbr/openapi/ontology/supply_chain/query";

/// Made with Python's cryptography 50.0.2: user alice, password `alice:pass`, base64, under the MD5 of the default
/// world's salt.
const ALICES_BEARER: &str = "gAAAAABpVbkAAAECAwQFBgcICQoLDA0OD7YgIXzn2tjKguxeE9473NkxToC-IGcDp0mxMXQUMzw26yQK2IFkgdjOPHGi-jYG7F1e-XoZAwPTPb6_t8sFoTw=";

/// The same with the password `wrong`.
const WRONG_PASSWORD: &str = "gAAAAABpVbkAAAECAwQFBgcICQoLDA0OD7jrBfY4OrKL17_JFp1hpnUSGxUOWXQgNKt-WRmEy_eVIkHfwcVdf661WGvmFW0hFlLWA4CSzi79po4OJyDGkdw=";
/// The same for the user mallory, whom nobody knows.
const MALLORYS_BEARER: &str = "gAAAAABpVbkAAAECAwQFBgcICQoLDA0ODzyj6a_RYVVaxZiYhUBHCbmzgjXBDbHvkm5bBRIrCQhbICK3qLbNeUs9jz5ITBl26IRQcpZPIog6KeTcv-X9Cno=";
/// The same, but what is encrypted is not base64.
const RAW_BEARER: &str = "gAAAAABpVbkAAAECAwQFBgcICQoLDA0ODwVKKVhHiNSZcyFbPGIwHOUAVbfn8JpPwD2g-wqeSBg97AB-JB_67CVRIZNwtdSp9oTdi51g_08Q-37SW1ShZU0=";

pub(crate) fn key(token: &str) -> Signature {
    Signature(vec![("x-api-key", token.to_owned())])
}

async fn get_token(server: &TestServer, authorization: Option<&str>) -> Reply {
    let request = server.request(Method::POST, GET_TOKEN);
    send(match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    })
    .await
}

pub(crate) async fn openapi(
    server: &TestServer,
    path: &str,
    signature: &Signature,
    sql: impl Into<reqwest::Body>,
) -> Reply {
    let request = server.request(Method::POST, path).header("content-type", "application/text").body(sql);
    send(signature.0.iter().fold(request, |request, (name, value)| request.header(*name, value))).await
}

#[track_caller]
pub(crate) fn assert_error(reply: &Reply, status: u16, words: &[&str]) {
    assert_eq!((reply.status, reply.header("content-type")), (status, "application/json"), "{}", reply.text);
    let envelope = reply.json();
    assert_eq!(envelope["status"], "error");
    let text = envelope["data"].as_str().expect("data of an error is a text");
    assert!(words.iter().all(|word| text.contains(word)), "{text:?} lacks one of {words:?}");
}

#[tokio::test]
async fn a_bearer_buys_the_users_token_every_time() {
    let server = TestServer::start().await;
    for scheme in ["Bearer ", "bearer ", "Bearer   "] {
        let reply = get_token(&server, Some(&format!("{scheme}{ALICES_BEARER}"))).await.assert(200);
        assert_eq!(reply.text, format!(r#"{{"data":["{ALICE}"],"status":"success"}}"#));
        assert_eq!(reply.header("content-type"), "application/json");
    }
    assert_eq!(server.last_entry().await["account"], "alice");
}

#[tokio::test]
async fn bad_bearers_look_alike_and_the_journal_tells_them_apart() {
    let server = TestServer::start().await;
    let mut texts = Vec::new();
    let damaged = ALICES_BEARER.replacen("AAEC", "AAED", 1);
    for (authorization, reason) in [
        (None, "BearerMissing"),
        (Some(String::new()), "BearerMissing"),
        (Some("Basic YTpi".to_owned()), "BearerMissing"),
        (Some("Bearer made-up".to_owned()), "BearerMalformed"),
        (Some(format!("Bearer {damaged}")), "BearerUndecryptable"),
        (Some(format!("Bearer {WRONG_PASSWORD}")), "BearerPasswordWrong"),
        (Some(format!("Bearer {MALLORYS_BEARER}")), "BearerUserUnknown"),
        (Some(format!("Bearer {RAW_BEARER}")), "BearerMalformed"),
        (Some(format!("Bearer {}", ALICES_BEARER.trim_end_matches('='))), "BearerMalformed"),
    ] {
        let reply = get_token(&server, authorization.as_deref()).await;
        assert_error(&reply, 401, &["Unauthorized"]);
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        texts.push(reply.text);
        assert_eq!(server.last_reason().await, reason);
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:?}");
}

#[tokio::test]
async fn bearers_age_only_if_a_life_is_set_and_on_the_sandboxs_clock() {
    let bearer = format!("Bearer {ALICES_BEARER}");
    let ageless = TestServer::start().await;
    ageless.advance("8760h").await;
    get_token(&ageless, Some(&bearer)).await.assert(200);
    // The bearer was made at the very start of the test's time.
    let strict = TestServer::with(|config| config.timbr.bearer_ttl = Some("60s".parse().unwrap())).await;
    strict.advance("60s").await;
    get_token(&strict, Some(&bearer)).await.assert(200);
    strict.advance("1s").await;
    get_token(&strict, Some(&bearer)).await.assert(401);
    assert_eq!(strict.last_reason().await, "BearerExpired");
}

#[tokio::test]
async fn with_a_life_a_bearer_may_be_a_minute_ahead() {
    // The bearer is of 00:00:00.
    for (start, status) in [("2025-12-31T23:59:00Z", 200), ("2025-12-31T23:58:59Z", 401)] {
        let server = TestServer::with(|config| {
            config.clock = serde_json::from_value(json!({ "frozen": start })).unwrap();
            config.timbr.bearer_ttl = Some("60s".parse().unwrap());
        })
        .await;
        get_token(&server, Some(&format!("Bearer {ALICES_BEARER}"))).await.assert(status);
    }
}

#[tokio::test]
async fn what_python_forgives_in_a_bearer_is_a_setting() {
    // The standard alphabet, a blank within, and one sign of padding too many.
    let lenient = format!("Bearer {}=", ALICES_BEARER.replacen('-', "+", 1).replacen("DA0OD", "DA 0OD", 1));
    let server = TestServer::start().await;
    get_token(&server, Some(&lenient)).await.assert(200);
    let strict = TestServer::with(|config| config.timbr.bearer_base64 = BearerBase64::Strict).await;
    get_token(&strict, Some(&lenient)).await.assert(401);
    assert_eq!(strict.last_reason().await, "BearerMalformed");
    get_token(&strict, Some(&format!("Bearer {ALICES_BEARER}"))).await.assert(200);
}

#[tokio::test]
async fn strict_wants_what_the_documents_write() {
    let server = TestServer::with(|config| config.timbr.fidelity = Fidelity::Strict).await;
    let json = "application/json";
    for (scheme, content_type, status, reason) in [
        ("bearer ", json, 401, "BearerMissing"),
        ("Bearer  ", json, 401, "BearerMissing"),
        ("Bearer ", "text/plain", 415, "MediaTypeUnsupported"),
    ] {
        let request = server.request(Method::POST, GET_TOKEN).header("content-type", content_type);
        let reply = send(request.header("authorization", format!("{scheme}{ALICES_BEARER}"))).await;
        assert_error(&reply, status, &["Un"]);
        assert_eq!(server.last_reason().await, reason);
    }
    get_token(&server, Some(&format!("Bearer {ALICES_BEARER}"))).await.assert(415);
    let request = server.request(Method::POST, GET_TOKEN).header("content-type", "application/json; charset=utf-8");
    send(request.header("authorization", format!("Bearer {ALICES_BEARER}"))).await.assert(200);
    openapi(&server, OPENAPI, &key(ALICE), "SELECT 1").await.assert(200);
}

#[tokio::test]
async fn the_salt_is_a_setting() {
    let server = TestServer::with(|config| config.timbr.auth_salt = Some("another salt".to_owned())).await;
    get_token(&server, Some(&format!("Bearer {ALICES_BEARER}"))).await.assert(401);
    assert_eq!(server.last_reason().await, "BearerUndecryptable");
}

#[tokio::test]
async fn the_same_query_is_wrapped_on_one_route_and_bare_on_the_other() {
    let server = TestServer::start().await;
    let body = json!({ "query": "SHOW TABLES IN dtimbr", "ontology_name": "supply_chain" });
    let rows = r#"[{"tab_name":"customer"},{"tab_name":"order"},{"tab_name":"shipment"}]"#;
    for path in [QUERY, "/timbr/api/query"] {
        let reply = server.post(path, &key(ALICE), &body).await.assert(200);
        assert_eq!(reply.text, format!(r#"{{"data":{rows},"status":"success"}}"#));
    }
    for path in [OPENAPI, &format!("{OPENAPI}/"), &format!("{OPENAPI}?datasource=x")] {
        let reply = openapi(&server, path, &key(ALICE), "SHOW TABLES IN dtimbr").await.assert(200);
        assert_eq!((reply.text.as_str(), reply.header("content-type")), (rows, "application/json"));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_and_nothing_else_counts() {
    let server = TestServer::start().await;
    let unknown = format!("tk_{}", "0".repeat(64));
    let words = ["Unauthorized", "HTTP Response code: 401"];
    for (signature, reason) in [
        (Signature::none(), "KeyMissing"),
        (key(""), "KeyMissing"),
        (key(&unknown), "KeyUnknown"),
        (Signature(vec![("Authorization", format!("Bearer {ALICE}"))]), "KeyMissing"),
        (Signature(vec![("x-jwt-token", "a.b.c".to_owned())]), "JwtNotEnabled"),
    ] {
        assert_error(&openapi(&server, OPENAPI, &signature, "SELECT 1").await, 401, &words);
        assert_eq!(server.last_reason().await, reason);
        let body = json!({ "query": "SELECT 1", "ontology_name": "supply_chain" });
        assert_error(&server.post(QUERY, &signature, &body).await, 401, &words);
        assert_error(&server.get("/timbr/api/get_ontologies/", &signature).await, 401, &words);
    }
    // As .netrc does it.
    let netrc = key(ALICE).with("Authorization", Some("Basic YTpi")).with("x-jwt-token", Some("a.b.c"));
    openapi(&server, OPENAPI, &netrc, "SELECT 1").await.assert(200);
}

#[tokio::test]
async fn ontologies_are_listed_and_unknown_ones_are_the_engines_error() {
    let server = TestServer::start().await;
    for path in ["/timbr/api/get_ontologies/", "/timbr/api/get_ontologies"] {
        let reply = server.get(path, &key(ALICE)).await.assert(200);
        assert_eq!(reply.text, r#"{"data":["supply_chain","maintenance"],"status":"success"}"#);
    }
    let reply = openapi(&server, "/timbr/openapi/ontology/no%20such/query", &key(ALICE), "SELECT 1").await;
    assert_error(&reply, 500, &["Unknown database 'no such'"]);
    assert_eq!(server.last_reason().await, "OntologyUnknown");
    let body = json!({ "query": "SELECT 1", "ontology_name": "nope" });
    assert_error(&server.post(QUERY, &key(ALICE), &body).await, 500, &["Unknown database 'nope'"]);
}

#[tokio::test]
async fn canned_answers_come_before_the_system_queries() {
    let server = TestServer::with(|config| {
        let answers: Value = json!([
            { "query": "SELECT 1", "ontology": "maintenance", "rows_json": r#"[{"one": 1}]"# },
            { "pattern": "(?i)drop .*", "error": "Permission denied: DROP" },
        ]);
        config.timbr.answers = serde_json::from_value(answers).unwrap();
    })
    .await;
    let maintenance = "/timbr/openapi/ontology/maintenance/query";
    assert_eq!(openapi(&server, maintenance, &key(ALICE), "SELECT 1").await.assert(200).text, r#"[{"one": 1}]"#);
    assert_eq!(openapi(&server, OPENAPI, &key(ALICE), "SELECT 1").await.assert(200).text, r#"[{"1":1}]"#);
    assert_error(&openapi(&server, OPENAPI, &key(ALICE), "drop table x").await, 500, &["Permission denied: DROP"]);
    assert_eq!(server.last_reason().await, "SqlRefused");
    let unanswered = openapi(&server, maintenance, &key(ALICE), "SELECT * FROM dtimbr.x").await;
    assert_error(&unanswered, 500, &["[[timbr.answers]]"]);
    assert_eq!(server.last_reason().await, "SqlUnanswered");
}

#[tokio::test]
async fn requests_that_cannot_be_read_are_400() {
    let server = TestServer::start().await;
    for body in
        [json!({ "query": "SELECT 1" }), json!({ "query": 1, "ontology_name": "supply_chain" }), json!(["a", "b"])]
    {
        assert_error(&server.post(QUERY, &key(ALICE), &body).await, 400, &["ontology_name"]);
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
    assert_error(&openapi(&server, OPENAPI, &key(ALICE), "").await, 400, &["empty"]);
    assert_eq!(server.last_reason().await, "SqlEmpty");
    assert_error(&openapi(&server, OPENAPI, &key(ALICE), vec![0xff]).await, 400, &["UTF-8"]);
}

#[tokio::test]
async fn other_paths_and_methods_answer_in_the_vendors_way() {
    let server = TestServer::start().await;
    assert_error(&server.get("/timbr/api/nothing", &key(ALICE)).await, 404, &["Not found"]);
    for path in ["/timbr/openapi/ontology/a/b/query", "/timbr/API/query/"] {
        assert_error(&server.post(path, &key(ALICE), &json!({})).await, 404, &["Not found"]);
    }
    for path in ["/timbr-server/nothing", "/timbr-server", "/timbr"] {
        assert_error(&server.get(path, &key(ALICE)).await, 404, &["Not found"]);
    }
    let reply = server.get(GET_TOKEN, &key(ALICE)).await;
    assert_error(&reply, 405, &["Method not allowed: POST only"]);
    assert_eq!(reply.header("allow"), "POST");
    // 405 is said before 413, and in the same words.
    let long = vec![b'x'; 9 << 20];
    let reply = send(server.request(Method::PUT, QUERY).body(long)).await;
    assert_error(&reply, 405, &["Method not allowed: POST only"]);
}

#[tokio::test]
async fn a_connection_that_is_to_close_is_said_to_close() {
    let server = TestServer::start().await;
    let address = server.server.addresses()[0];
    let request = |connection: &str| {
        format!(
            "POST {OPENAPI} HTTP/1.1\r\nHost: x\r\n{connection}x-api-key: {ALICE}\r\nContent-Length: 8\r\n\r\nSELECT 1"
        )
    };
    let (answer, ended) = raw::exchange(address, request("Connection: close\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(r#"[{"1":1}]"#), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    assert_eq!(ended, raw::Ended::Fin);
    let (answer, ended) = raw::exchange(address, request("")).await;
    assert!(!answer.to_ascii_lowercase().contains("connection:"), "{answer}");
    assert_eq!(ended, raw::Ended::Silent);
}

#[tokio::test]
async fn errors_of_the_query_routes_can_all_be_200() {
    let server = TestServer::with(|config| config.timbr.error_style = mock_server::config::ErrorStyle::Http200).await;
    assert_error(&openapi(&server, OPENAPI, &key("tk_no"), "SELECT 1").await, 200, &["Unauthorized", "401"]);
    assert_eq!(server.last_reason().await, "KeyUnknown");
    let nowhere = "/timbr/openapi/ontology/nope/query";
    assert_error(&openapi(&server, nowhere, &key(ALICE), "SELECT 1").await, 200, &["Unknown database"]);
    assert_error(&openapi(&server, OPENAPI, &key(ALICE), "").await, 200, &["empty"]);
    assert_error(&server.post(QUERY, &key(ALICE), &json!([])).await, 200, &["Bad request"]);
    openapi(&server, OPENAPI, &key(ALICE), "SELECT 1").await.assert(200);
    // Nothing else changes.
    assert_error(&get_token(&server, None).await, 401, &["Unauthorized"]);
    assert_error(&server.get("/timbr/api/get_ontologies/", &Signature::none()).await, 401, &["Unauthorized"]);
    assert_error(&server.get("/timbr/api/nothing", &key(ALICE)).await, 404, &["Not found"]);
}

#[tokio::test]
async fn the_documented_content_type_can_be_asked_for() {
    let post = |server: &TestServer, path: &str, content_type: Option<&str>| {
        let request = server.request(Method::POST, path).header("x-api-key", ALICE);
        let request = request.body(r#"{"query":"SELECT 1","ontology_name":"supply_chain"}"#);
        send(content_type.iter().fold(request, |request, value| request.header("content-type", *value)))
    };
    let lenient = TestServer::start().await;
    for content_type in [None, Some("application/text"), Some("text/plain"), Some("application/json")] {
        post(&lenient, QUERY, content_type).await.assert(200);
    }
    let strict =
        TestServer::with(|config| config.timbr.content_types = mock_server::config::ContentTypes::Documented).await;
    for content_type in [None, Some("application/text"), Some("application/jsonp")] {
        assert_error(&post(&strict, QUERY, content_type).await, 415, &["application/json"]);
        assert_eq!(strict.last_reason().await, "MediaTypeUnsupported");
    }
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        post(&strict, QUERY, Some(content_type)).await.assert(200);
    }
    // The rule can hold below /timbr/api only: clients send application/text elsewhere.
    openapi(&strict, OPENAPI, &key(ALICE), "SELECT 1").await.assert(200);
    // 415 is said before 401.
    let unsigned = strict.request(Method::POST, QUERY).body("{}");
    assert_error(&send(unsigned).await, 415, &["application/json"]);
}
