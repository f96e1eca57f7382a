//! The talk with a driver: what is asked, what is answered, who sleeps.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::driver::{Answer, Driver, Ended, Said};
use crate::manifest::{ClockClass, Limits};
use crate::step::Ask;
use crate::target::Universe;
use crate::transcript::{Call, DriverFault, Endless, Moment, Outcome};

/// A driver, and what it said.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    driver: Driver,
    universe: &'a Universe,
    clock: ClockClass,
    handle: String,
    pub(super) now_ms: i64,
    /// Ends of sleeps, past ones included until the next look.
    sleepers: Vec<i64>,
    /// Calls that have no reply, by the id of their request.
    running: BTreeMap<u64, usize>,
    calls: Vec<Call>,
    pub(super) log: Vec<String>,
}

/// What the glue says of its calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Idle {
    pub(super) running: usize,
    pub(super) sleeping: usize,
    pub(super) blocked: usize,
    pub(super) timers: usize,
}

/// Between two looks at a client that is busy.
const LOOK: Duration = Duration::from_millis(1);
/// Nobody runs more calls than this.
const MOST_COUNTED: u64 = 1_000_000;
/// So much is read before something else is done.
const MOST_AT_ONCE: usize = 10_000;
/// Log lines that are kept, and of each so much.
const MOST_LOG: usize = 200;
const LONGEST_LOG: usize = 4 << 10;

// === impl Talk ===

impl<'a> Talk<'a> {
    pub(super) fn new(driver: Driver, universe: &'a Universe, clock: ClockClass) -> Self {
        Self {
            driver,
            universe,
            clock,
            handle: universe.handle.clone(),
            now_ms: universe.t0_ms,
            sleepers: Vec::new(),
            running: BTreeMap::new(),
            calls: Vec::new(),
            log: Vec::new(),
        }
    }

    /// The first tick, then the client with its configuration.
    pub(super) async fn open(&mut self, cfg: &Map<String, Value>) -> Result<(), DriverFault> {
        self.now_ms = self.universe.now_ms();
        let (id, write) = self.driver.tick(self.now_ms);
        write();
        self.accepted("tick", id).await?;
        let fields = Map::from_iter([("h".to_owned(), json!(self.handle)), ("cfg".to_owned(), json!(cfg))]);
        let id = self.driver.send("open", fields);
        self.accepted("open", id).await
    }

    /// Closes the client and ends the driver.
    pub(super) async fn close(mut self) -> (Vec<Call>, Vec<String>, Option<DriverFault>) {
        let fields = Map::from_iter([("h".to_owned(), json!(self.handle)), ("mode".to_owned(), json!("drop"))]);
        let mut fault = None;
        // A driver whose calls never end need not answer.
        if self.running.is_empty() && self.calls.iter().all(|call| call.ended.is_some()) {
            let id = self.driver.send("close", fields);
            fault = self.accepted("close", id).await.err();
        }
        match self.driver.end().await {
            Ended::Well => {}
            Ended::Badly(how) => self.log.push(format!("the driver ended badly: {how}")),
            Ended::Killed => self.log.push("the driver had to be ended".to_owned()),
        }
        (self.calls, self.log, fault)
    }

    /// Asks for several things at once, and says when.
    pub(super) fn begin(&mut self, asks: &[Ask]) -> Moment {
        let began = self.moment();
        for ask in asks {
            let mut fields = ask.args.clone();
            fields.insert("h".to_owned(), json!(self.handle));
            let id = self.driver.send(ask.op, fields);
            let number = self.calls.len() + 1;
            let args = Value::Object(ask.args.clone());
            let outcome = Outcome::Unfinished(Endless::TimedOut);
            self.calls.push(Call { number, op: ask.op, args, began, ended: None, outcome });
            self.running.insert(id, number);
        }
        began
    }

    /// A clock step that is still to be written.
    pub(super) fn tick(&mut self, to_ms: i64) -> (u64, impl FnOnce() + use<>) {
        self.driver.tick(to_ms)
    }

    pub(super) fn limits(&self) -> Limits {
        self.driver.limits
    }

    /// How many calls have no reply.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    pub(super) fn is_done(&self) -> bool {
        self.running.is_empty()
    }

    /// How many sleep until a time that has not come.
    pub(super) fn sleepers(&self) -> usize {
        self.sleepers.iter().filter(|until| **until > self.now_ms).count()
    }

    /// Waits for the driver to say something that is more than log text; whether it did.
    pub(super) async fn hear(&mut self, patience: Duration) -> Result<bool, DriverFault> {
        let deadline = Instant::now() + patience;
        while let Ok(said) = timeout_at(deadline, self.driver.next()).await {
            let is_text = matches!(said, Said::Log(_));
            self.take(said)?;
            if !is_text {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the glue says of its calls.
    pub(super) async fn idle(&mut self) -> Result<Idle, DriverFault> {
        let answer = self.control("idle", Map::new()).await?;
        let Answer::Ok(value) = answer else {
            return Err(glue("idle failed, although hello lists it".to_owned()));
        };
        let count = |key: &str| match value.get(key) {
            None | Some(Value::Null) => Ok(0),
            Some(count) => count
                .as_u64()
                .filter(|count| *count <= MOST_COUNTED)
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| glue(format!("idle: {key} is {count}; allowed: a count"))),
        };
        Ok(Idle {
            running: count("running")?,
            sleeping: count("sleeping")?,
            blocked: count("blocked")?,
            timers: count("timers")?,
        })
    }

    /// The next time at which somebody wakes.
    pub(super) fn next_timer(&mut self) -> Option<i64> {
        let now = self.now_ms;
        self.sleepers.retain(|until| *until > now);
        self.sleepers.iter().min().copied()
    }

    /// Waits for the driver to say something, for a moment.
    pub(super) async fn pause(&mut self) -> Result<(), DriverFault> {
        self.hear(LOOK).await.map(drop)
    }

    /// Sends what is answered at once, and waits for the answer.
    async fn control(&mut self, op: &str, fields: Map<String, Value>) -> Result<Answer, DriverFault> {
        let id = self.driver.send(op, fields);
        self.reply(op, id).await
    }

    /// Waits for the answer to what must succeed.
    pub(super) async fn accepted(&mut self, op: &str, id: u64) -> Result<(), DriverFault> {
        match self.reply(op, id).await? {
            Answer::Ok(_) => Ok(()),
            Answer::Err(error) => Err(glue(format!("{op} failed: {}", json!(error)))),
            // A real clock needs no ticks.
            Answer::Unsupported if op == "tick" && self.clock != ClockClass::Virtual => Ok(()),
            Answer::Unsupported => Err(glue(format!("{op} is unsupported"))),
        }
    }

    async fn reply(&mut self, op: &str, id: u64) -> Result<Answer, DriverFault> {
        let deadline = Instant::now() + self.driver.limits.start;
        loop {
            tokio::select! {
                said = self.driver.next() => {
                    if let Said::Reply { id: own, ref answer } = said && own == id {
                        return Ok(answer.clone());
                    }
                    self.take(said)?;
                }
                () = sleep_until(deadline) => {
                    let limit = self.driver.limits.start;
                    return Err(glue(format!("no reply to {op} within {limit:?}")));
                }
            }
        }
    }

    /// Takes what the driver has said already.
    pub(super) fn listen(&mut self) -> Result<(), DriverFault> {
        for _ in 0..MOST_AT_ONCE {
            let Some(said) = self.driver.next_at_once() else { break };
            self.take(said)?;
        }
        Ok(())
    }

    fn take(&mut self, said: Said) -> Result<(), DriverFault> {
        match said {
            Said::Reply { id, answer } => self.answered(id, answer),
            Said::Slept { until_ms } => {
                self.sleepers.push(until_ms);
                Ok(())
            }
            Said::Woke { until_ms } => {
                if let Some(place) = self.sleepers.iter().position(|until| *until == until_ms) {
                    self.sleepers.swap_remove(place);
                }
                Ok(())
            }
            Said::Log(mut text) => {
                if self.log.len() < MOST_LOG {
                    text.truncate(text.floor_char_boundary(LONGEST_LOG));
                    self.log.push(text);
                }
                Ok(())
            }
            Said::Broken { line, why } => Err(glue(format!("{why}: {line}"))),
            Said::Ended => Err(glue(format!("the driver went away{}", self.last_words()))),
        }
    }

    fn answered(&mut self, id: u64, answer: Answer) -> Result<(), DriverFault> {
        let Some(number) = self.running.remove(&id) else {
            return Err(glue(format!("a reply to request {id}, which is not open: {}", answer.text())));
        };
        let moment = self.moment();
        if let Some(call) = self.calls.get_mut(number - 1) {
            call.ended = Some(moment);
            call.outcome = match answer {
                Answer::Ok(value) => Outcome::Ok(value),
                Answer::Err(error) => Outcome::Err(error),
                Answer::Unsupported => Outcome::Unsupported,
            };
        }
        Ok(())
    }

    /// Takes calls that never end for what they are.
    pub(super) fn give_up(&mut self, endless: Endless) -> bool {
        for number in std::mem::take(&mut self.running).into_values() {
            if let Some(call) = self.calls.get_mut(number - 1) {
                call.outcome = Outcome::Unfinished(endless);
            }
        }
        false
    }

    /// Now.
    pub(super) fn moment(&self) -> Moment {
        let at_ms = if self.clock == ClockClass::Virtual { self.now_ms } else { self.universe.now_ms() };
        Moment { at_ms, exchanges: usize::try_from(self.universe.traffic().arrived).unwrap_or(usize::MAX) }
    }

    fn last_words(&self) -> String {
        let words: Vec<&str> = self.log.iter().rev().take(3).rev().map(String::as_str).collect();
        if words.is_empty() { String::new() } else { format!("; its last words: {}", words.join(" | ")) }
    }
}

fn glue(what: String) -> DriverFault {
    DriverFault::Glue(what)
}
