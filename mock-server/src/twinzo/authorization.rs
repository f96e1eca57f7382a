//! Log in, refresh, log out: §3.

use http::StatusCode;
use jiff::SignedDuration;
use wire::authorization::Credential;

use super::caller::{Held, Login, Logout};
use super::media::{self, Invalid};
use super::problem::Refusal;
use super::strict;
use super::terms::Terms;
use super::work::Work;
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::config::{Gone, MissingLogin, OldToken, RefreshSection, RefreshedToken};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// `POST Authorization/Authenticate`, §3.1. Stale signing headers are not looked at.
pub(super) fn authenticate(
    sandbox: &Sandbox,
    call: &Call<'_>,
    login: Login,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    strict::no_token(call)?;
    login.credential.map_err(Refusal::BadBody)?;
    let credential: Credential = media::take(call)?.value;
    let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let missing = [("Login", given(&credential.login)), ("Password", given(&credential.password))]
        .into_iter()
        .filter(|(_, given)| !given)
        .map(|(name, _)| (name, name));
    let missing = Invalid::required(missing);
    if !missing.errors.is_empty() {
        return Err(match call.setup.settings.twinzo.refusals.missing_login {
            MissingLogin::BadRequest => Refusal::BadBody(missing),
            MissingLogin::Unauthorized => Refusal::BadCredentials(Reason::BodyInvalid.because(missing.summary())),
        });
    }

    let denied = |reason: Reason, detail: String| Err(Refusal::BadCredentials(reason.because(detail)));
    if login.client.is_none() {
        let detail = match credential.client.as_deref() {
            Some(name) => match call.directory.clients().iter().find(|client| client.world_name == name) {
                Some(client) => format!("in this sandbox the client {name:?} is named {:?}", client.name),
                None => format!("no client is named {name:?}; the login takes the NAME of the client, not its GUID"),
            },
            None => "the login names no client, and no super user exists here".to_owned(),
        };
        return denied(Reason::ClientNameUnknown, detail);
    }
    let Some(account) = login.account else {
        let login = credential.login.unwrap_or_default();
        return denied(Reason::LoginUnknown, format!("the client has no account with the login {login:?}"));
    };
    let deleted = || Refusal::Internal(anyhow::anyhow!("an account was found that is not there"));
    let holder = call.directory.account(account).ok_or_else(deleted)?;
    if Some(&holder.password) != credential.password.as_ref() {
        return denied(Reason::PasswordWrong, "the password is not the account's".to_owned());
    }
    if holder.disabled {
        return denied(Reason::AccountDisabled, "the account is disabled".to_owned());
    }
    let terms = Terms::of(sandbox, call, account)?;
    let alone = call.setup.settings.twinzo.single_session;
    let grant = terms.issue(sandbox, call, account, alone)?;
    Ok(terms.contract(call, &grant, holder, outcome))
}

/// `GET Authorization/Token`, §3.2: what becomes of the token is a setting (§8, question 9).
pub(super) fn refresh(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (sandbox, call) = (work.sandbox, work.call);
    let current = work.signed.token("only a token can be refreshed; the request is signed with an API key")?;
    let Held { token, account } = current;
    let terms = Terms::of(sandbox, call, token.account)?;
    let RefreshSection { token: answer, old, .. } = call.setup.settings.twinzo.refresh;
    let grant = match answer {
        RefreshedToken::Same => {
            let issuance = terms.issuance(sandbox, call, false);
            let grant = sandbox.tokens.extend(&call.setup.mint, call.directory, token.id, &issuance);
            let forgotten = || Refusal::Internal(anyhow::anyhow!("a token was forgotten while it was refreshed"));
            grant.map_err(Refusal::Internal)?.ok_or_else(forgotten)?
        }
        RefreshedToken::New => {
            match old {
                OldToken::Lives => Ok(()),
                OldToken::Dies => sandbox.tokens.supersede(token.id, call.now, SignedDuration::ZERO),
                OldToken::Grace(grace) => sandbox.tokens.supersede(token.id, call.now, grace.signed()),
            }
            .map_err(Refusal::NotAuthorized)?;
            terms.issue(sandbox, call, token.account, false)?
        }
    };
    Ok(terms.contract(call, &grant, account, work.outcome))
}

/// `DELETE Authorization/Token`, §3.3: needs nothing but the token.
pub(super) fn delete_token(sandbox: &Sandbox, call: &Call<'_>, logout: &Logout) -> Result<Answer, Refusal> {
    let held = logout.token.as_ref().map_err(|denied| Refusal::NotAuthorized(denied.refused.clone()))?;
    held.spend(sandbox, call)?;
    sandbox.tokens.log_out(held.token.id, call.now);
    Ok(Answer::empty(match call.setup.settings.twinzo.answers.logout {
        Gone::NoContent => StatusCode::NO_CONTENT,
        Gone::Ok => StatusCode::OK,
    }))
}
