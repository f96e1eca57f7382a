//! What agents report, and the conversations that come of it: docs/timbr.md §2, numbers 14 and 17.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, Reply, TestServer, send};
use crate::timbr::{assert_error, key};

const BOB: &str = "tk_bee7fc9f63d90f0af5cec9e941ed426627e04339327d0165e3e2fc044ea467e8";
const HISTORY: &str = "/timbr/api/fetch_conversation_history/?conversation_id=c1";

/// As langchain-timbr reports: Basic, the user literally `token`.
async fn report(server: &TestServer, path: &str, token: &str, body: &Value) -> Reply {
    send(server.request(Method::POST, path).basic_auth("token", Some(token)).json(body)).await
}

fn history(id: &str, question: &str) -> Value {
    json!({ "query_id": id, "conversation_id": "c1", "question": question, "generated_sql": "SELECT 1", "answer": "1" })
}

async fn ids(server: &TestServer, query: &str, token: &str) -> (Value, Vec<String>) {
    let reply = server.get(&format!("{HISTORY}{query}"), &key(token)).await.assert(200).json();
    assert_eq!(reply["status"], "success");
    let messages = reply["data"].as_array().unwrap();
    let ids = messages.iter().map(|message| message["message_id"].as_str().unwrap().to_owned());
    (reply["truncated"].clone(), ids.collect())
}

#[tokio::test]
async fn reports_are_taken_and_stand_in_the_journal() {
    let server = TestServer::start().await;
    for path in [
        "/timbr-server/log_agent/running",
        "/timbr-server/log_agent/running_update_step",
        "/timbr-server/log_agent/history",
        "/timbr-server/log_agent/trace/",
        "/timbr-server/log_benchmark/running",
        "/timbr-server/log_benchmark/history",
    ] {
        report(&server, path, ALICE, &json!({ "query_id": "q1", "question": "why" })).await.assert(200);
        let entry = server.last_entry().await;
        assert_eq!((&entry["account"], &entry["vendor"]), (&json!("alice"), &json!("timbr")), "{path}");
        let whole = server.admin(Method::GET, &format!("/requests/{}", entry["id"]), None).await.assert(200);
        assert!(whole.text.contains("why") && !whole.text.contains(ALICE), "{}", whole.text);
    }
    let unknown = report(&server, "/timbr-server/log_agent/hystory", ALICE, &json!({})).await;
    assert_error(&unknown, 404, &["hystory"]);
    let list = report(&server, "/timbr-server/log_agent/history", ALICE, &json!([1])).await;
    assert_error(&list, 400, &["JSON object"]);
}

#[tokio::test]
async fn a_report_needs_the_token_as_the_password_of_token() {
    let server = TestServer::start().await;
    let path = "/timbr-server/log_agent/running";
    let request = || server.request(Method::POST, path).json(&json!({}));
    for (request, reason) in [
        (request(), "KeyMissing"),
        (request().header("x-api-key", ALICE), "KeyMissing"),
        (request().basic_auth("alice", Some(ALICE)), "KeyMissing"),
        (request().basic_auth("token", Some("tk_made_up")), "KeyUnknown"),
        (request().bearer_auth(ALICE), "KeyMissing"),
    ] {
        let reply = send(request).await;
        assert_error(&reply, 401, &["Unauthorized"]);
        assert_eq!(reply.header("www-authenticate"), "Basic realm=\"timbr\"");
        assert_eq!(server.last_reason().await, reason);
    }
}

#[tokio::test]
async fn a_report_finds_its_sandbox_by_its_token() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "own" })).await;
    let token = own.credentials["timbr"]["users"][0]["token"].as_str().unwrap();
    report(&server, "/timbr-server/log_agent/running", token, &json!({})).await.assert(200);
    assert_eq!(own.last_entry().await["operation"], "timbr.log_agent");
}

#[tokio::test]
async fn a_conversation_is_what_the_configuration_says_and_what_was_reported() {
    let server = TestServer::with(|config| {
        let spec = json!([
            { "conversation": "c1", "id": "m0", "question": "first?", "answer": "yes" },
            { "conversation": "c2", "id": "other", "question": "?" },
        ]);
        config.timbr.conversations = serde_json::from_value(spec).unwrap();
    })
    .await;
    for (id, question) in [("m1", "second?"), ("m2", "third?")] {
        report(&server, "/timbr-server/log_agent/history", ALICE, &history(id, question)).await.assert(200);
    }
    assert_eq!(ids(&server, "", ALICE).await, (json!(false), vec!["m0".into(), "m1".into(), "m2".into()]));
    assert_eq!(ids(&server, "&top=2", ALICE).await, (json!(true), vec!["m1".into(), "m2".into()]));
    // Another user sees what is configured, not what others reported.
    assert_eq!(ids(&server, "&top=9", BOB).await, (json!(false), vec!["m0".into()]));
    let reply = server.get(&format!("{HISTORY}&top=1"), &key(ALICE)).await.json();
    let expected = json!({
        "message_id": "m2", "parent_query_id": null, "question": "third?", "sql": "SELECT 1", "answer": "1",
    });
    assert_eq!(reply["data"], json!([expected]));
    server.admin(Method::POST, "/reset", None).await;
    assert_eq!(ids(&server, "", ALICE).await.1, ["m0"]);
    let nameless = server.get("/timbr/api/fetch_conversation_history/?top=1", &key(ALICE)).await;
    assert_error(&nameless, 400, &["conversation_id"]);
    assert_error(&server.get(&format!("{HISTORY}&top=x"), &key(ALICE)).await, 400, &["top"]);
}
