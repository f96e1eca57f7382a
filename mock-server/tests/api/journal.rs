//! The journal as `GET /__admin/requests` shows it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, CLIENT, START_MS, Signature, TestServer, send};

async fn requests(server: &TestServer, query: &str) -> Value {
    server.admin(Method::GET, &format!("/requests{query}"), None).await.assert(200).json()
}

#[tokio::test]
async fn every_exchange_is_there_newest_last_with_its_reason() {
    let server = TestServer::start().await;
    server.login_as("forklift-01").await.assert(200);
    server.get("/v3/devices?x=1", &Signature::none()).await.assert(401);
    server.get("/v3/plants", &Signature::none()).await.assert(404);
    server.get("/nowhere", &Signature::none()).await.assert(404);
    let listing = requests(&server, "").await;
    assert_eq!((&listing["total"], &listing["evicted"]), (&json!(4), &json!(0)));
    let row = |entry: &Value| {
        let fields = [
            "id",
            "sandbox",
            "vendor",
            "operation",
            "method",
            "path",
            "status",
            "reason",
            "account",
            "token_generation",
            "fault",
            "at_ms",
        ];
        json!(fields.map(|field| entry[field].clone()))
    };
    let rows: Vec<Value> = listing["requests"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            json!([
                1,
                "default",
                "twinzo",
                "authenticate",
                "POST",
                "/v3/Authorization/Authenticate",
                200,
                null,
                "forklift-01",
                1,
                null,
                START_MS
            ]),
            json!([
                2,
                "default",
                "twinzo",
                "devices.list",
                "GET",
                "/v3/devices?x=1",
                401,
                "ClientMissing",
                null,
                null,
                null,
                START_MS
            ]),
            json!([3, "default", "twinzo", null, "GET", "/v3/plants", 404, "RouteUnknown", null, null, null, START_MS]),
            json!([4, "default", null, null, "GET", "/nowhere", 404, "RouteUnknown", null, null, null, START_MS]),
        ]
    );
    assert!(listing["requests"][0]["real_ms"].as_i64().unwrap() > START_MS);
}

#[tokio::test]
async fn heads_and_bodies_are_kept_and_secrets_are_fingerprints() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let entry = server.last_entry().await;
    let request = entry["body"]["text"].as_str().unwrap();
    let answer = entry["answer"]["body"]["text"].as_str().unwrap();
    assert!(
        request.contains(r#""Login":"forklift-01""#) && request.contains(r#""Password":"fingerprint:"#),
        "{request}"
    );
    assert!(
        answer.contains(&format!(r#""Client":"{CLIENT}""#)) && answer.contains(r#""Token":"fingerprint:"#),
        "{answer}"
    );
    assert_eq!(entry["answer"]["headers"][1], json!(["date", "Thu, 01 Jan 2026 00:00:00 GMT"]));

    server.get("/v3/devices", &signature.with("Api-Key", Some(API_KEY))).await.assert(200);
    let signed = server.last_entry().await;
    let header = |name: &str| {
        let headers = signed["headers"].as_array().unwrap();
        headers.iter().find(|header| header[0] == name).unwrap()[1].as_str().unwrap().to_owned()
    };
    assert_eq!(header("client"), CLIENT);
    let issued = answer.split(r#""Token":""#).nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(header("token"), issued, "the same token has the same fingerprint in answer and request");
    assert!(header("api-key").starts_with("fingerprint:"));
    assert!(signed["headers"].as_array().unwrap().iter().all(|header| header[0] != "x-request-id"));
}

#[tokio::test]
async fn no_credential_of_the_world_is_ever_shown() {
    let server = TestServer::with(|config| config.server.explain = true).await;
    let signature = server.signature_of("forklift-01").await;
    let token = signature.value("Token").to_owned();
    let secrets = [token.as_str(), API_KEY, "forklift-01-pass", "made-up-salt-for-local-use", crate::support::ALICE];
    let mut replies = Vec::new();
    for secret in secrets {
        // Whatever a confused client might do with it.
        let swapped = json!({ "Client": "acme-logistics", "Login": secret, "Password": "x" });
        replies.push(server.post("/v3/Authorization/Authenticate", &Signature::none(), &swapped).await);
        replies.push(server.get("/v3/devices", &signature.with("Client", Some(secret))).await);
        replies.push(server.get("/v3/devices", &signature.with("X-Access-Token", Some(secret))).await);
        let encoded = secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        replies.push(server.get(&format!("/v3/devices/locations/?deviceId={encoded}"), &signature).await);
        replies.push(server.get(&format!("/v3/{encoded}"), &signature).await);
        let sql = server.request(Method::POST, "/timbr/openapi/ontology/supply_chain/query");
        replies
            .push(send(sql.header("x-api-key", crate::support::ALICE).body(format!("select '{secret}' from x"))).await);
    }
    let journal = requests(&server, "").await.to_string();
    let reasons: Vec<_> = replies.iter().map(|reply| reply.header("x-mock-reason").to_owned()).collect();
    for secret in secrets {
        assert!(!journal.contains(secret), "{secret} is in the journal");
        assert!(reasons.iter().all(|reason| !reason.contains(secret)), "{secret} is in an X-Mock-Reason");
    }
    assert!(journal.contains(BRATISLAVA), "what is no secret is shown");
}

#[tokio::test]
async fn secrets_are_shown_to_who_asks_for_them() {
    let server = TestServer::with(|config| config.server.show_secrets = true).await;
    let signature = server.signature_of("forklift-01").await;
    assert!(server.last_entry().await.to_string().contains(signature.value("Token")));
}

#[tokio::test]
async fn pages_are_cut_by_id_and_count() {
    let server = TestServer::with(|config| config.journal.entries = "3".parse().unwrap()).await;
    for _ in 0..5 {
        server.get("/v3/devices", &Signature::none()).await;
    }
    let ids = |listing: &Value| -> Vec<u64> {
        listing["requests"].as_array().unwrap().iter().map(|entry| entry["id"].as_u64().unwrap()).collect()
    };
    let listing = requests(&server, "").await;
    assert_eq!((&listing["total"], &listing["evicted"], ids(&listing)), (&json!(5), &json!(2), vec![3, 4, 5]));
    assert_eq!(ids(&requests(&server, "?after=3").await), [4, 5]);
    assert_eq!(ids(&requests(&server, "?limit=1").await), [5]);
    server.admin(Method::GET, "/requests?newest=1", None).await.assert_problem(400);
    assert_eq!(server.admin(Method::GET, "/requests/4", None).await.assert(200).json()["id"], 4);
    for path in ["/requests/2", "/requests/x"] {
        server.admin(Method::GET, path, None).await.assert_problem(404);
    }
    server.admin(Method::DELETE, "/requests", None).await.assert(204);
    assert_eq!(requests(&server, "").await["total"], 0);
}

#[tokio::test]
async fn long_texts_of_clients_do_not_outgrow_the_journal() {
    let server = TestServer::start().await;
    let login = "x".repeat(1 << 20);
    let body = json!({ "Client": "acme-logistics", "Login": login, "Password": "x" });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await.assert(401);
    let entry = server.last_entry().await;
    assert!(entry["account"].as_str().unwrap().len() < 400);
    assert!(entry["detail"].as_str().unwrap().len() < 500);
    assert_eq!(
        (&entry["body"]["bytes"], entry["body"]["kept"].as_u64().unwrap() < 16_385),
        (&json!(body.to_string().len()), true)
    );
}
