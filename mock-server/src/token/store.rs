//! What was issued, to whom, until when. Bounded: the token that dies first makes room.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};

use crate::directory::AccountId;
use crate::reason::{Reason, Refused};

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
    /// What clients are told of its end.
    pub expires: Timestamp,
    /// From this moment on it is refused.
    pub dies: Timestamp,
    /// The exchange whose answer announced the expiry.
    pub announced_in: u64,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Live,
    Superseded { at: Timestamp },
    Revoked { at: Timestamp },
}

/// The bounded table.
#[derive(Debug)]
pub(super) struct TokenStore {
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

// === impl TokenStore ===

impl TokenStore {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            by_id: HashMap::new(),
            by_death: BTreeSet::new(),
            generations: HashMap::new(),
            evicted_live: 0,
            evicted_dead: 0,
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Keeps a token as its account's next generation.
    pub(super) fn insert(&mut self, token: Token, now: Timestamp) -> Token {
        while self.by_id.len() >= self.capacity {
            self.evict(now);
        }
        let generation = self.generations.entry(token.account).or_insert(0);
        *generation += 1;
        let token = Token { generation: *generation, ..token };
        self.by_id.insert(token.id, token);
        self.by_death.insert((token.dies, token.id));
        token
    }

    pub(super) fn live(&self, id: u128, now: Timestamp) -> Result<Token, Denied> {
        let Some(token) = self.by_id.get(&id).copied() else {
            return Err(Denied::without_token(self.forgotten()));
        };
        let refused = match token.state {
            State::Superseded { at } => Reason::TokenSuperseded
                .because(format!("the token was refreshed {} ago; use the newer one", ago(at, now))),
            State::Revoked { at } => {
                Reason::TokenRevoked.because(format!("its holder logged out {} ago", ago(at, now)))
            }
            State::Live if now >= token.dies => Reason::TokenExpired.because(format!(
                "token expired {} ago; the client saw its expiry in answer #{}",
                ago(token.dies, now),
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

    pub(super) fn kill(&mut self, id: u128, state: State, now: Timestamp) {
        if let Some(token) = self.by_id.get_mut(&id) {
            token.state = state;
            self.by_death.remove(&(token.dies, id));
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
