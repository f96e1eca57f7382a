//! Log in, refresh, log out: docs/twinzo.md §3.

use reqwest::Method;
use serde_json::json;

use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, START_MS, Signature, TestServer, send};

const AUTHENTICATE: &str = "/v3/Authorization/Authenticate";
const TOKEN: &str = "/v3/Authorization/Token";

#[tokio::test]
async fn a_login_answers_the_contract_in_the_observed_order() {
    let server = TestServer::start().await;
    let reply = server.login_as("forklift-01").await.assert(200);
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(reply.header("date"), "Thu, 01 Jan 2026 00:00:00 GMT");
    let contract = reply.json();
    let token = contract["Token"].as_str().unwrap();
    assert_eq!(token.len(), 44);
    assert_eq!(
        reply.text,
        format!(
            r#"{{"Client":"{CLIENT}","Token":"{token}","Expiration":{},"Created":{START_MS},"Branch":"{BRATISLAVA}"}}"#,
            START_MS + 24 * 60 * 60 * 1000
        )
    );
}

#[tokio::test]
async fn devices_sensors_and_users_log_in_with_their_own_branch() {
    let server = TestServer::start().await;
    for (login, password, branch) in [
        ("agv-27", "agv-27-pass", PUNE),
        ("dock-thermometer", "dock-thermometer-pass", BRATISLAVA),
        ("dispatcher@acme.example", "dispatcher-pass", BRATISLAVA),
    ] {
        let body = json!({ "Client": "acme-logistics", "Login": login, "Password": password });
        let contract = server.post(AUTHENTICATE, &Signature::none(), &body).await.assert(200).json();
        assert_eq!(contract["Branch"], branch, "{login}");
    }
}

#[tokio::test]
async fn prefixes_case_and_trailing_slash_do_not_matter() {
    let server = TestServer::start().await;
    let body = json!({ "client": "acme-logistics", "login": "agv-07", "password": "agv-07-pass" });
    for path in [
        "/v3/authorization/authenticate",
        "/v3.0/Authorization/Authenticate",
        "/api/v3/Authorization/Authenticate",
        "/API/V3/AUTHORIZATION/AUTHENTICATE/",
    ] {
        server.post(path, &Signature::none(), &body).await.assert(200);
    }
}

#[tokio::test]
async fn stale_signing_headers_on_a_login_are_not_looked_at() {
    let server = TestServer::start().await;
    let stale = Signature(vec![
        ("Client", "not-a-guid".to_owned()),
        ("Branch", String::new()),
        ("Token", "stale".to_owned()),
        ("Api-Key", "stale".to_owned()),
    ]);
    let body = json!({ "Client": "acme-logistics", "Login": "agv-07", "Password": "agv-07-pass" });
    server.post(AUTHENTICATE, &stale, &body).await.assert(200);
}

#[tokio::test]
async fn wrong_credentials_look_alike_and_the_journal_tells_them_apart() {
    let server = TestServer::start().await;
    let mut answers = Vec::new();
    for (client, login, password, reason) in [
        ("acme", "agv-07", "agv-07-pass", "ClientNameUnknown"),
        (CLIENT, "agv-07", "agv-07-pass", "ClientNameUnknown"),
        ("acme-logistics", "agv-99", "agv-07-pass", "LoginUnknown"),
        ("acme-logistics", "agv-07", "agv-27-pass", "PasswordWrong"),
    ] {
        let body = json!({ "Client": client, "Login": login, "Password": password });
        answers.push(server.post(AUTHENTICATE, &Signature::none(), &body).await.assert_problem(401));
        assert_eq!(server.last_reason().await, reason);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(answers[0]["detail"], "Invalid credentials.");
    assert_eq!(answers[0]["instance"], AUTHENTICATE);
}

#[tokio::test]
async fn a_login_without_client_is_refused_for_there_is_no_super_user() {
    let server = TestServer::start().await;
    for body in [
        json!({ "Client": null, "Login": "agv-07", "Password": "agv-07-pass" }),
        json!({ "Login": "agv-07", "Password": "agv-07-pass" }),
    ] {
        server.post(AUTHENTICATE, &Signature::none(), &body).await.assert_problem(401);
        assert_eq!(server.last_reason().await, "ClientNameUnknown");
    }
}

#[tokio::test]
async fn missing_members_are_a_validation_problem() {
    let server = TestServer::start().await;
    let reply =
        server.post(AUTHENTICATE, &Signature::none(), &json!({ "Client": "acme-logistics", "Login": "" })).await;
    let problem = reply.assert_problem(400);
    assert_eq!(problem["title"], "One or more validation errors occurred.");
    assert_eq!(
        problem["errors"],
        json!({ "Login": ["The Login field is required."], "Password": ["The Password field is required."] })
    );
    let trace = problem["traceId"].as_str().unwrap();
    assert!(trace.starts_with("00-") && trace.ends_with("-00") && trace.len() == 55, "{trace}");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_415_by_its_type_and_400_by_its_content() {
    let server = TestServer::start().await;
    let post = |media_type: &'static str, body: &'static str| {
        send(server.request(Method::POST, AUTHENTICATE).header("content-type", media_type).body(body))
    };
    post("text/plain", "x").await.assert_problem(415);
    assert_eq!(server.last_reason().await, "MediaTypeUnsupported");
    post("application/x-www-form-urlencoded", "Login=a").await.assert_problem(415);
    for body in ["", "{", "[]", "null", r#"{"Login":5}"#] {
        let problem = post("application/json", body).await.assert_problem(400);
        assert!(problem["errors"].is_object(), "{body:?} → {problem}");
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
}

#[tokio::test]
async fn a_refresh_answers_a_new_token_and_kills_the_old_one() {
    let server = TestServer::start().await;
    let old = server.signature_of("forklift-01").await;
    server.advance("1h").await;
    let contract = server.get(TOKEN, &old).await.assert(200).json();
    assert_ne!(contract["Token"], old.value("Token"));
    assert_eq!(contract["Created"], START_MS + 3_600_000);
    assert_eq!(contract["Expiration"], START_MS + 25 * 3_600_000);
    server.get("/v3/devices", &Signature::token(&contract)).await.assert(200);
    for path in ["/v3/devices", TOKEN] {
        let problem = server.get(path, &old).await.assert_problem(401);
        assert_eq!(problem["detail"], "Token is not valid.");
        assert_eq!(server.last_reason().await, "TokenSuperseded");
    }
}

#[tokio::test]
async fn of_overlapping_refreshes_one_wins() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let calls = (0..16).map(|_| server.get(TOKEN, &signature));
    let mut statuses = Vec::new();
    for call in futures(calls) {
        statuses.push(call.await.status);
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1..].iter().all(|status| *status == 401)), (200, true), "{statuses:?}");
}

/// Polls them all at once on this task: each is started before the first is awaited.
fn futures<F: Future>(calls: impl Iterator<Item = F>) -> Vec<std::pin::Pin<Box<F>>> {
    let mut started: Vec<_> = calls.map(Box::pin).collect();
    for call in &mut started {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
    }
    started
}

#[tokio::test]
async fn an_expired_token_cannot_be_refreshed() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.advance("24h").await;
    server.get(TOKEN, &signature).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}

#[tokio::test]
async fn an_api_key_has_nothing_to_refresh() {
    let server = TestServer::start().await;
    server.get(TOKEN, &Signature::api_key(BRATISLAVA, API_KEY)).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRequired");
}

#[tokio::test]
async fn a_second_login_leaves_the_first_token_valid() {
    let server = TestServer::start().await;
    let first = server.signature_of("forklift-01").await;
    let second = server.signature_of("forklift-01").await;
    assert_ne!(first.value("Token"), second.value("Token"));
    for signature in [first, second] {
        server.get("/v3/devices", &signature).await.assert(200);
    }
}

#[tokio::test]
async fn log_out_needs_the_token_alone() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let only_token = signature.with("Client", None).with("Branch", None);
    let delete = || {
        let request = server.request(Method::DELETE, TOKEN).header("Token", only_token.value("Token"));
        send(request)
    };
    delete().await.assert(204);
    server.get("/v3/devices", &signature).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRevoked");
    delete().await.assert_problem(401);
    send(server.request(Method::DELETE, TOKEN)).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "CredentialMissing");
}

#[tokio::test]
async fn a_token_can_die_earlier_than_it_was_announced_to() {
    let server = TestServer::with(|config| config.twinzo.actual_token_life = Some("5s".parse().unwrap())).await;
    let contract = server.login_as("forklift-01").await.assert(200).json();
    assert_eq!(contract["Expiration"], START_MS + 24 * 60 * 60 * 1000);
    server.advance("5s").await;
    server.get("/v3/devices", &Signature::token(&contract)).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}

#[tokio::test]
async fn tokens_can_be_jwts_that_the_sandbox_clock_expires() {
    let server = TestServer::with(|config| {
        config.twinzo.token_format = mock_server::token::TokenFormat::Jwt;
        config.twinzo.jwt_secret = "made-up".into();
        config.twinzo.token_life = "5s".parse().unwrap();
    })
    .await;
    let signature = server.signature_of("forklift-01").await;
    assert_eq!(signature.value("Token").split('.').count(), 3);
    server.get("/v3/devices", &signature).await.assert(200);
    server.advance("4999ms").await;
    server.get("/v3/devices", &signature).await.assert(200);
    server.advance("1ms").await;
    server.get("/v3/devices", &signature).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}
