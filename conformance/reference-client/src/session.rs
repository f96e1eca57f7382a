//! Who we are to twinzo, and how every call stays signed with a live token.
//!
//! Calls may overlap. Those that need a renewal at the same time share one, and its failure.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use wire::authorization::{Credential, TokenContract};
use wire::contract::Payload;
use wire::{header, path};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{ApiError, Kind};
use crate::habits::{Defect, Habit, Habits};
use crate::http::{Http, Request};
use crate::retry::Policy;
use crate::turn::Turns;

/// As the vendor's C++ devkit names it.
pub(crate) const PROTOBUF: &str = "application/x-protobuf";

/// What a log in or a refresh gave us. Times are on our own clock.
#[derive(Debug)]
pub(crate) struct Session {
    token: String,
    client: String,
    branch: String,
    renew_at: i64,
    expires_at: i64,
    /// Counts sessions; a renewal is needed only if this is still the newest.
    number: u64,
}

/// Keeps the session alive.
#[derive(Debug)]
pub(crate) struct Sessions {
    http: Arc<Http>,
    policy: Arc<Policy>,
    clock: Clock,
    credential: Credential,
    margin_ms: i64,
    habits: Habits,
    state: Mutex<State>,
    /// One renewal at a time, its retries included.
    renewing: Turns,
    /// Calls that wait for what will not happen: a defect.
    abandoned: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Arc<Session>>,
    /// How many renewals ended.
    ended: u64,
    /// How the last one failed, if it did.
    failure: Option<ApiError>,
}

/// The answer to log in and refresh, with what is needed of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contract {
    client: String,
    token: String,
    expiration: i64,
    created: i64,
    branch: String,
    #[serde(default)]
    error_message: Option<String>,
}

// === impl Session ===

impl Session {
    /// The headers that sign a call.
    pub(crate) fn headers(&self, habits: Habits) -> Vec<(&'static str, String)> {
        let (mut client, mut branch) = (self.client.clone(), self.branch.clone());
        if habits.is(Habit::UpperCaseGuids) {
            client.make_ascii_uppercase();
            branch.make_ascii_uppercase();
        }
        let mut token = self.token.clone();
        let mut headers = Vec::new();
        match habits.defect {
            Some(Defect::GuidsMadeUp) => "00000000-0000-4000-8000-00000000000a".clone_into(&mut client),
            Some(Defect::SwappedGuids) => std::mem::swap(&mut client, &mut branch),
            Some(Defect::DuplicateHeader) => headers.push((header::CLIENT, client.clone())),
            Some(Defect::TokenEncoded) => {
                let encoded = percent_encoding::utf8_percent_encode(&token, percent_encoding::NON_ALPHANUMERIC);
                token = encoded.to_string();
            }
            _ => {}
        }
        headers.push((header::CLIENT, client));
        headers.push((header::BRANCH, branch));
        if habits.has(Defect::BearerInstead) {
            headers.push(("authorization", format!("Bearer {token}")));
        } else {
            headers.push((header::TOKEN, token));
        }
        headers
    }

    /// Unix milliseconds, on our own clock.
    pub(crate) fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

// === impl Sessions ===

impl Sessions {
    pub(crate) fn new(config: &Config, habits: Habits, http: Arc<Http>, policy: Arc<Policy>, clock: Clock) -> Self {
        let Config { client, login, password, .. } = config.clone();
        Self {
            http,
            policy,
            clock,
            credential: Credential { client, login, password },
            margin_ms: config.refresh_margin_ms.unwrap_or(60_000),
            habits,
            state: Mutex::default(),
            renewing: Turns::default(),
            abandoned: AtomicUsize::new(0),
        }
    }

    /// Calls that wait for somebody else's renewal.
    pub(crate) fn waiting(&self) -> usize {
        self.renewing.blocked() + self.abandoned.load(Ordering::SeqCst)
    }

    /// A session whose token is not about to end.
    pub(crate) async fn live(&self) -> Result<Arc<Session>, ApiError> {
        let current = self.lock().current.clone();
        match current {
            Some(session) if self.clock.now() < session.renew_at || self.habits.has(Defect::ExpiryIgnored) => {
                Ok(session)
            }
            old => self.renewed(old.as_deref()).await,
        }
    }

    /// A session newer than `old`: made here, or by whoever was faster.
    pub(crate) async fn renewed(&self, old: Option<&Session>) -> Result<Arc<Session>, ApiError> {
        if self.habits.has(Defect::Stampede) {
            return self.renew(old).await;
        }
        let ended_before = self.lock().ended;
        let turn = self.renewing.wait().await;
        match self.settled_meanwhile(old, ended_before) {
            Some(Ok(session)) => return Ok(session),
            Some(Err(failure)) => {
                drop(turn);
                return self.share(failure).await;
            }
            None => {}
        }
        let result = self.renew(old).await;
        let mut state = self.lock();
        state.ended += 1;
        state.failure = result.as_ref().err().cloned();
        drop((state, turn));
        result
    }

    /// Forgets a session that was refused, so that the next call gets another.
    pub(crate) fn forget(&self, refused: &Session) {
        self.lock().current.take_if(|current| current.number == refused.number);
    }

    /// Ends the session.
    pub(crate) async fn log_out(&self) -> Result<(), ApiError> {
        let Some(session) = self.lock().current.take() else { return Ok(()) };
        let headers = session.headers(self.habits);
        let request = Request { method: Method::DELETE, path: twinzo_path(path::TOKEN), headers, body: None };
        self.http.exchange(&request).await.map(drop)
    }

    /// What somebody else's renewal came to while this call waited for its turn.
    fn settled_meanwhile(&self, old: Option<&Session>, ended_before: u64) -> Option<Result<Arc<Session>, ApiError>> {
        let state = self.lock();
        let newer = state.current.as_ref().filter(|current| old.is_none_or(|old| current.number > old.number));
        if let Some(session) = newer {
            return Some(Ok(Arc::clone(session)));
        }
        let has_ended = state.ended > ended_before;
        state.failure.clone().filter(|_| has_ended).map(Err)
    }

    async fn share(&self, failure: ApiError) -> Result<Arc<Session>, ApiError> {
        if self.habits.has(Defect::WaiterHangs) {
            self.abandoned.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<()>().await;
        }
        Err(failure)
    }

    async fn renew(&self, old: Option<&Session>) -> Result<Arc<Session>, ApiError> {
        let mut attempt = 1;
        loop {
            let error = match self.renew_once(old).await {
                Ok(session) => return Ok(session),
                Err(error) => error,
            };
            let wait = self.policy.wait_ms(attempt, &error);
            let wait = if self.habits.has(Defect::LoginLoop) { Some(1000) } else { wait };
            let Some(wait) = wait else { return Err(ApiError { attempts: attempt, ..error }) };
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }

    /// A refresh where the old token may still be good for one, else a log in.
    async fn renew_once(&self, old: Option<&Session>) -> Result<Arc<Session>, ApiError> {
        let refreshable =
            old.filter(|old| self.clock.now() < old.expires_at && !self.habits.is(Habit::LoginForRefresh));
        if let Some(old) = refreshable {
            let mut headers = old.headers(self.habits);
            if self.habits.is(Habit::Protobuf) {
                headers.push(("accept", PROTOBUF.to_owned()));
            }
            let request = Request { method: Method::GET, path: twinzo_path(path::TOKEN), headers, body: None };
            match self.keep(&request).await {
                // The server does not want this token any more.
                Err(error) if matches!(error.status, Some(400 | 401 | 403)) => {}
                result => return result,
            }
        }
        let request = self.log_in_request()?;
        if self.habits.has(Defect::LoginTwice) {
            self.keep(&request).await?;
        }
        let result = self.keep(&request).await;
        if self.habits.has(Defect::LoginInBackground) && result.is_err() {
            self.http.repeat_in_background(&self.clock, request);
        }
        result
    }

    fn log_in_request(&self) -> Result<Request, ApiError> {
        let mut credential = self.credential.clone();
        if self.habits.has(Defect::LoginWithoutClient) {
            credential.client = None;
        }
        let speaks_protobuf = self.habits.is(Habit::Protobuf);
        let body = if speaks_protobuf {
            credential.to_message()
        } else {
            serde_json::to_vec(&credential).map_err(|error| unreadable(&error))?
        };
        let media_type = match self.habits.defect {
            Some(Defect::LoginAsForm) => "application/x-www-form-urlencoded",
            _ if speaks_protobuf => PROTOBUF,
            _ => "application/json; charset=utf-8",
        };
        let mut headers = vec![("content-type", media_type.to_owned())];
        if speaks_protobuf {
            headers.push(("accept", PROTOBUF.to_owned()));
        }
        if self.habits.has(Defect::PasswordInHeader) {
            headers.push(("x-password", credential.password.unwrap_or_default()));
        }
        let path = twinzo_path(path::AUTHENTICATE);
        Ok(Request { method: Method::POST, path, headers, body: Some(Bytes::from(body)) })
    }

    async fn keep(&self, request: &Request) -> Result<Arc<Session>, ApiError> {
        let started = self.clock.now();
        let body = self.http.exchange(request).await?;
        let asked = request.headers.iter().any(|(name, value)| *name == "accept" && value == PROTOBUF);
        let contract = if asked { read_message(&body)? } else { read_contract(&body)? };
        if let Some(message) = contract.error_message {
            return Err(ApiError::new(Kind::Parse, message));
        }
        let mut state = self.lock();
        let number = state.current.as_ref().map_or(0, |current| current.number) + 1;
        let session = Arc::new(self.session(contract, started, number.max(state.ended + 1)));
        state.current = Some(Arc::clone(&session));
        Ok(session)
    }

    fn session(&self, contract: Contract, started: i64, number: u64) -> Session {
        let Contract { client, token, expiration, created, branch, error_message: _ } = contract;
        // The life between the server's two stamps, so that our clocks need not agree.
        let expires_at = match self.habits.defect {
            Some(Defect::ExpiryTimesThousand) => expiration.saturating_mul(1000),
            Some(Defect::ExpiryByThousand) => expiration / 1000,
            _ => started.saturating_add(expiration.saturating_sub(created)),
        };
        let life = expires_at.saturating_sub(started);
        // A life shorter than the margin must not mean a renewal on every call.
        let margin = if self.habits.is(Habit::EarlyRenewal) { life / 2 } else { self.margin_ms.min(life / 2) };
        Session { token, client, branch, renew_at: expires_at.saturating_sub(margin), expires_at, number }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path under the version segment.
pub(crate) fn twinzo_path(path: &str) -> String {
    let [_, _, version] = path::TWINZO_PREFIXES;
    format!("{version}/{path}")
}

fn read_contract(body: &[u8]) -> Result<Contract, ApiError> {
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

/// Strictly what it must have; protobuf itself takes anything for granted.
fn read_message(body: &[u8]) -> Result<Contract, ApiError> {
    let broken = |what: &str| ApiError::new(Kind::Parse, format!("not what twinzo speaks: {what}"));
    let message = TokenContract::from_message(body).map_err(|error| broken(&error.to_string()))?;
    let TokenContract { client, token, expiration, created, branch } = message;
    if token.is_empty() || expiration == 0 || created == 0 {
        return Err(broken("a token contract without a token and its times"));
    }
    Ok(Contract { client, token, expiration, created, branch, error_message: None })
}

fn unreadable(error: &serde_json::Error) -> ApiError {
    ApiError::new(Kind::Parse, format!("not what twinzo speaks: {error}"))
}
