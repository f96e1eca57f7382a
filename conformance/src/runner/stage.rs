//! The stage of one case: its client, its part of the server, and the clock that both follow.
//!
//! The clock is only moved when nothing is under way: no exchange is open, and every call of the client is asleep or
//! waits for one that is. docs/clock.md says how that is known, and why it is enough.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::talk::{Idle, Talk};
use crate::driver::Driver;
use crate::manifest::ClockClass;
use crate::step::{Ask, Release};
use crate::target::Universe;
use crate::transcript::{Call, DriverFault, Endless, Quiet};

/// A client, a part of the server, and their clock.
#[derive(Debug)]
pub(super) struct Stage<'a> {
    talk: Talk<'a>,
    universe: &'a Universe,
    clock: ClockClass,
    /// Whether the glue can say who is asleep.
    knows_idle: bool,
    /// What the glue said last of its calls.
    idle: Idle,
    /// Whether the last step may have woken somebody whom no call waits for, and who is not counted when awake.
    woke_background: bool,
    quiets: Vec<Quiet>,
    assumed_quiescent: u32,
}

/// What a stage has seen when all is over.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) calls: Vec<Call>,
    pub(super) quiets: Vec<Quiet>,
    pub(super) assumed_quiescent: u32,
    pub(super) log: Vec<String>,
    /// What went wrong at the very end.
    pub(super) fault: Option<DriverFault>,
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
/// A client that goes on for longer than this, on its own clock, never ends.
const LONGEST_MS: i64 = 25 * 60 * 60 * 1000;
/// A call that makes more steps or exchanges than this never ends.
const MOST_STEPS: u64 = 4_000;

// === impl Stage ===

impl<'a> Stage<'a> {
    pub(super) fn new(driver: Driver, universe: &'a Universe, clock: ClockClass, knows_idle: bool) -> Self {
        Self {
            talk: Talk::new(driver, universe, clock),
            universe,
            clock,
            knows_idle,
            idle: Idle::default(),
            woke_background: false,
            quiets: Vec::new(),
            assumed_quiescent: 0,
        }
    }

    /// The first tick, then the client with its configuration.
    pub(super) async fn open(&mut self, cfg: &Map<String, Value>) -> Result<(), DriverFault> {
        self.talk.open(cfg).await
    }

    /// Closes the client and ends the driver.
    pub(super) async fn close(self) -> Seen {
        let Self { talk, quiets, assumed_quiescent, .. } = self;
        let (calls, log, fault) = talk.close().await;
        Seen { calls, quiets, assumed_quiescent, log, fault }
    }

    /// Asks for several things at once, and waits until all are done; `Ok(false)` if one of them never ends.
    pub(super) async fn ask(&mut self, asks: &[Ask], release: Option<&Release>) -> Result<bool, DriverFault> {
        let began = self.talk.begin(asks);
        if let Some(release) = release {
            self.release(release, asks.len()).await?;
        }
        let deadline = Instant::now() + self.talk.limits().operation;
        let mut steps = 0;
        loop {
            self.talk.listen()?;
            if self.talk.is_done() {
                return Ok(true);
            }
            let exchanges = self.universe.traffic().arrived - began.exchanges as u64;
            if steps + exchanges > MOST_STEPS || self.talk.now_ms - began.at_ms > LONGEST_MS {
                return Ok(self.talk.give_up(Endless::Looping));
            }
            if Instant::now() > deadline {
                self.note_idle();
                return Ok(self.talk.give_up(Endless::TimedOut));
            }
            let arrived = self.universe.traffic().arrived;
            if self.clock == ClockClass::Virtual && self.state().await? == State::Asleep {
                let Some(next) = self.talk.next_timer() else {
                    // Nobody sleeps, and nobody is awake: what is left waits for what cannot happen any more.
                    if self.knows_idle && self.is_hung().await? {
                        return Ok(self.talk.give_up(Endless::Hung));
                    }
                    self.talk.pause().await?;
                    continue;
                };
                steps += u64::from(self.step(next, arrived).await?);
                continue;
            }
            self.talk.pause().await?;
        }
    }

    /// Lets time pass until then; timers that end meanwhile end at their time.
    pub(super) async fn pass(&mut self, ms: i64) -> Result<(), DriverFault> {
        let end = self.talk.now_ms.saturating_add(ms);
        let deadline = Instant::now() + self.talk.limits().operation;
        let mut steps = 0;
        // Work in the background that a call has left behind is about to sleep.
        while self.settled(self.universe.traffic().arrived).await? == State::Busy && Instant::now() <= deadline {}
        while self.talk.now_ms < end {
            self.talk.listen()?;
            let arrived = self.universe.traffic().arrived;
            if self.state().await? == State::Asleep {
                let next = self.talk.next_timer().map_or(end, |timer| timer.min(end));
                steps += u64::from(self.step(next, arrived).await?);
            } else {
                self.talk.pause().await?;
            }
            // Whoever works on without being asked shows that in the exchanges of the time that passed.
            if steps > MOST_STEPS || Instant::now() > deadline {
                return Ok(());
            }
        }
        // What the last step woke up has its say.
        while self.state().await? == State::Busy && Instant::now() <= deadline {
            self.talk.pause().await?;
        }
        Ok(())
    }

    /// Lets time pass in which nobody is asked for anything.
    pub(super) async fn quiet(&mut self, ms: i64) -> Result<(), DriverFault> {
        let from = self.talk.moment();
        self.pass(ms).await?;
        let number = self.quiets.len() + 1;
        let to = self.talk.moment();
        self.quiets.push(Quiet { number, from, to, asked_ms: ms });
        Ok(())
    }

    /// Waits until every call that is awake has its answer held back, or no more requests come, and moves the clock on.
    async fn release(&mut self, release: &Release, asked: usize) -> Result<(), DriverFault> {
        /// For glue that cannot say who waits for whom.
        const NO_MORE: Duration = Duration::from_millis(500);
        let deadline = Instant::now() + self.talk.limits().operation;
        let mut arrived = self.universe.traffic().arrived;
        let mut since = Instant::now();
        while Instant::now() <= deadline && !self.talk.is_done() {
            self.talk.listen()?;
            let traffic = self.universe.traffic();
            if traffic.arrived != arrived {
                (arrived, since) = (traffic.arrived, Instant::now());
            }
            let held =
                self.universe.fired(release.rule).await.map_err(|error| DriverFault::Referee(error.to_string()))?;
            let awake = self.awake().await?;
            let all_are_held = held >= asked || awake <= held && self.agrees();
            if traffic.open == 0 && (all_are_held || held > 0 && since.elapsed() > NO_MORE) {
                // Who sleeps before it sends is waited for; the answers are held long enough.
                let target = self.talk.now_ms.saturating_add(release.by_ms);
                let timer = self.talk.next_timer().filter(|timer| *timer < target && held < asked);
                if self.step(timer.unwrap_or(target), arrived).await? && timer.is_none() {
                    return Ok(());
                }
            }
            self.talk.pause().await?;
        }
        Ok(())
    }

    /// How many calls are neither asleep nor wait for another call.
    async fn awake(&mut self) -> Result<usize, DriverFault> {
        if !self.knows_idle {
            return Ok(usize::MAX);
        }
        let idle = self.talk.idle().await?;
        let running = idle.running.max(self.talk.running());
        self.idle = idle;
        Ok(running.saturating_sub(idle.sleeping + idle.blocked))
    }

    /// Sleepers that the glue counts and did not announce, or the other way round, are about to change.
    fn agrees(&self) -> bool {
        self.idle.sleeping + self.idle.timers == self.talk.sleepers()
    }

    /// Moves both clocks, unless somebody came meanwhile.
    async fn step(&mut self, to_ms: i64, arrived: u64) -> Result<bool, DriverFault> {
        let (id, write) = self.talk.tick(to_ms);
        if self.universe.step(to_ms, arrived, write).is_err() {
            return Ok(false);
        }
        self.talk.now_ms = to_ms;
        self.woke_background = self.idle.timers > 0;
        self.talk.accepted("tick", id).await.map(|()| true)
    }

    /// Whether something may still happen before the clock moves.
    async fn state(&mut self) -> Result<State, DriverFault> {
        let before = self.universe.traffic();
        if before.open > 0 {
            return Ok(State::Busy);
        }
        if !self.knows_idle || self.woke_background {
            let state = self.settled(before.arrived).await?;
            if state == State::Busy {
                return Ok(state);
            }
            self.assumed_quiescent += 1;
            self.woke_background = false;
            if !self.knows_idle {
                return Ok(state);
            }
        }
        let awake = self.awake().await?;
        let after = self.universe.traffic();
        let asleep = self.agrees() && awake == 0 && after == before;
        Ok(if asleep { State::Asleep } else { State::Busy })
    }

    /// Whether nothing happens although calls run, also on a second look.
    async fn is_hung(&mut self) -> Result<bool, DriverFault> {
        self.talk.listen()?;
        let arrived = self.universe.traffic().arrived;
        let is_still = self.settled(arrived).await? == State::Asleep && self.state().await? == State::Asleep;
        Ok(is_still && !self.talk.is_done() && self.talk.next_timer().is_none())
    }

    /// For glue that cannot say: nothing comes and nothing is said for a while.
    async fn settled(&mut self, arrived: u64) -> Result<State, DriverFault> {
        let has_spoken = self.talk.hear(SETTLE).await?;
        let traffic = self.universe.traffic();
        if has_spoken || traffic.open > 0 || traffic.arrived != arrived {
            return Ok(State::Busy);
        }
        Ok(State::Asleep)
    }

    /// Says what kept the clock from being moved, for whoever wrote the glue.
    fn note_idle(&mut self) {
        if self.clock == ClockClass::Virtual && self.knows_idle {
            let Idle { running, sleeping, blocked, timers } = self.idle;
            let open = self.universe.traffic().open;
            let events = self.talk.sleepers();
            let said = format!(
                "the clock stood: idle says running {running}, sleeping {sleeping}, blocked {blocked}, timers {timers}; \
                 sleep events that are not over: {events}; open exchanges: {open}"
            );
            self.talk.log.push(said);
        }
    }
}
