//! Who calls: the signing headers of §2, looked at without changing anything.
//!
//! The order of the reasons is fixed: client, branch, credential present, known, revoked, expired.

use std::sync::Arc;

use uuid::Uuid;
use wire::authorization::Credential;
use wire::header;

use super::media::{self, Invalid};
use super::problem::Refusal;
use crate::call::Call;
use crate::directory::{AccountId, BranchId, ClientId, Directory};
use crate::operation::Operation;
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;
use crate::token::Token;

/// What is known of the caller before anything is done.
#[derive(Debug)]
pub(super) struct Identity {
    client: Option<ClientId>,
    account: Option<AccountId>,
    proof: Proof,
}

#[derive(Debug)]
enum Proof {
    /// A login: the credential stands in the body.
    Credential(Result<Credential, Invalid>),
    /// A log out: only the token counts.
    Token(Result<Token, Refused>),
    /// Everything else: headers.
    Signature(Result<Signed, Refusal>),
}

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

// === impl Identity ===

impl Identity {
    pub(super) fn of(sandbox: &Sandbox, call: &Call<'_>, operation: Operation) -> Self {
        let directory = &*sandbox.directory;
        match operation {
            Operation::Authenticate => {
                let parsed: Result<Credential, _> = media::parse(call.body, "credentialContract");
                let credential = parsed.as_ref().ok();
                let client = credential
                    .and_then(|credential| credential.client.as_deref())
                    .and_then(|name| directory.client_by_name(name));
                let login = credential.and_then(|credential| credential.login.as_deref());
                let account = client
                    .zip(login)
                    .and_then(|(client, login)| directory.account_by_login(client, login));
                Self {
                    client,
                    account,
                    proof: Proof::Credential(parsed),
                }
            }
            Operation::DeleteToken => {
                let verdict = match call.header(header::TOKEN) {
                    Some(text) => sandbox.tokens.verify(text, call.now),
                    None => {
                        Err(Reason::CredentialMissing.because("the request has no Token header"))
                    }
                };
                let account = verdict.as_ref().ok().map(|token| token.account);
                let client = account.map(|account| directory.account(account).client);
                Self {
                    client,
                    account,
                    proof: Proof::Token(verdict),
                }
            }
            _ => {
                let verdict = sign(sandbox, call);
                let signed = verdict.as_ref().ok();
                let account = signed.and_then(Signed::account);
                Self {
                    client: signed.map(|signed| signed.client),
                    account,
                    proof: Proof::Signature(verdict),
                }
            }
        }
    }

    pub(super) fn client(&self) -> Option<ClientId> {
        self.client
    }

    pub(super) fn branch(&self) -> Option<BranchId> {
        match &self.proof {
            Proof::Signature(Ok(signed)) => Some(signed.branch),
            Proof::Signature(Err(_)) | Proof::Credential(_) | Proof::Token(_) => None,
        }
    }

    /// The account, if the directory knows it; with an API key there is none.
    pub(super) fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// The account as the journal names it: also a login that nobody knows.
    pub(super) fn account_name(&self, directory: &Directory) -> Option<Arc<str>> {
        if let Some(account) = self.account {
            return Some(Arc::clone(&directory.account(account).login));
        }
        match &self.proof {
            Proof::Credential(Ok(credential)) => credential.login.as_deref().map(Arc::from),
            Proof::Credential(Err(_)) | Proof::Token(_) | Proof::Signature(_) => None,
        }
    }

    /// The token that the call was signed with.
    pub(super) fn token(&self) -> Option<&Token> {
        match &self.proof {
            Proof::Token(Ok(token))
            | Proof::Signature(Ok(Signed {
                by: Signer::Token(token),
                ..
            })) => Some(token),
            Proof::Token(Err(_)) | Proof::Signature(_) | Proof::Credential(_) => None,
        }
    }

    /// For the operations that headers sign.
    pub(super) fn signed(self) -> Result<Signed, Refusal> {
        match self.proof {
            Proof::Signature(verdict) => verdict,
            Proof::Credential(_) | Proof::Token(_) => Err(Refusal::Internal(anyhow::anyhow!(
                "an operation without signature was asked for one"
            ))),
        }
    }

    /// For log out.
    pub(super) fn bare_token(self) -> Result<Token, Refusal> {
        match self.proof {
            Proof::Token(verdict) => verdict.map_err(Refusal::NotAuthorized),
            Proof::Credential(_) | Proof::Signature(_) => Err(Refusal::Internal(anyhow::anyhow!(
                "an operation without bare token was asked for one"
            ))),
        }
    }

    /// For login.
    pub(super) fn credential(self) -> Result<Credential, Refusal> {
        match self.proof {
            Proof::Credential(parsed) => parsed.map_err(Refusal::BadBody),
            Proof::Token(_) | Proof::Signature(_) => Err(Refusal::Internal(anyhow::anyhow!(
                "an operation without credential was asked for one"
            ))),
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
    let guid = guid(
        call,
        "Client",
        header::CLIENT,
        Reason::ClientMissing,
        Reason::ClientMalformed,
    )?;
    let client = directory.client_by_guid(&guid).ok_or_else(|| {
        refused(
            Reason::ClientUnknown,
            format!("no client has the GUID {guid}; the header takes the GUID of the login answer"),
        )
    })?;
    let guid = self::guid(
        call,
        "Branch",
        header::BRANCH,
        Reason::BranchMissing,
        Reason::BranchMalformed,
    )?;
    let branch = directory
        .branch_by_guid(&guid)
        .filter(|branch| directory.branch(*branch).client == client)
        .ok_or_else(|| {
            refused(
                Reason::BranchUnknown,
                format!("the client has no branch with the GUID {guid}"),
            )
        })?;

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

fn token_of(
    sandbox: &Sandbox,
    call: &Call<'_>,
    client: ClientId,
    text: &str,
) -> Result<Signer, Refused> {
    let token = sandbox.tokens.verify(text, call.now)?;
    if sandbox.directory.account(token.account).client == client {
        Ok(Signer::Token(token))
    } else {
        Err(Reason::TokenOfOtherClient.because("the token belongs to an account of another client"))
    }
}

fn key_of(
    directory: &Directory,
    client: ClientId,
    branch: BranchId,
    text: &str,
) -> Result<Signer, Refused> {
    let key = directory
        .api_key(text)
        .ok_or_else(|| Reason::ApiKeyUnknown.because("nobody has such an API key"))?;
    if key.client != client {
        return Err(Reason::ApiKeyOfOtherClient.because("the API key belongs to another client"));
    }
    match key.branch {
        Some(only) if only != branch => Err(Reason::ApiKeyOfOtherBranch.because(format!(
            "the API key opens only the branch {}",
            directory.branch(only).title
        ))),
        _ => Ok(Signer::ApiKey),
    }
}

fn guid(
    call: &Call<'_>,
    shown: &str,
    name: &str,
    missing: Reason,
    malformed: Reason,
) -> Result<Uuid, Refusal> {
    let text = call
        .header(name)
        .ok_or_else(|| refused(missing, format!("the request has no {shown} header")))?;
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
