//! The open questions of docs/twinzo.md §8: what the vendor does not document is a setting, and each question is here
//! at the default of its setting and at every other value. This file has the settings themselves and how answers look;
//! `questions_signing` has who may call, `questions_records` what becomes of records.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, Signature, TestServer, send};

const AUTHENTICATE: &str = "/v3/Authorization/Authenticate";
const TOKEN: &str = "/v3/Authorization/Token";
const DEVICES: &str = "/v3/devices";

/// Changes what the default sandbox has set for twinzo. A null takes a setting back to its default.
pub(crate) async fn set(server: &TestServer, twinzo: Value) {
    server.admin(Method::PATCH, "/settings", Some(json!({ "twinzo": twinzo }))).await.assert(200);
}

async fn log_in(server: &TestServer, body: &Value) -> Reply {
    server.post(AUTHENTICATE, &Signature::none(), body).await
}

/// A log in with a wrong password.
fn wrong_password() -> Value {
    json!({ "Client": "acme-logistics", "Login": "agv-07", "Password": "made-up" })
}

#[track_caller]
fn assert_legacy(reply: Reply, status: u16, text: &str) {
    let reply = reply.assert(status);
    assert_eq!((reply.header("content-type"), reply.text.as_str()), ("application/json; charset=utf-8", text));
}

// === The settings ===

/// Every setting of §8 whose values are words, and the words.
const WORDS: [(&str, &str, &[&str]); 21] = [
    ("refusals", "body", &["problem", "empty", "legacy"]),
    ("refusals", "bad_login", &["401", "400", "403", "error-message"]),
    ("refusals", "missing_login", &["400", "401"]),
    ("signing", "client", &["require", "derive", "ignore"]),
    ("signing", "branch", &["require", "derive", "ignore"]),
    ("signing", "client_name", &["refuse", "accept"]),
    ("signing", "credentials", &["either", "both"]),
    ("signing", "last_millisecond", &["refuse", "accept"]),
    ("records", "api_key", &["401", "error-message"]),
    ("records", "other_logins", &["accept", "refuse"]),
    ("records", "duplicate", &["update", "create", "no-action"]),
    ("records", "far_stamps", &["accept", "refuse"]),
    ("records", "unknown_sector", &["accept", "refuse"]),
    ("records", "empty", &["accept", "refuse"]),
    ("records", "object", &["refuse", "accept"]),
    ("answers", "logout", &["204", "200"]),
    ("answers", "man_down_action", &["number", "name"]),
    ("answers", "other_media", &["refuse", "accept"]),
    ("answers", "sector_delete", &["text", "empty"]),
    ("answers", "sensor_made", &["list", "object"]),
    ("refresh", "token", &["new", "same"]),
];

/// The field and the sentence of a refused setting.
async fn refused(server: &TestServer, twinzo: Value) -> (String, String) {
    let patch = Some(json!({ "twinzo": twinzo }));
    let problem = server.admin(Method::PATCH, "/settings", patch).await.assert_problem(422);
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    (text("field"), text("detail"))
}

/// §8.
#[tokio::test]
async fn the_first_word_of_each_setting_is_its_default_and_all_are_taken() {
    let server = TestServer::start().await;
    let settings = server.admin(Method::GET, "/settings", None).await.assert(200).json();
    for (section, name, words) in WORDS {
        assert_eq!(settings["twinzo"][section][name], words[0], "{section}.{name}");
        for word in words {
            set(&server, json!({ (section): { (name): word } })).await;
            let now = server.admin(Method::GET, "/settings", None).await.assert(200).json();
            assert_eq!(now["twinzo"][section][name], *word, "{section}.{name}");
        }
    }
}

/// §8.
#[tokio::test]
async fn an_unknown_value_is_refused_with_what_is_allowed() {
    let server = TestServer::start().await;
    let before = server.admin(Method::GET, "/settings", None).await.assert(200).text;
    for (section, name, words) in WORDS {
        let (field, detail) = refused(&server, json!({ (section): { (name): "sometimes" } })).await;
        assert_eq!(field, format!("twinzo.{section}.{name}"));
        assert!(detail.contains("`sometimes`"), "{detail}");
        assert!(words.iter().all(|word| detail.contains(&format!("`{word}`"))), "{field}: {detail}");
    }
    for (setting, field, words) in [
        (json!({ "fidelity": "lax" }), "twinzo.fidelity", &["`vendor`", "`strict`"][..]),
        (json!({ "refresh": { "old": "stays" } }), "twinzo.refresh.old", &["\"dies\"", "\"lives\"", "\"10s\""]),
        (json!({ "refresh": { "expired": "lives" } }), "twinzo.refresh.expired", &["`refused`", "`refreshed`"]),
        (json!({ "refusals": { "tell_expired": "yes" } }), "twinzo.refusals.tell_expired", &["boolean"]),
        (json!({ "single_session": "yes" }), "twinzo.single_session", &["boolean"]),
        (json!({ "token_life": "long" }), "twinzo.token_life", &["\"24h\""]),
        (json!({ "refusals": { "bodi": "empty" } }), "twinzo.refusals.bodi", &["`body`", "`bad_login`"]),
    ] {
        let (at, detail) = refused(&server, setting).await;
        assert_eq!(at, field);
        assert!(words.iter().all(|word| detail.contains(word)), "{field}: {detail}");
    }
    assert_eq!(server.admin(Method::GET, "/settings", None).await.assert(200).text, before, "nothing was changed");
}

/// §8. Some of the words are digits, which invites to leave the quotes away.
#[tokio::test]
async fn a_number_where_a_word_belongs_is_refused_with_the_words() {
    let server = TestServer::start().await;
    for (section, name, words) in WORDS {
        let (field, detail) = refused(&server, json!({ (section): { (name): 5 } })).await;
        assert_eq!(field, format!("twinzo.{section}.{name}"));
        assert!(words.iter().all(|word| detail.contains(word)), "{field}: {detail}");
    }
}

/// §8.
#[tokio::test]
async fn each_sandbox_answers_by_its_own_settings() {
    let server = TestServer::start().await;
    let made = server.sandbox(json!({ "settings": { "twinzo": { "refusals": { "body": "empty" } } } })).await;
    let changed = server.sandbox(json!({})).await;
    let patch = json!({ "twinzo": { "refusals": { "body": "legacy" } } });
    changed.admin(Method::PATCH, "/settings", Some(patch)).await.assert(200);
    made.get(DEVICES, &Signature::none()).await.assert_empty(401);
    let text = r#"{"Code":"10","Message":"Token is not valid."}"#;
    assert_legacy(changed.get(DEVICES, &Signature::none()).await, 401, text);
    server.get(DEVICES, &Signature::none()).await.assert_problem(401);
}

// === How refusals look ===

/// §8.1.
#[tokio::test]
async fn body_of_a_401() {
    let server = TestServer::start().await;
    let bad = server.signature_of("forklift-01").await.with("Token", Some("made-up"));
    let problem = |code: &str| {
        json!({ "type": "https://tools.ietf.org/html/rfc9110#section-15.5.2", "title": "NotAuthorizedException",
                "status": 401, "detail": "Token is not valid.", "instance": DEVICES, "code": code })
    };
    assert_eq!(server.get(DEVICES, &bad).await.assert_problem(401), problem("10"));
    set(&server, json!({ "refusals": { "body": "problem", "code": "17" } })).await;
    assert_eq!(server.get(DEVICES, &bad).await.assert_problem(401), problem("17"));
    set(&server, json!({ "refusals": { "body": "empty" } })).await;
    server.get(DEVICES, &bad).await.assert_empty(401);
    send(server.request(Method::DELETE, TOKEN)).await.assert_empty(401);
    set(&server, json!({ "refusals": { "body": "legacy" } })).await;
    let text = r#"{"Code":"17","Message":"Token is not valid."}"#;
    assert_legacy(server.get(DEVICES, &bad).await, 401, text);
    assert_legacy(send(server.request(Method::DELETE, TOKEN)).await, 401, text);
    assert_eq!(server.last_reason().await, "CredentialMissing");
}

/// §8.1.
#[tokio::test]
async fn body_of_a_401_to_a_failed_log_in() {
    let server = TestServer::start().await;
    let problem = log_in(&server, &wrong_password()).await.assert_problem(401);
    assert_eq!(
        (&problem["title"], &problem["detail"]),
        (&json!("Authentication failed"), &json!("Invalid credentials."))
    );
    assert!(problem.get("code").is_none(), "{problem}");
    set(&server, json!({ "refusals": { "body": "empty" } })).await;
    log_in(&server, &wrong_password()).await.assert_empty(401);
    set(&server, json!({ "refusals": { "body": "legacy" } })).await;
    let text = r#"{"Code":"10","Message":"Invalid credentials."}"#;
    assert_legacy(log_in(&server, &wrong_password()).await, 401, text);
}

/// §8.2.
#[tokio::test]
async fn an_expired_token_told_apart_from_an_unknown_one() {
    let server = TestServer::start().await;
    let expired = server.signature_of("forklift-01").await;
    let unknown = expired.with("Token", Some("made-up"));
    server.advance("24h").await;
    for (setting, told) in
        [(None, "Token is expired."), (Some(true), "Token is expired."), (Some(false), "Token is not valid.")]
    {
        set(&server, json!({ "refusals": { "tell_expired": setting } })).await;
        for path in [DEVICES, TOKEN] {
            assert_eq!(server.get(path, &expired).await.assert_problem(401)["detail"], told, "{setting:?}");
            assert_eq!(server.last_reason().await, "TokenExpired");
            assert_eq!(server.get(path, &unknown).await.assert_problem(401)["detail"], "Token is not valid.");
            assert_eq!(server.last_reason().await, "TokenUnknown");
        }
    }
}

/// §8.3.
#[tokio::test]
async fn wrong_login_password_or_client_name_or_none() {
    let server = TestServer::start().await;
    for (setting, status) in
        [(None, 401), (Some("401"), 401), (Some("400"), 400), (Some("403"), 403), (Some("error-message"), 200)]
    {
        set(&server, json!({ "refusals": { "bad_login": setting } })).await;
        for (client, login, password, reason) in [
            (Some("acme"), "agv-07", "agv-07-pass", "ClientNameUnknown"),
            (None, "agv-07", "agv-07-pass", "ClientNameUnknown"),
            (Some("acme-logistics"), "agv-99", "agv-07-pass", "LoginUnknown"),
            (Some("acme-logistics"), "agv-07", "made-up", "PasswordWrong"),
        ] {
            let body = json!({ "Client": client, "Login": login, "Password": password });
            assert_bad_login(log_in(&server, &body).await, status);
            assert_eq!(server.last_reason().await, reason, "{setting:?}");
        }
        server.login_as("agv-07").await.assert(200);
    }
}

#[track_caller]
fn assert_bad_login(reply: Reply, status: u16) {
    if status == 200 {
        assert_legacy(reply, 200, r#"{"Success":false,"ErrorMessage":"Invalid credentials."}"#);
    } else {
        let problem = reply.assert_problem(status);
        assert_eq!(
            (&problem["title"], &problem["detail"]),
            (&json!("Authentication failed"), &json!("Invalid credentials."))
        );
    }
}

/// §8.4.
#[tokio::test]
async fn login_or_password_missing() {
    let server = TestServer::start().await;
    for (setting, status) in [(None, 400), (Some("400"), 400), (Some("401"), 401)] {
        set(&server, json!({ "refusals": { "missing_login": setting } })).await;
        for (body, name) in [
            (json!({ "Client": "acme-logistics", "Password": "agv-07-pass" }), "Login"),
            (json!({ "Client": "acme-logistics", "Login": "agv-07", "Password": "" }), "Password"),
        ] {
            let problem = log_in(&server, &body).await.assert_problem(status);
            if status == 400 {
                assert_eq!(problem["errors"], json!({ (name): [format!("The {name} field is required.")] }));
            } else {
                assert_eq!(problem["detail"], "Invalid credentials.");
            }
            assert_eq!(server.last_reason().await, "BodyInvalid");
        }
    }
}

// === How other answers look ===

/// §8.13.
#[tokio::test]
async fn status_of_delete_token() {
    let server = TestServer::start().await;
    for (setting, status) in [(None, 204), (Some("204"), 204), (Some("200"), 200)] {
        set(&server, json!({ "answers": { "logout": setting } })).await;
        let signature = server.signature_of("forklift-01").await;
        let reply = send(signature.sign(server.request(Method::DELETE, TOKEN))).await.assert(status);
        assert_eq!((reply.text.as_str(), reply.header("content-type")), ("", ""), "{setting:?}");
        server.get(DEVICES, &signature).await.assert_problem(401);
        assert_eq!(server.last_reason().await, "TokenRevoked");
    }
}

/// §8.20.
#[tokio::test]
async fn action_of_man_down() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let event = |login: &str| json!({ "Login": login, "Timestamp": 1, "FallType": 1 });
    for (setting, created, nothing) in [
        (None, json!(1), json!(0)),
        (Some("number"), json!(1), json!(0)),
        (Some("name"), json!("Create"), json!("NoAction")),
    ] {
        set(&server, json!({ "answers": { "man_down_action": setting } })).await;
        let one = server.post("/v3/devices/man-down", &signature, &event("forklift-01")).await.assert(200).json();
        assert_eq!(one, json!({ "Login": "forklift-01", "Timestamp": 1, "Action": created, "Success": true }));
        let events = json!([event("agv-07"), event("ghost-1")]);
        let batch = server.post("/v3/devices/man-down/batch", &signature, &events).await.assert(200).json();
        assert_eq!((&batch[0]["Action"], &batch[1]["Action"]), (&created, &nothing), "{setting:?}");
    }
}

/// §8.21.
#[tokio::test]
async fn unsupported_media_type() {
    let server = TestServer::start().await;
    let body = json!({ "Client": "acme-logistics", "Login": "agv-07", "Password": "agv-07-pass" });
    let post = |media_type: Option<&'static str>, body: &str| {
        let request = server.request(Method::POST, AUTHENTICATE).body(body.to_owned());
        send(media_type.into_iter().fold(request, |request, media_type| request.header("content-type", media_type)))
    };
    for (setting, status) in [(None, 415), (Some("refuse"), 415), (Some("accept"), 200)] {
        set(&server, json!({ "answers": { "other_media": setting } })).await;
        for media_type in [Some("text/plain"), Some("application/x-www-form-urlencoded"), None] {
            let reply = post(media_type, &body.to_string()).await.assert(status);
            if status == 415 {
                reply.assert_problem(415);
                assert_eq!(server.last_reason().await, "MediaTypeUnsupported", "{media_type:?}");
            }
        }
        // Whatever it is called, it is read as JSON.
        post(Some("text/plain"), "Login=agv-07").await.assert(if status == 415 { 415 } else { 400 });
        post(Some("application/json"), &body.to_string()).await.assert(200);
    }
}

/// §7, number 5.
#[tokio::test]
async fn answer_to_the_delete_of_a_sector() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    for (setting, status, text) in [(None, 200, r#""""#), (Some("text"), 200, r#""""#), (Some("empty"), 204, "")] {
        set(&server, json!({ "answers": { "sector_delete": setting } })).await;
        let sector = json!({ "Title": "Annex", "SectorWidth": 1000, "SectorHeight": 1000 });
        let made = server.post("/v3/sectors", &signature, &sector).await.assert(201).json();
        let path = format!("/v3/sectors/{}", made["Id"]);
        let reply = send(signature.sign(server.request(Method::DELETE, &path))).await.assert(status);
        assert_eq!(reply.text, text, "{setting:?}");
        server.get(&path, &signature).await.assert_problem(404);
    }
}

/// §7, number 12.
#[tokio::test]
async fn answer_to_the_making_of_a_sensor() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    for (position, setting) in [None, Some("list"), Some("object")].into_iter().enumerate() {
        set(&server, json!({ "answers": { "sensor_made": setting } })).await;
        let login = format!("thermometer-{position}");
        let sensor = json!({ "Login": login, "Title": "New", "Password": "made-up", "SectorId": 1 });
        let made = server.post("/v3/sensors", &signature, &sensor).await.assert(201).json();
        let one = if setting == Some("object") { &made } else { &made[0] };
        assert_eq!((made.is_object(), &one["Login"]), (setting == Some("object"), &json!(login)), "{made}");
    }
}
