//! The accounts that misbehave by name. Each row of their table in docs/faults.md is a test here.

use mock_server::directory::Quirk;
use serde_json::json;

use crate::support::{PUNE, Signature, TestServer};

/// One signed call that any device can make.
async fn call(server: &TestServer, signature: &Signature) -> u16 {
    server.get("/v3/devices", signature).await.status
}

#[tokio::test]
async fn agv_expires_5s() {
    let server = TestServer::start().await;
    let contract = server.login_as("agv-expires-5s").await.assert(200).json();
    assert_eq!(contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap(), 5000);
    let signature = Signature::token(&contract);
    server.advance("4999ms").await;
    assert_eq!(call(&server, &signature).await, 200);
    server.advance("1ms").await;
    assert_eq!(call(&server, &signature).await, 401);
    assert_eq!(server.last_reason().await, "TokenExpired");
    // A setting that names the account has the last word.
    let server = TestServer::with(|config| {
        config.twinzo.token_life = "2h".parse().unwrap();
        config.twinzo.account_token_life = serde_json::from_value(json!({ "agv-expires-5s": "1m" })).unwrap();
    })
    .await;
    let contract = server.login_as("agv-expires-5s").await.assert(200).json();
    assert_eq!(contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap(), 60_000);
}

#[tokio::test]
async fn agv_429_every_3() {
    let server = TestServer::start().await;
    let signature = server.signature_of("agv-429-every-3").await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let reply = server.get("/v3/devices", &signature).await;
        assert_eq!(reply.header("retry-after"), if reply.status == 429 { "1" } else { "" });
        statuses.push(reply.status);
    }
    // The log in was the first call.
    assert_eq!(statuses, [200, 429, 200, 200, 429, 200]);
    assert_eq!(call(&server, &server.signature_of("forklift-01").await).await, 200);
}

#[tokio::test]
async fn agv_reset_once() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        let signature = server.signature_of("agv-reset-once").await;
        let broken = signature.sign(server.request(reqwest::Method::GET, "/v3/devices")).send().await;
        assert!(broken.is_err(), "{broken:?}");
        assert_eq!(server.last_entry().await["tampered"], "reset after 0 bytes");
        assert_eq!(call(&server, &signature).await, 200);
    }
}

#[tokio::test]
async fn agv_revoked() {
    let server = TestServer::start().await;
    let signature = server.signature_of("agv-revoked").await;
    assert_eq!(call(&server, &signature).await, 401);
    assert_eq!(server.last_reason().await, "TokenRevoked");
}

#[tokio::test]
async fn agv_slow() {
    let server = TestServer::start().await;
    server.login_as("agv-slow").await.assert(200);
    assert_eq!(server.last_entry().await["delay_ms"], 3000);
}

#[tokio::test]
async fn agv_other_branch() {
    let server = TestServer::start().await;
    let signature = server.signature_of("agv-other-branch").await;
    assert_eq!(signature.value("Branch"), PUNE);
    let others = server.signature_of("forklift-01").await;
    let body = json!([{ "Timestamp": 1_767_225_600_000_i64 }]);
    let stored = server.post("/v3/localization", &signature, &body).await.assert(200).json();
    assert_eq!(stored["Success"], true);
    let configured = signature.with("Branch", Some(others.value("Branch")));
    let refused = server.post("/v3/localization", &configured, &body).await.assert(200).json();
    assert_eq!(refused["Success"], false);
}

#[tokio::test]
async fn counts_of_misbehaving_accounts_end_with_a_reset() {
    let server = TestServer::start().await;
    let signature = server.signature_of("agv-429-every-3").await;
    assert_eq!(call(&server, &signature).await, 200);
    server.admin(reqwest::Method::POST, "/reset", None).await.assert(204);
    server.signature_of("agv-429-every-3").await;
    // They are nobody's rules.
    let listed = server.admin(reqwest::Method::GET, "/faults", None).await.json();
    assert_eq!(listed, json!({ "faults": [], "unfired": [] }));
}

#[tokio::test]
async fn any_account_can_be_made_to_misbehave() {
    let server = TestServer::start().await;
    let new = json!({ "vendor": "twinzo", "login": "mine", "password": "mine-pass", "quirk": "revoked" });
    let made = server.admin(reqwest::Method::POST, "/accounts", Some(new)).await.assert(201).json();
    assert_eq!(made["quirk"], "revoked");
    assert_eq!(call(&server, &server.signature_of("mine").await).await, 401);
}

#[test]
fn the_table_in_the_documents_is_that_of_the_code_and_each_row_is_a_test() {
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md")).unwrap();
    for quirk in Quirk::ALL {
        let row = quirk.row();
        let line = format!("| `{}` | {} |", row.login, row.what);
        assert!(documented.contains(&line), "docs/faults.md lacks {line}");
        let test = format!("async fn {}()", row.login.replace('-', "_"));
        assert!(include_str!("quirks.rs").contains(&test), "there is no test {test}");
    }
}
