//! A driver: the process, or the part of this one, that a client runs in, and the messages to and from it.
//!
//! The protocol is `conform/1`, docs/clients.md. The runner writes one JSON object a line; lines of the driver that begin
//! with a mark are messages, and all others are log text.

mod lint;
mod message;
mod process;

use std::time::Duration;

use reference_client::Habits;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::manifest::{ClockClass, Limits, Manifest, Profile};

pub use lint::lint;
pub use message::{Answer, Hello, Said};
use process::Running;

/// What to drive.
#[derive(Clone, Debug)]
pub enum Client {
    /// A program of its own.
    External(Box<Manifest>),
    /// The built-in reference client, in this process.
    Reference(Habits),
}

/// A driver that runs.
#[derive(Debug)]
pub struct Driver {
    said: mpsc::Receiver<Said>,
    outbox: mpsc::UnboundedSender<String>,
    running: Running,
    next_id: u64,
    /// How long things may take, on the real clock.
    pub limits: Limits,
}

/// Marks the lines of a driver that are messages.
pub const MARK: &str = "@conform ";
/// A driver that says more than is read waits.
const MOST_UNREAD: usize = 4096;
/// Longer lines are a breach of the protocol.
pub const LONGEST_LINE: usize = 16 << 20;

// === impl Client ===

impl Client {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::External(manifest) => &manifest.name,
            Self::Reference(_) => "reference-client",
        }
    }

    /// Its version.
    pub fn version(&self) -> &str {
        match self {
            Self::External(manifest) => &manifest.version,
            Self::Reference(_) => env!("CARGO_PKG_VERSION"),
        }
    }

    /// Whose clock it follows.
    pub fn clock(&self) -> ClockClass {
        match self {
            Self::External(manifest) => manifest.clock,
            Self::Reference(_) => ClockClass::Virtual,
        }
    }

    /// What it claims.
    pub fn profiles(&self) -> &[Profile] {
        match self {
            Self::External(manifest) => &manifest.profiles,
            Self::Reference(_) => &[
                Profile::Device,
                Profile::Server,
                Profile::Batch,
                Profile::TimbrToken,
                Profile::TimbrBearer,
                Profile::TimbrQuery,
            ],
        }
    }

    /// How long things may take, on the real clock.
    pub fn limits(&self) -> Limits {
        match self {
            Self::External(manifest) => manifest.limits,
            Self::Reference(_) => Limits::default(),
        }
    }
}

// === impl Driver ===

impl Driver {
    /// Starts a driver.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start(client: &Client) -> std::io::Result<Self> {
        let (said_to_us, said) = mpsc::channel(MOST_UNREAD);
        let (outbox, lines) = mpsc::unbounded_channel();
        let running = match client {
            Client::External(manifest) => process::spawn(manifest, lines, said_to_us)?,
            Client::Reference(habits) => process::in_process(*habits, lines, said_to_us),
        };
        Ok(Self { said, outbox, running, next_id: 1, limits: client.limits() })
    }

    /// Sends a request, and says by which id it will be answered.
    pub fn send(&mut self, op: &str, fields: Map<String, Value>) -> u64 {
        let (id, line) = self.request(op, fields);
        self.outbox.send(line).unwrap_or_default();
        id
    }

    /// A clock step that is still to be written, for whoever must write it in one act with something else.
    pub fn tick(&mut self, now_ms: i64) -> (u64, impl FnOnce() + use<>) {
        let (id, line) = self.request("tick", Map::from_iter([("now_ms".to_owned(), json!(now_ms))]));
        let outbox = self.outbox.clone();
        // If nobody takes it, the end of the driver is about to be told.
        (id, move || outbox.send(line).unwrap_or_default())
    }

    /// The next thing that the driver says. After its end, that it ended.
    pub async fn next(&mut self) -> Said {
        self.said.recv().await.unwrap_or(Said::Ended)
    }

    /// What it has said already.
    pub fn next_at_once(&mut self) -> Option<Said> {
        self.said.try_recv().ok()
    }

    /// Closes its input, and waits for it to go: it has two seconds. Whatever is left of it then is ended.
    pub async fn end(self) -> Ended {
        const PATIENCE: Duration = Duration::from_secs(2);
        drop(self.outbox);
        self.running.end(PATIENCE).await
    }

    fn request(&mut self, op: &str, mut fields: Map<String, Value>) -> (u64, String) {
        let id = self.next_id;
        self.next_id += 1;
        fields.insert("id".to_owned(), json!(id));
        fields.insert("op".to_owned(), json!(op));
        (id, format!("{}\n", Value::Object(fields)))
    }
}

/// How a driver went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// By itself, with exit status 0.
    Well,
    /// By itself, otherwise.
    Badly(String),
    /// It had to be ended.
    Killed,
}
