//! Many universes in one process: what happens in one is not seen in another.

use std::sync::Arc;

use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::support::{Reply, Signature, TestServer, send};

const WORKERS: usize = 64;

/// One step of a worker. Steps contradict one another from worker to worker: clocks, faults, tokens, data.
#[derive(Clone, Debug)]
enum Step {
    LogIn(usize),
    Refresh,
    LogOut,
    Post(i64),
    Read(usize),
    Query,
    Clock(Value),
    Fault(usize, u16, u64),
    Tokens(usize),
    Account(bool),
    RotateKey,
    Life(u64),
    Reset,
    ListTokens,
    Journal,
}

const LOGINS: [&str; 3] = ["forklift-01", "walker-01", "agv-07"];
const READS: [&str; 4] = ["/v3/devices", "/v3/branches", "/v3/clients", "/v3/devices/locations/?deviceId=1"];
const OPERATIONS: [&str; 4] = ["authenticate", "localization", "devices.list", "timbr.query"];
const CHANGES: [&str; 4] = ["expire", "revoke", "fail", "rotate"];

fn clock() -> impl Strategy<Value = Step> {
    prop_oneof![
        (-90_000_000_i64..90_000_000).prop_map(|by| json!({ "by": by })),
        (0_i64..4_000_000_000_000).prop_map(|to| json!({ "to": to })),
    ]
    .prop_map(Step::Clock)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..LOGINS.len()).prop_map(Step::LogIn),
        2 => Just(Step::Refresh),
        1 => Just(Step::LogOut),
        4 => (0_i64..100_000).prop_map(Step::Post),
        4 => (0..READS.len()).prop_map(Step::Read),
        2 => Just(Step::Query),
        3 => clock(),
        2 => (0..OPERATIONS.len(), 400_u16..600, 1_u64..4).prop_map(|(o, status, n)| Step::Fault(o, status, n)),
        2 => (0..CHANGES.len()).prop_map(Step::Tokens),
        1 => any::<bool>().prop_map(Step::Account),
        1 => Just(Step::RotateKey),
        1 => (1_u64..100_000).prop_map(Step::Life),
        1 => Just(Step::Reset),
        1 => Just(Step::ListTokens),
        1 => Just(Step::Journal),
    ]
}

/// One worker in its sandbox.
struct Worker<'s> {
    server: &'s TestServer,
    id: String,
    credentials: Value,
    signature: Signature,
    transcript: Vec<String>,
}

impl<'s> Worker<'s> {
    async fn new(server: &'s TestServer, number: usize) -> Self {
        let sandbox = server.sandbox(json!({ "name": format!("w{number}"), "seed": number })).await;
        let credentials = sandbox.credentials.clone();
        Self { server, id: sandbox.id.clone(), credentials, signature: Signature::none(), transcript: Vec::new() }
    }

    /// By prefix, by header, or by nothing but the credentials, from worker to worker.
    async fn call(&mut self, method: Method, path: &str, signature: &Signature, body: Option<Value>) -> Value {
        let number: usize = self.id[1..].parse().unwrap();
        let is_signed = !signature.0.is_empty() || path.contains("Authenticate");
        let request = match number % 3 {
            0 => self.server.request(method, &format!("/sandbox/{}{path}", self.id)),
            1 => self.server.request(method, path).header("X-Mock-Sandbox", &self.id),
            _ if is_signed => self.server.request(method, path),
            _ => self.server.request(method, &format!("/sandbox/{}{path}", self.id)),
        };
        let request = signature.sign(request);
        let reply = send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await;
        let (date, wait) = (reply.header("date").to_owned(), reply.header("retry-after").to_owned());
        self.note(&reply, &format!("{date} {wait}"))
    }

    async fn admin(&mut self, method: Method, path: &str, body: Option<Value>) {
        let reply = self.server.admin(method, &format!("/sandboxes/{}{path}", self.id), body).await;
        // Its Date is the machine's.
        self.note(&reply, "");
    }

    fn note(&mut self, reply: &Reply, headers: &str) -> Value {
        let body: Value = serde_json::from_str(&reply.text).unwrap_or_else(|_| json!(reply.text));
        self.transcript.push(format!("{} {headers} {}", reply.status, without_real(body.clone())));
        body
    }

    async fn take(&mut self, step: &Step) {
        let signature = self.signature.clone();
        match step {
            Step::LogIn(login) => {
                let login = LOGINS[*login];
                let client = &self.credentials["twinzo"]["client"];
                let body = json!({ "Client": client, "Login": login, "Password": format!("{login}-pass") });
                let path = "/v3/Authorization/Authenticate";
                let contract = self.call(Method::POST, path, &Signature::none(), Some(body)).await;
                if contract["Token"].is_string() {
                    self.signature = Signature::token(&contract);
                }
            }
            Step::Refresh => {
                let contract = self.call(Method::GET, "/v3/Authorization/Token", &signature, None).await;
                if contract["Token"].is_string() {
                    self.signature = Signature::token(&contract);
                }
            }
            Step::LogOut => drop(self.call(Method::DELETE, "/v3/Authorization/Token", &signature, None).await),
            Step::Post(stamp) => {
                let body = json!([{ "Timestamp": stamp, "X": stamp }]);
                self.call(Method::POST, "/v3/localization", &signature, Some(body)).await;
            }
            Step::Read(path) => drop(self.call(Method::GET, READS[*path], &signature, None).await),
            Step::Query => {
                let token = self.credentials["timbr"]["users"][0]["token"].as_str().unwrap().to_owned();
                let body = json!({ "ontology_name": "supply_chain", "query": "SHOW TOKEN" });
                let signature = Signature(vec![("x-api-key", token)]);
                self.call(Method::POST, "/timbr/api/query/", &signature, Some(body)).await;
            }
            Step::Clock(step) => self.admin(Method::POST, "/clock/advance", Some(step.clone())).await,
            Step::Fault(operation, status, first) => {
                let rule = json!({ "match": { "operation": OPERATIONS[*operation] }, "trigger": { "first": first },
                    "effect": { "status": status, "retry_after": first } });
                self.admin(Method::POST, "/faults", Some(rule)).await;
            }
            Step::Tokens(change) => {
                self.admin(Method::POST, &format!("/tokens/{}", CHANGES[*change]), Some(json!({ "all": true }))).await;
            }
            Step::Account(disabled) => {
                self.admin(Method::PATCH, "/accounts/walker-01", Some(json!({ "disabled": disabled }))).await;
            }
            Step::RotateKey => self.admin(Method::POST, "/keys/key-1/rotate", Some(json!({ "overlap": "1m" }))).await,
            Step::Life(seconds) => {
                let patch = json!({ "twinzo": { "token_life": format!("{seconds}s") } });
                self.admin(Method::PATCH, "/settings", Some(patch)).await;
            }
            Step::Reset => self.admin(Method::POST, "/reset", None).await,
            Step::ListTokens => self.admin(Method::GET, "/tokens", None).await,
            Step::Journal => self.admin(Method::GET, "/requests", None).await,
        }
    }
}

/// Without what cannot be the same twice: real time, and the numbers of connections.
fn without_real(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.retain(|name, _| name != "real_ms" && name != "connection");
            for member in members.values_mut() {
                *member = without_real(member.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_real(item.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    // The journal shows the host that a request came by.
    if value.as_array().is_some_and(|pair| pair.len() == 2 && pair[0] == "host") { Value::Null } else { value }
}

async fn run(server: &TestServer, number: usize, steps: &[Step]) -> Vec<String> {
    let mut worker = Worker::new(server, number).await;
    for step in steps {
        worker.take(step).await;
    }
    // What is left in the end.
    for path in ["/requests", "/tokens", "/faults", "/accounts", "/keys", "/settings", "/clock", "/credentials"] {
        worker.admin(Method::GET, path, None).await;
    }
    worker.transcript
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn workers_in_parallel_see_what_they_would_see_alone(
        scripts in prop::collection::vec(prop::collection::vec(step(), 1..14), WORKERS)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (alone, together) = runtime.block_on(async {
            let server = TestServer::start().await;
            let mut alone = Vec::new();
            for (number, script) in scripts.iter().enumerate() {
                alone.push(run(&server, number, script).await);
            }
            let server = Arc::new(TestServer::start().await);
            let start = Arc::new(Barrier::new(WORKERS));
            let workers = scripts.iter().cloned().enumerate().map(|(number, script)| {
                let (server, start) = (Arc::clone(&server), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    run(&server, number, &script).await
                })
            });
            let workers: Vec<_> = workers.collect();
            let mut together = Vec::new();
            for worker in workers {
                together.push(worker.await.unwrap());
            }
            (alone, together)
        });
        for (number, (alone, together)) in alone.iter().zip(&together).enumerate() {
            for (alone, together) in alone.iter().zip(together) {
                prop_assert_eq!(alone, together, "worker {}: {:?}", number, scripts[number]);
            }
            prop_assert_eq!(alone.len(), together.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sandbox_is_reset_under_load_and_63_see_nothing() {
    const ROUNDS: usize = 20;
    let server = Arc::new(TestServer::start().await);
    let start = Arc::new(Barrier::new(WORKERS + 1));
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        let sandbox = server.sandbox(json!({ "name": format!("w{number}") })).await;
        let listener = sandbox.admin(Method::POST, "/listeners", Some(json!({}))).await.assert(201).json();
        let url = listener["url"].as_str().unwrap().to_owned();
        let client = sandbox.credentials["twinzo"]["client"].as_str().unwrap().to_owned();
        let start = Arc::clone(&start);
        workers.push(tokio::spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let login = json!({ "Client": client, "Login": "forklift-01", "Password": "forklift-01-pass" });
            start.wait().await;
            let mut statuses = Vec::new();
            for round in 0..ROUNDS {
                let reply = send(http.post(format!("{url}/v3/Authorization/Authenticate")).json(&login)).await;
                let signature = Signature::token(&reply.assert(200).json());
                let post = http.post(format!("{url}/v3/localization")).json(&json!([{ "Timestamp": round }]));
                statuses.push(send(signature.sign(post)).await.status);
                let read = http.get(format!("{url}/v3/devices/locations/?deviceId=1"));
                let reply = send(signature.sign(read)).await;
                statuses.push(if reply.status == 200 {
                    u16::try_from(reply.json().as_array().unwrap().len()).unwrap()
                } else {
                    reply.status
                });
            }
            statuses
        }));
    }
    let resets = tokio::spawn({
        let (server, start) = (Arc::clone(&server), Arc::clone(&start));
        async move {
            start.wait().await;
            for _ in 0..50 {
                server.admin(Method::POST, "/sandboxes/w7/reset", None).await.assert(204);
            }
        }
    });
    resets.await.unwrap();
    // Every position is there, and nothing was refused.
    let undisturbed: Vec<u16> = (1..=ROUNDS).flat_map(|round| [200, u16::try_from(round).unwrap()]).collect();
    for (number, worker) in workers.into_iter().enumerate() {
        let statuses = worker.await.unwrap();
        if number == 7 {
            assert_ne!(statuses, undisturbed, "50 resets in the middle of its work do show in the one that is reset");
            continue;
        }
        assert_eq!(statuses, undisturbed, "worker {number}");
        let journal = server.admin(Method::GET, &format!("/sandboxes/w{number}/requests?limit=1"), None).await.json();
        assert_eq!((&journal["total"], &journal["requests"][0]["via"]), (&json!(3 * ROUNDS), &json!("listener")));
    }
}
