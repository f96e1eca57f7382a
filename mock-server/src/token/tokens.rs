//! The tokens of a sandbox: issued, verified, used, replaced, taken back.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::life::TokenLife;
use super::mint::{Bearer, Mint};
use super::next::{NextToken, Store};
use super::opaque::{Origin, Sighting};
use super::store::{Denied, Revoker, Token, TokenState, TokenStore};
use crate::directory::{AccountId, Directory};
use crate::reason::{Reason, Refused};

/// The tokens of one sandbox.
#[derive(Debug, Default)]
pub struct Tokens {
    // A std mutex: it is held for a look-up, never across an await.
    store: Mutex<TokenStore>,
    next: Store,
}

/// What it takes to make a token.
#[derive(Clone, Copy, Debug)]
pub struct Issuance {
    /// A fresh draw.
    pub id: u128,
    /// The time.
    pub now: Timestamp,
    /// The exchange whose answer announces it; 0 for none.
    pub exchange: u64,
    /// How long it lives.
    pub life: TokenLife,
    /// How many tokens the store may hold.
    pub capacity: usize,
    /// Whether every other live token of the account makes way: only one session may be.
    pub alone: bool,
}

/// A token that was just issued.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The text that the client gets.
    pub text: String,
    /// What the store keeps of it.
    pub token: Token,
}

/// What can be done to a token from outside.
#[derive(Clone, Copy, Debug)]
pub enum TokenChange {
    /// It is dead from now on.
    Expire,
    /// It dies after its next use.
    ExpireAfterUse,
    /// It is taken back.
    Revoke,
    /// It lives so much longer, and no more. What was announced stays.
    Shorten(SignedDuration),
    /// Its next so many uses are refused, and then it is good again.
    Fail(u32),
}

// === impl Tokens ===

impl Tokens {
    /// Issues a token to an account.
    pub fn issue(
        &self,
        mint: &Mint,
        directory: &Directory,
        account: AccountId,
        issuance: &Issuance,
    ) -> Result<Grant, anyhow::Error> {
        let Issuance { id, now, exchange, life, capacity, alone } = *issuance;
        let (expires, dies) = life.ends(now);
        let token = Token {
            id,
            account,
            generation: 0,
            created: now,
            expires,
            dies,
            announced_in: exchange,
            state: TokenState::Live,
            failures: 0,
            last_use: false,
            used_up: false,
        };
        let text = text(mint, directory, &token)?;
        let mut store = self.lock();
        if alone {
            let live: Vec<u128> =
                store.of_account(account).filter(|token| token.refusal(now).is_none()).map(|token| token.id).collect();
            for id in live {
                store.change(id, |token| token.state = TokenState::Superseded { at: now, until: now });
            }
        }
        let token = store.insert(token, now, capacity);
        Ok(Grant { text, token })
    }

    /// The live token behind a text, or why there is none: unknown before revoked before expired. Nothing changes.
    pub fn verify(&self, mint: &Mint, text: &str, now: Timestamp) -> Result<Token, Denied> {
        let unknown = |refused| Err(Denied::without_token(refused));
        match mint.sight(text) {
            Sighting::Known(Origin::Here(id)) => self.lock().live(id, now),
            Sighting::Known(Origin::EarlierRun) => unknown(
                Reason::TokenOfEarlierRun
                    .because("an earlier start of this server issued the token; tokens die with the process"),
            ),
            Sighting::Known(Origin::OtherSandbox) => {
                unknown(Reason::TokenOfOtherSandbox.because("another sandbox of this server issued the token"))
            }
            Sighting::Mangled(damage) => {
                unknown(Reason::TokenMangled.because(format!("the token is one of ours, but {damage}")))
            }
            Sighting::Foreign => unknown(Reason::TokenUnknown.because("nobody here issued such a token")),
        }
    }

    /// A live token is put to use: it may be told to fail, or to make this use its last.
    pub fn spend(&self, id: u128, now: Timestamp) -> Result<(), Refused> {
        let mut store = self.lock();
        let Some(token) = store.get(id) else { return Ok(()) };
        if token.failures > 0 {
            store.change(id, |token| token.failures -= 1);
            let left = token.failures - 1;
            let detail = format!("the admin API let this use fail; {left} more will, and then the token is good again");
            return Err(Reason::TokenToFail.because(detail));
        }
        if token.used_up {
            let at_once = || Reason::TokenExpired.because("the token expired with a use that came a moment earlier");
            return Err(token.refusal(now).unwrap_or_else(at_once));
        }
        if token.last_use {
            store.change(id, |token| (token.dies, token.last_use, token.used_up) = (now, false, true));
        }
        Ok(())
    }

    /// A refresh puts a newer token in the place of another, which is good for `grace` longer. Of two that overlap
    /// without grace the second is refused.
    pub fn supersede(&self, id: u128, now: Timestamp, grace: SignedDuration) -> Result<(), Refused> {
        let mut store = self.lock();
        // Whether it has expired is for the caller to judge; whether it was replaced meanwhile, only the store knows.
        let token = store.get(id).filter(|token| token.is_current(now));
        if token.is_none() {
            return store.live(id, now).map(drop).map_err(|denied| denied.refused);
        }
        let until = now.checked_add(grace).unwrap_or(Timestamp::MAX);
        store.change(id, |token| {
            // A second refresh within the grace of the first does not prolong it.
            token.state = match token.state {
                TokenState::Superseded { at, until: before } => TokenState::Superseded { at, until: before.min(until) },
                TokenState::Live | TokenState::Revoked { .. } => TokenState::Superseded { at: now, until },
            };
        });
        Ok(())
    }

    /// A refresh gives the same token a new life.
    pub fn extend(
        &self,
        mint: &Mint,
        directory: &Directory,
        id: u128,
        issuance: &Issuance,
    ) -> Result<Option<Grant>, anyhow::Error> {
        let mut store = self.lock();
        store.change(id, |token| {
            (token.expires, token.dies) = issuance.life.ends(issuance.now);
            (token.created, token.announced_in) = (issuance.now, issuance.exchange);
            (token.state, token.used_up) = (TokenState::Live, false);
        });
        let Some(token) = store.get(id) else { return Ok(None) };
        Ok(Some(Grant { text: text(mint, directory, &token)?, token }))
    }

    /// The holder logged out: the token is dead from now on.
    pub fn log_out(&self, id: u128, now: Timestamp) {
        self.lock().change(id, |token| token.state = TokenState::Revoked { at: now, by: Revoker::Holder });
    }

    /// Does something to a token from outside. Only a live one can change; returns whether it was.
    pub fn change(&self, id: u128, now: Timestamp, change: TokenChange) -> bool {
        let mut store = self.lock();
        let live = store.live(id, now).is_ok();
        if live {
            store.change(id, |token| match change {
                TokenChange::Expire => token.dies = now,
                TokenChange::ExpireAfterUse => token.last_use = true,
                TokenChange::Revoke => token.state = TokenState::Revoked { at: now, by: Revoker::Admin },
                TokenChange::Shorten(to) => {
                    token.dies = token.dies.min(now.checked_add(to).unwrap_or(Timestamp::MAX));
                }
                TokenChange::Fail(times) => token.failures = times,
            });
        }
        live
    }

    /// Every token, by time of issue, and how many made room.
    pub fn list(&self) -> (Vec<Token>, u64) {
        let store = self.lock();
        (store.all(), store.evicted())
    }

    /// The tokens of an account, oldest first.
    pub fn of_account(&self, account: AccountId) -> Vec<Token> {
        self.lock().of_account(account).collect()
    }

    /// Puts something in store for the next token. False if there is too much already.
    pub fn store_next(&self, next: NextToken) -> bool {
        self.next.push(next)
    }

    /// What is in store for an account's next token; it is then no longer.
    pub fn take_next(&self, account: AccountId) -> Option<NextToken> {
        self.next.take(account)
    }

    /// How much is in store.
    pub fn in_store(&self) -> usize {
        self.next.len()
    }

    /// Forgets what is in store.
    pub fn clear_next(&self) {
        self.next.clear();
    }

    /// Forgets every token, and what is in store; generations start over.
    pub fn clear(&self) {
        *self.lock() = TokenStore::default();
        self.next.clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TokenStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of a token.
fn text(mint: &Mint, directory: &Directory, token: &Token) -> Result<String, anyhow::Error> {
    let holder = directory.account(token.account);
    let holder = holder.ok_or_else(|| anyhow::anyhow!("a token for an account that is not there"))?;
    let bearer = Bearer {
        login: &holder.login,
        client: directory.client(holder.client).guid,
        branch: directory.branch(holder.branch).guid,
        created_ms: token.created.as_millisecond(),
        expires_ms: token.expires.as_millisecond(),
    };
    Ok(mint.make(token.id, &bearer)?)
}

#[cfg(test)]
mod tests;
