//! Answers to SQL by the engine, on both query routes: docs/timbr.md §6, docs/ontologies.md.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use serde_json::{Value, json};

use crate::process::{signal, start};
use crate::support::{ALICE, Reply, TestServer, send};

const OPENAPI: &str = "/timbr/openapi/ontology/supply_chain/query";

async fn ask_with(server: &TestServer, path: &str, sql: &str, headers: &[(&str, &str)]) -> Reply {
    let request = server.request(Method::POST, path).header("x-api-key", ALICE).body(sql.to_owned());
    send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

async fn ask(server: &TestServer, sql: &str) -> Reply {
    ask_with(server, OPENAPI, sql, &[]).await
}

/// A 500 in the vendor's shape, with this text.
#[track_caller]
fn assert_refused(reply: &Reply, text: &str) {
    assert_eq!((reply.status, reply.json()), (500, json!({ "data": text, "status": "error" })));
}

#[tokio::test]
async fn the_world_that_ships_answers_sql() {
    let server = TestServer::start().await;
    let sql = "SELECT c.name, count(*) AS orders, sum(o.quantity) AS pieces FROM dtimbr.customer c \
               JOIN dtimbr.`order` o ON o.customer_id = c.id GROUP BY c.id ORDER BY pieces DESC, c.id LIMIT 3";
    let rows = r#"[{"name":"Pune Tyres","orders":3,"pieces":241},{"name":"Žitný & syn","orders":2,"pieces":60},{"name":"北方物流","orders":1,"pieces":12}]"#;
    let reply = ask(&server, sql).await.assert(200);
    assert_eq!((reply.text.as_str(), reply.header("content-type")), (rows, "application/json"));
    let body = json!({ "ontology_name": "supply_chain", "query": sql });
    let reply = send(server.request(Method::POST, "/timbr/api/query/").header("x-api-key", ALICE).json(&body)).await;
    assert_eq!(reply.assert(200).text, format!(r#"{{"data":{rows},"status":"success"}}"#));
    // Types come from the files, and keys in the statement's order.
    let sql =
        "-- LLM: who is not there?\nSELECT postcode, credit_limit, active FROM `dtimbr`.`customer` WHERE id >= 4;";
    assert_eq!(
        ask(&server, sql).await.assert(200).text,
        r#"[{"postcode":"110000","credit_limit":null,"active":true},{"postcode":null,"credit_limit":0.0,"active":false}]"#
    );
    let sql = "SELECT weight_kg, delivered, stops FROM timbr.shipment WHERE carrier = 'Acme Road'";
    let first = &ask(&server, sql).await.assert(200).json()[0];
    assert_eq!(*first, json!({ "weight_kg": 820.5, "delivered": true, "stops": "[\"Pune\",\"Mumbai\"]" }));
}

#[tokio::test]
async fn a_folder_of_tables_joins_the_world_and_every_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shop")).unwrap();
    fs::write(folder.path().join("shop/price list.csv"), "article,price\nbolt,0.25\nnut,\n").unwrap();
    let ontologies = folder.path().to_owned();
    let server = TestServer::with(|config| config.world.ontologies = Some(ontologies)).await;
    let list = send(server.request(Method::GET, "/timbr/api/get_ontologies/").header("x-api-key", ALICE)).await;
    assert_eq!(list.json()["data"], json!(["supply_chain", "maintenance", "shop"]));
    let shop = "/timbr/openapi/ontology/shop/query";
    for (sql, rows) in [
        (
            "SELECT * FROM dtimbr.`price list`",
            json!([{ "article": "bolt", "price": 0.25 }, { "article": "nut", "price": null }]),
        ),
        ("SHOW TABLES IN dtimbr", json!([{ "tab_name": "price list" }])),
        ("SHOW TABLES IN timbr", json!([{ "tab_name": "price list" }])),
        (
            "describe concept `dtimbr`.`price list`",
            json!([
                { "col_name": "article", "data_type": "string", "comment": "" },
                { "col_name": "price", "data_type": "double", "comment": "" },
            ]),
        ),
        ("SELECT count(*) AS n FROM timbr.sys_ontologies", json!([{ "n": 3 }])),
    ] {
        assert_eq!(ask_with(&server, shop, sql, &[]).await.assert(200).json(), rows, "{sql}");
    }
    // A sandbox with a world of its own has it too, but not what belongs to the world that ships.
    let user = json!({ "name": "eve", "password": "eve-pass", "token": "tk_made-up" });
    let world = json!({ "client": [{ "name": "own", "branch": [{ "title": "only" }] }], "timbr": { "user": [user] } });
    let sandbox = server.sandbox(json!({ "world": world })).await;
    let answer = async |ontology: &str| {
        let path = sandbox.path(&format!("/timbr/openapi/ontology/{ontology}/query"));
        let sql = "SELECT timbr_username() AS who, count(*) AS n FROM dtimbr.`price list`";
        send(server.request(Method::POST, &path).header("x-api-key", "tk_made-up").body(sql)).await
    };
    assert_eq!(answer("shop").await.assert(200).text, r#"[{"who":"eve","n":2}]"#);
    assert!(answer("supply_chain").await.assert(500).text.contains("Unknown database 'supply_chain'"));
}

#[tokio::test]
async fn canned_answers_and_faults_come_before_the_engine() {
    let server = TestServer::with(|config| {
        let answers = json!([{ "query": "SELECT id FROM dtimbr.customer", "rows": [{ "id": "canned" }] }]);
        config.timbr.answers = serde_json::from_value(answers).unwrap();
    })
    .await;
    assert_eq!(ask(&server, "SELECT id FROM dtimbr.customer").await.assert(200).text, r#"[{"id":"canned"}]"#);
    let rows = ask(&server, "SELECT id FROM dtimbr.customer LIMIT 1").await.assert(200);
    assert_eq!(rows.text, r#"[{"id":1}]"#);
    let rule = json!({ "match": { "operation": "timbr.openapi_query" }, "effect": { "status": 503 } });
    server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
    ask(&server, "SELECT id FROM dtimbr.customer").await.assert(503);
}

#[tokio::test]
async fn what_is_not_reading_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::start().await;
    for (sql, what) in [
        ("ATTACH '/tmp/stolen.db' AS x", "ATTACH"),
        ("PRAGMA temp_store_directory = '/tmp'", "PRAGMA temp_store_directory"),
        ("INSERT INTO timbr.customer (id) VALUES (6)", "writing to customer"),
        ("UPDATE timbr.customer SET city = 'x'", "changing customer"),
        ("DELETE FROM dtimbr.customer", "deleting from customer"),
        ("DROP TABLE timbr.customer", "deleting from sqlite_master"),
        ("CREATE TABLE x (a)", "writing to sqlite_master"),
        ("SELECT * FROM sqlite_master", "reading sqlite_master"),
        ("SELECT load_extension('/tmp/x.so')", "the function load_extension"),
    ] {
        assert_refused(&ask(&server, sql).await, &format!("permission denied: {what}"));
        assert_eq!(server.last_reason().await, "SqlDenied", "{sql}");
    }
    assert_refused(&ask(&server, "SELECT readfile('/etc/passwd')").await, "no such function: readfile");
    assert_eq!(server.last_reason().await, "SqlInvalid");
    let other = server.sandbox(json!({})).await;
    let token = other.credentials["timbr"]["users"][0]["token"].as_str().unwrap().to_owned();
    for (path, token) in [(OPENAPI.to_owned(), ALICE), (other.path(OPENAPI), &token)] {
        let sql = "SELECT count(*) AS n, max(city) AS city FROM dtimbr.customer";
        let reply = send(server.request(Method::POST, &path).header("x-api-key", token).body(sql)).await;
        assert_eq!(reply.assert(200).text, r#"[{"n":5,"city":"沈阳"}]"#);
    }
}

#[tokio::test]
async fn mistakes_are_500_with_the_engines_text() {
    let server = TestServer::start().await;
    assert_refused(&ask(&server, "SELECT * FROM dtimbr.ghost").await, "no such table: dtimbr.ghost");
    assert_refused(&ask(&server, "SELECT ghost FROM dtimbr.customer").await, "no such column: ghost");
    assert_refused(&ask(&server, "SELECT * FROM dtimbr.order").await, "near \"order\": syntax error");
    assert_eq!(server.last_reason().await, "SqlInvalid");
    let reply = ask_with(&server, "/timbr/openapi/ontology/nope/query", "SELECT * FROM dtimbr.customer", &[]).await;
    assert!(reply.assert(500).text.contains("Unknown database 'nope'"));
}

#[tokio::test]
async fn limits_of_time_and_rows_are_settings_and_a_header() {
    let server = TestServer::start().await;
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT";
    let rows = async |headers: &[(&str, &str)]| {
        let reply = ask_with(&server, OPENAPI, &format!("{endless} x FROM n"), headers).await;
        reply.assert(200).json().as_array().map(Vec::len)
    };
    assert_eq!(rows(&[]).await, Some(5000));
    assert_eq!(rows(&[("results-limit", "7")]).await, Some(7));
    assert_eq!(rows(&[("results-limit", "6000")]).await, Some(6000));
    assert_eq!(rows(&[("results-limit", "many")]).await, Some(5000));
    let settings = json!({ "timbr": { "row_limit": 3, "query_time_limit": "30ms" } });
    server.admin(Method::PATCH, "/settings", Some(settings)).await.assert(200);
    assert_eq!(rows(&[]).await, Some(3));
    let stopped = ask(&server, &format!("{endless} count(*) FROM n")).await;
    assert_refused(&stopped, "the query was stopped: it took longer than 30ms");
    assert_eq!(server.last_reason().await, "SqlStopped");
}

#[tokio::test]
async fn nested_rows_follow_the_relationships_of_the_file() {
    let server = TestServer::start().await;
    let sql = "SELECT id, name FROM dtimbr.customer WHERE id IN (3, 5)";
    let flat = json!([{ "id": 3, "name": "Harbour, Sons & Co" }, { "id": 5, "name": "Nobody Yet" }]);
    for headers in [[].as_slice(), &[("nested", "false")], &[("nested", "yes")]] {
        assert_eq!(ask_with(&server, OPENAPI, sql, headers).await.assert(200).json(), flat);
    }
    let nested = ask_with(&server, OPENAPI, sql, &[("nested", "true")]).await.assert(200).json();
    let order = json!({ "id": 104, "customer_id": 3, "product": "crate", "quantity": 5, "price": 99.99, "ordered": "2026-01-07" });
    assert_eq!(
        nested,
        json!([
            { "id": 3, "name": "Harbour, Sons & Co", "orders": [order] },
            { "id": 5, "name": "Nobody Yet", "orders": [] },
        ])
    );
    let sql = "SELECT id, customer_id FROM dtimbr.`order` WHERE id = 101";
    let nested = ask_with(&server, OPENAPI, sql, &[("nested", "true")]).await.assert(200).json();
    assert_eq!(nested[0]["customer"]["name"], "Pune Tyres");
    assert_eq!(nested[0]["shipments"][0]["id"], 9001);
}

#[tokio::test]
async fn statements_of_the_service_know_the_tables() {
    let server = TestServer::start().await;
    let described = ask(&server, "describe concept `dtimbr`.`customer`").await.assert(200).json();
    assert_eq!(described[0], json!({ "col_name": "id", "data_type": "bigint", "comment": "" }));
    let limit =
        json!({ "col_name": "credit_limit", "data_type": "double", "comment": "In euros; none if nobody asked" });
    assert_eq!(described[5], limit);
    let described = ask(&server, "DESC timbr.shipment").await.assert(200).json();
    assert_eq!(described[4]["data_type"], "boolean");
    let plan = ask(&server, "EXPLAIN SELECT * FROM dtimbr.customer").await.assert(200);
    assert_eq!(plan.text, r#"[{"PLAN":"SCAN dtimbr.customer"}]"#);
    let checked = "SELECT * FROM (SELECT id FROM dtimbr.customer) explainable_query WHERE 1=0";
    assert_eq!(ask(&server, checked).await.assert(200).text, "[]");
    let wrong = "SELECT * FROM (SELECT nope FROM dtimbr.customer) explainable_query WHERE 1=0";
    assert_refused(&ask(&server, wrong).await, "no such column: nope");
    // Without tables nobody can tell.
    let maintenance = "/timbr/openapi/ontology/maintenance/query";
    let plan = ask_with(&server, maintenance, "EXPLAIN SELECT 1 FROM x", &[]).await.assert(200).json();
    assert_eq!(plan[0]["PLAN"], "mock plan of: SELECT 1 FROM x");
}

#[tokio::test]
async fn a_caller_can_run_as_somebody_else() {
    let server = TestServer::start().await;
    let bob = ask_with(&server, OPENAPI, "select timbr_username()", &[("x-api-impersonate-user", "bob")]).await;
    assert_eq!(bob.assert(200).text, r#"[{"bob":"bob"}]"#);
    let sql = "SELECT timbr_username() AS who FROM dtimbr.customer LIMIT 1";
    let bob = ask_with(&server, OPENAPI, sql, &[("x-api-impersonate-user", "bob")]).await;
    assert_eq!(bob.assert(200).json(), json!([{ "who": "bob" }]));
    let nobody = ask_with(&server, OPENAPI, "SELECT 1", &[("x-api-impersonate-user", "nobody")]).await;
    assert_refused(&nobody, "User nobody does not exist");
    assert_eq!(server.last_reason().await, "SqlRefused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_slow_query_does_not_hold_up_other_requests() {
    let server = TestServer::with(|config| config.timbr.query_time_limit = "2s".parse().unwrap()).await;
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let slow = ask(&server, endless);
    tokio::pin!(slow);
    let mut answered = 0;
    let stopped = loop {
        tokio::select! {
            stopped = &mut slow => break stopped,
            rows = ask(&server, "SELECT id FROM dtimbr.customer LIMIT 1") => {
                assert_eq!(rows.assert(200).text, r#"[{"id":1}]"#);
                answered += 1;
            }
        }
    };
    assert_refused(&stopped, "the query was stopped: it took longer than 2s");
    assert!(answered > 1, "{answered}");
}

#[test]
fn a_query_at_work_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    fs::write(&config, "timbr = { query_time_limit = '1h' }").unwrap();
    let (mut child, ready) = start(&["--port", "0", "--config", config.to_str().unwrap()]);
    let address = ready["api"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).unwrap();
    let ask = |sql: &str| {
        let (path, token) = ("/timbr/openapi/ontology/supply_chain/query", ALICE);
        let length = sql.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {token}\r\nContent-Length: {length}\r\n\r\n{sql}"
        )
    };
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n";
    slow.write_all(ask(endless).as_bytes()).unwrap();
    // By the time these are answered, the other one is at work.
    let mut quick = TcpStream::connect(address).unwrap();
    let mut answers = BufReader::new(quick.try_clone().unwrap());
    for _ in 0..20 {
        quick.write_all(ask("SELECT id FROM dtimbr.customer WHERE 1 = 0").as_bytes()).unwrap();
        let head: Vec<String> =
            answers.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        assert_eq!(head[0], "HTTP/1.1 200 OK");
        answers.read_exact(&mut [0; 2]).unwrap();
    }
    signal(child.id(), "TERM");
    // Another process's end: there is no clock to move. An hour is what this must not take.
    for _ in 0..4000 {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    panic!("the server is still there");
}

#[test]
fn a_file_that_is_wrong_stops_the_start_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shop")).unwrap();
    fs::write(folder.path().join("shop/a.csv"), "x,y\n1\n").unwrap();
    let mut config = mock_server::Config::default();
    config.world.ontologies = Some(folder.path().to_owned());
    let shown = config.directory().unwrap_err().to_string();
    assert!(shown.contains("a.csv:2:1: 1 fields, and the first line has 2\n  |\n2 | 1\n  | ^"), "{shown}");
}

/// Every value of the tables that ship, against the files.
#[tokio::test]
async fn rows_are_those_of_the_files() {
    let server = TestServer::start().await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/ontologies/supply_chain/shipment.json");
    let mut written: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    for row in written.as_array_mut().unwrap() {
        let row = row.as_object_mut().unwrap();
        // What has parts is a text of JSON, and what is left out is null.
        let stops = row.get("stops").map(ToString::to_string);
        row.insert("stops".to_owned(), stops.into());
        row["weight_kg"] = row["weight_kg"].as_f64().into();
    }
    assert_eq!(ask(&server, "SELECT * FROM dtimbr.shipment").await.assert(200).json(), written);
}
