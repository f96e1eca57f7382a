//! What was issued, to whom, until when. Bounded: the token that dies first makes room.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::mint::{Bearer, Mint};
use super::opaque::{Origin, Sighting};
use crate::directory::{AccountId, Directory};
use crate::reason::{Reason, Refused};

/// The tokens of one sandbox.
#[derive(Debug)]
pub struct Tokens {
    mint: Mint,
    life: SignedDuration,
    created_lag: SignedDuration,
    // A std mutex: it is held for a look-up, never across an await.
    store: Mutex<TokenStore>,
}

/// A token that was just issued.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The text that the client gets.
    pub text: String,
    /// What the store keeps of it.
    pub token: Token,
}

/// A token that is refused. Whose it was is known all the same, unless nobody here issued it.
#[derive(Clone, Debug)]
pub struct Denied {
    /// Why.
    pub refused: Refused,
    /// The dead token; boxed, for most verdicts are good and should stay small.
    pub token: Option<Box<Token>>,
}

/// What the store keeps of a token.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Key in the store.
    pub id: u128,
    /// Whom it belongs to.
    pub account: AccountId,
    /// How many tokens this account had before, plus one.
    pub generation: u32,
    /// Time of issue.
    pub created: Timestamp,
    /// From this moment on it is refused.
    pub expires: Timestamp,
    /// The exchange whose answer announced the expiry.
    pub announced_in: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Live,
    Superseded { at: Timestamp },
    Revoked { at: Timestamp },
}

/// The bounded table behind [`Tokens`].
#[derive(Debug)]
pub struct TokenStore {
    capacity: usize,
    by_id: HashMap<u128, Token>,
    /// (death, id): the first is the next to make room.
    by_death: BTreeSet<(Timestamp, u128)>,
    generations: HashMap<AccountId, u32>,
    evicted_live: u64,
    evicted_dead: u64,
}

// === impl Denied ===

impl Denied {
    /// Nobody here issued it, or it is not there at all.
    pub(crate) fn without_token(refused: Refused) -> Self {
        Self { refused, token: None }
    }
}

// === impl Tokens ===

impl Tokens {
    /// An empty store. Tokens live for `life`, counted from `created_lag` before their `Created`.
    pub fn new(mint: Mint, life: SignedDuration, created_lag: SignedDuration, capacity: usize) -> Self {
        Self { mint, life, created_lag, store: Mutex::new(TokenStore::new(capacity)) }
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
        // Near the end of time a token lives until then.
        let expires =
            now.checked_sub(self.created_lag).and_then(|born| born.checked_add(self.life)).unwrap_or(Timestamp::MAX);
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
        let token = self.lock().insert(id, account, now, expires, exchange);
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
        *store = TokenStore::new(store.capacity);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TokenStore> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl TokenStore ===

impl TokenStore {
    fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            by_id: HashMap::new(),
            by_death: BTreeSet::new(),
            generations: HashMap::new(),
            evicted_live: 0,
            evicted_dead: 0,
        }
    }

    fn insert(&mut self, id: u128, account: AccountId, now: Timestamp, expires: Timestamp, exchange: u64) -> Token {
        while self.by_id.len() >= self.capacity {
            self.evict(now);
        }
        let generation = self.generations.entry(account).or_insert(0);
        *generation += 1;
        let token = Token {
            id,
            account,
            generation: *generation,
            created: now,
            expires,
            announced_in: exchange,
            state: State::Live,
        };
        self.by_id.insert(id, token);
        self.by_death.insert((expires, id));
        token
    }

    fn live(&self, id: u128, now: Timestamp) -> Result<Token, Denied> {
        let Some(token) = self.by_id.get(&id).copied() else {
            return Err(Denied::without_token(self.forgotten()));
        };
        let refused = match token.state {
            State::Superseded { at } => Reason::TokenSuperseded
                .because(format!("the token was refreshed {} ago; use the newer one", ago(at, now))),
            State::Revoked { at } => {
                Reason::TokenRevoked.because(format!("its holder logged out {} ago", ago(at, now)))
            }
            State::Live if now >= token.expires => Reason::TokenExpired.because(format!(
                "token expired {} ago; the client saw its expiry in answer #{}",
                ago(token.expires, now),
                token.announced_in
            )),
            State::Live => return Ok(token),
        };
        Err(Denied { refused, token: Some(Box::new(token)) })
    }

    /// Why a token that we issued is not in the store.
    fn forgotten(&self) -> Refused {
        if self.evicted_live > 0 {
            Reason::TokenEvicted.because(format!(
                "the store holds {} tokens and pushed out {} live ones; raise twinzo.max_tokens",
                self.capacity, self.evicted_live
            ))
        } else if self.evicted_dead > 0 {
            Reason::TokenExpired.because("the token died and was then forgotten to make room")
        } else {
            Reason::TokenOfEarlierRun
                .because("the token was issued before the last reset, or by an earlier start of the same run")
        }
    }

    fn kill(&mut self, id: u128, state: State, now: Timestamp) {
        if let Some(token) = self.by_id.get_mut(&id) {
            token.state = state;
            self.by_death.remove(&(token.expires, id));
            self.by_death.insert((now, id));
        }
    }

    /// Makes room: whichever token died, or dies, first.
    fn evict(&mut self, now: Timestamp) {
        let Some((death, id)) = self.by_death.pop_first() else {
            return;
        };
        self.by_id.remove(&id);
        if death > now {
            self.evicted_live += 1;
        } else {
            self.evicted_dead += 1;
        }
    }
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    format!("{:#}", SignedDuration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::TokenFormat;

    const LIFE: SignedDuration = SignedDuration::from_hours(24);

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
        let tokens = Tokens::new(mint, LIFE, SignedDuration::ZERO, capacity);
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
        f.tokens.created_lag = SignedDuration::from_millis(4);
        let token = f.issue(1, f.start).token;
        assert_eq!(token.expires.as_millisecond() - token.created.as_millisecond(), 86_399_996);
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
                let tokens = Tokens::new(mint, LIFE, SignedDuration::ZERO, 10);
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
        let other = Tokens::new(mint, LIFE, SignedDuration::ZERO, 10);
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
