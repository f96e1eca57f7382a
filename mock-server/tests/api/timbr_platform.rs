//! The platform's login page, and the token behind it: docs/timbr.md §2, number 2.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::json;

use crate::raw;
use crate::support::{ALICE, Signature, TestServer, send};
use crate::timbr::assert_error;

const TOKEN: &str = "/timbr/get_timbr_user_token/";
/// alice's password, `alice:pass`, as a form has it.
const FORM: &str = "username=alice&password=alice%3Apass";

async fn with_platform() -> TestServer {
    TestServer::with(|config| {
        config.timbr.platform.enabled = true;
        config.timbr.platform.session_life = "1h".parse().unwrap();
    })
    .await
}

/// By hand: an HTTP client would follow the way to the token by itself.
async fn log_in(address: SocketAddr, prefix: &str, form: &str) -> String {
    let head = format!(
        "POST {prefix}/login/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    raw::exchange(address, head).await.0
}

fn header(answer: &str, name: &str) -> String {
    let line = answer.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then(|| value.to_owned())
    });
    line.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn session(answer: &str) -> Signature {
    let cookie = header(answer, "set-cookie").split(';').next().unwrap().to_owned();
    Signature(vec![("cookie", format!("theme=dark; {cookie}"))])
}

#[tokio::test]
async fn there_is_no_platform_unless_it_is_switched_on() {
    let server = TestServer::start().await;
    for (method, path) in [(Method::GET, "/login/"), (Method::POST, "/login"), (Method::GET, TOKEN)] {
        assert_error(&send(server.request(method, path)).await, 404, &["timbr.platform.enabled"]);
        assert_eq!(server.last_reason().await, "PlatformOff");
    }
}

#[tokio::test]
async fn whoever_logs_in_gets_the_users_token() {
    let server = with_platform().await;
    let page = server.get("/login/", &Signature::none()).await.assert(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for part in ["<form method=\"post\">", "name=\"username\"", "name=\"password\""] {
        assert!(page.text.contains(part), "{}", page.text);
    }
    let answer = log_in(server.server.addresses()[0], "", FORM).await;
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert_eq!(header(&answer, "location"), TOKEN);
    let cookie = header(&answer, "set-cookie");
    assert!(cookie.starts_with("session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(server.last_entry().await["account"], "alice");
    for path in [TOKEN, "/timbr/get_timbr_user_token"] {
        let token = server.get(path, &session(&answer)).await.assert(200);
        assert_eq!(
            (token.text.as_str(), token.header("cache-control")),
            (&*format!(r#"{{"token":"{ALICE}"}}"#), "no-store")
        );
    }
    // Neither password nor session can be read in the journal.
    let entries = server.admin(Method::GET, "/requests", None).await.text;
    assert!(!entries.contains("alice%3Apass") && !entries.contains("alice:pass"), "{entries}");
    let id = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!entries.contains(id), "{entries}");
}

#[tokio::test]
async fn a_wrong_password_gets_the_page_again() {
    let server = with_platform().await;
    let address = server.server.addresses()[0];
    for (form, reason) in [
        ("username=alice&password=no", "PasswordWrong"),
        ("username=mallory&password=no", "LoginUnknown"),
        ("username=alice", "BodyInvalid"),
        ("", "BodyInvalid"),
    ] {
        let answer = log_in(address, "", form).await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("Unauthorized"), "{answer}");
        assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{answer}");
        assert_eq!(server.last_reason().await, reason, "{form}");
    }
}

#[tokio::test]
async fn without_a_session_the_way_leads_to_the_login_page() {
    let server = with_platform().await;
    let address = server.server.addresses()[0];
    let answer = raw::exchange(address, raw::get(TOKEN, &[])).await.0;
    assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
    assert_eq!(header(&answer, "location"), "/login/");
    assert_eq!(server.last_reason().await, "SessionMissing");
    raw::exchange(address, raw::get(TOKEN, &[("Cookie", "session=made-up")])).await;
    assert_eq!(server.last_reason().await, "SessionUnknown");
    // It ends on the sandbox's clock, and with the sandbox's reset.
    let session = session(&log_in(address, "", FORM).await).0[0].1.clone();
    let ask = || raw::exchange(address, raw::get(TOKEN, &[("Cookie", &session)]));
    server.advance("59m 59s 999ms").await;
    assert!(ask().await.0.starts_with("HTTP/1.1 200 "));
    server.advance("1ms").await;
    assert!(ask().await.0.starts_with("HTTP/1.1 302 "));
    assert_eq!(server.last_reason().await, "SessionExpired");
    server.admin(Method::POST, "/reset", None).await;
    assert!(ask().await.0.starts_with("HTTP/1.1 302 "));
    assert_eq!(server.last_reason().await, "SessionUnknown");
}

#[tokio::test]
async fn a_session_is_one_sandboxs_own() {
    let server = with_platform().await;
    let settings = json!({ "timbr": { "platform": { "enabled": true } } });
    let own = server.sandbox(json!({ "name": "own", "settings": settings })).await;
    let answer = log_in(server.server.addresses()[0], "/sandbox/own", FORM).await;
    assert_eq!(header(&answer, "location"), format!("/sandbox/own{TOKEN}"));
    assert!(header(&answer, "set-cookie").contains("; Path=/sandbox/own/;"), "{answer}");
    let token = own.get(TOKEN, &session(&answer)).await.assert(200).json();
    assert_eq!(token["token"], own.credentials["timbr"]["users"][0]["token"]);
    let page = raw::exchange(server.server.addresses()[0], raw::get(TOKEN, &[("Cookie", &session(&answer).0[0].1)]));
    assert!(page.await.0.starts_with("HTTP/1.1 302 "));
    let answer = raw::exchange(server.server.addresses()[0], raw::get(&own.path(TOKEN), &[])).await.0;
    assert_eq!(header(&answer, "location"), "/sandbox/own/login/");
}
