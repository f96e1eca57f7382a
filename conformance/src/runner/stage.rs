//! The stage of one case: its client, its part of the server, and the clock that both follow.
//!
//! The clock is only moved when nothing is under way: no exchange is open, and every call of the client is asleep or
//! waits for one that is. docs/clock.md says how that is known, and why it is enough.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::driver::{Answer, Driver, Said};
use crate::manifest::ClockClass;
use crate::step::Ask;
use crate::target::Universe;
use crate::transcript::{Call, DriverFault, Endless, Moment, Outcome, Quiet};

/// A client, a part of the server, and their clock.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    driver: Driver,
    universe: &'a Universe,
    clock: ClockClass,
    /// Whether the glue can say who is asleep.
    knows_idle: bool,
    handle: String,
    now_ms: i64,
    /// Ends of sleeps, past ones included until the next look.
    sleepers: Vec<i64>,
    /// Calls that have no reply, by the id of their request.
    running: BTreeMap<u64, usize>,
    pub(super) calls: Vec<Call>,
    pub(super) quiets: Vec<Quiet>,
    pub(super) assumed_quiescent: u32,
    pub(super) log: Vec<String>,
    /// What the glue said last of its calls.
    idle: Idle,
}

/// What the glue says of its calls.
#[derive(Clone, Copy, Debug, Default)]
struct Idle {
    running: usize,
    sleeping: usize,
    blocked: usize,
    timers: usize,
}

/// What the client is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Something may still happen by itself.
    Busy,
    /// Nothing happens until the clock moves.
    Asleep,
}

/// Without `idle`, so long without traffic and output counts as idle.
const SETTLE: Duration = Duration::from_millis(20);
/// Between two looks at a client that is busy.
const LOOK: Duration = Duration::from_millis(1);
/// A client that goes on for longer than this, on its own clock, never ends.
const LONGEST_MS: i64 = 25 * 60 * 60 * 1000;
/// A call that makes more steps or exchanges than this never ends.
const MOST_STEPS: u64 = 4_000;
/// Log lines that are kept.
const MOST_LOG: usize = 200;

// === impl Stage ===

impl<'a> Stage<'a> {
    pub(super) fn new(driver: Driver, universe: &'a Universe, clock: ClockClass, knows_idle: bool) -> Self {
        Self {
            driver,
            universe,
            clock,
            knows_idle,
            handle: "h1".to_owned(),
            now_ms: universe.t0_ms,
            sleepers: Vec::new(),
            running: BTreeMap::new(),
            calls: Vec::new(),
            quiets: Vec::new(),
            assumed_quiescent: 0,
            log: Vec::new(),
            idle: Idle::default(),
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
    pub(super) async fn close(mut self) -> Result<Vec<String>, DriverFault> {
        let fields = Map::from_iter([("h".to_owned(), json!(self.handle)), ("mode".to_owned(), json!("drop"))]);
        if self.running.is_empty() {
            let id = self.driver.send("close", fields);
            self.accepted("close", id).await?;
        }
        self.driver.end().await;
        Ok(self.log)
    }

    /// Asks for several things at once, and waits until all are done; `Ok(false)` if one of them never ends.
    pub(super) async fn ask(&mut self, asks: &[Ask], release_ms: Option<i64>) -> Result<bool, DriverFault> {
        let before = self.universe.traffic().arrived;
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
        if let Some(by) = release_ms {
            self.release(before, asks.len(), by).await?;
        }
        let deadline = Instant::now() + self.driver.limits.operation;
        let mut steps = 0;
        loop {
            self.listen()?;
            if self.running.is_empty() {
                return Ok(true);
            }
            let exchanges = self.universe.traffic().arrived - began.exchanges as u64;
            if steps + exchanges > MOST_STEPS || self.now_ms - began.at_ms > LONGEST_MS {
                return Ok(self.give_up(Endless::Looping));
            }
            if Instant::now() > deadline {
                self.note_idle();
                return Ok(self.give_up(Endless::TimedOut));
            }
            let arrived = self.universe.traffic().arrived;
            if self.clock == ClockClass::Virtual && self.state().await? == State::Asleep {
                let Some(next) = self.next_timer() else {
                    // Nobody sleeps, and nobody is awake: what is left waits for what cannot happen any more.
                    if self.knows_idle && self.is_hung().await? {
                        return Ok(self.give_up(Endless::Hung));
                    }
                    self.pause().await?;
                    continue;
                };
                steps += u64::from(self.step(next, arrived).await?);
                continue;
            }
            self.pause().await?;
        }
    }

    /// Lets time pass until then; timers that end meanwhile end at their time.
    pub(super) async fn pass(&mut self, ms: i64) -> Result<(), DriverFault> {
        let end = self.now_ms.saturating_add(ms);
        let deadline = Instant::now() + self.driver.limits.operation;
        let mut steps = 0;
        while self.now_ms < end {
            self.listen()?;
            let arrived = self.universe.traffic().arrived;
            if self.state().await? == State::Asleep {
                let next = self.next_timer().map_or(end, |timer| timer.min(end));
                steps += u64::from(self.step(next, arrived).await?);
            } else {
                self.pause().await?;
            }
            // Whoever works on without being asked shows that in the exchanges of the time that passed.
            if steps > MOST_STEPS || Instant::now() > deadline {
                return Ok(());
            }
        }
        // What the last step woke up has its say.
        while self.state().await? == State::Busy && Instant::now() <= deadline {
            self.pause().await?;
        }
        Ok(())
    }

    /// Lets time pass in which nobody is asked for anything.
    pub(super) async fn quiet(&mut self, ms: i64) -> Result<(), DriverFault> {
        let from = self.moment();
        self.pass(ms).await?;
        let number = self.quiets.len() + 1;
        let to = self.moment();
        self.quiets.push(Quiet { number, from, to });
        Ok(())
    }

    /// Waits until as many requests have come as were asked for, or no more come, and moves the clock on.
    async fn release(&mut self, before: u64, asked: usize, by: i64) -> Result<(), DriverFault> {
        const NO_MORE: Duration = Duration::from_millis(150);
        let deadline = Instant::now() + self.driver.limits.operation;
        let mut arrived = self.universe.traffic().arrived;
        let mut since = Instant::now();
        loop {
            self.listen()?;
            let traffic = self.universe.traffic();
            if traffic.arrived != arrived {
                (arrived, since) = (traffic.arrived, Instant::now());
            }
            let all_came = arrived - before >= asked as u64;
            let no_more_come = arrived > before && since.elapsed() > NO_MORE;
            if (all_came || no_more_come || self.running.is_empty()) && traffic.open == 0 {
                if self.step(self.now_ms.saturating_add(by), arrived).await? {
                    return Ok(());
                }
            } else if Instant::now() > deadline {
                return Ok(());
            }
            self.pause().await?;
        }
    }

    /// Moves both clocks, unless somebody came meanwhile.
    async fn step(&mut self, to_ms: i64, arrived: u64) -> Result<bool, DriverFault> {
        let (id, write) = self.driver.tick(to_ms);
        if self.universe.step(to_ms, arrived, write).is_err() {
            return Ok(false);
        }
        self.now_ms = to_ms;
        self.accepted("tick", id).await.map(|()| true)
    }

    /// Whether something may still happen before the clock moves.
    async fn state(&mut self) -> Result<State, DriverFault> {
        let before = self.universe.traffic();
        if before.open > 0 {
            return Ok(State::Busy);
        }
        if !self.knows_idle {
            let state = self.settled(before.arrived).await?;
            self.assumed_quiescent += u32::from(state == State::Asleep);
            return Ok(state);
        }
        let idle = self.idle().await?;
        self.idle = idle;
        let sleepers = self.sleepers.iter().filter(|until| **until > self.now_ms).count();
        let running = idle.running.max(self.running.len());
        // Sleepers that the glue counts and did not announce, or the other way round, are about to change.
        let agrees = idle.sleeping + idle.timers == sleepers;
        let awake = running.saturating_sub(idle.sleeping + idle.blocked);
        let after = self.universe.traffic();
        let asleep = agrees && awake == 0 && after == before;
        Ok(if asleep { State::Asleep } else { State::Busy })
    }

    /// Whether nothing happens although calls run, also on a second look.
    async fn is_hung(&mut self) -> Result<bool, DriverFault> {
        self.listen()?;
        let arrived = self.universe.traffic().arrived;
        let is_still = self.settled(arrived).await? == State::Asleep && self.state().await? == State::Asleep;
        Ok(is_still && !self.running.is_empty() && self.next_timer().is_none())
    }

    /// For glue that cannot say: nothing comes and nothing is said for a while.
    async fn settled(&mut self, arrived: u64) -> Result<State, DriverFault> {
        let said = timeout(SETTLE, self.driver.next()).await.ok();
        let has_spoken = said.is_some();
        if let Some(said) = said {
            self.take(said)?;
        }
        let traffic = self.universe.traffic();
        if has_spoken || traffic.open > 0 || traffic.arrived != arrived {
            return Ok(State::Busy);
        }
        Ok(State::Asleep)
    }

    async fn idle(&mut self) -> Result<Idle, DriverFault> {
        let answer = self.control("idle", Map::new()).await?;
        let Answer::Ok(value) = answer else {
            return Err(glue("idle failed, although hello lists it".to_owned()));
        };
        let count = |key: &str| match value.get(key) {
            None | Some(Value::Null) => Ok(0),
            Some(count) => count
                .as_u64()
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
    fn next_timer(&mut self) -> Option<i64> {
        let now = self.now_ms;
        self.sleepers.retain(|until| *until > now);
        self.sleepers.iter().min().copied()
    }

    /// Waits for the driver to say something, for a moment.
    async fn pause(&mut self) -> Result<(), DriverFault> {
        match timeout(LOOK, self.driver.next()).await {
            Ok(said) => self.take(said),
            Err(_) => Ok(()),
        }
    }

    /// Sends what is answered at once, and waits for the answer.
    async fn control(&mut self, op: &str, fields: Map<String, Value>) -> Result<Answer, DriverFault> {
        let id = self.driver.send(op, fields);
        self.reply(op, id).await
    }

    /// Waits for the answer to what must succeed.
    async fn accepted(&mut self, op: &str, id: u64) -> Result<(), DriverFault> {
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
    fn listen(&mut self) -> Result<(), DriverFault> {
        while let Some(said) = self.driver.next_at_once() {
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
            Said::Log(text) => {
                if self.log.len() < MOST_LOG {
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

    /// Says what kept the clock from being moved, for whoever wrote the glue.
    fn note_idle(&mut self) {
        if self.clock == ClockClass::Virtual && self.knows_idle {
            let Idle { running, sleeping, blocked, timers } = self.idle;
            let open = self.universe.traffic().open;
            let events = self.sleepers.iter().filter(|until| **until > self.now_ms).count();
            let said = format!(
                "the clock stood: idle says running {running}, sleeping {sleeping}, blocked {blocked}, timers {timers}; \
                 sleep events that are not over: {events}; open exchanges: {open}"
            );
            self.log.push(said);
        }
    }

    fn give_up(&mut self, endless: Endless) -> bool {
        for number in std::mem::take(&mut self.running).into_values() {
            if let Some(call) = self.calls.get_mut(number - 1) {
                call.outcome = Outcome::Unfinished(endless);
            }
        }
        false
    }

    fn moment(&self) -> Moment {
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
