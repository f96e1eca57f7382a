//! What was issued, to whom, until when. Bounded: the token that dies first makes room.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    /// The exchange whose answer announced the expiry; 0 if it was issued over the admin API.
    pub announced_in: u64,
    /// What happened to it.
    pub state: TokenState,
    /// So many uses are still to be refused, though it lives.
    pub failures: u32,
    /// Whether its next use is its last.
    pub last_use: bool,
    /// Whether its last use is over.
    pub(super) used_up: bool,
}

/// What happened to a token, beside the time that passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenState {
    /// Nothing.
    Live,
    /// A newer one took its place; it is good until then.
    Superseded {
        /// When it was replaced.
        at: Timestamp,
        /// From when on it is refused.
        until: Timestamp,
    },
    /// It was taken back.
    Revoked {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Revoker,
    },
}

/// Who took a token back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revoker {
    /// Its holder logged out.
    Holder,
    /// The admin API.
    Admin,
}

/// The bounded table.
#[derive(Debug)]
pub(super) struct TokenStore {
    by_id: HashMap<u128, Token>,
    /// (death, id): the first is the next to make room.
    by_death: BTreeSet<(Timestamp, u128)>,
    by_account: HashMap<AccountId, Issued>,
    evicted_live: u64,
    evicted_dead: u64,
    capacity: usize,
}

/// What one account was issued.
#[derive(Debug, Default)]
struct Issued {
    generation: u32,
    /// By generation, so that the newest is last.
    ids: BTreeMap<u32, u128>,
}

// === impl Denied ===

impl Denied {
    /// Nobody here issued it, or it is not there at all.
    pub(crate) fn without_token(refused: Refused) -> Self {
        Self { refused, token: None }
    }
}

// === impl Token ===

impl Token {
    /// Why it is refused at this time, if it is.
    pub(super) fn refusal(&self, now: Timestamp) -> Option<Refused> {
        match self.state {
            TokenState::Superseded { at, until } if now >= until => {
                let detail = format!("a newer token took its place {} ago; use that one", ago(at, now));
                Some(Reason::TokenSuperseded.because(detail))
            }
            TokenState::Revoked { at, by: Revoker::Holder } => {
                Some(Reason::TokenRevoked.because(format!("its holder logged out {} ago", ago(at, now))))
            }
            TokenState::Revoked { at, by: Revoker::Admin } => {
                Some(Reason::TokenRevoked.because(format!("the admin API took it back {} ago", ago(at, now))))
            }
            TokenState::Live | TokenState::Superseded { .. } if now >= self.dies => {
                let seen = match self.announced_in {
                    0 => "it was issued over the admin API".to_owned(),
                    exchange => format!("the client saw its expiry in answer #{exchange}"),
                };
                let early = if self.expires > now { ", which said that it would live on" } else { "" };
                let detail = format!("token expired {} ago; {seen}{early}", ago(self.dies, now));
                Some(Reason::TokenExpired.because(detail))
            }
            TokenState::Live | TokenState::Superseded { .. } => None,
        }
    }

    /// Whether nothing took its place, or nothing yet that counts. It may have expired.
    pub(super) fn is_current(&self, now: Timestamp) -> bool {
        match self.state {
            TokenState::Live => true,
            TokenState::Superseded { until, .. } => now < until,
            TokenState::Revoked { .. } => false,
        }
    }

    /// In one word, for lists.
    pub fn state_name(&self, now: Timestamp) -> &'static str {
        match (self.refusal(now).map(|refused| refused.reason), self.state) {
            (None, TokenState::Superseded { .. }) => "grace",
            (None, _) => "live",
            (Some(Reason::TokenSuperseded), _) => "superseded",
            (Some(Reason::TokenRevoked), _) => "revoked",
            (Some(_), _) => "expired",
        }
    }

    /// The moment from which on it counts as dead when room is needed.
    fn end(&self) -> Timestamp {
        match self.state {
            TokenState::Live => self.dies,
            TokenState::Superseded { until, .. } => until.min(self.dies),
            TokenState::Revoked { at, .. } => at,
        }
    }
}

// === impl TokenStore ===

impl Default for TokenStore {
    fn default() -> Self {
        Self {
            by_id: HashMap::new(),
            by_death: BTreeSet::new(),
            by_account: HashMap::new(),
            evicted_live: 0,
            evicted_dead: 0,
            capacity: usize::MAX,
        }
    }
}

impl TokenStore {
    /// Keeps a token as its account's next generation.
    pub(super) fn insert(&mut self, token: Token, now: Timestamp, capacity: usize) -> Token {
        self.capacity = capacity.max(1);
        while self.by_id.len() >= self.capacity {
            self.evict(now);
        }
        let issued = self.by_account.entry(token.account).or_default();
        issued.generation += 1;
        let token = Token { generation: issued.generation, ..token };
        issued.ids.insert(token.generation, token.id);
        self.by_id.insert(token.id, token);
        self.by_death.insert((token.end(), token.id));
        token
    }

    pub(super) fn live(&self, id: u128, now: Timestamp) -> Result<Token, Denied> {
        let Some(token) = self.get(id) else {
            return Err(Denied::without_token(self.forgotten()));
        };
        match token.refusal(now) {
            Some(refused) => Err(Denied { refused, token: Some(Box::new(token)) }),
            None => Ok(token),
        }
    }

    pub(super) fn get(&self, id: u128) -> Option<Token> {
        self.by_id.get(&id).copied()
    }

    /// The tokens of an account, oldest first.
    pub(super) fn of_account(&self, account: AccountId) -> impl Iterator<Item = Token> {
        let ids = self.by_account.get(&account).into_iter().flat_map(|issued| issued.ids.values());
        ids.filter_map(|id| self.get(*id))
    }

    /// Every token, by time of issue.
    pub(super) fn all(&self) -> Vec<Token> {
        let mut all: Vec<Token> = self.by_id.values().copied().collect();
        all.sort_by_key(|token| (token.created, token.account, token.generation));
        all
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
                .because("the token was issued before all were forgotten (a reset does that), or by an earlier start of the same run")
        }
    }

    /// Changes a token and keeps the order of deaths true.
    pub(super) fn change(&mut self, id: u128, change: impl FnOnce(&mut Token)) {
        if let Some(token) = self.by_id.get_mut(&id) {
            self.by_death.remove(&(token.end(), id));
            change(token);
            self.by_death.insert((token.end(), id));
        }
    }

    /// How many made room.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted_live + self.evicted_dead
    }

    /// Makes room: whichever token died, or dies, first.
    fn evict(&mut self, now: Timestamp) {
        let Some((death, id)) = self.by_death.pop_first() else {
            return;
        };
        if let Some(token) = self.by_id.remove(&id)
            && let Some(issued) = self.by_account.get_mut(&token.account)
        {
            issued.ids.remove(&token.generation);
        }
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
