//! The driver: messages of `conform/1` in, calls of the client, messages out. docs/clients.md describes it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::{Clock, Whose};
use crate::config::Config;
use crate::error::{ApiError, Kind};
use crate::habits::Habits;
use crate::http::Http;
use crate::retry::Policy;
use crate::timbr::{Route, Timbr};
use crate::twinzo::{Record, Twinzo};

/// A request of the runner. Members that its `op` does not need are absent.
#[derive(Debug, Deserialize)]
struct Message {
    id: u64,
    op: String,
    #[serde(default)]
    h: String,
    now_ms: Option<i64>,
    #[serde(default)]
    cfg: Config,
    #[serde(default)]
    records: Vec<Record>,
    #[serde(default)]
    login: String,
    route: Option<Route>,
    #[serde(default)]
    ontology: String,
    #[serde(default)]
    sql: String,
}

#[derive(Debug)]
enum Client {
    Twinzo(Twinzo),
    Timbr(Timbr),
}

#[derive(Debug)]
struct Driver {
    habits: Habits,
    clock: Clock,
    clients: Mutex<HashMap<String, Arc<Client>>>,
    /// Calls that were read and not answered.
    running: AtomicUsize,
}

/// What a call came to.
enum Outcome {
    Ok(Value),
    Err(ApiError),
    Unsupported(String),
}

const OPS: [&str; 8] = ["auth", "send", "flush", "read", "refresh", "logout", "query", "idle"];
const PROFILES: [&str; 6] = ["device", "server", "batch", "timbr-bearer", "timbr-token", "timbr-query"];

/// Drives a client until the input ends.
///
/// # Errors
///
/// Whatever reading gives.
pub async fn serve(
    mut input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    habits: Habits,
) -> std::io::Result<()> {
    let (say, said) = mpsc::unbounded_channel();
    let writer = tokio::spawn(write(output, said));
    let driver = Arc::new(Driver {
        habits,
        clock: Clock::new(say.clone()),
        clients: Mutex::default(),
        running: AtomicUsize::new(0),
    });
    let mut calls = JoinSet::new();
    let mut line = String::new();
    while input.read_line(&mut line).await? > 0 {
        match serde_json::from_str::<Message>(&line) {
            Ok(message) => {
                if let Some(outcome) = driver.at_once(&message) {
                    reply(&say, message.id, outcome);
                } else {
                    driver.running.fetch_add(1, Ordering::SeqCst);
                    let (driver, say) = (Arc::clone(&driver), say.clone());
                    calls.spawn(async move {
                        let id = message.id;
                        let outcome = driver.call(message).await;
                        driver.running.fetch_sub(1, Ordering::SeqCst);
                        reply(&say, id, outcome);
                    });
                }
            }
            Err(error) => say.send(json!({"ev": "log", "text": error.to_string()})).unwrap_or_default(),
        }
        line.clear();
    }
    calls.shutdown().await;
    drop((driver, say));
    writer.await.unwrap_or(Ok(()))
}

async fn write(mut output: impl AsyncWrite + Unpin, mut said: mpsc::UnboundedReceiver<Value>) -> std::io::Result<()> {
    while let Some(message) = said.recv().await {
        output.write_all(format!("@conform {message}\n").as_bytes()).await?;
        output.flush().await?;
    }
    Ok(())
}

fn reply(say: &mpsc::UnboundedSender<Value>, id: u64, outcome: Outcome) {
    let message = match outcome {
        Outcome::Ok(value) => json!({"id": id, "ok": value}),
        Outcome::Err(error) => json!({"id": id, "err": error}),
        Outcome::Unsupported(op) => json!({"id": id, "unsupported": op}),
    };
    // If nobody listens any more, nobody needs it.
    say.send(message).unwrap_or_default();
}

// === impl Driver ===

impl Driver {
    /// What needs no call of the client.
    fn at_once(&self, message: &Message) -> Option<Outcome> {
        let outcome = match message.op.as_str() {
            "hello" => json!({
                "conform": 1, "impl": "reference-client", "version": env!("CARGO_PKG_VERSION"), "clock": "virtual",
                "ops": OPS, "caps": [], "profiles": PROFILES,
            }),
            "tick" => {
                self.clock.set(message.now_ms.unwrap_or_default());
                Value::Null
            }
            "open" => match self.open(&message.cfg) {
                Ok(client) => {
                    self.clients().insert(message.h.clone(), Arc::new(client));
                    Value::Null
                }
                Err(error) => return Some(Outcome::Err(error)),
            },
            "close" => {
                self.clients().remove(&message.h);
                json!({})
            }
            "idle" => {
                let blocked: usize = self.clients().values().map(|client| client.waiting()).sum();
                json!({
                    "running": self.running.load(Ordering::SeqCst), "sleeping": self.clock.sleeping(Whose::Call),
                    "blocked": blocked, "timers": self.clock.sleeping(Whose::Background),
                })
            }
            _ => return None,
        };
        Some(Outcome::Ok(outcome))
    }

    fn open(&self, config: &Config) -> Result<Client, ApiError> {
        let http = Arc::new(Http::new(config, self.habits)?);
        let policy = Arc::new(Policy::new(config, self.habits));
        let clock = self.clock.clone();
        Ok(if config.profile.starts_with("timbr") {
            Client::Timbr(Timbr::new(config, self.habits, http, policy, clock))
        } else {
            Client::Twinzo(Twinzo::new(config, self.habits, http, policy, clock))
        })
    }

    async fn call(&self, message: Message) -> Outcome {
        if !OPS.contains(&message.op.as_str()) {
            return Outcome::Unsupported(message.op);
        }
        let client = self.clients().get(&message.h).cloned();
        let Some(client) = client else {
            return Outcome::Err(ApiError::new(Kind::Other, format!("there is no handle {:?}", message.h)));
        };
        let result = match (&*client, message.op.as_str()) {
            (Client::Twinzo(twinzo), "auth") => twinzo.log_in().await,
            (Client::Twinzo(twinzo), "send") => twinzo.send(message.records).await.map(|sent| json!(sent)),
            (Client::Twinzo(_), "flush") => Ok(json!({"pending": 0, "dropped": 0})),
            (Client::Twinzo(twinzo), "read") => twinzo.read(&message.login).await,
            (Client::Twinzo(twinzo), "refresh") => twinzo.refresh().await,
            (Client::Twinzo(twinzo), "logout") => twinzo.log_out().await,
            (Client::Timbr(timbr), "auth") => timbr.log_in().await.map(|_| json!({})),
            (Client::Timbr(timbr), "query") => match message.route {
                Some(route) => {
                    timbr.query(route, &message.ontology, &message.sql).await.map(|rows| json!({"rows": rows}))
                }
                None => Err(ApiError::new(Kind::Other, "there is no route")),
            },
            _ => return Outcome::Unsupported(message.op),
        };
        match result {
            Ok(value) => Outcome::Ok(value),
            Err(error) => Outcome::Err(error),
        }
    }

    fn clients(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Client>>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Client ===

impl Client {
    /// Calls that wait for one another.
    fn waiting(&self) -> usize {
        match self {
            Self::Twinzo(twinzo) => twinzo.waiting(),
            Self::Timbr(_) => 0,
        }
    }
}
