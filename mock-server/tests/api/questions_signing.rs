//! The open questions of docs/twinzo.md §8 about who may call, and for how long: headers, credentials, tokens.

use reqwest::Method;
use serde_json::{Value, json};

use crate::questions::set;
use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, PUNE_API_KEY, START_MS, Signature, TestServer, send};

const DEVICES: &str = "/v3/devices";
const TOKEN: &str = "/v3/Authorization/Token";
/// The GUID of nobody.
const NOBODY: &str = "11111111-2222-4333-8444-555555555555";
const HOUR_MS: i64 = 3_600_000;

/// `branch 1` if that branch's devices are shown, else status and reason.
async fn shown(server: &TestServer, signature: &Signature) -> String {
    let reply = server.get(DEVICES, signature).await;
    match reply.status {
        200 => format!("branch {}", reply.json()[0]["BranchId"]),
        status => format!("{status} {}", server.last_reason().await),
    }
}

/// What is shown with a header in each of its forms.
async fn shown_with<const N: usize>(
    server: &TestServer,
    signature: &Signature,
    name: &'static str,
    forms: [Option<&str>; N],
) -> Vec<String> {
    let mut all = Vec::new();
    for form in forms {
        all.push(shown(server, &signature.with(name, form)).await);
    }
    all
}

/// §8.5.
#[tokio::test]
async fn client_header_missing_or_unknown() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-21").await;
    let strictly = ["branch 2", "401 ClientMissing", "401 ClientMissing", "400 ClientMalformed", "401 ClientUnknown"];
    let derived = ["branch 2", "branch 2", "branch 2", "400 ClientMalformed", "401 ClientUnknown"];
    for (setting, expected) in [
        (None, strictly),
        (Some("require"), strictly),
        (Some("derive"), derived),
        (Some("ignore"), ["branch 2", "branch 2", "branch 2", "branch 2", "branch 2"]),
    ] {
        set(&server, json!({ "signing": { "client": setting } })).await;
        let forms = [Some(CLIENT), None, Some(""), Some("acme"), Some(NOBODY)];
        assert_eq!(shown_with(&server, &signature, "Client", forms).await, expected, "{setting:?}");
    }
}

/// §8.5.
#[tokio::test]
async fn branch_header_missing_or_unknown() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-21").await;
    let strictly = ["branch 1", "401 BranchMissing", "401 BranchMissing", "400 BranchMalformed", "401 BranchUnknown"];
    let derived = ["branch 1", "branch 2", "branch 2", "400 BranchMalformed", "401 BranchUnknown"];
    for (setting, expected) in [
        (None, strictly),
        (Some("require"), strictly),
        (Some("derive"), derived),
        (Some("ignore"), ["branch 2", "branch 2", "branch 2", "branch 2", "branch 2"]),
    ] {
        set(&server, json!({ "signing": { "branch": setting } })).await;
        let forms = [Some(BRATISLAVA), None, Some(""), Some("1"), Some(NOBODY)];
        assert_eq!(shown_with(&server, &signature, "Branch", forms).await, expected, "{setting:?}");
    }
}

/// §8.5.
#[tokio::test]
async fn client_and_branch_missing_beside_a_credential_alone() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-21").await.value("Token").to_owned();
    for (setting, expected) in [
        (None, ["401 ClientMissing", "401 ClientMissing", "401 ClientMissing"]),
        // A key for the whole client opens its first branch.
        (Some("derive"), ["branch 2", "branch 1", "branch 2"]),
        (Some("ignore"), ["branch 2", "branch 1", "branch 2"]),
    ] {
        set(&server, json!({ "signing": { "client": setting, "branch": setting } })).await;
        let mut all = Vec::new();
        for (name, credential) in [("Token", token.as_str()), ("Api-Key", API_KEY), ("Api-Key", PUNE_API_KEY)] {
            all.push(shown(&server, &Signature::none().with(name, Some(credential))).await);
        }
        assert_eq!(all, expected, "{setting:?}");
    }
}

/// §8.5. What is not looked at is not what is wrong.
#[tokio::test]
async fn a_dead_token_is_told_where_headers_are_ignored() {
    let server = TestServer::start().await;
    let expired = server.signature_of("forklift-01").await;
    server.advance("24h").await;
    for setting in [json!({ "client": "ignore" }), json!({ "client": null, "branch": "ignore" })] {
        set(&server, json!({ "signing": setting })).await;
        let problem = server.get(DEVICES, &expired).await.assert_problem(401);
        assert_eq!(
            (server.last_reason().await.as_str(), &problem["detail"]),
            ("TokenExpired", &json!("Token is expired."))
        );
        assert_eq!(shown(&server, &expired.with("Token", Some("made-up"))).await, "401 TokenUnknown");
        assert_eq!(shown(&server, &expired.with("Token", None)).await, "401 CredentialMissing");
    }
}

/// §8.5. Where a header may be missing, it is not what is wrong.
#[tokio::test]
async fn a_dead_token_is_told_where_headers_may_be_missing() {
    let server = TestServer::start().await;
    let expired = server.signature_of("forklift-01").await;
    server.advance("24h").await;
    set(&server, json!({ "signing": { "client": "derive", "branch": "derive" } })).await;
    for name in ["Client", "Branch"] {
        assert_eq!(shown(&server, &expired.with(name, None)).await, "401 TokenExpired", "{name}");
    }
}

/// §8.6.
#[tokio::test]
async fn token_and_api_key_together_one_of_them_bad() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let key = Signature::api_key(BRATISLAVA, API_KEY);
    for (setting, bad_token, bad_key) in [
        (None, "branch 1", "branch 1"),
        (Some("either"), "branch 1", "branch 1"),
        (Some("both"), "401 TokenUnknown", "401 ApiKeyUnknown"),
    ] {
        set(&server, json!({ "signing": { "credentials": setting } })).await;
        for (token_too, expected) in [
            (key.with("Token", Some(token.value("Token"))), "branch 1"),
            (key.with("Token", Some("made-up")), bad_token),
            (token.with("Api-Key", Some("made-up")), bad_key),
            (key.with("Token", Some("made-up")).with("Api-Key", Some("made-up")), "401 TokenUnknown"),
            (token.clone(), "branch 1"),
            (key.clone(), "branch 1"),
        ] {
            assert_eq!(shown(&server, &token_too).await, expected, "{setting:?}");
        }
        // Where only a token will do, a good key beside a dead one never helps.
        server.get(TOKEN, &key.with("Token", Some("made-up"))).await.assert_problem(401);
        assert_eq!(server.last_reason().await, "TokenUnknown");
    }
}

/// §8.9.
#[tokio::test]
async fn what_a_refresh_does_to_the_token() {
    for (refresh, is_new, at_once, later) in [
        (Value::Null, true, 401, 401),
        (json!({ "token": "new", "old": "dies" }), true, 401, 401),
        (json!({ "old": "10s" }), true, 200, 401),
        (json!({ "old": "lives" }), true, 200, 200),
        (json!({ "token": "same" }), false, 200, 200),
    ] {
        let server = TestServer::start().await;
        set(&server, json!({ "refresh": refresh })).await;
        let old = server.signature_of("forklift-01").await;
        server.advance("1h").await;
        let contract = server.get(TOKEN, &old).await.assert(200).json();
        assert_eq!(contract["Token"] != old.value("Token"), is_new, "{refresh}");
        assert_eq!(contract["Expiration"], START_MS + 25 * HOUR_MS);
        assert_eq!(server.get(DEVICES, &old).await.status, at_once, "{refresh}");
        server.advance("10s").await;
        assert_eq!(server.get(DEVICES, &old).await.status, later, "{refresh}");
        server.get(DEVICES, &Signature::token(&contract)).await.assert(200);
    }
}

/// §8.9.
#[tokio::test]
async fn refresh_of_an_expired_token() {
    for (setting, status) in [(None, 401), (Some("refused"), 401), (Some("refreshed"), 200)] {
        let server = TestServer::start().await;
        set(&server, json!({ "refresh": { "expired": setting } })).await;
        let signature = server.signature_of("forklift-01").await;
        server.advance("25h").await;
        assert_eq!(shown(&server, &signature).await, "401 TokenExpired", "{setting:?}");
        server.get(TOKEN, &signature).await.assert(status);
    }
}

/// §8.10.
#[tokio::test]
async fn second_login_of_a_device() {
    let server = TestServer::start().await;
    for (setting, expected) in [(None, "branch 1"), (Some(false), "branch 1"), (Some(true), "401 TokenSuperseded")] {
        set(&server, json!({ "single_session": setting })).await;
        let first = server.signature_of("forklift-01").await;
        let second = server.signature_of("forklift-01").await;
        assert_eq!(shown(&server, &first).await, expected, "{setting:?}");
        assert_eq!(shown(&server, &second).await, "branch 1", "{setting:?}");
    }
}

/// §8.11.
#[tokio::test]
async fn token_life() {
    let server = TestServer::start().await;
    for (setting, life) in [
        (json!({}), 24 * HOUR_MS),
        (json!({ "token_life": "24h", "created_lag_ms": 0 }), 24 * HOUR_MS),
        (json!({ "token_life": "5s" }), 5000),
        (json!({ "token_life": null, "created_lag_ms": 4 }), 86_399_996),
    ] {
        set(&server, setting.clone()).await;
        let contract = server.login_as("forklift-01").await.assert(200).json();
        assert_eq!(
            (&contract["Created"], &contract["Expiration"]),
            (&json!(START_MS), &json!(START_MS + life)),
            "{setting}"
        );
    }
    let last = server.signature_of("forklift-01").await;
    server.advance("86399995ms").await;
    assert_eq!(shown(&server, &last).await, "branch 1");
    server.advance("1ms").await;
    assert_eq!(shown(&server, &last).await, "401 TokenExpired");
}

/// §8.12.
#[tokio::test]
async fn is_a_token_expired_when_now_is_its_expiration() {
    for (setting, in_that_millisecond) in
        [(None, "401 TokenExpired"), (Some("refuse"), "401 TokenExpired"), (Some("accept"), "branch 1")]
    {
        let server = TestServer::start().await;
        set(&server, json!({ "signing": { "last_millisecond": setting } })).await;
        let signature = server.signature_of("forklift-01").await;
        server.advance("86399999ms").await;
        assert_eq!(shown(&server, &signature).await, "branch 1", "{setting:?}");
        server.advance("1ms").await;
        assert_eq!(shown(&server, &signature).await, in_that_millisecond, "{setting:?}");
        server.advance("1ms").await;
        assert_eq!(shown(&server, &signature).await, "401 TokenExpired", "{setting:?}");
    }
}

/// §8.12.
#[tokio::test]
async fn a_token_taken_in_its_last_millisecond_can_be_refreshed_and_logged_out() {
    let server = TestServer::start().await;
    set(&server, json!({ "signing": { "last_millisecond": "accept" } })).await;
    let (one, two) = (server.signature_of("forklift-01").await, server.signature_of("forklift-01").await);
    server.advance("24h").await;
    server.get(TOKEN, &one).await.assert(200);
    send(two.sign(server.request(Method::DELETE, TOKEN))).await.assert(204);
}

/// §8.22.
#[tokio::test]
async fn client_name_in_the_client_header() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let forms = [Some(CLIENT), Some("acme-logistics"), Some("harbour-storage"), Some("acme"), Some(PUNE)];
    for (setting, by_name, by_others_name) in [
        (None, "400 ClientMalformed", "400 ClientMalformed"),
        (Some("refuse"), "400 ClientMalformed", "400 ClientMalformed"),
        (Some("accept"), "branch 1", "401 BranchUnknown"),
    ] {
        set(&server, json!({ "signing": { "client_name": setting } })).await;
        assert_eq!(
            shown_with(&server, &signature, "Client", forms).await,
            ["branch 1", by_name, by_others_name, "400 ClientMalformed", "401 ClientUnknown"],
            "{setting:?}"
        );
    }
}

/// §8.5. What a credential says of another client counts for nothing here.
#[tokio::test]
async fn a_token_of_another_client_does_not_choose_the_branch() {
    let server = TestServer::start().await;
    let body = json!({ "Client": "harbour-storage", "Login": "reach-stacker-01", "Password": "reach-stacker-01-pass" });
    let stranger = server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await.assert(200).json();
    for setting in ["derive", "ignore"] {
        set(&server, json!({ "signing": { "branch": setting } })).await;
        let mixed =
            Signature::api_key(BRATISLAVA, API_KEY).with("Branch", None).with("Token", stranger["Token"].as_str());
        let devices = server.get(DEVICES, &mixed).await.assert(200).json();
        assert!(devices.as_array().unwrap().iter().all(|device| device["BranchId"] == 1), "{devices}");
    }
}
