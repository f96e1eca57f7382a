//! When to try again: after failures that pass, with growing and partly random gaps, never before `Retry-After`.

use std::sync::{Mutex, PoisonError};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::config::Config;
use crate::error::ApiError;
use crate::habits::{Defect, Habit, Habits};

/// How often and how patiently a call is tried again.
#[derive(Debug)]
pub(crate) struct Policy {
    attempts: u32,
    base_ms: u64,
    cap_ms: u64,
    habits: Habits,
    draws: Mutex<ChaCha8Rng>,
}

/// A server that asks for more patience than this gets none: the error goes to the caller.
const LONGEST_RETRY_AFTER_MS: u64 = 60_000;

// === impl Policy ===

impl Policy {
    pub(crate) fn new(config: &Config, habits: Habits) -> Self {
        Self {
            attempts: config.retry_attempts.unwrap_or(5),
            base_ms: config.retry_base_ms.unwrap_or(200),
            cap_ms: config.retry_cap_ms.unwrap_or(10_000),
            habits,
            draws: Mutex::new(ChaCha8Rng::seed_from_u64(config.seed.unwrap_or_default())),
        }
    }

    /// Milliseconds to wait after failed attempt number `attempt`; `None` to give up.
    pub(crate) fn wait_ms(&self, attempt: u32, error: &ApiError) -> Option<u64> {
        let is_passing = error.is_passing() || self.habits.has(Defect::RetryBadRequest) && error.status == Some(400);
        let is_spent = attempt >= self.attempts && !self.habits.has(Defect::UnboundedRetry);
        let gives_up = self.habits.is(Habit::SurfaceAtOnce) || self.habits.has(Defect::ClearBeforeSend);
        if !is_passing || is_spent || gives_up {
            return None;
        }
        let asked = self.asked_ms(error);
        if asked > LONGEST_RETRY_AFTER_MS {
            return None;
        }
        if self.habits.has(Defect::ConstantGap) {
            return Some(self.base_ms.max(asked));
        }
        let doublings = attempt.saturating_sub(1).min(20);
        let cap_ms = if self.habits.has(Defect::NoCap) { u64::MAX } else { self.cap_ms };
        let ceiling = self.base_ms.saturating_mul(1 << doublings).min(cap_ms);
        // Half fixed, half random: the gaps still grow, yet many clients do not return together.
        let draw = self.draws.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..=ceiling - ceiling / 2);
        Some((ceiling / 2 + draw).max(asked))
    }

    fn asked_ms(&self, error: &ApiError) -> u64 {
        let asked = error.retry_after_ms.unwrap_or_default();
        match self.habits.defect {
            Some(Defect::RetryAfterIgnored) => 0,
            Some(Defect::RetryAfterAsMs) => asked / 1000,
            _ => asked,
        }
    }
}
