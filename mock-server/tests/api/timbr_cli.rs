//! `mock-server timbr`: credentials for the shell.

use std::process::{Command, Output};

use reqwest::Method;
use serde_json::json;

use crate::support::{ALICE, TestServer, send};

/// The first published answer of `fixtures/timbr-bearer-vectors.json`: made with Python's cryptography.
const VECTOR: &str = "gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD0JFMizGK2NfuGYG-sDiF8dFvpg_HrdUoeVxSGYyNKemDCjVwUUEmqldjeT-ZxsfwPH-X4GZ8pnMXp-4QyrL2G4=";
/// Made with Python's hmac: username alice, iss i, aud a, iat 1767225600, exp 1767229200, HS256 under `made-up-secret`.
const ALICES_JWT: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1c2VybmFtZSI6ImFsaWNlIiwiaXNzIjoiaSIsImF1ZCI6ImEiLCJpYXQiOjE3NjcyMjU2MDAsImV4cCI6MTc2NzIyOTIwMH0.qHxFNjdyHbOGy07xthBcgZIng2_DPBMuM4TSuYyZ2pg";

fn timbr(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-server"));
    for variable in ["TIMBR_USER", "TIMBR_PASSWORD", "TIMBR_AUTH_SALT", "TIMBR_JWT_KEY", "MOCK_SERVER_CONFIG"] {
        command.env_remove(variable);
    }
    command.arg("timbr").args(arguments).output().unwrap()
}

#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let output = timbr(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], status: i32) -> String {
    let output = timbr(arguments);
    assert_eq!(output.status.code(), Some(status), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_bearer_of_a_given_time_and_iv_is_that_of_python() {
    let arguments = ["bearer", "--user", "alice", "--password", "p:ss wörd", "--salt", "example-salt-not-a-secret"];
    let fixed =
        ["--key-derivation", "md5-hex", "--time", "2023-11-14T22:13:20Z", "--iv", "000102030405060708090a0b0c0d0e0f"];
    let all = [arguments.as_slice(), &fixed].concat();
    assert_eq!(printed(&all), format!("{VECTOR}\n"));
    assert_eq!(printed(&[all.as_slice(), &["--header"]].concat()), format!("Authorization: Bearer {VECTOR}\n"));
    assert_ne!(printed(&[all.as_slice(), &["--plaintext", "raw"]].concat()), format!("{VECTOR}\n"));
    // Without a time and an IV nothing repeats.
    assert_ne!(printed(&arguments), printed(&arguments));
}

#[tokio::test]
async fn a_bearer_for_a_user_of_the_world_buys_the_token() {
    let server = TestServer::start().await;
    for extra in [&[][..], &["--password", "alice:pass", "--key-derivation", "md5-hex"]] {
        let bearer = printed(&[&["bearer", "--user", "alice"], extra].concat());
        let request = server.request(Method::POST, "/timbr/api/get_token");
        let reply = send(request.header("authorization", format!("Bearer {}", bearer.trim_end()))).await.assert(200);
        assert_eq!(reply.text, format!(r#"{{"data":["{ALICE}"],"status":"success"}}"#));
    }
}

#[test]
fn a_jwt_of_a_given_time_is_that_of_python_and_a_configuration_names_the_rest() {
    let own = ["jwt", "--user", "alice", "--key", "made-up-secret", "--issuer", "i", "--audience", "a"];
    let time = ["--time", "1767225600", "--ttl", "1h"];
    assert_eq!(printed(&[own.as_slice(), &time].concat()), format!("{ALICES_JWT}\n"));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "made-up-secret\n").unwrap();
    let config = folder.path().join("mock.toml");
    let toml = "clock = { frozen = '2026-01-01T00:00:00Z' }\n[timbr.jwt]\nissuer = 'i'\n[timbr.jwt.tenants.five]\n\
        key_file = 'secret'\nalgorithms = 'HS256'\naudience = 'a'\n";
    std::fs::write(&config, toml).unwrap();
    let configured = ["jwt", "--user", "alice", "--tenant", "five", "--header", "--config", config.to_str().unwrap()];
    assert_eq!(printed(&configured), format!("x-jwt-token: {ALICES_JWT}\nx-jwt-tenant-id: five\n"));
}

#[tokio::test]
async fn jwts_under_private_keys_are_taken() {
    let folder = format!("{}/../fixtures/jwt", env!("CARGO_MANIFEST_DIR"));
    for (name, algorithm) in [("rsa", "RS256"), ("rsa", "RS512"), ("ec", "ES256")] {
        let key = std::fs::read_to_string(format!("{folder}/made-up-{name}-public.pem")).unwrap();
        let server = TestServer::with(|config| {
            config.timbr.jwt = serde_json::from_value(json!({ "key": key, "algorithms": algorithm })).unwrap();
        })
        .await;
        let file = format!("{folder}/made-up-{name}-private.pem");
        let time = ["--time", "2026-01-01T00:00:00Z"];
        let arguments = ["jwt", "--user", "alice", "--key-file", &file, "--algorithm", algorithm];
        let jwt = printed(&[arguments.as_slice(), &time].concat());
        let request = server.request(Method::POST, "/timbr/openapi/ontology/system_db/query").body("SHOW TOKEN");
        let reply = send(request.header("x-jwt-token", jwt.trim_end())).await.assert(200);
        assert_eq!(reply.text, format!(r#"[{{"token":"{ALICE}"}}]"#), "{algorithm}");
    }
}

#[test]
fn what_cannot_be_made_says_why() {
    assert!(refused(&["bearer"], 2).contains("--user"));
    assert!(refused(&["bearer", "--user", "mallory"], 4).contains("no Timbr user \"mallory\"; give --password"));
    assert!(refused(&["bearer", "--user", "a:b", "--password", "c"], 4).contains("first colon"));
    let no_key = ["bearer", "--user", "alice", "--key-derivation", "fernet-key"];
    assert!(refused(&no_key, 4).contains("no Fernet key"));
    assert!(refused(&["bearer", "--user", "alice", "--iv", "00"], 2).contains("32 hexadecimal digits"));
    assert!(refused(&["jwt", "--key", "made-up-secret"], 2).contains("--user"));
    assert!(refused(&["jwt", "--user", "alice"], 4).contains("give --key or --key-file"));
    let pem = format!("{}/../fixtures/jwt/made-up-rsa-private.pem", env!("CARGO_MANIFEST_DIR"));
    assert!(
        refused(&["jwt", "--user", "alice", "--key-file", &pem, "--algorithm", "HS256"], 4).contains("wants a secret")
    );
    assert!(refused(&["jwt", "--user", "alice", "--key", "x", "--algorithm", "none"], 2).contains("no algorithm"));
}
