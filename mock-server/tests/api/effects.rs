//! What rules do to answers, in the vendors' own shapes, and where it can be seen.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ALICE, API_KEY, BRATISLAVA, Signature, TestServer, send};

async fn add(server: &TestServer, rule: Value) -> Value {
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201).json()
}

/// A server whose log ins have an effect.
async fn with_effect(effect: Value) -> TestServer {
    let server = TestServer::start().await;
    add(&server, json!({ "name": "r", "match": { "operation": "authenticate" }, "effect": effect })).await;
    server
}

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

#[tokio::test]
async fn a_body_has_the_form_that_is_asked_for() {
    let server = with_effect(json!({ "status": 401, "body": "legacy" })).await;
    let reply = server.login_as("agv-07").await.assert(401);
    assert_eq!(reply.json(), json!({ "Code": "10", "Message": "Unauthorized" }));
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    let server = with_effect(json!({ "status": 500, "body": "legacy" })).await;
    assert_eq!(server.login_as("agv-07").await.json(), json!({ "Code": "500", "Message": "Internal Server Error" }));
    let server = with_effect(json!({ "status": 503, "body": "empty", "retry_after": 1 })).await;
    assert_eq!(server.login_as("agv-07").await.assert_empty(503).header("retry-after"), "1");
    let server = with_effect(json!({ "status": 502, "body": "html" })).await;
    let reply = server.login_as("agv-07").await.assert(502);
    assert_eq!(reply.header("content-type"), "text/html");
    assert!(reply.text.contains("<h1>502 Bad Gateway</h1>"), "{}", reply.text);
}

#[tokio::test]
async fn a_wait_comes_in_every_form() {
    for (retry_after, expected) in [
        (json!(7), "7"),
        (json!(0), "0"),
        (json!("365d"), "31536000"),
        // The clock stands at the beginning of 2026, and dates are by that clock.
        (json!({ "date": "30s" }), "Thu, 01 Jan 2026 00:00:30 GMT"),
        (json!({ "date": "-1h" }), "Wed, 31 Dec 2025 23:00:00 GMT"),
        (json!({ "raw": "soon" }), "soon"),
        (json!({ "raw": "-5" }), "-5"),
    ] {
        let server = with_effect(json!({ "status": 429, "retry_after": retry_after })).await;
        assert_eq!(server.login_as("agv-07").await.assert(429).header("retry-after"), expected, "{retry_after}");
    }
}

#[tokio::test]
async fn an_error_can_stand_inside_a_200() {
    let server = with_effect(json!({ "in_band": "No." })).await;
    let reply = server.login_as("agv-07").await.assert(200).json();
    assert_eq!(reply, json!({ "Success": false, "ErrorMessage": "No." }));
    add(&server, json!({ "match": { "operation": "localization_batch" }, "effect": { "in_band": "Full." } })).await;
    let body = json!([{ "Login": "agv-07", "Locations": [{ "Timestamp": 1 }] }, { "Login": "walker-01" }]);
    let reply = server.post("/v3/localization/batch", &key(), &body).await.assert(200).json();
    let failed = |login: &str| json!({ "Login": login, "Success": false, "ErrorMessage": "Full.", "Locations": [] });
    assert_eq!(reply, json!([failed("agv-07"), failed("walker-01")]));
    assert_eq!(server.get("/v3/devices/locations/?deviceId=3", &key()).await.json(), json!([]));
    add(&server, json!({ "match": { "vendor": "timbr" }, "effect": { "in_band": "no engine" } })).await;
    let alice = Signature(vec![("x-api-key", ALICE.to_owned())]);
    let reply = server.get("/timbr/api/get_ontologies/", &alice).await.assert(200).json();
    assert_eq!(reply, json!({ "status": "error", "data": "no engine" }));
}

#[tokio::test]
async fn another_answer_after_the_commit_hides_what_was_stored() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let effect = json!({ "status": 500, "at": "after_commit" });
    add(&server, json!({ "match": { "operation": "localization" }, "effect": effect })).await;
    server.post("/v3/localization", &signature, &json!([{ "Timestamp": 1 }])).await.assert_problem(500);
    let read = server.get("/v3/devices/locations/?deviceId=1", &signature).await.json();
    assert_eq!(read.as_array().unwrap().len(), 1);
    let injected = server.admin(Method::GET, "/requests", None).await.json()["requests"][1]["injected"].clone();
    assert_eq!(injected, json!(["rule-1: status 500, after the commit"]));
}

/// A client that does not follow.
async fn location(server: &TestServer, path: &str) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let reply = http.get(format!("{}{path}", server.server.base_url())).send().await.unwrap();
    (reply.status().as_u16(), reply.headers()["location"].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn redirects_lead_back_elsewhere_or_to_the_trap() {
    let server = TestServer::start().await;
    let own = server.sandbox(json!({ "name": "t1" })).await;
    let trap = own.admin(Method::POST, "/listeners", Some(json!({ "role": "trap" }))).await.assert(201).json();
    let trap = trap["url"].as_str().unwrap();
    for (status, to, expected) in [
        (301, "same", "/sandbox/t1/v3/devices?a=1".to_owned()),
        (302, "/v3/sectors", "/sandbox/t1/v3/sectors".to_owned()),
        (303, "https://other.example/x", "https://other.example/x".to_owned()),
        (307, "trap", format!("{trap}/v3/devices?a=1")),
        (308, "same", "/sandbox/t1/v3/devices?a=1".to_owned()),
    ] {
        own.admin(Method::DELETE, "/faults", None).await.assert(204);
        let rule = json!({ "effect": { "redirect": { "status": status, "to": to } } });
        own.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        assert_eq!(location(&server, "/sandbox/t1/v3/devices?a=1").await, (status, expected));
    }
    // Without a trap there is nowhere to go, and the journal says so.
    add(&server, json!({ "effect": { "redirect": { "status": 307, "to": "trap" } } })).await;
    assert_eq!(location(&server, "/v3/devices").await, (307, "/v3/devices".to_owned()));
    let hints = server.last_entry().await["hints"].clone();
    assert!(hints[0].as_str().unwrap().contains("it has none"), "{hints}");
    let refused = json!({ "effect": { "redirect": { "status": 300 } } });
    server.admin(Method::POST, "/faults", Some(refused)).await.assert_problem(422);
}

/// What a batch of six devices with one record each became: which were stored.
async fn stored_of_batch(items: Value) -> (Vec<bool>, Vec<usize>, Value) {
    let server = TestServer::start().await;
    add(&server, json!({ "match": { "operation": "localization_batch" }, "effect": { "items": items } })).await;
    let logins = ["forklift-01", "walker-01", "agv-07"];
    let records = |stamp: i64| json!([{ "Timestamp": stamp }, { "Timestamp": stamp + 1 }]);
    let body: Vec<Value> = logins.iter().map(|login| json!({ "Login": login, "Locations": records(10) })).collect();
    let results = server.post("/v3/localization/batch", &key(), &json!(body)).await.assert(200).json();
    let successes = results.as_array().unwrap().iter().map(|result| result["Success"].as_bool().unwrap()).collect();
    let mut stored = Vec::new();
    for device in 1..=3 {
        let path = format!("/v3/devices/locations/?deviceId={device}");
        stored.push(server.get(&path, &key()).await.json().as_array().unwrap().len());
    }
    (successes, stored, results)
}

#[tokio::test]
async fn exactly_the_chosen_items_are_refused_and_the_others_stored() {
    let (successes, stored, results) = stored_of_batch(json!({ "every": 3, "message": "No." })).await;
    assert_eq!((successes, stored), (vec![true, true, false], vec![2, 2, 0]));
    let refused = json!({ "Login": "agv-07", "Success": false, "ErrorMessage": "No.", "Locations": [] });
    assert_eq!(results[2], refused);
    let (successes, stored, _) = stored_of_batch(json!({ "rows": [1, 2] })).await;
    assert_eq!((successes, stored), (vec![false, false, true], vec![0, 0, 2]));
    // Records are counted through all devices.
    let (successes, stored, results) = stored_of_batch(json!({ "every": 4, "of": "records", "message": "No." })).await;
    assert_eq!((successes, stored), (vec![true, true, true], vec![2, 1, 2]));
    let refused = json!({ "Timestamp": 11, "Action": "NoAction", "Success": false, "ErrorMessage": "No." });
    assert_eq!(results[1]["Locations"][1], refused);
    assert_eq!(results[1]["Locations"][0], json!({ "Timestamp": 10, "Action": "Create", "Success": true }));
}

#[tokio::test]
async fn records_of_one_device_are_items_too() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let items = json!({ "rows": [2], "message": "No." });
    add(&server, json!({ "match": { "operation": "localization" }, "effect": { "items": items } })).await;
    let body = json!([{ "Timestamp": 1 }, { "Timestamp": 2 }, { "Timestamp": 3 }]);
    let result = server.post("/v3/localization", &signature, &body).await.assert(200).json();
    let successes: Vec<_> = (0..3).map(|row| result["Locations"][row]["Success"].as_bool().unwrap()).collect();
    assert_eq!((successes, &result["Success"]), (vec![true, false, true], &json!(true)));
    let entry = server.last_entry().await;
    assert_eq!((&entry["injected"], &entry["reason"]), (&json!(["rule-1: records [2] refused"]), &Value::Null));
    for (operation, items) in
        [("refresh", json!({ "every": 2 })), ("localization", json!({ "every": 2, "of": "devices" }))]
    {
        let rule = json!({ "match": { "operation": operation }, "effect": { "items": items } });
        let problem = server.admin(Method::POST, "/faults", Some(rule)).await.assert_problem(422);
        assert_eq!(problem["field"], "effect.items", "{problem}");
    }
}

#[tokio::test]
async fn the_real_answer_is_reshaped_after_it_was_made() {
    let effect = json!({ "reshape": { "set": { "/Extra": [1] }, "remove": ["/Branch"], "retype": ["/Expiration"] } });
    let server = with_effect(effect).await;
    let contract = server.login_as("forklift-01").await.assert(200).json();
    assert_eq!((contract.get("Branch"), &contract["Extra"]), (None, &json!([1])));
    assert_eq!(contract["Expiration"], "1767312000000");
    // The token that it announces is good.
    let signature = Signature(vec![("Token", contract["Token"].as_str().unwrap().to_owned())]);
    send(signature.sign(server.request(Method::DELETE, "/v3/Authorization/Token"))).await.assert(204);

    let server = with_effect(json!({ "reshape": { "content_type": "text/html", "truncate": 20 } })).await;
    let reply = server.login_as("forklift-01").await.assert(200);
    assert_eq!((reply.header("content-type"), reply.header("content-length")), ("text/html", "20"));
    let server = with_effect(json!({ "reshape": { "malformed": true } })).await;
    assert!(serde_json::from_str::<Value>(&server.login_as("forklift-01").await.assert(200).text).is_err());
    let server = with_effect(json!({ "reshape": { "pad": "5MiB" } })).await;
    let reply = server.login_as("forklift-01").await.assert(200);
    assert_eq!((reply.text.len(), reply.json()["Client"].is_string()), (5 << 20, true));
    let server = with_effect(json!({ "reshape": { "remove": ["/Nope"] } })).await;
    server.login_as("forklift-01").await.assert(200);
    let entry = server.last_entry().await;
    assert_eq!(entry["hints"], json!(["the rule changes \"/Nope\", and the answer has no such place"]));
}

#[tokio::test]
async fn any_path_can_be_given_an_answer() {
    let server = TestServer::start().await;
    let template = "{\"method\":\"{{ request.method }}\",\"last\":\"{{ request.segments.1 }}\",\"q\":\"{{ request.query.q }}\",\
                    \"agent\":\"{{ request.headers.x-agent }}\",\"name\":\"{{ request.json.user.name }}\",\"at\":{{ now_ms }}}";
    let respond = json!({ "status": 201, "headers": { "Content-Type": "application/json" }, "template": template });
    add(&server, json!({ "match": { "route": "/custom/{name}" }, "effect": { "respond": respond } })).await;
    let request = server.request(Method::PUT, "/custom/bob?q=a%20b").header("X-Agent", "seven");
    let reply = send(request.json(&json!({ "user": { "name": "Bob" } }))).await.assert(201);
    let expected = json!({ "method": "PUT", "last": "bob", "q": "a b", "agent": "seven", "name": "Bob", "at": 1_767_225_600_000_i64 });
    assert_eq!(reply.json(), expected);
    assert_eq!(server.last_reason().await, "Stub");
    // Paths of a vendor, methods that it does not know, and paths that are there.
    add(
        &server,
        json!({ "match": { "route": "devices/{id}/photo" }, "effect": { "respond": { "body": { "ok": true } } } }),
    )
    .await;
    let reply = server.get("/api/v3/devices/7/photo", &key()).await.assert(200);
    assert_eq!((reply.json(), reply.header("content-type")), (json!({ "ok": true }), "application/json"));
    add(&server, json!({ "match": { "route": "/v3/clients" }, "effect": { "respond": { "body": "plain" } } })).await;
    assert_eq!(server.get("/v3/clients", &Signature::none()).await.assert(200).text, "plain");
    send(server.request(Method::POST, "/v3/clients")).await.assert(200);
    // A rule without a route does not see what no vendor has.
    add(&server, json!({ "effect": { "status": 503 } })).await;
    server.get("/nobody/has/this", &key()).await.assert_problem(404);
    server.get("/v3/devices", &key()).await.assert_problem(503);
}

#[tokio::test]
async fn an_answer_from_a_file_comes_from_the_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("answers")).unwrap();
    std::fs::write(folder.path().join("answers/one.json"), "{\"n\":1}").unwrap();
    let files = folder.path().join("answers");
    let server = TestServer::with(|config| config.server.files = Some(files)).await;
    let rule = |file: &str| json!({ "match": { "route": "/file" }, "effect": { "respond": { "file": file } } });
    add(&server, rule("one.json")).await;
    let reply = server.get("/file", &key()).await.assert(200);
    assert_eq!((reply.json(), reply.header("content-type")), (json!({ "n": 1 }), "application/json"));
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("answers/link")).unwrap();
    for file in ["../answers/one.json", "/etc/hostname", "none.json", "link", ""] {
        let problem = server.admin(Method::POST, "/faults", Some(rule(file))).await.assert_problem(422);
        assert_eq!(problem["field"], "effect.respond.file", "{file}: {problem}");
    }
    let without = TestServer::start().await;
    let problem = without.admin(Method::POST, "/faults", Some(rule("one.json"))).await.assert_problem(422);
    assert!(problem["detail"].as_str().unwrap().contains("--files"), "{problem}");
}

#[tokio::test]
async fn a_field_that_the_request_lacks_is_missed_aloud() {
    let server = TestServer::start().await;
    let respond = json!({ "template": "a{{ request.query.x }}b{{request.json.y}}" });
    add(&server, json!({ "match": { "route": "/few" }, "effect": { "respond": respond } })).await;
    assert_eq!(server.get("/few?x=1", &key()).await.assert(200).text, "a1b");
    let hints = server.last_entry().await["hints"].clone();
    assert_eq!(hints, json!(["the request has no request.json.y, which the rule asks for"]));
    let bad = json!({ "match": { "route": "/x" }, "effect": { "respond": { "template": "{{ nope }}" } } });
    let problem = server.admin(Method::POST, "/faults", Some(bad)).await.assert_problem(422);
    assert_eq!(problem["field"], "effect.respond.template", "{problem}");
}

#[tokio::test]
async fn a_template_cannot_fill_the_memory() {
    let server = TestServer::start().await;
    let respond = json!({ "template": "{{ request.body }}".repeat(5) });
    add(&server, json!({ "match": { "route": "localization" }, "effect": { "respond": respond } })).await;
    let body = "x".repeat(4 << 20);
    let request = server.request(Method::POST, "/v3/localization").header("Content-Type", "text/plain").body(body);
    assert_eq!(send(request).await.assert(200).text, "");
    let hints = server.last_entry().await["hints"].clone();
    assert!(hints[0].as_str().unwrap().contains("larger than"), "{hints}");
}

#[tokio::test]
async fn a_date_and_its_distance_are_a_rules_to_choose() {
    let server = with_effect(json!({ "reshape": { "headers": { "Date": "Thu, 01 Jan 2026 01:00:00 GMT" } } })).await;
    let reply = server.login_as("agv-07").await.assert(200);
    assert_eq!(reply.header("date"), "Thu, 01 Jan 2026 01:00:00 GMT");
    let server = with_effect(json!({ "status": 503, "retry_after": { "date": "30s" } })).await;
    server.login_as("agv-07").await.assert(503);
    let hints = server.last_entry().await["hints"].clone();
    assert!(hints[0].as_str().unwrap().contains("the wait ends at 2026-01-01T00:00:30Z"), "{hints}");
    for over in [json!({ "date": "-30s" }), json!(0), json!({ "raw": "soon" })] {
        let server = with_effect(json!({ "status": 503, "retry_after": over })).await;
        server.login_as("agv-07").await.assert(503);
        assert_eq!(server.last_entry().await["hints"], json!([]), "{over}");
    }
}

#[tokio::test]
async fn where_a_limit_refuses_nothing_was_committed_that_a_rule_could_hide() {
    let server = with_effect(json!({ "status": 503, "at": "after_commit" })).await;
    let limit = json!({ "per": "account", "fixed": { "limit": 1, "window": "1h" } });
    server.admin(Method::POST, "/limits", Some(limit)).await.assert(201);
    let first = server.login_as("agv-07").await.assert(503);
    assert_eq!(first.header("x-ratelimit-remaining"), "0");
    let second = server.login_as("agv-07").await.assert(429);
    assert_eq!(second.header("retry-after"), "3600");
    let entry = server.last_entry().await;
    assert_eq!(entry["injected"], json!(["r: no other answer, for a limit refused it"]));
    assert_eq!(server.admin(Method::GET, "/tokens", None).await.json()["tokens"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_rules_say_of_secrets_is_hidden() {
    let server = TestServer::with(|config| config.server.explain = true).await;
    let to = format!("https://elsewhere.example/?key={API_KEY}");
    add(&server, json!({ "effect": { "redirect": { "status": 302, "to": to } } })).await;
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let reply = http.get(format!("{}/v3/clients", server.server.base_url())).send().await.unwrap();
    // Where it leads is the rule's business; what is said of it is not.
    assert!(reply.headers()["location"].to_str().unwrap().contains(API_KEY));
    let told = reply.headers()["x-mock-fault"].to_str().unwrap();
    assert!(told.starts_with("rule-1: redirect 302 to https://elsewhere.example/?key=fingerprint:"), "{told}");
}

#[tokio::test]
async fn a_request_brings_its_own_fault_along_where_that_is_allowed() {
    let refused = TestServer::start().await;
    let request =
        |server: &TestServer, fault: &str| server.request(Method::GET, "/v3/clients").header("X-Mock-Fault", fault);
    send(key().sign(request(&refused, "503"))).await.assert(200);
    let server = TestServer::with(|config| config.server.fault_header = true).await;
    let sent = |fault: &'static str| send(key().sign(request(&server, fault)));
    sent("503").await.assert_problem(503);
    assert_eq!(server.last_entry().await["fault"], json!(["header"]));
    assert_eq!(sent(r#"{"status":429,"retry_after":3}"#).await.assert(429).header("retry-after"), "3");
    assert!(key().sign(request(&server, "reset")).send().await.is_err());
    for wrong in ["99", "rest", "{\"status\":", "{\"statsu\":503}", ""] {
        let reply = sent(wrong).await;
        if wrong.is_empty() {
            reply.assert(200);
        } else {
            let problem = reply.assert_problem(400);
            assert!(problem["detail"].as_str().unwrap().starts_with("X-Mock-Fault: effect"), "{problem}");
            assert_eq!(server.last_reason().await, "MockHeaderInvalid");
        }
    }
    sent("{}").await.assert_problem(400);
    // What was refused counts nowhere.
    add(&server, json!({ "name": "once", "trigger": { "nth": 1 }, "effect": { "status": 502 } })).await;
    sent("nonsense").await.assert_problem(400);
    send(key().sign(server.request(Method::GET, "/v3/clients"))).await.assert_problem(502);
}

#[tokio::test]
async fn what_was_injected_is_told_in_the_same_numbers_everywhere() {
    let server = TestServer::with(|config| {
        config.server.explain = true;
        config.server.fault_header = true;
    })
    .await;
    let own = server.sandbox(json!({ "name": "t1" })).await;
    for rule in [
        json!({ "name": "some", "trigger": { "exactly": 3, "of": 10 }, "effect": { "status": 503 } }),
        json!({ "name": "late", "trigger": { "every": 2 }, "effect": { "delay": "1ms" } }),
    ] {
        own.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    }
    let mut in_headers = std::collections::BTreeMap::<String, u64>::new();
    for number in 0..20 {
        let request = server.request(Method::GET, "/sandbox/t1/v3/clients");
        let request = if number == 4 { request.header("X-Mock-Fault", "{\"delay\":\"1ms\"}") } else { request };
        let reply = send(request).await;
        for value in reply.headers.get_all("x-mock-fault") {
            let rule = value.to_str().unwrap().split(':').next().unwrap().to_owned();
            *in_headers.entry(rule).or_default() += 1;
        }
    }
    let listing = own.admin(Method::GET, "/requests", None).await.json();
    let mut in_journal = std::collections::BTreeMap::<String, u64>::new();
    for rule in listing["requests"].as_array().unwrap().iter().filter_map(|entry| entry["fault"].as_array()).flatten() {
        *in_journal.entry(rule.as_str().unwrap().to_owned()).or_default() += 1;
    }
    let metrics = send(server.request(Method::GET, "/metrics")).await.assert(200);
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let in_metrics: std::collections::BTreeMap<String, u64> = metrics
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("mock_server_faults_injected_total{sandbox=\"t1\",rule=\""))
        .map(|rest| rest.split_once("\"} ").unwrap())
        .map(|(rule, count)| (rule.to_owned(), count.parse().unwrap()))
        .collect();
    let listed = own.admin(Method::GET, "/faults", None).await.json();
    let fired = |place: usize| listed["faults"][place]["fired"].as_u64().unwrap();
    let expected = [("header".to_owned(), 1), ("late".to_owned(), 10), ("some".to_owned(), 6)];
    assert_eq!((fired(0), fired(1)), (6, 10));
    for seen in [in_headers, in_journal, in_metrics] {
        assert_eq!(seen, expected.clone().into_iter().collect());
    }
    assert!(metrics.text.contains("mock_server_exchanges_total{sandbox=\"t1\"} 20\n"), "{}", metrics.text);
}
