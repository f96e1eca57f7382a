//! Worlds from a file and by the number: through the library, through HTTP and through the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mock_server::directory::{Directory, Generate};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{BRATISLAVA, Signature, TestServer};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/worlds")
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-server"));
    command.args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn credentials(arguments: &[&str]) -> Value {
    let output = run(&[&["credentials", "--format", "json"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn with_world(name: &str) -> TestServer {
    TestServer::with(|config| config.world.file = Some(fixtures().join(name))).await
}

/// Logs in to a client of any name.
async fn log_in(server: &TestServer, client: &str, login: &str, password: &str) -> Signature {
    let body = json!({ "Client": client, "Login": login, "Password": password });
    let reply = server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await;
    Signature::token(&reply.assert(200).json())
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|row| row["Title"].as_str().unwrap()).collect()
}

#[test]
fn every_world_of_the_fixtures_loads() {
    let mut names: Vec<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            if let Err(error) = Directory::load(Some(&path), &Generate::default(), 1) {
                panic!("{error}");
            }
            path.file_name().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["two-tenants.json", "warehouse.toml"]);
}

#[tokio::test]
async fn what_the_file_says_is_what_clients_see() {
    let server = with_world("warehouse.toml").await;
    let signature = log_in(&server, "north-warehouse", "forklift-01", "forklift-01-pass").await;
    for (path, expected) in [
        ("devices", &["Forklift 1", "tugger-02", "tugger-03"][..]),
        ("sectors", &["Hall"]),
        ("layers", &["Storage", "No entry"]),
        ("areas", &["Goods in", "Battery room"]),
        ("beacons", &["Gate"]),
        ("sensors", &["Cold store"]),
        ("shifts", &["Day"]),
        ("quantities", &["Temperature"]),
        ("branches", &["Warehouse", "Office"]),
    ] {
        let list = server.get(&format!("/v3/{path}"), &signature).await.assert(200).json();
        assert_eq!(titles(&list), expected, "{path}");
    }
    let office = log_in(&server, "north-warehouse", "badge-01", "badge-01-pass").await;
    let list = server.get("/v3/devices", &office).await.assert(200).json();
    assert_eq!((titles(&list), &list[0]["Id"]), (vec!["badge-01"], &json!(3)));
    // The quirk: each token lives 5 s.
    let body = json!({ "Client": "north-warehouse", "Login": "tugger-02", "Password": "tugger-02-pass" });
    let token = server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await.assert(200).json();
    assert_eq!(token["Expiration"].as_i64().unwrap() - token["Created"].as_i64().unwrap(), 5000);
}

#[tokio::test]
async fn a_sandbox_has_the_world_of_the_process() {
    let server = with_world("two-tenants.json").await;
    let sandbox = server.sandbox(json!({ "name": "one" })).await;
    assert_eq!(sandbox.credentials["twinzo"]["client"], "east-one");
    let body = json!({ "Client": "west-one", "Login": "cart", "Password": "cart-of-west" });
    let contract = sandbox.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await.assert(200).json();
    let list = sandbox.get("/v3/devices", &Signature::token(&contract)).await.assert(200).json();
    assert_eq!(list[0]["Id"], 2);
}

#[tokio::test]
async fn what_is_made_logs_in_is_listed_and_changes() {
    let server = TestServer::with(|config| config.world.generate = "devices=3000,sectors=3".parse().unwrap()).await;
    let signature = server.signature_of("device-002999").await;
    assert_eq!(signature.value("Branch"), BRATISLAVA);
    let list = server.get("/v3/devices", &signature).await.assert(200).json();
    // Eight are there already.
    assert_eq!(list.as_array().unwrap().len(), 3008);
    assert_eq!((&list[3006]["Login"], &list[3006]["Id"]), (&json!("device-002999"), &json!(3015)));
    let body = json!([{ "Timestamp": 1_767_225_601_000_i64, "SectorId": 5, "X": 1500.5, "Y": 8300 }]);
    let reply = server.post("/v3/localization", &signature, &body).await.assert(200).json();
    assert_eq!((&reply["Success"], &reply["Login"]), (&json!(true), &json!("device-002999")));
    let device = server.get("/v3/devices/login/device-002999", &signature).await.assert(200).json();
    assert_eq!((&device["X"], &device["SectorId"]), (&json!(1500.5), &json!(5)));
    let other = server.signature_of("device-000001").await;
    let seen = server.get("/v3/devices/3015", &other).await.assert(200).json();
    assert_eq!(seen["X"], 1500.5);
}

#[tokio::test]
async fn credentials_list_a_hundred_of_a_kind_and_count_the_rest() {
    let server = TestServer::with(|config| config.world.generate = "devices=150,users=120".parse().unwrap()).await;
    let credentials = server.admin(Method::GET, "/credentials", None).await.assert(200).json();
    let twinzo = &credentials["twinzo"];
    let count = |name: &str| twinzo[name].as_array().unwrap().len();
    // 12 devices and a sensor and a user are there already.
    assert_eq!((count("devices"), &twinzo["more_devices"]), (100, &json!(62)));
    assert_eq!((count("accounts"), &twinzo["more_accounts"]), (100, &json!(22)));
    let other = &credentials["twinzo_others"][0];
    assert_eq!((other.get("more_devices"), other.get("more_accounts")), (None, None));
    let human = text(&run(&["credentials", "--generate", "devices=150,users=120"]).stdout);
    assert!(human.contains("\n  … and 62 more devices\n") && human.contains("\n  … and 22 more sensors and users\n"));
}

#[test]
fn flag_variable_and_file_name_the_world_each_above_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    std::fs::write(&config, "world = { file = \"own.json\", generate = \"users=2\" }\n").unwrap();
    let own = r#"{"client": [{"name": "own", "branch": [{"title": "Only", "device": [{"login": "cart"}]}]}]}"#;
    std::fs::write(folder.path().join("own.json"), own).unwrap();
    let (warehouse, tenants) = (fixtures().join("warehouse.toml"), fixtures().join("two-tenants.json"));
    let client = |arguments: &[&str], variables: &[(&str, &Path)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mock-server"));
        let output =
            command.args(["credentials", "--format", "json"]).args(arguments).envs(variables.to_vec()).output();
        let json: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let accounts = json["twinzo"]["accounts"].as_array().unwrap().len();
        (json["twinzo"]["client"].as_str().unwrap().to_owned(), accounts)
    };
    let config = ["--config", config.to_str().unwrap()];
    let variable = [("MOCK_SERVER_WORLD", warehouse.as_path())];
    assert_eq!(client(&config, &[]), ("own".to_owned(), 2), "a path in the file is relative to it");
    assert_eq!(client(&config, &variable), ("north-warehouse".to_owned(), 4));
    let flag = [&config[..], &["--world", tenants.to_str().unwrap(), "--generate", "sensors=5"]].concat();
    assert_eq!(client(&flag, &variable), ("east".to_owned(), 5));
}

#[test]
fn the_names_in_a_configuration_are_those_of_its_world() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    let rule = "[[faults]]\nmatch = { account = \"device-000002\" }\neffect = { status = 503 }\n";
    std::fs::write(&config, rule).unwrap();
    let config = config.to_str().unwrap();
    let tried =
        ["faults", "try", config, "--operation", "localization", "--account", "device-000002", "--requests", "1"];
    let refused = run(&tried);
    assert_eq!(refused.status.code(), Some(4));
    let error = text(&refused.stderr);
    assert!(error.contains("mock.toml:1:1: match.account \"device-000002\" is unknown"), "{error}");
    let output = run(&[&tried[..], &["--generate", "devices=2"]].concat());
    assert!(text(&output.stdout).contains("status 503"), "{}", text(&output.stderr));
}

#[test]
fn the_seed_decides_what_a_world_leaves_out() {
    let tenants = fixtures().join("two-tenants.json");
    let guids = |seed| {
        let json = credentials(&["--world", tenants.to_str().unwrap(), "--seed", seed]);
        let guid = |client: &Value| client["client_guid"].as_str().unwrap().to_owned();
        (guid(&json["twinzo"]), guid(&json["twinzo_others"][0]))
    };
    let given = "e0000000-0000-4000-8000-000000000001".to_owned();
    // The first 16 bytes of SHA-256 over the seed as 8 bytes, a zero and "client/1/west", as a GUID of version 4.
    assert_eq!(guids("1"), (given.clone(), "7bd9cd3e-b3c6-4845-bbb0-fe3d60afc85f".to_owned()));
    assert_eq!(guids("2"), (given, "53b485f4-20a1-4038-a13d-95a417515108".to_owned()));
}

#[test]
fn exec_gives_its_command_the_credentials_of_the_world() {
    let warehouse = fixtures().join("warehouse.toml");
    let script = "echo \"$TWINZO_CLIENT $TWINZO_LOGIN_3 $TIMBR_USER\"";
    let output = run(&["exec", "--world", warehouse.to_str().unwrap(), "--", "sh", "-c", script]);
    assert_eq!(text(&output.stdout), "north-warehouse tugger-03 carol\n", "{}", text(&output.stderr));
}

#[test]
fn a_world_that_cannot_be_used_ends_the_program_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.toml");
    std::fs::write(&path, "[[client]]\nname = \"a\"\nbranch = [{ title = \"t\", device = [{}] }]\n").unwrap();
    let path = path.to_str().unwrap();
    for command in [&["serve", "--port", "0"][..], &["credentials"]] {
        let output = run(&[command, &["--world", path]].concat());
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(
            text(&output.stderr),
            format!(
                "error: {path}:3:36: login is missing or empty; every device has one\n  |\n\
                 3 | branch = [{{ title = \"t\", device = [{{}}] }}]\n  |                                    ^\n"
            )
        );
    }
    let missing = run(&["credentials", "--world", "no-such-world.toml"]);
    let text_of = text(&missing.stderr);
    assert!(text_of.starts_with("error: cannot read no-such-world.toml: "), "{text_of}");
    let wrong = run(&["credentials", "--generate", "devcies=3"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("\"devcies\" cannot be made; did you mean \"devices\"?"));
}

#[tokio::test]
async fn a_world_of_a_sandbox_is_refused_with_its_path() {
    let server = TestServer::start().await;
    let world = json!({ "client": [{ "name": "a", "branch": [{ "title": "t", "device": [{ "login": "d", "sector_id": 3 }] }] }] });
    let reply = server.admin(Method::POST, "/sandboxes", Some(json!({ "world": world }))).await;
    let problem = reply.assert_problem(422);
    assert_eq!(problem["field"], "world.client[0].branch[0].device[0].sector_id");
    assert_eq!(problem["detail"], "sector_id 3 is no sector of this branch; there is none");
}
