//! The signing headers of §2, looked at without changing anything.
//!
//! The order of the reasons is fixed: client, branch, credential present, known, revoked, expired.

use uuid::Uuid;
use wire::header;

use super::caller::{Caller, Facts};
use super::problem::Refusal;
use crate::call::Call;
use crate::directory::{AccountId, BranchId, ClientId, Directory};
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;
use crate::token::Token;

/// The headers of a call, in order or not.
#[derive(Debug)]
pub(super) struct Signature(Result<Signed, Refusal>);

/// A call whose headers are in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed {
    pub(super) client: ClientId,
    /// The branch of the header, which need not be the account's own.
    pub(super) branch: BranchId,
    pub(super) by: Signer,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Signer {
    Token(Token),
    ApiKey,
}

// === impl Signature ===

impl Signature {
    pub(super) fn read(sandbox: &Sandbox, call: &Call<'_>) -> Self {
        Self(sign(sandbox, call))
    }

    pub(super) fn into_signed(self) -> Result<Signed, Refusal> {
        self.0
    }
}

impl Caller for Signature {
    fn facts(&self, _: &Directory) -> Facts {
        let Ok(signed) = &self.0 else {
            return Facts::default();
        };
        let token = match signed.by {
            Signer::Token(token) => Some(token),
            Signer::ApiKey => None,
        };
        Facts {
            client: Some(signed.client),
            branch: Some(signed.branch),
            account: token.map(|token| token.account),
            generation: token.map(|token| token.generation),
        }
    }
}

// === impl Signed ===

impl Signed {
    pub(super) fn account(&self) -> Option<AccountId> {
        match self.by {
            Signer::Token(token) => Some(token.account),
            Signer::ApiKey => None,
        }
    }
}

fn sign(sandbox: &Sandbox, call: &Call<'_>) -> Result<Signed, Refusal> {
    let directory = &*sandbox.directory;
    let guid = guid(call, "Client", header::CLIENT, Reason::ClientMissing, Reason::ClientMalformed)?;
    let client = directory.client_by_guid(&guid).ok_or_else(|| {
        refused(
            Reason::ClientUnknown,
            format!("no client has the GUID {guid}; the header takes the GUID of the login answer"),
        )
    })?;
    let guid = self::guid(call, "Branch", header::BRANCH, Reason::BranchMissing, Reason::BranchMalformed)?;
    let branch = directory
        .branch_by_guid(&guid)
        .filter(|branch| directory.branch(*branch).client == client)
        .ok_or_else(|| refused(Reason::BranchUnknown, format!("the client has no branch with the GUID {guid}")))?;

    let token = call.header(header::TOKEN);
    let key = call.header(header::API_KEY);
    let by_token = token.map(|text| token_of(sandbox, call, client, text));
    let by_key = key.map(|text| key_of(directory, client, branch, text));
    let by = match (by_token, by_key) {
        // Either is enough (§8, question 6); of two bad ones the token is the one to speak of.
        (Some(Ok(signer)), _) | (Some(Err(_)) | None, Some(Ok(signer))) => signer,
        (Some(Err(cause)), _) | (None, Some(Err(cause))) => {
            return Err(Refusal::NotAuthorized(cause));
        }
        (None, None) => {
            return Err(refused(Reason::CredentialMissing, missing(call)));
        }
    };
    Ok(Signed { client, branch, by })
}

fn token_of(sandbox: &Sandbox, call: &Call<'_>, client: ClientId, text: &str) -> Result<Signer, Refused> {
    let token = sandbox.tokens.verify(text, call.now)?;
    if sandbox.directory.account(token.account).client == client {
        Ok(Signer::Token(token))
    } else {
        Err(Reason::TokenOfOtherClient.because("the token belongs to an account of another client"))
    }
}

fn key_of(directory: &Directory, client: ClientId, branch: BranchId, text: &str) -> Result<Signer, Refused> {
    let key = directory.api_key(text).ok_or_else(|| Reason::ApiKeyUnknown.because("nobody has such an API key"))?;
    if key.client != client {
        return Err(Reason::ApiKeyOfOtherClient.because("the API key belongs to another client"));
    }
    match key.branch {
        Some(only) if only != branch => Err(Reason::ApiKeyOfOtherBranch
            .because(format!("the API key opens only the branch {}", directory.branch(only).title))),
        _ => Ok(Signer::ApiKey),
    }
}

fn guid(call: &Call<'_>, shown: &str, name: &str, missing: Reason, malformed: Reason) -> Result<Uuid, Refusal> {
    let text = call.header(name).ok_or_else(|| refused(missing, format!("the request has no {shown} header")))?;
    Uuid::try_parse(text).map_err(|_| Refusal::bad_value(malformed, shown, text))
}

fn refused(reason: Reason, detail: String) -> Refusal {
    Refusal::NotAuthorized(reason.because(detail))
}

/// What most often stands where a token should be.
fn missing(call: &Call<'_>) -> String {
    let hint = if call.headers.contains_key(http::header::AUTHORIZATION) {
        "; an Authorization header is not looked at"
    } else {
        ""
    };
    format!("the request has neither a Token nor an Api-Key header{hint}")
}
