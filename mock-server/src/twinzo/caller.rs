//! Who calls, before anything changes: what rules and journal may know of a caller, for each of the three ways to show
//! who one is. The third way, signing headers, has a room of its own.

use std::sync::Arc;

use http::HeaderMap;
use wire::authorization::Credential;
use wire::header;

use jiff::{SignedDuration, Timestamp};

use super::media::{self, Invalid};
use super::problem::Refusal;
use crate::call::Call;
use crate::config::Refused;
use crate::directory::{Account, AccountId, BranchId, ClientId, Directory, Quirk};
use crate::reason::{Reason, cut};
use crate::sandbox::Sandbox;
use crate::token::{Denied, Token};

/// What is certain about a caller. With an API key there is no account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) client: Option<ClientId>,
    pub(super) branch: Option<BranchId>,
    pub(super) account: Option<AccountId>,
    /// Generation of the token that the call carries.
    pub(super) generation: Option<u32>,
}

/// A way to show who one is.
pub(super) trait Caller {
    /// What is certain.
    fn facts(&self, directory: &Directory) -> Facts;

    /// A login that was claimed and that nobody has.
    fn claimed_login(&self) -> Option<Arc<str>> {
        None
    }
}

/// A login: client name, login and password stand in the body.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) credential: Result<Credential, Invalid>,
    pub(super) client: Option<ClientId>,
    pub(super) account: Option<AccountId>,
}

/// A log out: the token is all there is (§2).
#[derive(Debug)]
pub(super) struct Logout {
    pub(super) token: Result<Held, Denied>,
}

/// A token with whoever holds it.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: Token,
    pub(super) account: Arc<Account>,
}

// === impl Facts ===

impl Facts {
    /// What a token says of its holder, dead or alive.
    pub(super) fn of_token(directory: &Directory, token: &Token) -> Self {
        let generation = Some(token.generation);
        match directory.account(token.account) {
            Some(account) => Self {
                client: Some(account.client),
                branch: Some(account.branch),
                account: Some(token.account),
                generation,
            },
            None => Self { generation, ..Self::default() },
        }
    }
}

// === impl Held ===

impl Held {
    /// The live token behind a text. Nothing changes.
    pub(super) fn find(sandbox: &Sandbox, call: &Call<'_>, text: &str) -> Result<Self, Denied> {
        let token = sandbox.tokens.verify(&call.setup.mint, text, deadline(call))?;
        Self::of(call, token)
    }

    /// A token's holder may have been disabled or deleted since.
    pub(super) fn of(call: &Call<'_>, token: Token) -> Result<Self, Denied> {
        let denied = |refused| Denied { refused, token: Some(Box::new(token)) };
        let deleted = || denied(Reason::AccountDeleted.because("the token's account was deleted"));
        let account = call.directory.account(token.account).ok_or_else(deleted)?;
        if account.disabled {
            return Err(denied(Reason::AccountDisabled.because("the token's account is disabled")));
        }
        if account.quirk == Some(Quirk::Revoked) {
            let detail = format!("tokens of {} are taken back as soon as they are issued", account.login);
            return Err(denied(Reason::TokenRevoked.because(detail)));
        }
        Ok(Self { token, account: Arc::clone(account) })
    }

    /// Puts the token to use.
    pub(super) fn spend(&self, sandbox: &Sandbox, call: &Call<'_>) -> Result<(), Refusal> {
        sandbox.tokens.spend(self.token.id, deadline(call)).map_err(Refusal::NotAuthorized)
    }
}

/// The moment that tokens are judged by: in the millisecond that its expiry names, a token is dead unless the settings
/// have it otherwise (§8, question 12).
fn deadline(call: &Call<'_>) -> Timestamp {
    match call.setup.settings.twinzo.signing.last_millisecond {
        Refused::Refuse => call.now,
        Refused::Accept => call.now.checked_sub(SignedDuration::from_millis(1)).unwrap_or(call.now),
    }
}

/// The client that a login's body names: it may say which sandbox is meant.
pub(crate) fn client_name(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    media::peek::<Credential>(headers, body).ok()?.client
}

// === impl Login ===

impl Login {
    pub(super) fn read(call: &Call<'_>) -> Self {
        let directory = call.directory;
        let peeked: Result<Credential, Invalid> = media::peek(call.headers, call.body);
        let read = peeked.as_ref().ok();
        let client = read.and_then(|read| directory.client_by_name(read.client.as_deref()?));
        let account =
            read.zip(client).and_then(|(read, client)| directory.account_by_login(client, read.login.as_deref()?));
        // Strict or not is asked again when the rules have had their say.
        Self { credential: peeked, client, account }
    }
}

impl Caller for Login {
    fn facts(&self, directory: &Directory) -> Facts {
        let branch = self.account.and_then(|account| Some(directory.account(account)?.branch));
        Facts { client: self.client, branch, account: self.account, generation: None }
    }

    fn claimed_login(&self) -> Option<Arc<str>> {
        /// Longer than any login that the vendor allows.
        const LONGEST: usize = 300;
        let login = self.credential.as_ref().ok()?.login.clone()?;
        Some(cut(login, LONGEST).into())
    }
}

// === impl Logout ===

impl Logout {
    pub(super) fn read(sandbox: &Sandbox, call: &Call<'_>) -> Self {
        let missing = || Denied::without_token(Reason::CredentialMissing.because("the request has no Token header"));
        let text = call.header(header::TOKEN).ok_or_else(missing);
        Self { token: text.and_then(|text| Held::find(sandbox, call, text)) }
    }
}

impl Caller for Logout {
    fn facts(&self, directory: &Directory) -> Facts {
        let token = match &self.token {
            Ok(held) => Some(held.token),
            Err(denied) => denied.token.as_deref().copied(),
        };
        token.map_or_else(Facts::default, |token| Facts::of_token(directory, &token))
    }
}
