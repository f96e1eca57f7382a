//! A server of its own for each test, requests in few words, and answers that check themselves.

use mock_server::{Config, RunningServer};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

pub(crate) const CLIENT: &str = "004706bc-968b-41a9-9fa4-16465ca1e40d";
pub(crate) const BRATISLAVA: &str = "34599804-829e-480c-91e4-203e25b1cc53";
pub(crate) const PUNE: &str = "848f395d-b7ec-4136-9220-b931bd782007";
/// For every branch of the client.
pub(crate) const API_KEY: &str = "b9re4v23GoNtwjY2Pkuj7WtzrjwVxyL425BqOm29";
/// For Pune only.
pub(crate) const PUNE_API_KEY: &str = "q477XuGaPnegOGCkeix4BxNn0rP0PCKcsDW0N1lY";
pub(crate) const ALICE: &str = "tk_2dee5e3c929124f617065ad0f7e4f2418916659ba57f410f7c9afaf8700c5d15";
/// 2026-01-01T00:00:00Z, where every test clock stands.
pub(crate) const START_MS: i64 = 1_767_225_600_000;

/// Headers that an answer may carry; any other is news, and news is a failure.
const KNOWN_HEADERS: [&str; 18] = [
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "expires",
    "location",
    "pragma",
    "retry-after",
    "transfer-encoding",
    "www-authenticate",
    "x-mock-fault",
    "x-mock-reason",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-total-count",
];

pub(crate) struct TestServer {
    pub(crate) server: RunningServer,
    http: reqwest::Client,
}

/// A sandbox of a server, addressed by its path prefix.
pub(crate) struct TestSandbox<'s> {
    server: &'s TestServer,
    pub(crate) id: String,
    pub(crate) credentials: Value,
}

/// Who signs, and for which branch.
#[derive(Clone)]
pub(crate) struct Signature(pub(crate) Vec<(&'static str, String)>);

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

// === impl TestServer ===

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// On a free port, with a clock that stands at [`START_MS`], and whatever the test changes.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config: Config = toml::from_str("clock = { mode = 'frozen', now = '2026-01-01T00:00:00Z' }").unwrap();
        config.server.port = 0;
        config.entropy.run = Some("test".to_owned());
        change(&mut config);
        let server = RunningServer::start(config).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { server, http }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.server.base_url()))
    }

    pub(crate) async fn get(&self, path: &str, signature: &Signature) -> Reply {
        send(signature.sign(self.request(Method::GET, path))).await
    }

    pub(crate) async fn post(&self, path: &str, signature: &Signature, body: &Value) -> Reply {
        send(signature.sign(self.request(Method::POST, path)).json(body)).await
    }

    pub(crate) async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let request = self.request(method, &format!("/__admin{path}"));
        send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub(crate) async fn advance(&self, by: &str) {
        self.admin(Method::POST, "/clock/advance", Some(json!({ "by": by }))).await.assert(200);
    }

    pub(crate) async fn login_as(&self, login: &str) -> Reply {
        let body = json!({ "Client": "acme-logistics", "Login": login, "Password": format!("{login}-pass") });
        self.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await
    }

    /// Logs in and signs with what the answer says.
    pub(crate) async fn signature_of(&self, login: &str) -> Signature {
        let contract = self.login_as(login).await.assert(200).json();
        Signature::token(&contract)
    }

    /// Makes a sandbox whose clock stands at [`START_MS`], unless `new` says otherwise.
    pub(crate) async fn sandbox(&self, mut new: Value) -> TestSandbox<'_> {
        if new["clock"].is_null() {
            new["clock"] = json!({ "frozen": START_MS });
        }
        let made = self.admin(Method::POST, "/sandboxes", Some(new)).await.assert(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(made["base_url"], format!("{}/sandbox/{id}", self.server.base_url()));
        TestSandbox { server: self, id, credentials: made["credentials"].clone() }
    }

    /// The newest entry of the journal.
    pub(crate) async fn last_entry(&self) -> Value {
        let listing = self.admin(Method::GET, "/requests?limit=1", None).await.assert(200).json();
        listing["requests"][0].clone()
    }

    /// The refusal's reason in the newest entry.
    pub(crate) async fn last_reason(&self) -> String {
        self.last_entry().await["reason"].as_str().unwrap_or("none").to_owned()
    }
}

// === impl TestSandbox ===

impl TestSandbox<'_> {
    pub(crate) fn path(&self, path: &str) -> String {
        format!("/sandbox/{}{path}", self.id)
    }

    pub(crate) async fn get(&self, path: &str, signature: &Signature) -> Reply {
        self.server.get(&self.path(path), signature).await
    }

    pub(crate) async fn post(&self, path: &str, signature: &Signature, body: &Value) -> Reply {
        self.server.post(&self.path(path), signature, body).await
    }

    pub(crate) async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.server.admin(method, &format!("/sandboxes/{}{path}", self.id), body).await
    }

    pub(crate) async fn advance(&self, by: &str) {
        self.admin(Method::POST, "/clock/advance", Some(json!({ "by": by }))).await.assert(200);
    }

    pub(crate) async fn login_as(&self, login: &str) -> Reply {
        let client = &self.credentials["twinzo"]["client"];
        let body = json!({ "Client": client, "Login": login, "Password": format!("{login}-pass") });
        self.post("/v3/Authorization/Authenticate", &Signature::none(), &body).await
    }

    pub(crate) async fn signature_of(&self, login: &str) -> Signature {
        Signature::token(&self.login_as(login).await.assert(200).json())
    }

    pub(crate) async fn last_entry(&self) -> Value {
        let listing = self.admin(Method::GET, "/requests?limit=1", None).await.assert(200).json();
        listing["requests"][0].clone()
    }

    pub(crate) async fn last_reason(&self) -> String {
        self.last_entry().await["reason"].as_str().unwrap_or("none").to_owned()
    }
}

// === impl Signature ===

impl Signature {
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn token(contract: &Value) -> Self {
        let field = |name: &str| contract[name].as_str().unwrap().to_owned();
        Self(vec![("Client", field("Client")), ("Branch", field("Branch")), ("Token", field("Token"))])
    }

    pub(crate) fn api_key(branch: &str, key: &str) -> Self {
        Self(vec![("Client", CLIENT.to_owned()), ("Branch", branch.to_owned()), ("Api-Key", key.to_owned())])
    }

    /// The same with one header set, or taken away.
    pub(crate) fn with(&self, name: &'static str, value: Option<&str>) -> Self {
        let mut headers: Vec<_> = self.0.iter().filter(|(known, _)| *known != name).cloned().collect();
        headers.extend(value.map(|value| (name, value.to_owned())));
        Self(headers)
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        &self.0.iter().find(|(known, _)| *known == name).unwrap().1
    }

    pub(crate) fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        self.0.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }
}

// === impl Reply ===

impl Reply {
    #[track_caller]
    pub(crate) fn assert(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A refusal with an empty body, as for unknown routes.
    #[track_caller]
    pub(crate) fn assert_empty(self, status: u16) -> Self {
        let reply = self.assert(status);
        assert_eq!((reply.text.as_str(), reply.header("content-type"), reply.header("content-length")), ("", "", "0"));
        reply
    }

    /// An exception of the twinzo API.
    #[track_caller]
    pub(crate) fn assert_problem(self, status: u16) -> Value {
        let reply = self.assert(status);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["status"], status);
        problem
    }
}

/// Sends, reads, and checks what every answer must keep.
#[track_caller]
pub(crate) fn send(request: RequestBuilder) -> impl Future<Output = Reply> {
    let caller = std::panic::Location::caller();
    async move {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for name in headers.keys() {
            assert!(KNOWN_HEADERS.contains(&name.as_str()), "{caller}: the answer carries an unknown header {name}");
        }
        assert!(headers.contains_key("date"), "{caller}: the answer has no Date");
        Reply { status, headers, text: response.text().await.unwrap() }
    }
}
