//! Rate limits: how much each client, branch, account or token may ask for, on the sandbox's clock.
//!
//! A limit counts the exchanges that it matches and that no rule answered before. What is over the limit is answered
//! 429 and not counted, as API gateways do.

mod meter;
mod spec;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;

use crate::directory::Directory;
use crate::fault::{Condition, InvalidRule, Key, Keyed, Subject, check_name};
use crate::reason::{Reason, Refused};

pub use spec::{BucketSpec, LimitPer, LimitSpec, RefillRate, WindowLimitSpec};

use meter::{Law, Level, Meter};

/// The limits of one sandbox.
#[derive(Debug, Default)]
pub struct Limits {
    // So that an exchange without limits takes no lock.
    count: AtomicUsize,
    list: RwLock<Vec<Arc<Limit>>>,
}

/// Limits at most in one sandbox.
pub const MAX_LIMITS: usize = 1000;

#[derive(Debug)]
struct Limit {
    id: String,
    spec: LimitSpec,
    condition: Condition,
    law: Law,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    matched: u64,
    refused: u64,
    meters: Keyed<Meter>,
}

/// A limit with its counts, as the admin API shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LimitView {
    /// Name, or position in load order.
    pub id: String,
    /// The limit as it was given.
    #[serde(flatten)]
    pub spec: LimitSpec,
    /// Exchanges that it matched.
    pub matched: u64,
    /// Those that it refused.
    pub refused: u64,
}

/// What the limits say of one exchange.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    /// The limit that refuses it, if one does.
    refused_by: Option<String>,
    /// The limit that leaves least.
    level: Level,
}

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

// === impl Limits ===

impl Limits {
    /// Checks a limit and puts it behind the others. Returns its id.
    pub fn add(&self, spec: LimitSpec, directory: &Directory) -> Result<String, InvalidRule> {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= MAX_LIMITS {
            return Err(InvalidRule::value("limits", format!("there are {MAX_LIMITS} already, which is the most")));
        }
        let is_taken = |id: &str| list.iter().any(|limit| limit.id == id);
        let id = match &spec.name {
            Some(name) if is_taken(name) => return Err(InvalidRule::NameTaken { name: name.clone() }),
            Some(name) => {
                check_name(name)?;
                name.clone()
            }
            None => {
                let mut position = list.len() + 1;
                while is_taken(&format!("limit-{position}")) {
                    position += 1;
                }
                format!("limit-{position}")
            }
        };
        let condition = Condition::compile(&spec.matches, directory, false)?;
        let law = spec.law()?;
        list.push(Arc::new(Limit { id: id.clone(), spec, condition, law, tally: Mutex::default() }));
        self.count.store(list.len(), Ordering::Release);
        Ok(id)
    }

    /// Every limit in load order.
    pub fn list(&self) -> Vec<LimitView> {
        self.list.read().unwrap_or_else(PoisonError::into_inner).iter().map(|limit| limit.view()).collect()
    }

    /// Takes one limit away. False if there is none of that id.
    pub fn remove(&self, id: &str) -> bool {
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        let before = list.len();
        list.retain(|limit| limit.id != id);
        self.count.store(list.len(), Ordering::Release);
        list.len() < before
    }

    /// Takes every limit away.
    pub fn clear(&self) {
        self.list.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.count.store(0, Ordering::Release);
    }

    /// Asks every limit that the exchange concerns; none counts it if one refuses it. `None` if it concerns none.
    #[inline]
    pub(crate) fn ask(&self, subject: &Subject<'_>) -> Option<Allowance> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        let concerned: Vec<&Limit> =
            list.iter().map(|limit| &**limit).filter(|limit| limit.condition.matches(subject)).collect();
        // Locked in load order by everybody, so that nobody waits in a circle.
        let mut tallies: Vec<_> =
            concerned.iter().map(|limit| limit.tally.lock().unwrap_or_else(PoisonError::into_inner)).collect();
        let now = subject.now;
        let meter = |limit: &Limit, tally: &mut Tally, take: bool| {
            let key = Key::of(limit.spec.per.into(), subject);
            tally.meters.entry(&key, |_| Meter::new(limit.law, now)).ask(limit.law, now, take)
        };
        let levels: Vec<Level> = (concerned.iter().zip(&mut tallies))
            .map(|(limit, tally)| {
                tally.matched += 1;
                let level = meter(limit, tally, false);
                tally.refused += u64::from(level.wait.is_some());
                level
            })
            .collect();
        // Of several that refuse, the one that does so for longest: whoever waits for that passes all of them.
        let refusing = levels.iter().zip(&concerned).filter(|(level, _)| level.wait.is_some());
        if let Some((level, limit)) = refusing.max_by_key(|(level, _)| level.wait) {
            return Some(Allowance { refused_by: Some(limit.id.clone()), level: *level });
        }
        let levels = concerned.iter().zip(&mut tallies).map(|(limit, tally)| meter(limit, tally, true));
        levels.min_by_key(|level| level.remaining).map(|level| Allowance { refused_by: None, level })
    }
}

// === impl Limit ===

impl Limit {
    fn view(&self) -> LimitView {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        LimitView { id: self.id.clone(), spec: self.spec.clone(), matched: tally.matched, refused: tally.refused }
    }
}

// === impl Allowance ===

impl Allowance {
    /// What clients are told.
    pub(crate) fn put_headers(&self, headers: &mut HeaderMap) {
        let Level { limit, remaining, reset, wait } = self.level;
        headers.insert(LIMIT, HeaderValue::from(limit));
        headers.insert(REMAINING, HeaderValue::from(remaining));
        headers.insert(RESET, HeaderValue::from(reset));
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
    }

    /// Why the exchange is refused, if it is.
    pub(crate) fn refusal(&self, now: Timestamp) -> Option<Refused> {
        let Level { limit, wait, .. } = self.level;
        let (id, wait) = (self.refused_by.as_ref()?, wait.unwrap_or(0));
        let detail = format!("limit {id:?} allows {limit}; the next request passes {wait} s after {now}");
        Some(Reason::RateLimited.because(detail))
    }
}
