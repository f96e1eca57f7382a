//! The tokens of a sandbox: issued, verified, superseded, revoked.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::mint::{Bearer, Mint};
use super::opaque::{Origin, Sighting};
use super::store::{Denied, State, Token, TokenStore};
use crate::directory::{AccountId, Directory};
use crate::reason::{Reason, Refused};

/// The tokens of one sandbox.
#[derive(Debug)]
pub struct Tokens {
    mint: Mint,
    life: TokenLife,
    // A std mutex: it is held for a look-up, never across an await.
    store: Mutex<TokenStore>,
}

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct TokenLife {
    /// What clients are told.
    pub announced: SignedDuration,
    /// What is true.
    pub actual: SignedDuration,
    /// How long before `Created` both begin to count.
    pub created_lag: SignedDuration,
}

/// A token that was just issued.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The text that the client gets.
    pub text: String,
    /// What the store keeps of it.
    pub token: Token,
}

// === impl Tokens ===

impl Tokens {
    /// An empty store.
    pub fn new(mint: Mint, life: TokenLife, capacity: usize) -> Self {
        Self { mint, life, store: Mutex::new(TokenStore::new(capacity)) }
    }

    /// Issues a token to an account. `id` is a fresh draw, `exchange` the one that announces it.
    pub fn issue(
        &self,
        directory: &Directory,
        account: AccountId,
        id: u128,
        now: Timestamp,
        exchange: u64,
    ) -> Result<Grant, anyhow::Error> {
        let TokenLife { announced, actual, created_lag } = self.life;
        // Near the end of time a token lives until then.
        let after = |life| {
            let born = now.checked_sub(created_lag);
            born.and_then(|born| born.checked_add(life)).unwrap_or(Timestamp::MAX)
        };
        let (expires, dies) = (after(announced), after(actual));
        let holder = directory.account(account);
        let text = self.mint.make(
            id,
            &Bearer {
                login: &holder.login,
                client: directory.client(holder.client).guid,
                branch: directory.branch(holder.branch).guid,
                created_ms: now.as_millisecond(),
                expires_ms: expires.as_millisecond(),
            },
        )?;
        let token = Token {
            id,
            account,
            generation: 0,
            created: now,
            expires,
            dies,
            announced_in: exchange,
            state: State::Live,
        };
        let token = self.lock().insert(token, now);
        Ok(Grant { text, token })
    }

    /// The live token behind a text, or why there is none: unknown before revoked before expired.
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Token, Denied> {
        let unknown = |refused| Err(Denied::without_token(refused));
        match self.mint.sight(text) {
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

    /// A refresh takes a token out of use. Of two that overlap the second is refused.
    pub fn supersede(&self, id: u128, now: Timestamp) -> Result<(), Refused> {
        let mut store = self.lock();
        store.live(id, now).map_err(|denied| denied.refused)?;
        store.kill(id, State::Superseded { at: now }, now);
        Ok(())
    }

    /// The holder logged out: the token is dead from now on.
    pub fn revoke(&self, id: u128, now: Timestamp) {
        self.lock().kill(id, State::Revoked { at: now }, now);
    }

    /// Forgets every token; generations start over.
    pub fn clear(&self) {
        let mut store = self.lock();
        *store = TokenStore::new(store.capacity());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TokenStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenFormat;

    const LIFE: SignedDuration = SignedDuration::from_hours(24);
    const EXACT: TokenLife = TokenLife { announced: LIFE, actual: LIFE, created_lag: SignedDuration::ZERO };

    struct Fixture {
        directory: Directory,
        account: AccountId,
        tokens: Tokens,
        start: Timestamp,
    }

    fn fixture(format: TokenFormat, capacity: usize) -> Fixture {
        let directory = Directory::default_world().unwrap();
        let client = directory.client_by_name("acme-logistics").unwrap();
        let account = directory.account_by_login(client, "forklift-01").unwrap();
        let mint = Mint::new(format, "not-a-secret", "run-1", "default");
        let tokens = Tokens::new(mint, EXACT, capacity);
        Fixture { directory, account, tokens, start: "2026-01-01T00:00:00Z".parse().unwrap() }
    }

    impl Fixture {
        fn issue(&self, id: u128, now: Timestamp) -> Grant {
            self.tokens.issue(&self.directory, self.account, id, now, 12).unwrap()
        }

        fn refusal(&self, text: &str, now: Timestamp) -> Refused {
            self.tokens.verify(text, now).expect_err("the token is refused").refused
        }
    }

    #[test]
    fn a_token_is_refused_from_its_expiry_on_and_not_a_millisecond_earlier() {
        for format in [TokenFormat::Opaque, TokenFormat::Jwt] {
            let f = fixture(format, 10);
            let grant = f.issue(1, f.start);
            let last = f.start + LIFE - SignedDuration::from_millis(1);
            assert_eq!(f.tokens.verify(&grant.text, last).unwrap().account, f.account);
            assert_eq!(f.refusal(&grant.text, f.start + LIFE).reason, Reason::TokenExpired);
            let later = f.start + LIFE + SignedDuration::from_mins(3);
            assert_eq!(
                f.refusal(&grant.text, later).detail,
                "token expired 3m ago; the client saw its expiry in answer #12"
            );
        }
    }

    #[test]
    fn the_recorded_lag_shortens_the_life() {
        let mut f = fixture(TokenFormat::Opaque, 10);
        f.tokens.life.created_lag = SignedDuration::from_millis(4);
        let token = f.issue(1, f.start).token;
        assert_eq!(token.expires.as_millisecond() - token.created.as_millisecond(), 86_399_996);
    }

    #[test]
    fn what_is_announced_need_not_be_true() {
        for actual in [SignedDuration::from_secs(5), SignedDuration::from_hours(48)] {
            let mut f = fixture(TokenFormat::Opaque, 10);
            f.tokens.life.actual = actual;
            let grant = f.issue(1, f.start);
            assert_eq!(grant.token.expires, f.start + LIFE);
            assert!(f.tokens.verify(&grant.text, f.start + actual - SignedDuration::from_millis(1)).is_ok());
            assert_eq!(f.refusal(&grant.text, f.start + actual).reason, Reason::TokenExpired);
        }
    }

    #[test]
    fn superseded_and_revoked_are_told_apart_and_outrank_expired() {
        let f = fixture(TokenFormat::Opaque, 10);
        let (first, second) = (f.issue(1, f.start), f.issue(2, f.start));
        assert_eq!((first.token.generation, second.token.generation), (1, 2));
        f.tokens.supersede(1, f.start).unwrap();
        assert!(f.tokens.supersede(1, f.start).is_err(), "a token is refreshed once");
        f.tokens.revoke(2, f.start);
        for now in [f.start, f.start + LIFE] {
            assert_eq!(f.refusal(&first.text, now).reason, Reason::TokenSuperseded);
            assert_eq!(f.refusal(&second.text, now).reason, Reason::TokenRevoked);
        }
    }

    #[test]
    fn tokens_of_other_runs_and_sandboxes_are_named() {
        for format in [TokenFormat::Opaque, TokenFormat::Jwt] {
            let f = fixture(format, 10);
            let foreign = |run, sandbox| {
                let mint = Mint::new(format, "not-a-secret", run, sandbox);
                let tokens = Tokens::new(mint, EXACT, 10);
                tokens.issue(&f.directory, f.account, 1, f.start, 1).unwrap().text
            };
            assert_eq!(f.refusal(&foreign("run-0", "default"), f.start).reason, Reason::TokenOfEarlierRun);
            assert_eq!(f.refusal(&foreign("run-1", "other"), f.start).reason, Reason::TokenOfOtherSandbox);
            assert_eq!(f.refusal("made-up", f.start).reason, Reason::TokenUnknown);
        }
    }

    #[test]
    fn a_token_from_before_a_reset_is_not_called_expired() {
        let f = fixture(TokenFormat::Opaque, 10);
        let text = f.issue(1, f.start).text;
        f.tokens.clear();
        assert_eq!(f.refusal(&text, f.start).reason, Reason::TokenOfEarlierRun);
    }

    #[test]
    fn a_jwt_signed_with_another_secret_is_unknown() {
        let f = fixture(TokenFormat::Jwt, 10);
        let mint = Mint::new(TokenFormat::Jwt, "another-secret", "run-1", "default");
        let other = Tokens::new(mint, EXACT, 10);
        let text = other.issue(&f.directory, f.account, 1, f.start, 1).unwrap().text;
        assert_eq!(f.refusal(&text, f.start).reason, Reason::TokenUnknown);
    }

    #[test]
    fn a_full_store_drops_the_dead_before_the_living_and_says_which() {
        let f = fixture(TokenFormat::Opaque, 2);
        let (first, second) = (f.issue(1, f.start), f.issue(2, f.start));
        f.tokens.revoke(2, f.start);
        let third = f.issue(3, f.start);
        assert!(f.tokens.verify(&first.text, f.start).is_ok());
        assert_eq!(f.refusal(&second.text, f.start).reason, Reason::TokenExpired);
        f.issue(4, f.start + SignedDuration::from_secs(1));
        assert_eq!(f.refusal(&first.text, f.start).reason, Reason::TokenEvicted);
        assert!(f.tokens.verify(&third.text, f.start).is_ok());
    }
}
