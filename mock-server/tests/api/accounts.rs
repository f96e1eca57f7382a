//! Accounts and static keys come, change and go while clients run.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, API_KEY, BRATISLAVA, CLIENT, PUNE, PUNE_API_KEY, Reply, Signature, TestServer};

async fn login(server: &TestServer, login: &str, password: &str) -> Reply {
    let body = json!({ "Client": "acme-logistics", "Login": login, "Password": password });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await
}

#[tokio::test]
async fn a_device_comes_changes_and_goes() {
    let server = TestServer::start().await;
    let new = json!({ "login": "agv-99", "password": "first-pass", "branch": "Pune" });
    let made = server.admin(Method::POST, "/accounts", Some(new.clone())).await.assert(201).json();
    let expected = json!({ "vendor": "twinzo", "kind": "device", "login": "agv-99", "client": "acme-logistics",
        "branch": "Pune", "device": 17, "disabled": false });
    assert_eq!(made, expected);
    server.admin(Method::POST, "/accounts", Some(new)).await.assert_problem(409);
    let contract = login(&server, "agv-99", "first-pass").await.assert(200).json();
    let signature = Signature::token(&contract);
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1, "X": 5 }])).await.assert(200);
    assert_eq!(server.get("/v3/devices/17", &signature).await.assert(200).json()["X"], 5.0);

    let account = |method, body| server.admin(method, "/accounts/agv-99", body);
    account(Method::PATCH, Some(json!({ "password": "second-pass" }))).await.assert(200);
    login(&server, "agv-99", "first-pass").await.assert(401);
    login(&server, "agv-99", "second-pass").await.assert(200);
    server.get("/v3/devices", &signature).await.assert(200);

    account(Method::PATCH, Some(json!({ "disabled": true }))).await.assert(200);
    login(&server, "agv-99", "second-pass").await.assert(401);
    assert_eq!(server.last_reason().await, "AccountDisabled");
    server.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(server.last_reason().await, "AccountDisabled");
    account(Method::PATCH, Some(json!({ "disabled": false }))).await.assert(200);
    server.get("/v3/devices", &signature).await.assert(200);

    account(Method::DELETE, None).await.assert(204);
    server.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(server.last_reason().await, "AccountDeleted");
    login(&server, "agv-99", "second-pass").await.assert(401);
    assert_eq!(server.last_reason().await, "LoginUnknown");
    let tokens = server.admin(Method::GET, "/tokens", None).await.assert(200).json();
    assert_eq!(tokens["tokens"][0]["account"], Value::Null);
    let problem = account(Method::GET, None).await.assert_problem(404);
    assert_eq!(problem["suggestion"], "agv-07");
}

#[tokio::test]
async fn a_login_of_two_clients_must_say_whose() {
    let server = TestServer::start().await;
    let problem = server.admin(Method::GET, "/accounts/agv-07", None).await.assert_problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("?client="), "{problem}");
    let theirs = server.admin(Method::GET, "/accounts/agv-07?client=harbour-storage", None).await.assert(200).json();
    assert_eq!(theirs["branch"], "Tallinn");
    server.admin(Method::DELETE, "/accounts/agv-07?client=harbour-storage", None).await.assert(204);
    assert_eq!(server.admin(Method::GET, "/accounts/agv-07", None).await.assert(200).json()["branch"], "Bratislava");
    server.admin(Method::GET, "/accounts/agv-07?clint=x", None).await.assert_problem(400);
}

#[tokio::test]
async fn a_timbr_user_comes_changes_and_goes() {
    let server = TestServer::start().await;
    let new = json!({ "vendor": "timbr", "login": "carol", "password": "carol-pass" });
    let made = server.admin(Method::POST, "/accounts", Some(new)).await.assert(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("tk_") && token.len() == 67, "{token}");
    let signature = Signature(vec![("x-api-key", token)]);
    let status = async || server.get("/timbr/api/get_ontologies/", &signature).await.status;
    assert_eq!(status().await, 200);
    server.admin(Method::PATCH, "/accounts/carol", Some(json!({ "disabled": true }))).await.assert(200);
    assert_eq!((status().await, server.last_reason().await.as_str()), (401, "UserDisabled"));
    server.admin(Method::PATCH, "/accounts/carol", Some(json!({ "disabled": false }))).await.assert(200);
    assert_eq!(status().await, 200);
    server.admin(Method::DELETE, "/accounts/carol", None).await.assert(204);
    assert_eq!((status().await, server.last_reason().await.as_str()), (401, "KeyUnknown"));
    let colon = json!({ "vendor": "timbr", "login": "a:b", "password": "p" });
    server.admin(Method::POST, "/accounts", Some(colon)).await.assert_problem(422);
}

#[tokio::test]
async fn a_key_is_made_disabled_and_deleted() {
    let server = TestServer::start().await;
    let made = server.admin(Method::POST, "/keys", Some(json!({ "branch": "Pune" }))).await.assert(201).json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert_eq!((key.len(), &made["branch"], &made["state"]), (40, &json!("Pune"), &json!("live")));
    let status = async |branch| {
        let status = server.get("/v3/devices", &Signature::api_key(branch, key)).await.status;
        if status == 200 { "ok".to_owned() } else { server.last_reason().await }
    };
    assert_eq!((status(PUNE).await.as_str(), status(BRATISLAVA).await.as_str()), ("ok", "ApiKeyOfOtherBranch"));
    let path = format!("/keys/{id}");
    let change = |disabled: bool| server.admin(Method::PATCH, &path, Some(json!({ "disabled": disabled })));
    assert_eq!(change(true).await.assert(200).json()["state"], "disabled");
    assert_eq!(status(PUNE).await, "ApiKeyDisabled");
    change(false).await.assert(200);
    assert_eq!(status(PUNE).await, "ok");
    server.admin(Method::DELETE, &format!("/keys/{id}"), None).await.assert(204);
    assert_eq!(status(PUNE).await, "ApiKeyUnknown");
    server.admin(Method::DELETE, &format!("/keys/{id}"), None).await.assert_problem(404);
    let list = server.admin(Method::GET, "/keys", None).await.assert(200).json();
    let ids: Vec<_> = list["keys"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["key-1", "key-2", "key-3", "key-4", "key-5"], "the number of a deleted key is not given again");
    for secret in [API_KEY, PUNE_API_KEY, ALICE] {
        assert!(!list.to_string().contains(secret), "keys are shown as fingerprints");
    }
}

#[tokio::test]
async fn a_timbr_token_is_rotated_with_overlap() {
    let server = TestServer::start().await;
    let keys = server.admin(Method::GET, "/keys", None).await.json();
    let alice = keys["keys"].as_array().unwrap().iter().find(|key| key["user"] == "alice").unwrap()["id"].clone();
    let path = format!("/keys/{}/rotate", alice.as_str().unwrap());
    let new = server.admin(Method::POST, &path, Some(json!({ "overlap": "10m" }))).await.assert(201).json();
    let ask = async |token: &str| {
        let signature = Signature(vec![("x-api-key", token.to_owned())]);
        server.get("/timbr/api/get_ontologies/", &signature).await.status
    };
    let new = new["key"].as_str().unwrap();
    assert_eq!((ask(ALICE).await, ask(new).await), (200, 200));
    server.advance("10m").await;
    assert_eq!((ask(ALICE).await, server.last_reason().await.as_str()), (401, "KeyRetired"));
    assert_eq!(ask(new).await, 200);
    // A bearer buys the new one.
    let bearer =
        server.admin(Method::GET, "/credentials", None).await.json()["timbr"]["bearer"].as_str().unwrap().to_owned();
    let signature = Signature(vec![("Authorization", format!("Bearer {bearer}"))]);
    let bought = server.post("/timbr/api/get_token", &signature, &json!({})).await.assert(200).json();
    assert_eq!(bought["data"], json!([new]));
}

#[tokio::test]
async fn new_secrets_are_hidden_from_the_journal() {
    let server = TestServer::start().await;
    let new = json!({ "login": "agv-99", "password": "an-odd-word" });
    server.admin(Method::POST, "/accounts", Some(new)).await.assert(201);
    let made = server.admin(Method::POST, "/keys", Some(json!({ "key": "an-odd-key" }))).await.assert(201).json();
    assert_eq!(made["key"], "an-odd-key");
    let sql = json!({ "ontology_name": "supply_chain", "query": "select 'an-odd-word', 'an-odd-key'" });
    server.post("/timbr/api/query/", &Signature(vec![("x-api-key", ALICE.to_owned())]), &sql).await.assert(200);
    let entry = server.last_entry().await.to_string();
    assert!(entry.contains("fingerprint:") && !entry.contains("an-odd-"), "{entry}");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.admin(Method::GET, "/credentials", None).await.json();
    for (method, path, body, status, words) in [
        (Method::POST, "/accounts", json!({ "login": "x" }), 422, "missing field `password`"),
        (Method::POST, "/accounts", json!({ "login": "", "password": "p" }), 422, "login: allowed"),
        (Method::POST, "/accounts", json!({ "login": "x", "password": "p", "branch": "Puna" }), 422, "Pune"),
        (Method::POST, "/accounts", json!({ "login": "x", "password": "p", "kind": "robot" }), 422, "`device`"),
        (Method::POST, "/accounts", json!({ "vendor": "acme", "login": "x", "password": "p" }), 422, "`twinzo`"),
        (Method::PATCH, "/accounts/forklift-01", json!({ "password": "" }), 422, "password: allowed"),
        (Method::PATCH, "/accounts/forklift-01", json!({ "login": "y" }), 422, "unknown field `login`"),
        (Method::POST, "/keys", json!({ "user": "alicia" }), 422, "did you mean \"alice\""),
        (Method::POST, "/keys", json!({ "user": "alice", "branch": "Pune" }), 422, "no client and no branch"),
        (Method::POST, "/keys", json!({ "key": API_KEY }), 409, "already"),
        (Method::POST, "/keys", json!({ "key": "a b" }), 422, "visible ASCII"),
        (Method::PATCH, "/keys/key-99", json!({ "disabled": true }), 404, "there is no key"),
        (Method::POST, "/keys/key-99/rotate", json!({}), 404, "there is no key"),
        (Method::POST, "/keys/nonsense/rotate", json!({}), 404, "there is no key"),
        (Method::POST, "/keys/key-1/rotate", json!({ "overlap": "soon" }), 422, "not a duration"),
    ] {
        let problem = server.admin(method, path, Some(body.clone())).await.assert_problem(status);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{path} {body} → {problem}");
        assert!(!problem.to_string().contains(API_KEY), "{problem}");
    }
    assert_eq!(server.admin(Method::GET, "/credentials", None).await.json(), before);
    assert_eq!(before["twinzo"]["client_guid"], CLIENT);
}

#[tokio::test]
async fn nothing_of_a_deleted_account_goes_to_the_next_one() {
    let server = TestServer::start().await;
    let add =
        |login: &str| server.admin(Method::POST, "/accounts", Some(json!({ "login": login, "password": "a-pass" })));
    add("victim").await.assert(201);
    let signature = Signature::token(&login(&server, "victim", "a-pass").await.assert(200).json());
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1, "X": 777 }])).await.assert(200);
    let stored = json!({ "account": "victim", "life": "1s" });
    server.admin(Method::POST, "/tokens/next", Some(stored)).await.assert(201);
    server.admin(Method::DELETE, "/accounts/victim", None).await.assert(204);
    add("newcomer").await.assert(201);
    server.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(server.last_reason().await, "AccountDeleted");
    let contract = login(&server, "newcomer", "a-pass").await.assert(200).json();
    let life = contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap();
    assert_eq!(life, 86_400_000);
    let device = server.get("/v3/devices/login/newcomer", &Signature::token(&contract)).await.assert(200).json();
    assert_eq!(device.get("X"), None, "{device}");
}

#[tokio::test]
async fn a_key_that_was_rotated_twice_does_not_come_back() {
    let server = TestServer::start().await;
    let rotate = |body| server.admin(Method::POST, "/keys/key-1/rotate", Some(body));
    rotate(json!({})).await.assert(201);
    rotate(json!({ "overlap": "1h" })).await.assert(201);
    server.get("/v3/devices", &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(401);
    assert_eq!(server.last_reason().await, "ApiKeyRetired");
}

#[tokio::test]
async fn credentials_go_on_fitting_together_after_a_rotation() {
    let server = TestServer::start().await;
    let rotate = server.admin(Method::POST, "/keys/key-1/rotate", Some(json!({ "overlap": "1h" })));
    let new = rotate.await.assert(201).json()["key"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let credentials = server.admin(Method::GET, "/credentials", None).await.assert(200).json();
        assert_eq!(credentials["twinzo"]["api_keys"][0], json!({ "key": new }), "the newest that opens every branch");
        let lines = server.admin(Method::GET, "/credentials?format=env", None).await.assert(200).text;
        assert!(lines.contains(&format!("export TWINZO_API_KEY='{new}'\n")), "{lines}");
        server.advance("2h").await;
    }
}
