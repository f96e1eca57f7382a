//! Orders, configuration, logs, users and files: docs/twinzo.md §6.

use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, START_MS, Signature, TestServer};

const USER: &str = "dispatcher@acme.example";

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

fn pune() -> Signature {
    Signature::api_key(PUNE, API_KEY)
}

async fn user(server: &TestServer, login: &str, password: &str) -> Signature {
    let body = json!({ "Client": "acme-logistics", "Login": login, "Password": password });
    let reply = server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await;
    Signature::token(&reply.assert(200).json())
}

#[tokio::test]
async fn orders_are_those_of_a_range() {
    let server = TestServer::start().await;
    let order = json!([{ "OrderId": 1, "Status": 2, "ItemCount": 3, "ItemList": "3 x pallet", "Created": START_MS,
        "Updated": START_MS + 60_000 }]);
    let get = async |query: &str| server.get(&format!("/v3/aos/v2/data/orders/{query}"), &key()).await;
    // Both ends belong to the range.
    let then = format!("?start={START_MS}&stop={START_MS}");
    for query in ["", then.as_str()] {
        assert_eq!(get(query).await.assert(200).json(), order, "{query}");
    }
    for (start, stop) in [(START_MS + 1, START_MS + 7_200_000), (0, START_MS - 1)] {
        assert_eq!(get(&format!("?start={start}&stop={stop}")).await.assert(200).text, "[]");
    }
    for (query, name) in [("?start=now", "start"), ("?stop=1.5", "stop")] {
        assert!(get(query).await.assert_problem(400)["errors"][name].is_array(), "{query}");
    }
    assert_eq!(server.get("/v3/aos/v2/data/orders", &pune()).await.assert(200).text, "[]");
    server.get("/v3/aos/orders", &key()).await.assert_empty(404);
}

#[tokio::test]
async fn configuration_is_of_a_branch_or_of_an_account() {
    let server = TestServer::start().await;
    let (forklift, walker) = (server.signature_of("forklift-01").await, server.signature_of("walker-01").await);
    let (dark, light) = (json!({ "name": "dark", "contrast": 2 }), json!({ "name": "light" }));
    for (path, signature, expected) in [
        ("branch/map-theme", key(), Some(&dark)),
        ("branch/map-theme", walker.clone(), Some(&dark)),
        ("branch/other", key(), None),
        ("branch/map-theme", pune(), None),
        ("account/map-theme", forklift, Some(&light)),
        ("account/map-theme", walker, None),
        ("account/forklift-01/map-theme", key(), Some(&light)),
        ("account/forklift-01/other", key(), None),
        ("account/walker-01/map-theme", key(), None),
    ] {
        let reply = server.get(&format!("/v3/configuration/{path}"), &signature).await;
        match expected {
            Some(value) => assert_eq!(reply.assert(200).json(), *value, "{path}"),
            None => assert_eq!(reply.assert_problem(404)["code"], "13", "{path}"),
        }
    }
    server.get("/v3/configuration/account/map-theme", &key()).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRequired");
}

#[tokio::test]
async fn the_last_change_of_a_key_is_a_bare_integer() {
    let server = TestServer::start().await;
    let reply = server.get("/v3/configuration/map-theme/last-change", &key()).await.assert(200);
    // The account's value changed a minute after the branch's.
    assert_eq!(reply.text, (START_MS + 60_000).to_string());
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    server.get("/v3/configuration/other/last-change", &key()).await.assert_problem(404);
}

#[tokio::test]
async fn a_line_of_a_log_comes_back_with_what_it_lacked() {
    let server = TestServer::start().await;
    server.advance("5s").await;
    let body = json!({ "AccountId": null, "Message": "low battery", "Level": "Warning", "Timestamp": null, "Login": "walker-01" });
    let made = server.post("/v3/logs", &key(), &body).await.assert(201).json();
    assert!(made["Id"].is_i64() && made["AccountId"].is_i64(), "{made}");
    let expected = json!({ "Id": made["Id"], "AccountId": made["AccountId"], "Message": "low battery", "Level": "Warning",
        "Timestamp": START_MS + 5000, "BranchId": 1, "Login": "walker-01" });
    assert_eq!(made, expected);
    let body = json!({ "Id": 77, "AccountId": 7, "Message": "x", "Level": "Error", "Timestamp": 5, "BranchId": 9,
        "Login": "walker-01" });
    let next = server.post("/v3/logs", &server.signature_of("agv-07").await, &body).await.assert(201).json();
    let expected = json!({ "Id": next["Id"], "AccountId": 7, "Message": "x", "Level": "Error", "Timestamp": 5,
        "BranchId": 1, "Login": "walker-01" });
    assert_eq!(next, expected);
    assert!(next["Id"] != made["Id"] && next["Id"] != 77, "{next}");
    let of_pune = server.post("/v3/logs", &pune(), &json!({ "Message": "x" })).await.assert(201).json();
    assert_eq!(of_pune["BranchId"], 2);
    let reply = server.get("/v3/logs", &key()).await;
    assert_eq!(reply.header("allow"), "POST");
    reply.assert_empty(405);
}

#[tokio::test]
async fn a_user_sees_its_own_details_and_nobody_elses() {
    let server = TestServer::start().await;
    let dana = json!({ "Id": 1, "BranchId": 1, "Name": "Dana", "Surname": "Example", "Email": USER,
        "Phone": "+421 000 000 000", "AllowDemo": false });
    let signature = user(&server, USER, "dispatcher-pass").await;
    assert_eq!(server.get("/v3/users/detail", &signature).await.assert(200).json(), dana);
    for login in ["forklift-01", "dock-thermometer"] {
        let signature = server.signature_of(login).await;
        server.get("/v3/users/detail", &signature).await.assert_problem(404);
    }
    server.get("/v3/users/detail", &key()).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRequired");
}

#[tokio::test]
async fn a_user_that_was_made_logs_in_and_sees_itself() {
    let server = TestServer::start().await;
    let body = json!({ "Login": "shift-lead@acme.example", "Password": "secret-of-lead", "Name": "Lee", "Surname": "Lead",
        "Email": "shift-lead@acme.example", "Phone": null, "Id": 77, "BranchId": 9 });
    let reply = server.post("/v3/users", &pune(), &body).await.assert(201);
    assert!(!reply.text.contains("secret"), "{}", reply.text);
    let made = reply.json();
    let expected = json!({ "Id": made["Id"], "BranchId": 2, "Name": "Lee", "Surname": "Lead",
        "Email": "shift-lead@acme.example", "AllowDemo": false });
    assert_eq!(made, expected);
    assert!(made["Id"] != 1 && made["Id"] != 77, "{made}");
    let signature = user(&server, "shift-lead@acme.example", "secret-of-lead").await;
    assert_eq!(signature.value("Branch"), PUNE);
    assert_eq!(server.get("/v3/users/detail", &signature).await.assert(200).json(), made);
    server.post("/v3/users", &key(), &body).await.assert_problem(409);
    let problem = server.post("/v3/users", &key(), &json!({ "Name": "Lee" })).await.assert_problem(400);
    let expected =
        json!({ "Login": ["The Login field is required."], "Password": ["The Password field is required."] });
    assert_eq!(problem["errors"], expected);
}

#[tokio::test]
async fn users_know_post_only() {
    let server = TestServer::start().await;
    for signature in [key(), Signature::none()] {
        let reply = server.get("/v3/users", &signature).await;
        assert_eq!(reply.header("allow"), "POST");
        reply.assert_empty(405);
    }
    server.get("/v3/users/1", &key()).await.assert_empty(404);
}

#[tokio::test]
async fn files_are_bytes_and_what_is_said_of_them_is_json() {
    let server = TestServer::start().await;
    for (path, text) in
        [("file/readme.txt", "Nothing to see here.\n"), ("demo-file/demo-hall.json", r#"{"hall":"demo"}"#)]
    {
        let reply = server.get(&format!("/v3/utils/{path}"), &key()).await.assert(200);
        assert_eq!(reply.text, text, "{path}");
        assert_eq!(reply.header("content-length"), text.len().to_string());
        assert_eq!(reply.header("content-type"), "application/octet-stream");
    }
    for (path, expected) in [
        ("unity-last-version/android", json!("4.2.0")),
        ("unity-last-version/windows", json!("4.2.1")),
        ("unity-bundle-info/hall-a", json!({ "Version": "7", "Size": 120_034, "Name": "hall-a" })),
        ("demo-files-info", json!([{ "Version": "2", "Size": 15, "Name": "demo-hall.json" }])),
    ] {
        let reply = server.get(&format!("/v3/utils/{path}"), &key()).await.assert(200);
        assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
        assert_eq!(reply.json(), expected, "{path}");
    }
    let strange =
        ["file/demo-hall.json", "demo-file/readme.txt", "unity-last-version/amiga", "unity-bundle-info/hall-b"];
    for path in strange {
        let problem: Value = server.get(&format!("/v3/utils/{path}"), &key()).await.assert_problem(404);
        assert_eq!(problem["code"], "13", "{path}");
    }
    server.get("/v3/utils/file/readme.txt", &Signature::none()).await.assert_problem(401);
}
