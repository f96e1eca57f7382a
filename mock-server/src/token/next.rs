//! What is in store for the next token only: another life, an odd answer, an answer that never arrives.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::life::LifeOverride;
use crate::clock::Step;
use crate::directory::AccountId;

/// How the answers to log in and refresh speak of time.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginAnswer {
    /// The form of `Expiration`.
    pub expiration: ExpirationForm,
    /// How far `Created` and `Expiration` are ahead of the sandbox's clock: a server whose clock is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<Step>,
}

/// The form of `Expiration` in an answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExpirationForm {
    /// Unix milliseconds, as the vendor's.
    #[default]
    Ms,
    /// Unix seconds.
    Seconds,
    /// Milliseconds, one minute before `Created`.
    Past,
    /// 0.
    Zero,
    /// -1.
    Negative,
    /// Not there.
    Missing,
    /// Milliseconds in quotes.
    Text,
    /// `"2026-01-01T00:00:00Z"`.
    Iso,
    /// Milliseconds with a fraction.
    Float,
    /// 2^53 - 1, the highest number that every JSON reader keeps exact.
    Far,
}

/// What is in store.
#[derive(Clone, Copy, Debug, Default)]
pub struct NextToken {
    /// For this account's next token; for anybody's if absent.
    pub account: Option<AccountId>,
    /// How long it lives.
    pub life: LifeOverride,
    /// How the answer speaks of time.
    pub answer: Option<LoginAnswer>,
    /// Whether the answer is lost: the token is issued, and the connection is reset instead.
    pub lost: bool,
}

/// What is in store, first come first served.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<Vec<NextToken>>);

/// How much can be in store.
pub(crate) const MOST: usize = 1000;

// === impl Store ===

impl Store {
    /// Puts something in store. False if there is too much already.
    pub(super) fn push(&self, next: NextToken) -> bool {
        let mut store = self.lock();
        let fits = store.len() < MOST;
        if fits {
            store.push(next);
        }
        fits
    }

    /// The first thing in store for an account.
    pub(super) fn take(&self, account: AccountId) -> Option<NextToken> {
        let mut store = self.lock();
        let position = store.iter().position(|next| next.account.is_none_or(|only| only == account))?;
        Some(store.remove(position))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<NextToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
