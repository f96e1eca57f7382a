//! Log in, refresh, log out: §3.

use http::StatusCode;
use wire::authorization::TokenContract;

use super::caller::{Login, Logout};
use super::media::Invalid;
use super::problem::Refusal;
use super::signing::Signed;
use crate::answer::{Answer, JSON, Outcome};
use crate::call::Call;
use crate::directory::AccountId;
use crate::reason::Reason;
use crate::sandbox::Sandbox;
use crate::token::Grant;

/// `POST Authorization/Authenticate`, §3.1. Stale signing headers are not looked at.
pub(super) fn authenticate(
    sandbox: &Sandbox,
    call: &Call<'_>,
    login: Login,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    let credential = login.credential.map_err(Refusal::BadBody)?;
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let missing = [("Login", given(&credential.login)), ("Password", given(&credential.password))]
        .into_iter()
        .filter(|(_, given)| !given)
        .map(|(name, _)| (name, name));
    let missing = Invalid::required(missing);
    if !missing.errors.is_empty() {
        return Err(Refusal::BadBody(missing));
    }

    let denied = |reason: Reason, detail: String| Err(Refusal::BadCredentials(reason.because(detail)));
    if login.client.is_none() {
        let detail = match credential.client.as_deref() {
            Some(name) => format!("no client is named {name:?}; the login takes the NAME of the client, not its GUID"),
            None => "the login names no client, and no super user exists here".to_owned(),
        };
        return denied(Reason::ClientNameUnknown, detail);
    }
    let Some(account) = login.account else {
        let login = credential.login.unwrap_or_default();
        return denied(Reason::LoginUnknown, format!("the client has no account with the login {login:?}"));
    };
    if Some(&sandbox.directory.account(account).password) != credential.password.as_ref() {
        return denied(Reason::PasswordWrong, "the password is not the account's".to_owned());
    }
    let grant = issue(sandbox, call, account)?;
    Ok(contract(sandbox, &grant, outcome))
}

/// `GET Authorization/Token`, §3.2: a new token for the current one, which is dead from then on.
pub(super) fn refresh(
    sandbox: &Sandbox,
    call: &Call<'_>,
    signed: &Signed,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    let current = signed.token("only a token can be refreshed; the request is signed with an API key")?;
    sandbox.tokens.supersede(current.id, call.now).map_err(Refusal::NotAuthorized)?;
    let grant = issue(sandbox, call, current.account)?;
    Ok(contract(sandbox, &grant, outcome))
}

/// `DELETE Authorization/Token`, §3.3: needs nothing but the token.
pub(super) fn delete_token(sandbox: &Sandbox, call: &Call<'_>, logout: Logout) -> Result<Answer, Refusal> {
    let token = logout.token.map_err(|denied| Refusal::NotAuthorized(denied.refused))?;
    sandbox.tokens.revoke(token.id, call.now);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The contract that login and refresh answer. The journal names the generation that it hands out.
fn contract(sandbox: &Sandbox, grant: &Grant, outcome: &mut Outcome) -> Answer {
    outcome.token_generation = Some(grant.token.generation);
    let account = sandbox.directory.account(grant.token.account);
    let contract = TokenContract {
        client: sandbox.directory.client(account.client).guid.to_string(),
        token: grant.text.clone(),
        expiration: grant.token.expires.as_millisecond(),
        created: grant.token.created.as_millisecond(),
        branch: sandbox.directory.branch(account.branch).guid.to_string(),
    };
    Answer::json(StatusCode::OK, JSON, &contract)
}

fn issue(sandbox: &Sandbox, call: &Call<'_>, account: AccountId) -> Result<Grant, Refusal> {
    let id = u128::from_be_bytes(sandbox.entropy.bytes());
    sandbox.tokens.issue(&sandbox.directory, account, id, call.now, call.id).map_err(Refusal::Internal)
}
