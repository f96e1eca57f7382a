//! What Timbr serves beside queries: docs/timbr.md §2, numbers 8 to 16.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, Reply, Signature, TestServer, send};
use crate::timbr::{assert_error, key};

async fn with_timbr(timbr: Value) -> TestServer {
    TestServer::with(|config| config.timbr = serde_json::from_value(timbr).unwrap()).await
}

/// A POST without a body, as the documentation and langchain-timbr send it.
async fn post(server: &TestServer, path: &str) -> Reply {
    send(key(ALICE).sign(server.request(Method::POST, path))).await
}

fn data(reply: Reply) -> Value {
    let envelope = reply.assert(200).json();
    assert_eq!(envelope["status"], "success");
    envelope["data"].clone()
}

#[tokio::test]
async fn every_one_of_them_wants_a_token() {
    let server = TestServer::start().await;
    for (method, path) in [
        (Method::POST, "/timbr/api/get_ontology/supply_chain"),
        (Method::POST, "/timbr/api/clear_cache/supply_chain"),
        (Method::GET, "/timbr/api/q/supply_chain/concept/customer"),
        (Method::GET, "/timbr/api/q/supply_chain/view/customers"),
        (Method::POST, "/timbr/api/get_config/A"),
        (Method::POST, "/timbr/api/llm_prompts/generate_sql"),
        (Method::GET, "/timbr/api/fetch_conversation_history/?conversation_id=c"),
        (Method::POST, "/timbr/api/kb/search"),
        (Method::POST, "/timbr/openapi/execute/prompt"),
        (Method::POST, "/timbr/openapi/execute/answer"),
        (Method::GET, "/timbr/openapi/execute/show_ontologies"),
    ] {
        let reply = send(server.request(method, path)).await;
        assert_error(&reply, 401, &["Unauthorized", "HTTP Response code: 401"]);
        assert_eq!(server.last_reason().await, "KeyMissing", "{path}");
    }
}

#[tokio::test]
async fn an_ontology_shows_its_concepts_and_an_unknown_one_is_the_engines_error() {
    let server = TestServer::start().await;
    for path in ["/timbr/api/get_ontology/supply_chain", "/timbr/api/get_ontology/supply_chain/"] {
        let expected = json!({ "ontology": "supply_chain", "concepts": ["customer", "order", "shipment"] });
        assert_eq!(data(post(&server, path).await), expected);
    }
    assert_eq!(data(post(&server, "/timbr/api/clear_cache/maintenance").await), "Cache cleared: maintenance");
    for path in ["/timbr/api/get_ontology/nope", "/timbr/api/clear_cache/nope"] {
        assert_error(&post(&server, path).await, 500, &["Unknown database 'nope'"]);
        assert_eq!(server.last_reason().await, "OntologyUnknown");
    }
    // Older documentation has it, today's has not.
    assert_error(&post(&server, "/timbr/api/create_ontology/").await, 404, &["Not found"]);
}

#[tokio::test]
async fn concepts_and_views_are_filtered_by_equality() {
    let server = with_timbr(json!({ "answers": [
        { "query": "SELECT * FROM dtimbr.`customer`", "rows_json": r#"[{"id":1},{"id":2}]"# },
        { "query": "SELECT * FROM dtimbr.`customer` WHERE `city` = 'Pune' AND `id` = 1", "rows_json": r#"[{"id":1}]"# },
        { "query": "SELECT * FROM vtimbr.`late orders` WHERE `who` = 'O''Neil'", "rows_json": "[]" },
    ] }))
    .await;
    let get = |path: &'static str| async { data(server.get(path, &key(ALICE)).await) };
    assert_eq!(get("/timbr/api/q/supply_chain/concept/customer").await, json!([{ "id": 1 }, { "id": 2 }]));
    assert_eq!(get("/timbr/api/q/supply_chain/concept/customer/?city=Pune&id=1").await, json!([{ "id": 1 }]));
    assert_eq!(get("/timbr/api/q/supply_chain/view/late%20orders?who=O%27Neil").await, json!([]));
    // What has no canned answer is asked of the tables, and of what has none the service says so.
    let strapped = get("/timbr/api/q/supply_chain/concept/order?product=strap&customer_id=1").await;
    assert_eq!((&strapped[0]["id"], &strapped[1]), (&json!(102), &Value::Null));
    let unanswered = server.get("/timbr/api/q/maintenance/concept/machine", &key(ALICE)).await;
    assert_error(&unanswered, 500, &["no answer to this statement"]);
    let valueless = server.get("/timbr/api/q/supply_chain/concept/customer?city", &key(ALICE)).await;
    assert_error(&valueless, 400, &["city"]);
    assert_eq!(server.last_reason().await, "QueryInvalid");
    let unknown = server.get("/timbr/api/q/nope/concept/customer", &key(ALICE)).await;
    assert_error(&unknown, 500, &["Unknown database"]);
}

#[tokio::test]
async fn only_listed_values_of_the_configuration_are_told() {
    let server = with_timbr(json!({ "config": { "MAX_ROWS": "5000" } })).await;
    assert_eq!(data(post(&server, "/timbr/api/get_config/MAX_ROWS").await), "5000");
    assert_error(&post(&server, "/timbr/api/get_config/API_AUTH_SALT").await, 404, &["API_AUTH_SALT"]);
    assert_eq!(server.last_reason().await, "ConfigUnknown");
}

#[tokio::test]
async fn prompts_are_built_in_and_can_be_replaced() {
    let own = json!([{ "role": "human", "template": "What is {question}?" }]);
    let server = with_timbr(json!({ "prompts": { "generate_answer": own, "my_own": own } })).await;
    let shown = json!([{ "type": "HumanMessage", "role": "human", "template": "What is {question}?" }]);
    for name in ["generate_answer", "my_own"] {
        assert_eq!(data(post(&server, &format!("/timbr/api/llm_prompts/{name}")).await), shown);
    }
    for name in [
        "identify_concept",
        "generate_sql",
        "generate_sql?reason=true",
        "generate_sql?reasoning=true",
        "generate_sql_reasoning",
        "benchmark_judge",
        "memory_classifier",
        "memory_kb_classifier",
    ] {
        let parts = data(post(&server, &format!("/timbr/api/llm_prompts/{name}")).await);
        let roles: Vec<_> = parts.as_array().unwrap().iter().map(|part| part["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "human"], "{name}");
        assert_eq!((&parts[0]["type"], &parts[1]["type"]), (&json!("SystemMessage"), &json!("HumanMessage")));
        assert!(parts[1]["template"].as_str().unwrap().contains("{question}"), "{name}");
    }
    assert_error(&post(&server, "/timbr/api/llm_prompts/nope").await, 404, &["nope"]);
    assert_eq!(server.last_reason().await, "PromptUnknown");
}

fn knowledge() -> Value {
    let example = |base: &str, name: &str, question: &str, day: &str| {
        let changed = format!("2026-01-{day}T00:00:00Z");
        json!({ "knowledge_base": base, "name": name, "question": question, "query": "SELECT 1", "changed_on": changed })
    };
    json!({ "knowledge": [
        example("sales", "partly", "how many orders are late", "03"),
        example("sales", "exact", "How many orders?", "01"),
        example("other", "elsewhere", "how many orders", "02"),
        example("sales", "unlike", "who lives in Pune", "02"),
    ] })
}

#[tokio::test]
async fn a_knowledge_base_is_searched_by_words_in_common() {
    let server = with_timbr(knowledge()).await;
    let search = |question: &str, top_k: u32| {
        let body = json!({
            "question": question, "knowledge_bases": ["sales"], "top_k": top_k,
            "high_threshold": 0.9, "medium_threshold": 0.5,
        });
        let (server, signature) = (&server, key(ALICE));
        async move { server.post("/timbr/api/kb/search", &signature, &body).await.assert(200).json() }
    };
    let found = search("how many ORDERS", 5).await;
    let expected = json!({
        "matches": [
            {
                "knowledge_base": "sales", "example_name": "exact", "question": "How many orders?", "query": "SELECT 1",
                "instructions": null, "validate_sql": 0, "confidence": 1.0, "changed_on": "2026-01-01T00:00:00Z",
            },
            {
                "knowledge_base": "sales", "example_name": "partly", "question": "how many orders are late",
                "query": "SELECT 1", "instructions": null, "validate_sql": 0, "confidence": 0.6,
                "changed_on": "2026-01-03T00:00:00Z",
            },
        ],
        "match_level": "high",
        "per_kb_max_changed_on": { "sales": "2026-01-03T00:00:00Z" },
        "latency_ms": 0.0,
    });
    assert_eq!(found, expected);
    assert_eq!(search("how many orders", 1).await["matches"].as_array().unwrap().len(), 1);
    assert_eq!(search("how many orders are there", 5).await["match_level"], "medium");
    let none = search("nothing alike", 5).await;
    assert_eq!((&none["matches"], &none["match_level"]), (&json!([]), &json!("none")));
}

#[tokio::test]
async fn a_search_that_cannot_be_is_400() {
    let server = TestServer::start().await;
    let empty = json!({ "question": "q", "knowledge_bases": [] });
    let found = server.post("/timbr/api/kb/search", &key(ALICE), &empty).await.assert(200).json();
    assert_eq!((&found["matches"], &found["match_level"]), (&json!([]), &json!("none")));
    for (member, value, word) in [
        ("question", json!(" "), "question"),
        ("question", json!(1), "question"),
        ("top_k", json!(0), "top_k"),
        ("top_k", json!(21), "top_k"),
        ("high_threshold", json!(1.5), "high_threshold"),
    ] {
        let mut body = empty.clone();
        body[member] = value;
        assert_error(&server.post("/timbr/api/kb/search", &key(ALICE), &body).await, 400, &[word]);
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
}

#[tokio::test]
async fn a_question_in_plain_words_is_looked_up_like_a_statement() {
    let server = with_timbr(json!({ "answers": [
        { "query": "How many orders?", "ontology": "maintenance", "rows_json": r#"[{"n":7}]"# },
    ] }))
    .await;
    let ask = |path: &'static str, signature: Signature| {
        let server = &server;
        async move { server.post(path, &signature, &json!({ "prompt": "How many orders?" })).await }
    };
    let maintenance = key(ALICE).with("ontology", Some("maintenance")).with("x-async", Some("false"));
    let rows = data(ask("/timbr/openapi/execute/prompt", maintenance.clone()).await);
    assert_eq!(rows, json!({ "rows": [{ "n": 7 }] }));
    let answer = data(ask("/timbr/openapi/execute/answer/", maintenance).await);
    assert_eq!(answer, json!({ "answer": r#"[{"n":7}]"#, "rows": [{ "n": 7 }] }));
    // Without an answer of its own a prompt is no SQL either.
    assert_error(&ask("/timbr/openapi/execute/prompt", key(ALICE)).await, 500, &["syntax error"]);
    let wrong = server.post("/timbr/openapi/execute/prompt", &key(ALICE), &json!({})).await;
    assert_error(&wrong, 400, &["prompt"]);
    let ontologies = server.get("/timbr/openapi/execute/show_ontologies", &key(ALICE)).await;
    assert_eq!(data(ontologies), json!([{ "ontology": "supply_chain" }, { "ontology": "maintenance" }]));
}
