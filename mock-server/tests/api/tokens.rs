//! Tokens, ruled from outside: by admin call, by setting, by what is in store for the next one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PUNE, START_MS, Signature, TestServer, send};

impl TestServer {
    async fn tokens(&self, path: &str, body: Value) -> Value {
        let reply = self.admin(Method::POST, &format!("/tokens{path}"), Some(body)).await;
        assert!(reply.status < 300, "{}", reply.text);
        serde_json::from_str(&reply.text).unwrap_or_default()
    }

    async fn set(&self, twinzo: Value) {
        self.admin(Method::PATCH, "/settings", Some(json!({ "twinzo": twinzo }))).await.assert(200);
    }

    /// Status of a read, and the reason of a refusal.
    async fn uses(&self, signature: &Signature) -> String {
        match self.get("/v3/devices", signature).await.status {
            200 => "ok".to_owned(),
            _ => self.last_reason().await,
        }
    }

    async fn refresh(&self, signature: &Signature) -> crate::support::Reply {
        self.get("/v3/Authorization/Token", signature).await
    }

    /// Real life and announced life of a fresh token, in milliseconds.
    async fn lives(&self, login: &str) -> (i64, i64) {
        self.login_as(login).await.assert(200);
        let list =
            self.admin(Method::GET, &format!("/tokens?account={login}&limit=1&client=acme-logistics"), None).await;
        let token = &list.assert(200).json()["tokens"][0];
        let ms = |name: &str| token[name].as_i64().unwrap();
        (ms("dies_ms") - ms("created_ms"), ms("expires_ms") - ms("created_ms"))
    }
}

#[tokio::test]
async fn tokens_are_listed_with_what_became_of_them() {
    let server = TestServer::start().await;
    let first = server.signature_of("forklift-01").await;
    let second = Signature::token(&server.refresh(&first).await.assert(200).json());
    let third = server.signature_of("forklift-01").await;
    server.signature_of("walker-01").await;
    send(third.sign(server.request(Method::DELETE, "/v3/Authorization/Token"))).await.assert(204);
    let list = server.admin(Method::GET, "/tokens?account=forklift-01", None).await.assert(200).json();
    let states: Vec<_> = list["tokens"].as_array().unwrap().iter().map(|t| (&t["generation"], &t["state"])).collect();
    let expected = [(1, "superseded"), (2, "live"), (3, "revoked")].map(|(g, s)| (json!(g), json!(s)));
    assert_eq!(states, expected.iter().map(|(g, s)| (g, s)).collect::<Vec<_>>());
    assert_eq!((&list["total"], &list["tokens"][1]["exchange"]), (&json!(3), &json!(2)));
    assert!(!list.to_string().contains(second.value("Token")), "texts are not shown");
    let all = server.admin(Method::GET, "/tokens?limit=1", None).await.json();
    assert_eq!((&all["total"], &all["tokens"][0]["account"]), (&json!(4), &json!("walker-01")));
    server.admin(Method::GET, "/tokens?account=forklift-1", None).await.assert_problem(422);
    server.admin(Method::GET, "/tokens?acount=x", None).await.assert_problem(400);
}

#[tokio::test]
async fn a_token_can_be_issued_without_a_log_in() {
    let server = TestServer::start().await;
    let issued =
        server.tokens("", json!({ "account": "forklift-21", "life": { "announced": "1h", "actual": "2h" } })).await;
    assert_eq!(
        (&issued["expires_ms"], &issued["dies_ms"]),
        (&json!(START_MS + 3_600_000), &json!(START_MS + 7_200_000))
    );
    assert_eq!(issued["contract"]["Branch"], PUNE);
    let signature = Signature::token(&issued["contract"]);
    assert_eq!(server.uses(&signature).await, "ok");
    server.advance("2h").await;
    assert_eq!(server.uses(&signature).await, "TokenExpired");
    assert!(server.last_entry().await["detail"].as_str().unwrap().ends_with("it was issued over the admin API"));
    let problem = server.admin(Method::POST, "/tokens", Some(json!({ "account": "agv-07" }))).await.assert_problem(409);
    assert!(problem["detail"].as_str().unwrap().contains("say whose"), "{problem}");
    let theirs = server.tokens("", json!({ "account": "agv-07", "client": "harbour-storage" })).await;
    assert_eq!(theirs["client"], "harbour-storage");
}

#[tokio::test]
async fn tokens_expire_are_revoked_and_shortened_on_demand() {
    let server = TestServer::start().await;
    let (one, two) = (server.signature_of("forklift-01").await, server.signature_of("forklift-01").await);
    let other = server.signature_of("walker-01").await;
    assert_eq!(server.tokens("/expire", json!({ "token": one.value("Token") })).await, json!({ "changed": 1 }));
    assert_eq!((server.uses(&one).await.as_str(), server.uses(&two).await.as_str()), ("TokenExpired", "ok"));
    assert_eq!(
        server.tokens("/revoke", json!({ "account": "forklift-01" })).await,
        json!({ "changed": 1 }),
        "one is dead"
    );
    assert_eq!((server.uses(&one).await.as_str(), server.uses(&two).await.as_str()), ("TokenExpired", "TokenRevoked"));
    assert_eq!(server.uses(&other).await, "ok");
    server.tokens("/shorten", json!({ "account": "walker-01", "to": "5s" })).await;
    server.advance("4999ms").await;
    assert_eq!(server.uses(&other).await, "ok");
    server.advance("1ms").await;
    assert_eq!(server.uses(&other).await, "TokenExpired");
    let last = server.signature_of("agv-27").await;
    assert_eq!(server.tokens("/expire", json!({ "all": true })).await, json!({ "changed": 1 }));
    assert_eq!(server.uses(&last).await, "TokenExpired");
    server.admin(Method::DELETE, "/tokens", None).await.assert(204);
    assert_eq!(server.uses(&last).await, "TokenOfEarlierRun");
}

#[tokio::test]
async fn a_rotated_token_is_replaced_as_by_a_refresh() {
    let server = TestServer::start().await;
    let old = server.signature_of("forklift-01").await;
    let rotated = server.tokens("/rotate", json!({ "account": "forklift-01" })).await;
    assert_eq!((&rotated["changed"], &rotated["tokens"][0]["generation"]), (&json!(1), &json!(2)));
    assert_eq!(server.uses(&old).await, "TokenSuperseded");
    assert_eq!(server.uses(&Signature::token(&rotated["tokens"][0]["contract"])).await, "ok");
    let id = &rotated["tokens"][0]["id"];
    assert_eq!(server.tokens("/revoke", json!({ "id": id })).await, json!({ "changed": 1 }));
}

#[tokio::test]
async fn a_token_fails_on_its_next_uses_and_is_good_again() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.tokens("/fail", json!({ "account": "forklift-01", "times": 2 })).await;
    let mut uses = Vec::new();
    for _ in 0..3 {
        uses.push(server.uses(&signature).await);
    }
    assert_eq!(uses, ["TokenToFail", "TokenToFail", "ok"]);
    server.tokens("/fail", json!({ "account": "forklift-01" })).await;
    server.refresh(&signature).await.assert(401);
    server.refresh(&signature).await.assert(200);
}

#[tokio::test]
async fn a_token_expires_between_its_check_and_the_answer() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.tokens("/expire", json!({ "account": "forklift-01", "when": "after_next_use" })).await;
    let record = json!([{ "Timestamp": START_MS }]);
    server.post("/v3/localization", &signature, &record).await.assert(200);
    server.post("/v3/localization", &signature, &record).await.assert(401);
    assert_eq!(server.last_reason().await, "TokenExpired");
}

#[tokio::test]
async fn what_does_not_say_which_tokens_is_refused() {
    let server = TestServer::start().await;
    for (path, body, words) in [
        ("/expire", json!({}), "give one of account, id, token and all"),
        ("/expire", json!({ "all": true, "account": "forklift-01" }), "give one of"),
        ("/expire", json!({ "account": "forklift-1" }), "did you mean \"forklift-01\""),
        ("/expire", json!({ "account": "agv-07", "client": "harbor" }), "harbour-storage"),
        ("/expire", json!({ "client": "acme-logistics" }), "goes with account"),
        ("/expire", json!({ "all": true, "when": "later" }), "after_next_use"),
        ("/revoke", json!({ "id": "x" }), "no token has this id"),
        ("/revoke", json!({ "token": "made-up" }), "nobody here issued"),
        ("/shorten", json!({ "all": true }), "give the life that is left"),
        ("/shorten", json!({ "all": true, "to": "-5s" }), "zero or more"),
        ("/next", json!({ "times": 0 }), "allowed: 1 to 1000"),
        ("/next", json!({ "client": "acme-logistics" }), "account too"),
        ("/next", json!({ "answer": { "expiration": "minutes" } }), "`seconds`"),
        ("/gather", json!({ "operation": "refesh", "parties": 2 }), "did you mean \"refresh\""),
        ("/gather", json!({ "operation": "refresh", "parties": 1 }), "allowed: 2 to 1000"),
        ("/gather", json!({ "operation": "refresh", "parties": 2, "patience": "1h" }), "up to one minute"),
    ] {
        let problem =
            server.admin(Method::POST, &format!("/tokens{path}"), Some(body.clone())).await.assert_problem(422);
        assert!(problem["detail"].as_str().unwrap().contains(words), "{body} → {problem}");
    }
}

#[tokio::test]
async fn life_is_set_on_five_levels() {
    let server = TestServer::start().await;
    let hours = |announced: i64, actual: i64| (actual * 3_600_000, announced * 3_600_000);
    server.set(json!({ "token_life": "10h" })).await;
    assert_eq!(server.lives("forklift-01").await, hours(10, 10));
    server.set(json!({ "client_token_life": { "acme-logistics": { "announced": "9h" } } })).await;
    assert_eq!(server.lives("forklift-01").await, hours(9, 10));
    server.set(json!({ "account_token_life": { "forklift-01": { "actual": "8h" } } })).await;
    assert_eq!(server.lives("forklift-01").await, hours(9, 8));
    assert_eq!(server.lives("walker-01").await, hours(9, 10));
    server.tokens("/next", json!({ "account": "forklift-01", "life": "7h" })).await;
    assert_eq!(server.lives("walker-01").await, hours(9, 10), "not theirs");
    assert_eq!(server.lives("forklift-01").await, hours(7, 7));
    assert_eq!(server.lives("forklift-01").await, hours(9, 8), "the next one only");
    // The header counts only where it is allowed.
    let with_header = async |life: &str| {
        let body = json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "forklift-01-pass" });
        let signature = Signature(vec![("X-Mock-Token-Life", life.to_owned())]);
        server.post("/v3/Authorization/Authenticate", &signature, &body).await
    };
    let life = |contract: &Value| contract["Expiration"].as_i64().unwrap() - contract["Created"].as_i64().unwrap();
    assert_eq!(life(&with_header("6h").await.assert(200).json()), 9 * 3_600_000);
    server.set(json!({ "token_life_header": true })).await;
    assert_eq!(life(&with_header("6h").await.assert(200).json()), 6 * 3_600_000);
    with_header("soon").await.assert_problem(400);
    assert_eq!(server.last_reason().await, "MockHeaderInvalid");
}

#[tokio::test]
async fn a_client_life_holds_under_a_sandboxs_own_name() {
    let life = toml::from_str("acme-logistics = '1h'").unwrap();
    let server = TestServer::with(|config| config.twinzo.client_token_life = life).await;
    let own = server.sandbox(json!({})).await;
    let contract = own.login_as("forklift-01").await.assert(200).json();
    assert_eq!(contract["Expiration"], START_MS + 3_600_000);
}

#[tokio::test]
async fn what_becomes_of_a_refreshed_token_is_a_setting() {
    let server = TestServer::start().await;
    for (old, before, after) in
        [("dies", "TokenSuperseded", "TokenSuperseded"), ("10s", "ok", "TokenSuperseded"), ("lives", "ok", "ok")]
    {
        server.set(json!({ "refresh": { "old": old } })).await;
        let first = server.signature_of("forklift-01").await;
        let second = Signature::token(&server.refresh(&first).await.assert(200).json());
        assert_ne!(first.value("Token"), second.value("Token"));
        assert_eq!(server.uses(&first).await, before, "{old}");
        server.advance("10s").await;
        assert_eq!((server.uses(&first).await.as_str(), server.uses(&second).await.as_str()), (after, "ok"), "{old}");
    }
    server.set(json!({ "refresh": { "token": "same" } })).await;
    let first = server.login_as("forklift-01").await.json();
    server.advance("1h").await;
    let second = server.refresh(&Signature::token(&first)).await.assert(200).json();
    assert_eq!(first["Token"], second["Token"]);
    assert_eq!(second["Expiration"].as_i64().unwrap() - first["Expiration"].as_i64().unwrap(), 3_600_000);
}

#[tokio::test]
async fn an_expired_token_is_refreshed_only_where_that_is_set() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.advance("25h").await;
    server.refresh(&signature).await.assert(401);
    server.set(json!({ "refresh": { "expired": "refreshed" } })).await;
    assert_eq!(server.uses(&signature).await, "TokenExpired", "for nothing but a refresh");
    let fresh = Signature::token(&server.refresh(&signature).await.assert(200).json());
    assert_eq!(server.uses(&fresh).await, "ok");
    server.tokens("/revoke", json!({ "token": fresh.value("Token") })).await;
    server.refresh(&fresh).await.assert(401);
}

#[tokio::test]
async fn a_log_in_ends_other_sessions_only_where_that_is_set() {
    let server = TestServer::start().await;
    let first = server.signature_of("forklift-01").await;
    let second = server.signature_of("forklift-01").await;
    let other = server.signature_of("walker-01").await;
    assert_eq!(server.uses(&first).await, "ok");
    server.set(json!({ "single_session": true })).await;
    let third = server.signature_of("forklift-01").await;
    for (signature, expected) in [(first, "TokenSuperseded"), (second, "TokenSuperseded"), (third, "ok"), (other, "ok")]
    {
        assert_eq!(server.uses(&signature).await, expected);
    }
}

#[tokio::test]
async fn log_in_answers_speak_of_time_as_ordered() {
    let server = TestServer::start().await;
    let expires = START_MS + 86_400_000;
    for (form, expected) in [
        ("ms", json!(expires)),
        ("seconds", json!(expires / 1000)),
        ("past", json!(START_MS - 60_000)),
        ("zero", json!(0)),
        ("negative", json!(-1)),
        ("missing", Value::Null),
        ("text", json!(expires.to_string())),
        ("iso", json!("2026-01-02T00:00:00Z")),
        ("float", json!(1_767_312_000_000.5)),
        ("far", json!(9_007_199_254_740_991_i64)),
    ] {
        server.tokens("/next", json!({ "answer": { "expiration": form } })).await;
        let answer = server.login_as("forklift-01").await.assert(200);
        let contract = answer.json();
        assert_eq!(contract["Expiration"], expected, "{form}");
        assert_eq!(contract.get("Expiration").is_none(), form == "missing");
        assert_eq!(contract["Created"], START_MS);
        server.get("/v3/devices", &Signature::token(&contract)).await.assert(200);
    }
    server.set(json!({ "login_answer": { "skew": "-5m", "expiration": "seconds" } })).await;
    let contract = server.login_as("forklift-01").await.json();
    assert_eq!(
        (&contract["Created"], &contract["Expiration"]),
        (&json!(START_MS - 300_000), &json!((expires - 300_000) / 1000))
    );
}

#[tokio::test]
async fn an_answer_is_lost_after_the_token_was_rotated() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.tokens("/next", json!({ "account": "forklift-01", "lost": true })).await;
    let request = signature.sign(server.request(Method::GET, "/v3/Authorization/Token"));
    assert!(request.send().await.is_err());
    let entry = server.last_entry().await;
    assert_eq!(
        (&entry["status"], &entry["tampered"], &entry["token_generation"]),
        (&Value::Null, &json!("reset after 0 bytes"), &json!(2))
    );
    assert_eq!(server.uses(&signature).await, "TokenSuperseded", "the server rotated");
    assert_eq!(server.uses(&server.signature_of("forklift-01").await).await, "ok");
    server.tokens("/next", json!({ "lost": true, "times": 3 })).await;
    assert_eq!(server.admin(Method::GET, "/tokens", None).await.json()["in_store"], 3);
    server.admin(Method::DELETE, "/tokens/next", None).await.assert(204);
    server.login_as("forklift-01").await.assert(200);
}

#[tokio::test]
async fn two_refreshes_overlap_on_purpose() {
    let server = TestServer::start().await;
    for (old, expected) in [("dies", [200, 401]), ("10s", [200, 200])] {
        server.set(json!({ "refresh": { "old": old } })).await;
        let signature = server.signature_of("forklift-01").await;
        server.tokens("/gather", json!({ "operation": "refresh", "parties": 2, "patience": "1m" })).await;
        let (one, two) = tokio::join!(server.refresh(&signature), server.refresh(&signature));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, expected, "{old}");
        // In the journal in the order in which they came; the second was not refused before the first was answered.
        let page = server.admin(Method::GET, "/requests?limit=2", None).await.json();
        let journal: Vec<_> =
            page["requests"].as_array().unwrap().iter().map(|entry| entry["status"].as_u64().unwrap()).collect();
        assert_eq!(journal, expected.map(u64::from));
    }
    // Nobody else comes: patience ends, and the one goes on.
    let signature = server.signature_of("forklift-01").await;
    server.tokens("/gather", json!({ "operation": "refresh", "parties": 2, "patience": "1ms" })).await;
    server.refresh(&signature).await.assert(200);
}

#[tokio::test]
async fn a_last_use_may_be_a_refresh() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.tokens("/expire", json!({ "account": "forklift-01", "when": "after_next_use" })).await;
    server.refresh(&signature).await.assert(200);
    server.refresh(&signature).await.assert(401);
}

#[tokio::test]
async fn grace_is_not_prolonged_and_an_expired_token_is_refreshed_once() {
    let server = TestServer::start().await;
    server.set(json!({ "refresh": { "old": "10s", "expired": "refused" } })).await;
    let first = server.signature_of("forklift-01").await;
    server.refresh(&first).await.assert(200);
    server.advance("9s").await;
    server.refresh(&first).await.assert(200);
    server.advance("1s").await;
    assert_eq!(server.uses(&first).await, "TokenSuperseded");
    server.set(json!({ "refresh": { "old": "dies", "expired": "refreshed" } })).await;
    let second = server.signature_of("forklift-01").await;
    server.advance("25h").await;
    server.refresh(&second).await.assert(200);
    server.refresh(&second).await.assert(401);
    assert_eq!(server.last_reason().await, "TokenSuperseded");
}

#[tokio::test]
async fn tokens_are_listed_by_client() {
    let server = TestServer::start().await;
    server.signature_of("forklift-01").await;
    let total = async |client: &str| {
        server.admin(Method::GET, &format!("/tokens?client={client}"), None).await.assert(200).json()["total"].clone()
    };
    assert_eq!((total("acme-logistics").await, total("harbour-storage").await), (json!(1), json!(0)));
    server.admin(Method::GET, "/tokens?client=nobody", None).await.assert_problem(422);
}
