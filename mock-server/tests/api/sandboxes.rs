//! Sandboxes: made, found in every way, listed, reset, deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, CLIENT, START_MS, Signature, TestServer, send};

#[tokio::test]
async fn a_sandbox_is_made_with_an_identity_of_its_own() {
    let server = TestServer::start().await;
    let made = server.admin(
        Method::POST,
        "/sandboxes",
        Some(json!({ "name": "t1", "seed": 7, "clock": { "frozen": "2026-01-01T00:00:00Z" } })),
    );
    let made = made.await.assert(201);
    assert_eq!(made.header("location"), "/__admin/sandboxes/t1");
    let made = made.json();
    assert_eq!(
        (&made["id"], &made["base_url"]),
        (&json!("t1"), &json!(format!("{}/sandbox/t1", server.server.base_url())))
    );
    let twinzo = &made["credentials"]["twinzo"];
    assert_eq!(twinzo["client"], "acme-logistics-t1");
    assert_ne!(twinzo["client_guid"], CLIENT);
    assert_eq!(twinzo["devices"][0]["password"], "forklift-01-pass", "passwords are the world's");
    let again = TestServer::start().await;
    let again = again.sandbox(json!({ "name": "t1", "seed": 7 })).await;
    assert_eq!(again.credentials, made["credentials"], "same seed and name, same identity");
    let one = server.admin(Method::GET, "/sandboxes/t1", None).await.assert(200).json();
    assert_eq!((&one["exchanges"], &one["ttl_ms"]), (&json!(0), &json!(3_600_000)));
    let all = server.admin(Method::GET, "/sandboxes", None).await.assert(200).json();
    let ids: Vec<_> = all["sandboxes"].as_array().unwrap().iter().map(|sandbox| sandbox["id"].clone()).collect();
    assert_eq!((json!(ids), &all["limit"]), (json!(["default", "t1"]), &json!(1000)));
    server.admin(Method::DELETE, "/sandboxes/t1", None).await.assert(204);
    server.admin(Method::GET, "/sandboxes/t1", None).await.assert_problem(404);
    server.get("/sandbox/t1/v3/devices", &Signature::none()).await.assert_problem(404);
    server.admin(Method::DELETE, "/sandboxes/default", None).await.assert_problem(409);
}

#[tokio::test]
async fn a_request_finds_its_sandbox_in_each_way() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let twinzo = &own.credentials["twinzo"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let via = async |reply: crate::support::Reply, status: u16| {
        reply.assert(status);
        text(&own.last_entry().await["via"])
    };
    let (branch, key) = (text(&twinzo["branches"][0]["guid"]), text(&twinzo["api_keys"][0]["key"]));
    // By prefix and by header, whatever the request carries.
    assert_eq!(via(own.get("/v3/clients", &Signature::none()).await, 401).await, "path");
    let named = Signature(vec![("X-Mock-Sandbox", "own".to_owned())]);
    assert_eq!(via(server.get("/v3/clients", &named).await, 401).await, "header");
    // By each credential.
    let client = Signature(vec![("Client", text(&twinzo["client_guid"]))]);
    assert_eq!(via(server.get("/v3/clients", &client).await, 401).await, "credential");
    let login = json!({ "client": twinzo["client"], "login": "forklift-01", "password": "forklift-01-pass" });
    let reply = server.post("/v3/Authorization/Authenticate", &Signature::none(), &login).await;
    let token = text(&reply.json()["Token"]);
    assert_eq!(via(reply, 200).await, "credential");
    for (name, value, status) in [("Api-Key", key.clone(), 401), ("Token", token, 401), ("Token", "x".repeat(44), 0)] {
        let reply = server.get("/v3/clients", &Signature(vec![(name, value)])).await;
        if status == 0 {
            reply.assert(401);
            assert_eq!(server.last_entry().await["via"], "default");
        } else {
            assert_eq!(via(reply, status).await, "credential");
        }
    }
    let timbr = Signature(vec![("x-api-key", text(&own.credentials["timbr"]["users"][0]["token"]))]);
    assert_eq!(via(server.get("/timbr/api/get_ontologies/", &timbr).await, 200).await, "credential");
    // All that is signed goes to one place, and the answers are whole.
    let signature = Signature(vec![("Client", text(&twinzo["client_guid"])), ("Branch", branch), ("Api-Key", key)]);
    let clients = server.get("/v3/clients", &signature).await.assert(200).json();
    assert_eq!(clients[0]["Title"], "acme-logistics-own");
    assert_eq!(server.admin(Method::GET, "/requests", None).await.json()["total"], 1, "default saw the odd one only");
}

#[tokio::test]
async fn a_jwt_finds_its_sandbox_too() {
    let server = TestServer::with(|config| config.twinzo.token_format = mock_server::token::TokenFormat::Jwt).await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let token = own.login_as("forklift-01").await.assert(200).json()["Token"].as_str().unwrap().to_owned();
    let request = server.request(Method::DELETE, "/v3/authorization/token").header("Token", token);
    send(request).await.assert(204);
    assert_eq!(own.last_entry().await["via"], "credential");
}

#[tokio::test]
async fn an_unknown_sandbox_is_a_404_and_never_default() {
    let server = TestServer::start().await;
    server.sandbox(json!({ "name": "worker-1" })).await;
    let named = Signature(vec![("X-Mock-Sandbox", "worker-2".to_owned())]);
    for reply in [
        server.get("/sandbox/worker-2/v3/clients", &Signature::none()).await,
        server.get("/v3/clients", &named).await,
        server.admin(Method::GET, "/sandboxes/worker-2/clock", None).await,
        send(server.request(Method::GET, "/__admin/clock").header("X-Mock-Sandbox", "worker-2")).await,
    ] {
        let problem = reply.assert_problem(404);
        assert!(problem["detail"].as_str().unwrap().contains("did you mean \"worker-1\"?"), "{problem}");
    }
    assert_eq!(server.admin(Method::GET, "/requests", None).await.json()["total"], 0);
}

#[tokio::test]
async fn a_credential_of_several_sandboxes_selects_none() {
    let server = TestServer::start().await;
    let world = json!({ "client": [{
        "id": 1, "guid": "11111111-0000-4000-8000-000000000001", "name": "shared", "db_name": "shared",
        "branch": [{ "title": "Only" }], "api_key": [{ "key": "shared-key" }],
    }] });
    let one = server.sandbox(json!({ "name": "one", "world": world })).await;
    let signature = Signature(vec![("Api-Key", "shared-key".to_owned())]);
    server.get("/v3/clients", &signature).await.assert(401);
    assert_eq!(one.last_entry().await["via"], "credential");
    server.sandbox(json!({ "name": "two", "world": world })).await;
    server.get("/v3/clients", &signature).await.assert(401);
    assert_eq!(server.last_entry().await["via"], "default: several sandboxes hold the credential");
    server.admin(Method::DELETE, "/sandboxes/two", None).await.assert(204);
    server.get("/v3/clients", &signature).await.assert(401);
    assert_eq!(one.admin(Method::GET, "/requests", None).await.json()["total"], 2);
}

#[tokio::test]
async fn a_foreign_token_in_a_named_sandbox_has_its_own_reason() {
    let server = TestServer::start().await;
    let (one, two) = (server.sandbox(json!({ "name": "one" })).await, server.sandbox(json!({ "name": "two" })).await);
    let foreign = one.signature_of("forklift-01").await.value("Token").to_owned();
    let signature = two.signature_of("forklift-01").await.with("Token", Some(&foreign));
    let problem = two.get("/v3/devices", &signature).await.assert_problem(401);
    assert_eq!(two.last_reason().await, "TokenOfOtherSandbox");
    assert_eq!(problem["instance"], "/v3/devices", "the prefix is ours, not the vendor's");
    assert_eq!(two.last_entry().await["path"], "/sandbox/two/v3/devices");
}

#[tokio::test]
async fn admin_nouns_are_reached_in_three_ways() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    own.advance("1h").await;
    let hour = START_MS + 3_600_000;
    assert_eq!(own.admin(Method::GET, "/clock", None).await.json()["now_ms"], hour);
    let below = server.request(Method::GET, "/sandbox/own/__admin/clock?timeout=1s");
    assert_eq!(send(below).await.assert(200).json()["now_ms"], hour);
    let named = server.request(Method::GET, "/__admin/clock").header("X-Mock-Sandbox", "own");
    assert_eq!(send(named).await.assert(200).json()["now_ms"], hour);
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS);
    send(server.request(Method::GET, "/sandbox/own/health")).await.assert(200);
    send(server.request(Method::GET, "/sandbox/own/__admin/nope")).await.assert_problem(404);
    for noun in ["requests", "clock", "faults", "tokens", "accounts", "keys", "listeners", "credentials", "settings"] {
        own.admin(Method::GET, &format!("/{noun}"), None).await.assert(200);
        server.admin(Method::GET, &format!("/{noun}"), None).await.assert(200);
    }
}

#[tokio::test]
async fn a_reset_is_about_one_sandbox_or_about_all() {
    let server = TestServer::start().await;
    let (one, two) = (server.sandbox(json!({ "name": "one" })).await, server.sandbox(json!({ "name": "two" })).await);
    for sandbox in [&one, &two] {
        sandbox.advance("1h").await;
        sandbox.login_as("forklift-01").await.assert(200);
        let patch = json!({ "twinzo": { "token_life": "5s" } });
        sandbox.admin(Method::PATCH, "/settings", Some(patch)).await.assert(200);
        let account = json!({ "login": "new", "password": "new-pass" });
        sandbox.admin(Method::POST, "/accounts", Some(account)).await.assert(201);
    }
    let state = async |sandbox: &crate::support::TestSandbox<'_>| {
        let clock = sandbox.admin(Method::GET, "/clock", None).await.json()["now_ms"].as_i64().unwrap();
        let tokens = sandbox.admin(Method::GET, "/tokens", None).await.json()["total"].clone();
        let settings = sandbox.admin(Method::GET, "/settings", None).await.json();
        let account = sandbox.admin(Method::GET, "/accounts/new", None).await.status;
        json!([clock - START_MS, tokens, settings["twinzo"]["token_life"], account])
    };
    let changed = json!([3_600_000, 1, "5s", 200]);
    let seed = json!([0, 0, "24h", 404]);
    one.admin(Method::POST, "/reset", None).await.assert(204);
    assert_eq!((state(&one).await, state(&two).await), (seed.clone(), changed));
    server.advance("1h").await;
    server.admin(Method::POST, "/reset?all=true", None).await.assert(204);
    assert_eq!(state(&two).await, seed);
    assert_eq!(server.admin(Method::GET, "/clock", None).await.json()["now_ms"], START_MS);
}

#[tokio::test]
async fn a_bad_sandbox_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::with(|config| config.limits.sandboxes = "2".parse().unwrap()).await;
    server.sandbox(json!({ "name": "taken" })).await;
    for (new, status, field, words) in [
        (json!({ "name": "taken" }), 409, "name", "already"),
        (json!({ "name": "../x" }), 422, "name", "cannot be the name"),
        (json!({ "nmae": "x" }), 422, "nmae", "`name`"),
        (json!({ "clock": { "mode": "frosen" } }), 422, "clock.mode", "`frozen`"),
        (json!({ "clock": { "rate": -1 } }), 422, "clock.rate", "not a rate"),
        (json!({ "world": { "client": [{ "id": "x" }] } }), 422, "world.client[0].id", "expected i32"),
        (
            json!({ "settings": { "twinzo": { "token_life": "soon" } } }),
            422,
            "settings.twinzo.token_life",
            "not a duration",
        ),
        (
            json!({ "settings": { "twinzo": { "account_token_life": { "agv-7": "5s" } } } }),
            422,
            "twinzo.account_token_life",
            "did you mean \"agv-07\"",
        ),
        (json!({ "settings": { "timbr": { "bearer_key": "fernet-key" } } }), 422, "timbr.auth_salt", "no Fernet key"),
        (
            json!({ "faults": [{ "match": { "account": "agv-7" }, "effect": { "status": 503 } }] }),
            422,
            "match.account",
            "did you mean \"agv-07\"",
        ),
        (json!({ "ttl": "0s" }), 422, "ttl", "not a duration"),
    ] {
        let problem = server.admin(Method::POST, "/sandboxes", Some(new.clone())).await.assert_problem(status);
        assert_eq!(problem["field"].as_str().unwrap_or_default(), field, "{new} → {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{new} → {problem}");
    }
    server.sandbox(json!({})).await;
    let problem = server.admin(Method::POST, "/sandboxes", Some(json!({}))).await.assert_problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("limits.sandboxes"), "{problem}");
}

#[tokio::test]
async fn settings_are_shown_without_secrets_and_changed_by_patch() {
    let server = TestServer::with(|config| config.twinzo.jwt_secret = "made-up-secret".into()).await;
    let patch = json!({ "twinzo": { "created_lag_ms": 4, "refresh": { "old": "10s" } } });
    let settings = server.admin(Method::PATCH, "/settings", Some(patch)).await.assert(200).json();
    assert_eq!(
        (&settings["twinzo"]["created_lag_ms"], &settings["twinzo"]["refresh"]["old"]),
        (&json!(4), &json!("10s"))
    );
    assert!(settings["twinzo"]["jwt_secret"].as_str().unwrap().starts_with("fingerprint:"), "{settings}");
    let contract = server.login_as("forklift-01").await.json();
    assert_eq!(contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap(), 86_399_996);
    let problem = server.admin(Method::PATCH, "/settings", Some(json!({ "twinzo": { "refesh": {} } }))).await;
    let problem = problem.assert_problem(422);
    assert_eq!(problem["suggestion"], "refresh");
}

#[tokio::test]
async fn the_second_client_is_shut_out_of_the_first() {
    let server = TestServer::start().await;
    let credentials = server.admin(Method::GET, "/credentials", None).await.assert(200).json();
    let other = &credentials["twinzo_others"][0];
    let (guid, branch) = (other["client_guid"].as_str().unwrap(), other["branches"][0]["guid"].as_str().unwrap());
    let key = other["api_keys"][0]["key"].as_str().unwrap();
    let theirs =
        Signature(vec![("Client", guid.to_owned()), ("Branch", branch.to_owned()), ("Api-Key", key.to_owned())]);
    let devices = server.get("/v3/devices", &theirs).await.assert(200).json();
    let logins: Vec<_> = devices.as_array().unwrap().iter().map(|device| &device["Login"]).collect();
    assert_eq!(logins, ["reach-stacker-01", "agv-07"]);
    for (signature, reason) in [
        (theirs.with("Client", Some(CLIENT)), "BranchUnknown"),
        (theirs.with("Branch", Some(BRATISLAVA)), "BranchUnknown"),
        (theirs.with("Api-Key", Some(API_KEY)), "ApiKeyOfOtherClient"),
        (
            theirs.with("Api-Key", None).with("Token", Some(server.signature_of("agv-07").await.value("Token"))),
            "TokenOfOtherClient",
        ),
    ] {
        server.get("/v3/devices", &signature).await.assert(401);
        assert_eq!(server.last_reason().await, reason);
    }
    let login = json!({ "Client": "harbour-storage", "Login": "agv-07", "Password": "agv-07-pass" });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &login).await.assert(401);
    assert_eq!(server.last_reason().await, "PasswordWrong");
}

#[tokio::test]
async fn a_name_that_comes_back_is_not_the_same_sandbox() {
    let server = TestServer::start().await;
    let old = server.sandbox(json!({ "name": "t1" })).await;
    let signature = old.signature_of("forklift-01").await;
    server.admin(Method::DELETE, "/sandboxes/t1", None).await.assert(204);
    let new = server.sandbox(json!({ "name": "t1" })).await;
    let other = new.signature_of("walker-01").await;
    assert_ne!(signature.value("Token"), other.value("Token"));
    new.get("/v3/devices", &signature).await.assert(401);
    assert_eq!(new.last_reason().await, "TokenOfEarlierRun");
}

#[tokio::test]
async fn what_names_no_sandbox_is_never_about_default() {
    let server = TestServer::start().await;
    server.sandbox(json!({ "name": "t1" })).await;
    for (method, path) in [
        (Method::POST, "/__admin/sandboxes/%ff/reset"),
        (Method::GET, "/sandbox/nobody/health"),
        (Method::GET, "/sandbox/nobody/__admin/sandboxes"),
        (Method::GET, "/sandbox/%74%31/__admin/clock"),
        (Method::GET, "/sandbox//v3/devices"),
    ] {
        send(server.request(method, path)).await.assert_problem(404);
    }
    send(server.request(Method::GET, "/sandbox/t1/__admin/health")).await.assert(200);
    send(server.request(Method::POST, "/health")).await.assert_problem(405);
}

#[tokio::test]
async fn what_is_there_no_longer_does_not_block_other_settings() {
    let server = TestServer::start().await;
    let life = json!({ "twinzo": { "account_token_life": { "forklift-01": "5s" } } });
    server.admin(Method::PATCH, "/settings", Some(life)).await.assert(200);
    server.admin(Method::DELETE, "/accounts/forklift-01", None).await.assert(204);
    server.admin(Method::PATCH, "/settings", Some(json!({ "journal": { "wire": true } }))).await.assert(200);
    let wrong = json!({ "twinzo": { "account_token_life": { "forklift-02": "5s" } } });
    server.admin(Method::PATCH, "/settings", Some(wrong)).await.assert_problem(422);
}

#[tokio::test]
async fn credentials_come_as_lines_for_a_shell_too() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let lines = own.admin(Method::GET, "/credentials?format=env", None).await.assert(200).text;
    assert!(lines.contains(&format!("export TWINZO_URL='{}/sandbox/own'\n", server.server.base_url())), "{lines}");
    assert!(lines.contains("export TWINZO_CLIENT='acme-logistics-own'\n"), "{lines}");
    own.admin(Method::GET, "/credentials?format=yaml", None).await.assert_problem(400);
}

#[tokio::test]
async fn the_worlds_name_of_a_client_is_explained() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let login = json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "forklift-01-pass" });
    own.post("/v3/Authorization/Authenticate", &Signature::none(), &login).await.assert(401);
    let detail = own.last_entry().await["detail"].as_str().unwrap().to_owned();
    assert_eq!(detail, r#"in this sandbox the client "acme-logistics" is named "acme-logistics-own""#);
}

#[tokio::test]
async fn a_request_under_way_is_answered_while_the_server_drains() {
    let server = TestServer::start().await;
    let held = json!({ "operation": "authenticate", "parties": 2, "patience": "300ms" });
    server.admin(Method::POST, "/tokens/gather", Some(held)).await.assert(204);
    let body = json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "forklift-01-pass" });
    let login = tokio::spawn(send(server.request(Method::POST, "/v3/Authorization/Authenticate").json(&body)));
    // Until it is there, and waits for another.
    while server.admin(Method::POST, "/clock/advance", Some(json!({ "by": 0, "if_idle": true }))).await.status == 200 {}
    server.server.shutdown().await;
    login.await.unwrap().assert(200);
}

#[tokio::test]
async fn whoever_waits_in_a_sandbox_hears_of_its_end() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let (waiting, deleted) = tokio::join!(
        own.admin(Method::GET, "/clock?until=2030-01-01T00:00:00Z&timeout=1m", None),
        // Whichever comes first, the wait ends.
        server.admin(Method::DELETE, "/sandboxes/own", None)
    );
    deleted.assert(204);
    waiting.assert_problem(404);
}
