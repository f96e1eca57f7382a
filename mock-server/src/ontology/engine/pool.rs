//! A few connections that read the same database, so that a slow query does not hold up the others. What a query may
//! cost is set here, on each of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::Authorization;
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, ErrorCode, Statement};

use super::build::Store;
use super::guard::{CONCEPTS, Guard, TABLES, Verdict};
use crate::ontology::{Catalogue, Question, Trouble};

/// Connections of an ontology at most.
const MOST: usize = 4;

/// Bytes of SQL.
const LONGEST_SQL: i32 = 1 << 20;

/// Bytes of a text, and of a row. Functions such as `instr` take time by the square of it, within one step.
const LONGEST: i32 = 128 << 10;

/// Columns of an answer.
const WIDEST: i32 = 500;

/// Steps of SQLite's machine between two looks at the time.
const STEPS: i32 = 20;

/// Bytes that SQLite may take in the whole process, tables included; what goes beyond is its error "out of memory".
const MOST_MEMORY: u32 = 1 << 30;

#[derive(Debug)]
pub(super) struct Pool {
    uri: String,
    /// The last connection takes the database with it.
    _keeper: Mutex<Connection>,
    guard: Arc<Guard>,
    idle: Mutex<Idle>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Idle {
    readers: Vec<Reader>,
    /// How many there are, those at work included.
    made: usize,
}

/// A connection that can do no harm.
#[derive(Debug)]
pub(super) struct Reader {
    connection: Connection,
    asking: Arc<Mutex<Asking>>,
}

/// What the hooks of a connection know of the query at work, and tell of it.
#[derive(Debug, Default)]
struct Asking {
    deadline: Option<Instant>,
    time_limit: Duration,
    user: String,
    /// A JSON array.
    ontologies: String,
    seen: Seen,
}

/// What was read while a statement was prepared.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// In lower case.
    pub(super) concepts: Vec<String>,
    /// Whether anything but concepts.
    pub(super) others: bool,
    refused: Option<Verdict>,
}

/// Gives its reader back, whatever happens.
struct Lease<'p> {
    pool: &'p Pool,
    reader: Option<Reader>,
}

#[expect(clippy::disallowed_methods, reason = "a query's limit is real time: a clock that stands would never end it")]
fn now() -> Instant {
    Instant::now()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Pool ===

impl Pool {
    pub(super) fn new(store: Store, catalogue: &Catalogue) -> Self {
        let Store { uri, modules, keeper } = store;
        Self {
            uri,
            _keeper: Mutex::new(keeper),
            guard: Arc::new(Guard::new(catalogue, &modules)),
            idle: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// Works with a connection; waits for one if all are at work, no longer than the query may take.
    pub(super) fn with<T>(
        &self,
        question: &Question<'_>,
        work: impl FnOnce(&Reader) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let deadline = now().checked_add(question.time_limit);
        let lease = self.lease(deadline, question.time_limit)?;
        let Some(reader) = lease.reader.as_ref() else { return Err(Trouble::TooSlow(question.time_limit)) };
        *lock(&reader.asking) = Asking {
            deadline,
            time_limit: question.time_limit,
            user: question.user.to_owned(),
            ontologies: serde_json::json!(question.ontologies).to_string(),
            seen: Seen::default(),
        };
        work(reader)
    }

    fn lease(&self, deadline: Option<Instant>, time_limit: Duration) -> Result<Lease<'_>, Trouble> {
        let mut idle = lock(&self.idle);
        loop {
            if let Some(reader) = idle.readers.pop() {
                return Ok(Lease { pool: self, reader: Some(reader) });
            }
            if idle.made < MOST {
                idle.made += 1;
                drop(idle);
                // From here on the lease counts: it takes the number back if there is no reader.
                let mut lease = Lease { pool: self, reader: None };
                let reader = Reader::open(&self.uri, &self.guard);
                lease.reader = Some(reader.map_err(|error| Trouble::Invalid(error.to_string()))?);
                return Ok(lease);
            }
            let left = deadline.map_or(time_limit, |deadline| deadline.saturating_duration_since(now()));
            if left.is_zero() {
                return Err(Trouble::TooSlow(time_limit));
            }
            (idle, _) = self.freed.wait_timeout(idle, left).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut idle = lock(&self.pool.idle);
        match self.reader.take() {
            Some(reader) => idle.readers.push(reader),
            None => idle.made -= 1,
        }
        self.pool.freed.notify_one();
    }
}

// === impl Reader ===

impl Reader {
    fn open(uri: &str, guard: &Arc<Guard>) -> Result<Self, Error> {
        let mut connection = Connection::open_in_memory()?;
        connection.execute_batch(&format!(
            // What does not fit stays in memory too: nothing that is asked here touches a disk.
            "PRAGMA temp_store = MEMORY; PRAGMA hard_heap_limit = {MOST_MEMORY};
             ATTACH '{uri}&mode=ro' AS {TABLES}; ATTACH '{uri}&mode=ro' AS {CONCEPTS};
             PRAGMA query_only = ON;"
        ))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // A misspelt name between double quotes is no text.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        let limits = [
            (Limit::SQLITE_LIMIT_LENGTH, LONGEST),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL),
            (Limit::SQLITE_LIMIT_COLUMN, WIDEST),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 500),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 200),
            (Limit::SQLITE_LIMIT_VDBE_OP, 1 << 20),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 200),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 0),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ];
        for (limit, most) in limits {
            connection.set_limit(limit, most)?;
        }
        let asking = Arc::new(Mutex::new(Asking::default()));
        let of_user = Arc::clone(&asking);
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
        connection.create_scalar_function("timbr_username", 0, flags, move |_| Ok(lock(&of_user).user.clone()))?;
        let of_ontologies = Arc::clone(&asking);
        let ontologies = move |_: &mut rusqlite::functions::Context<'_>| Ok(lock(&of_ontologies).ontologies.clone());
        connection.create_scalar_function("mock_ontologies", 0, flags, ontologies)?;
        let of_time = Arc::clone(&asking);
        let is_over = move || lock(&of_time).deadline.is_some_and(|deadline| now() >= deadline);
        connection.progress_handler(STEPS, Some(is_over))?;
        let (of_guard, guard) = (Arc::clone(&asking), Arc::clone(guard));
        connection.authorizer(Some(move |asked: rusqlite::hooks::AuthContext<'_>| {
            lock(&of_guard).seen.note(guard.judge(&asked))
        }))?;
        Ok(Self { connection, asking })
    }

    /// Checks a statement; what it reads is in [`Self::seen`].
    pub(super) fn prepare(&self, sql: &str) -> Result<Statement<'_>, Trouble> {
        lock(&self.asking).seen = Seen::default();
        let statement = self.connection.prepare(sql).map_err(|error| self.explain(error))?;
        if !statement.readonly() {
            return Err(Trouble::Denied("only reading is possible".to_owned()));
        }
        if statement.column_count() == 0 {
            return Err(Trouble::Invalid("the statement has no result".to_owned()));
        }
        Ok(statement)
    }

    pub(super) fn seen(&self) -> Seen {
        lock(&self.asking).seen.clone()
    }

    /// Whether the time is up; SQLite itself asks only now and then.
    pub(super) fn explain(&self, error: Error) -> Trouble {
        let asking = lock(&self.asking);
        match (&asking.seen.refused, error.sqlite_error_code()) {
            (Some(Verdict::Denied(what)), _) => Trouble::Denied(what.clone()),
            (Some(Verdict::Absent(what)), _) => Trouble::Invalid(what.clone()),
            (_, Some(ErrorCode::OperationInterrupted)) => Trouble::TooSlow(asking.time_limit),
            _ => {
                Trouble::Invalid(if let Error::SqlInputError { msg, .. } | Error::SqliteFailure(_, Some(msg)) = error {
                    msg
                } else {
                    error.to_string()
                })
            }
        }
    }
}

// === impl Seen ===

impl Seen {
    fn note(&mut self, verdict: Verdict) -> Authorization {
        match verdict {
            Verdict::Fine => return Authorization::Allow,
            Verdict::Other => self.others = true,
            Verdict::Concept(name) if self.concepts.contains(&name) => {}
            Verdict::Concept(name) => self.concepts.push(name),
            refused @ (Verdict::Absent(_) | Verdict::Denied(_)) => {
                self.refused.get_or_insert(refused);
                return Authorization::Deny;
            }
        }
        Authorization::Allow
    }
}
