//! JWTs in place of Timbr tokens: docs/timbr.md §3.

use mock_server::Config;
use mock_server::timbr::jwt::JwtSpec;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use crate::support::{ALICE, Reply, Signature, TestServer, send};

const SYSTEM: &str = "/timbr/openapi/ontology/system_db/query";

/// As `fixtures/jwt/generate.py` makes it with another library.
#[derive(Deserialize)]
struct Made {
    what: String,
    tenant: Option<String>,
    token: String,
    reason: Option<String>,
}

fn made() -> Vec<Made> {
    serde_json::from_str(&fixture("tokens.json")).unwrap()
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../fixtures/jwt/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn enable(config: &mut Config) {
    let spec = json!({
        "key": fixture("made-up-rsa-public.pem"),
        "audience": "timbr",
        "issuer": "https://idp.example",
        "tenants": {
            "hs": { "key": "made-up-secret-of-the-tenant-hs-for-tests", "algorithms": "HS256" },
            "other": { "key": "made-up-secret-of-another-tenant", "algorithms": ["HS256"] },
            "ec": { "key": fixture("made-up-ec-public.pem"), "algorithms": ["ES256"] },
        },
    });
    config.timbr.jwt = serde_json::from_value::<JwtSpec>(spec).unwrap();
}

fn jwt(made: &Made) -> Signature {
    Signature(vec![("x-jwt-token", made.token.clone())]).with("x-jwt-tenant-id", made.tenant.as_deref())
}

async fn query(server: &TestServer, signature: &Signature, sql: &'static str) -> Reply {
    send(signature.sign(server.request(Method::POST, SYSTEM)).body(sql)).await
}

#[tokio::test]
async fn jwts_of_another_library_are_taken_or_refused_for_one_reason_in_one_text() {
    let server = TestServer::with(enable).await;
    let unknown_key = Signature(vec![("x-api-key", "tk_made-up".to_owned())]);
    let refusal = query(&server, &unknown_key, "SHOW TOKEN").await.assert(401);
    for made in made() {
        let reply = query(&server, &jwt(&made), "SHOW TOKEN").await;
        match &made.reason {
            None => {
                assert_eq!((reply.status, reply.text), (200, format!(r#"[{{"token":"{ALICE}"}}]"#)), "{}", made.what);
                assert_eq!(server.last_entry().await["account"], "alice", "{}", made.what);
            }
            Some(reason) => {
                assert_eq!((reply.status, reply.text), (401, refusal.text.clone()), "{}", made.what);
                assert_eq!(server.last_reason().await, *reason, "{}", made.what);
            }
        }
    }
}

#[tokio::test]
async fn a_jwt_ends_on_the_sandboxs_clock_and_the_token_that_it_bought_does_not() {
    let server = TestServer::with(enable).await;
    let good = &made()[0];
    server.advance("3599s").await;
    let bought = query(&server, &jwt(good), "SHOW TOKEN").await.assert(200).json();
    server.advance("1s").await;
    query(&server, &jwt(good), "SHOW TOKEN").await.assert(401);
    assert_eq!(server.last_reason().await, "JwtExpired");
    let key = Signature(vec![("x-api-key", bought[0]["token"].as_str().unwrap().to_owned())]);
    query(&server, &key, "SELECT 1").await.assert(200);
}

#[tokio::test]
async fn an_e_mail_address_names_a_user_and_a_disabled_user_is_refused() {
    let server = TestServer::with(|config| {
        let spec = json!({ "key": "made-up-secret", "algorithms": "HS256", "user_claim": "email" });
        config.timbr.jwt = serde_json::from_value(spec).unwrap();
    })
    .await;
    // PyJWT: {"email": "bob@acme-logistics.example"} under the secret.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJlbWFpbCI6ImJvYkBhY21lLWxvZ2lzdGljcy5leGFtcGxlIn0.enJDLsbisRB70Y_yw7IQU2YBwoHXmxVZrFVjQfxax8k";
    let signature = Signature(vec![("x-jwt-token", token.to_owned())]);
    assert_eq!(query(&server, &signature, "select timbr_username()").await.assert(200).text, r#"[{"bob":"bob"}]"#);
    server.admin(Method::PATCH, "/accounts/bob", Some(json!({ "disabled": true }))).await.assert(200);
    query(&server, &signature, "SELECT 1").await.assert(401);
    assert_eq!(server.last_reason().await, "UserDisabled");
}

#[tokio::test]
async fn x_api_key_wins_and_strict_wants_one_of_the_two() {
    let (good, both) = (&made()[0], |key: &str| jwt(&made()[0]).with("x-api-key", Some(key)));
    let server = TestServer::with(enable).await;
    query(&server, &both(ALICE), "SELECT 1").await.assert(200);
    query(&server, &both("tk_made-up"), "SELECT 1").await.assert(401);
    assert_eq!(server.last_reason().await, "KeyUnknown");
    server.admin(Method::PATCH, "/settings", Some(json!({ "timbr": { "fidelity": "strict" } }))).await.assert(200);
    query(&server, &both(ALICE), "SELECT 1").await.assert(400);
    assert_eq!(server.last_reason().await, "KeyAndJwt");
    query(&server, &jwt(good), "SELECT 1").await.assert(200);
}

#[tokio::test]
async fn secrets_of_jwts_are_shown_nowhere_and_keys_can_change_while_clients_run() {
    let server = TestServer::with(enable).await;
    let settings = server.admin(Method::GET, "/settings", None).await.assert(200);
    assert!(!settings.text.contains("made-up-secret") && !settings.text.contains("BEGIN PUBLIC"), "{}", settings.text);
    let hidden = settings.json()["timbr"]["jwt"]["tenants"]["hs"]["key"].as_str().unwrap().to_owned();
    assert!(hidden.starts_with("fingerprint:"), "{hidden}");
    query(&server, &jwt(&made()[1]), "SELECT 'made-up-secret-of-the-tenant-hs-for-tests'").await.assert(200);
    let journal = server.admin(Method::GET, "/requests", None).await.assert(200).text;
    assert!(!journal.contains("made-up-secret-of") && !journal.contains(&made()[1].token), "{journal}");

    let change = |key: &str| json!({ "timbr": { "jwt": { "tenants": { "hs": { "key": key } } } } });
    server.admin(Method::PATCH, "/settings", Some(change("another made-up secret"))).await.assert(200);
    query(&server, &jwt(&made()[1]), "SELECT 1").await.assert(401);
    assert_eq!(server.last_reason().await, "JwtSignatureWrong");
    let refused = server.admin(Method::PATCH, "/settings", Some(change(""))).await.assert(422);
    assert!(refused.text.contains("timbr.jwt.tenants.hs.key"), "{}", refused.text);
}
