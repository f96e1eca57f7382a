//! Both query routes of Timbr: with a canned answer against a bare axum handler that answers the same bytes, and with the
//! engine against the engine called directly.
//!
//! `cargo bench -p mock-server --bench timbr` prints both. Servers are processes of their own, pinned to one core where
//! `taskset` is there; the load comes from the other core. The engine by itself is called from one thread.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and stops at the first surprise"
)]

#[path = "../against_axum/load.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod load;
#[path = "../against_axum/process.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod process;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use axum::serve::ListenerExt;
use mock_server::directory::Directory;
use mock_server::ontology::Question;

use load::Load;
use process::Server;

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1500);

const TOKEN: &str = "tk_2dee5e3c929124f617065ad0f7e4f2418916659ba57f410f7c9afaf8700c5d15";
const ENVELOPE: &str = "/timbr/api/query/";
const BARE: &str = "/timbr/openapi/ontology/supply_chain/query";

const CANNED: &str = "SELECT canned FROM dtimbr.customer";
const ROWS: &str = r#"[{"id":1,"city":"Pune"},{"id":2,"city":"Bratislava"}]"#;

const ONE_ROW: &str = "SELECT id, name, city FROM dtimbr.customer WHERE id = 3";
const JOIN: &str = "SELECT c.name, count(*) AS n, sum(o.quantity) AS pieces FROM dtimbr.customer c \
                    JOIN dtimbr.`order` o ON o.customer_id = c.id GROUP BY c.id ORDER BY pieces DESC";
const THOUSAND: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000) \
                        SELECT x, c.name, c.credit_limit FROM n, dtimbr.customer c WHERE c.id = 1";

fn main() {
    if std::env::args().any(|argument| argument == "--bare") {
        return serve_bare();
    }
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mock.toml");
    let answers = format!("[[timbr.answers]]\nquery = \"{CANNED}\"\nrows_json = '{ROWS}'\n");
    std::fs::write(&config, answers).unwrap();
    let mock = Server::mock_with(&["--config", config.to_str().unwrap()]);
    println!("{ROUNDS} rounds of {ROUND:?} each, alternating\n");
    println!("| canned answer | bare axum req/s | mock-server req/s | ratio |\n| --- | --: | --: | --: |");
    let bare = Server::this("--bare");
    for path in [ENVELOPE, BARE] {
        let loads = [&bare, &mock].map(|server| query(server, path, CANNED));
        let [floor, ours] = alternate([&|| loads[0].run(ROUND), &|| loads[1].run(ROUND)]);
        println!("| `{path}` | {floor:.0} | {ours:.0} | {:.2} |", ours / floor);
    }
    println!("\n| engine | directly, calls/s | mock-server req/s | ratio |\n| --- | --: | --: | --: |");
    for (name, sql) in [("one row", ONE_ROW), ("join and aggregate", JOIN), ("1,000 rows", THOUSAND)] {
        for path in [ENVELOPE, BARE] {
            let load = query(&mock, path, sql);
            let [floor, ours] = alternate([&|| directly(sql), &|| load.run(ROUND)]);
            println!("| {name}, `{path}` | {floor:.0} | {ours:.0} | {:.2} |", ours / floor);
        }
    }
}

fn query(server: &Server, path: &str, sql: &str) -> Load {
    let body = match path {
        ENVELOPE => serde_json::json!({ "ontology_name": "supply_chain", "query": sql }).to_string(),
        _ => sql.to_owned(),
    };
    let load = Load::post(server.address(), path, &format!("x-api-key: {TOKEN}\r\n"), &body);
    load.once();
    load
}

/// Medians of what both do in a second.
fn alternate(sides: [&dyn Fn() -> u64; 2]) -> [f64; 2] {
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (rates, side) in rates.iter_mut().zip(sides) {
            let done = side();
            // The first round warms up.
            if round > 0 {
                rates.push(done as f64 / ROUND.as_secs_f64());
            }
        }
    }
    rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    })
}

/// How often the engine answers by itself.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn directly(sql: &str) -> u64 {
    let directory = Directory::default_world().unwrap();
    let data = directory.timbr().ontology("supply_chain").unwrap().data().unwrap();
    let question = Question {
        sql,
        user: "alice",
        ontologies: &["supply_chain"],
        time_limit: Duration::from_secs(5),
        row_limit: 5000,
        nested: false,
    };
    let end = Instant::now() + ROUND;
    let mut calls = 0;
    while Instant::now() < end {
        assert!(data.answer(&question).unwrap().is_ok());
        calls += 1;
    }
    calls
}

/// The floor: the body is taken in, the bytes go out.
fn serve_bare() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{{\"api\":\"http://{}\"}}", listener.local_addr().unwrap());
        let json = [("content-type", "application/json")];
        let envelope = format!(r#"{{"data":{ROWS},"status":"success"}}"#);
        let router = Router::new()
            // By which the benchmark sees that it is up.
            .route("/v3/Authorization/Authenticate", post(async || "{}"))
            .route(ENVELOPE, post(async move |_: Bytes| (json, envelope.clone())))
            .route(BARE, post(async move |_: Bytes| (json, ROWS)));
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}
