//! Rows that log in: a device, sensor or user that is made over the API has an account, docs/twinzo.md §6.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, CLIENT, Reply, START_MS, Signature, TestServer, send};

const DEVICES: &str = "/v3/devices";

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

async fn patch(server: &TestServer, path: &str, change: &Value) -> Reply {
    send(key().sign(server.request(Method::PATCH, path)).json(change)).await
}

async fn delete(server: &TestServer, path: &str) -> Reply {
    send(key().sign(server.request(Method::DELETE, path))).await
}

async fn login(server: &TestServer, login: &str, password: &str) -> Reply {
    let body = json!({ "Client": "acme-logistics", "Login": login, "Password": password });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await
}

async fn signature_of(server: &TestServer, login: &str, password: &str) -> Signature {
    Signature::token(&self::login(server, login, password).await.assert(200).json())
}

/// Makes a device; says its path.
async fn make(server: &TestServer, login: &str, password: &str) -> String {
    let body = json!({ "Title": login, "Login": login, "Password": password });
    let made = server.post(DEVICES, &key(), &body).await.assert(201).json();
    format!("{DEVICES}/{}", made["Id"])
}

/// Names of the members that are wrong.
#[track_caller]
fn wrong(reply: Reply) -> Vec<String> {
    let problem = reply.assert_problem(400);
    assert_eq!(problem["title"], "One or more validation errors occurred.");
    problem["errors"].as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn a_device_needs_a_title_and_a_login() {
    let server = TestServer::start().await;
    for body in [json!({}), json!({ "Title": null, "Login": null }), json!({ "Title": "", "Login": "" })] {
        let problem = server.post(DEVICES, &key(), &body).await.assert_problem(400);
        let expected = json!({ "Login": ["The Login field is required."], "Title": ["The Title field is required."] });
        assert_eq!(problem["errors"], expected, "{body}");
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
    assert_eq!(wrong(server.post(DEVICES, &key(), &json!({ "Login": "tug-01" })).await), ["Title"]);
    assert_eq!(wrong(server.post(DEVICES, &key(), &json!({ "Title": "Tug" })).await), ["Login"]);
    assert_eq!(wrong(patch(&server, "/v3/devices/1", &json!({ "Title": null })).await), ["Title"]);
    assert_eq!(server.get("/v3/devices/1", &key()).await.json()["Title"], "Forklift 01");
}

#[tokio::test]
async fn texts_of_a_device_have_their_limits() {
    let server = TestServer::start().await;
    for (name, most) in [("Title", 50), ("Mac", 17), ("Login", 255)] {
        let mut body = json!({ "Title": "Tug", "Login": format!("tug-{name}") });
        body[name] = json!("x".repeat(most + 1));
        assert_eq!(wrong(server.post(DEVICES, &key(), &body).await), [name]);
        assert_eq!(wrong(patch(&server, "/v3/devices/1", &json!({ name: body[name] })).await), [name]);
        // Characters count, not bytes.
        body[name] = json!("ž".repeat(most));
        assert_eq!(server.post(DEVICES, &key(), &body).await.assert(201).json()[name], body[name]);
    }
}

#[tokio::test]
async fn a_login_is_given_once_in_a_client() {
    let server = TestServer::start().await;
    for taken in ["forklift-01", "agv-27", "dock-thermometer", "dispatcher@acme.example"] {
        for path in [DEVICES, "/v3/sensors"] {
            let problem =
                server.post(path, &key(), &json!({ "Title": "Tug", "Login": taken })).await.assert_problem(409);
            assert_eq!((&problem["title"], problem.get("code")), (&json!("ConflictException"), None));
            assert_eq!(server.last_reason().await, "LoginTaken");
        }
        let user = json!({ "Login": taken, "Password": "a-password", "Name": "A", "Surname": "B" });
        server.post("/v3/users", &key(), &user).await.assert_problem(409);
    }
    patch(&server, "/v3/devices/3", &json!({ "Title": "x", "Login": "forklift-01" })).await.assert_problem(409);
    let device = server.get("/v3/devices/3", &key()).await.json();
    assert_eq!((&device["Title"], &device["Login"]), (&json!("AGV 07"), &json!("agv-07")), "a refusal changes nothing");
    // The other client has this one.
    server.post(DEVICES, &key(), &json!({ "Title": "Tug", "Login": "reach-stacker-01" })).await.assert(201);
}

#[tokio::test]
async fn a_device_that_was_made_logs_in_and_nobody_is_shown_its_password() {
    let server = TestServer::start().await;
    let (first, second) = ("first-secret-of-tug", "second-secret-of-tug");
    let body = json!({ "Title": "Tug", "Login": "tug-01", "Password": first });
    let made = server.post(DEVICES, &key(), &body).await.assert(201);
    let path = format!("{DEVICES}/{}", made.json()["Id"]);
    let signature = signature_of(&server, "tug-01", first).await;
    assert_eq!(signature.value("Branch"), BRATISLAVA);
    let posted = server.post("/v3/localization", &signature, &json!([{ "Timestamp": START_MS, "X": 5 }])).await;
    assert_eq!(posted.assert(200).json()["Login"], "tug-01");
    let changed = patch(&server, &path, &json!({ "Password": second })).await.assert(200);
    login(&server, "tug-01", first).await.assert(401);
    login(&server, "tug-01", second).await.assert(200);
    let unchanged = patch(&server, &path, &json!({ "Note": "x", "Password": null })).await.assert(200);
    login(&server, "tug-01", second).await.assert(200);
    let shown = [made, changed, unchanged, server.get(&path, &key()).await, server.get(DEVICES, &key()).await];
    for text in shown.map(|reply| reply.text) {
        assert!(!text.contains("secret") && !text.contains("Password"), "{text}");
    }
    delete(&server, &path).await.assert(204);
    let journal = server.admin(Method::GET, "/requests?limit=100", None).await.assert(200).text;
    assert!(journal.contains("tug-01") && !journal.contains(first) && !journal.contains(second), "{journal}");
}

#[tokio::test]
async fn a_device_without_a_password_cannot_log_in() {
    let server = TestServer::start().await;
    server.post(DEVICES, &key(), &json!({ "Title": "Tug", "Login": "tug-01" })).await.assert(201);
    login(&server, "tug-01", "").await.assert_problem(400);
    login(&server, "tug-01", "tug-01-pass").await.assert_problem(401);
    assert_eq!(server.last_reason().await, "PasswordWrong");
}

#[tokio::test]
async fn a_renamed_device_logs_in_by_its_new_name() {
    let server = TestServer::start().await;
    let path = make(&server, "tug-01", "secret-of-tug").await;
    let signature = signature_of(&server, "tug-01", "secret-of-tug").await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": START_MS, "X": 5 }])).await.assert(200);
    let renamed = patch(&server, &path, &json!({ "Login": "tug-02" })).await.assert(200).json();
    assert_eq!((&renamed["Login"], &renamed["Title"]), (&json!("tug-02"), &json!("tug-01")));
    login(&server, "tug-01", "secret-of-tug").await.assert(401);
    assert_eq!(server.last_reason().await, "LoginUnknown");
    let signature = signature_of(&server, "tug-02", "secret-of-tug").await;
    let posted = server.post("/v3/localization", &signature, &json!([{ "Timestamp": START_MS + 1, "X": 6 }])).await;
    assert_eq!(posted.assert(200).json()["Login"], "tug-02");
    server.get("/v3/devices/login/tug-01", &key()).await.assert_problem(404);
    assert_eq!(server.get("/v3/devices/login/tug-02", &key()).await.assert(200).json()["X"], 6);
    make(&server, "tug-01", "secret-of-another").await;
    let other = signature_of(&server, "tug-01", "secret-of-another").await;
    assert_eq!(other.value("Client"), CLIENT);
}

#[tokio::test]
async fn a_deleted_device_takes_its_tokens_and_its_history_along() {
    let server = TestServer::start().await;
    let path = make(&server, "tug-01", "secret-of-tug").await;
    let signature = signature_of(&server, "tug-01", "secret-of-tug").await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": START_MS, "X": 5 }])).await.assert(200);
    delete(&server, &path).await.assert(204);
    server.get(DEVICES, &signature).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "AccountDeleted");
    login(&server, "tug-01", "secret-of-tug").await.assert(401);
    assert_eq!(server.last_reason().await, "LoginUnknown");
    let batch = json!([{ "Login": "tug-01", "Locations": [{ "Timestamp": START_MS }] }]);
    assert_eq!(server.post("/v3/localization/batch", &key(), &batch).await.assert(200).json()[0]["Success"], false);
    // Another one of the same login begins anew.
    let path = make(&server, "tug-01", "secret-of-another").await;
    assert_eq!(server.get(&path, &key()).await.assert(200).json()["X"], Value::Null);
    server.get(DEVICES, &signature).await.assert_problem(401);
}

#[tokio::test]
async fn a_sensor_comes_with_an_account_and_goes_with_its_data() {
    let server = TestServer::start().await;
    let body = json!({ "Title": "Scale", "Login": "scale-01", "Password": "secret-of-scale", "SectorId": 1 });
    let made = server.post("/v3/sensors", &key(), &body).await.assert(201).json();
    let (id, path) = (made[0]["Id"].clone(), format!("/v3/sensors/{}", made[0]["Id"]));
    let signature = signature_of(&server, "scale-01", "secret-of-scale").await;
    let data = json!([{ "Timestamp": START_MS, "Quantity": "Weight", "Value": "12" }]);
    let reply = server.post("/v3/sensors/sensor-data", &signature, &data).await.assert(200).json();
    assert_eq!(reply[0]["Action"], "Create");
    let of_sensor = async || {
        let list = server.get("/v3/sensor-datas", &key()).await.assert(200).json();
        list.as_array().unwrap().iter().filter(|data| data["SensorId"] == id).count()
    };
    assert_eq!(of_sensor().await, 1);
    delete(&server, &path).await.assert(204);
    assert_eq!(of_sensor().await, 0);
    server.post("/v3/sensors/sensor-data", &signature, &data).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "AccountDeleted");
    login(&server, "scale-01", "secret-of-scale").await.assert(401);
}

#[tokio::test]
async fn a_change_of_a_device_that_ships_leaves_its_password_alone() {
    let server = TestServer::start().await;
    let change = json!({ "password": "another-pass" });
    server.admin(Method::PATCH, "/accounts/forklift-01?client=acme-logistics", Some(change)).await.assert(200);
    let signature = Signature::api_key(BRATISLAVA, API_KEY);
    let patch = signature.sign(server.request(Method::PATCH, "/v3/devices/1")).json(&json!({ "Note": "x" }));
    send(patch).await.assert(200);
    server.login_as("forklift-01").await.assert(401);
    let body = json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "another-pass" });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await.assert(200);
}

#[tokio::test]
async fn a_password_that_came_with_a_row_is_hidden_wherever_it_turns_up() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(BRATISLAVA, API_KEY);
    let new = json!({ "Title": "t", "Login": "tug-77", "Password": "sesame-open-77" });
    server.post("/v3/devices", &signature, &new).await.assert(201);
    server.get("/v3/devices/login/sesame-open-77", &signature).await.assert(404);
    let journal = server.admin(Method::GET, "/requests", None).await.text;
    assert!(!journal.contains("sesame-open-77"), "{journal}");
}
