//! The Timbr REST service: from a request to an answer, without any I/O. Sections are those of `docs/timbr.md`.

mod agents;
mod async_query;
pub mod bearer;
mod canned;
mod conversation;
mod endpoint;
mod engine;
mod error;
mod execute;
mod fernet;
pub mod jwt;
mod knowledge;
mod objects;
mod ontology;
mod platform;
mod prompts;
mod python_base64;
mod query;
mod routes;
mod strict;
mod system;
mod token;
mod work;

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use wire::header;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::config::{ContentTypes, ErrorStyle, Fidelity};
use crate::directory::TimbrUser;
use crate::fault::{Subject, Who};
use crate::govern::govern;
use crate::operation::{Operation, TimbrOperation, Vendor};
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;

pub(crate) use agents::basic_token;
pub use canned::{CannedAnswers, CannedSpec, InvalidAnswer};
pub(crate) use error::{Refusal, TimbrShape, envelope_error};
pub(crate) use routes::route;

use async_query::AsyncQueries;
use conversation::Conversations;
use endpoint::{Credential, Endpoint, Handler};
use platform::Sessions;
use work::Work;

/// What a sandbox keeps of Timbr, beside what its directory knows.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    queries: AsyncQueries,
    conversations: Conversations,
    sessions: Sessions,
}

// === impl Kept ===

impl Kept {
    pub(crate) fn clear(&self) {
        self.queries.clear();
        self.conversations.clear();
        self.sessions.clear();
    }
}

/// Answers one call of a known operation: identify, rules, commit.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call<'_>, operation: TimbrOperation, segments: &[String]) -> Outcome {
    let endpoint = endpoint::describe(operation);
    let caller = identify(sandbox, call, endpoint.credential);
    let account = caller.as_ref().ok().and_then(|user| Some(Arc::clone(&user.as_ref()?.name)));
    let mut outcome = Outcome::anonymous(Answer::empty(StatusCode::OK), None);
    outcome.account.clone_from(&account);
    let who = Who { account, ..Who::default() };
    let subject = Subject::new(call, Some(Operation::Timbr(operation)), Some(Vendor::Timbr), who);
    govern(sandbox, call, &subject, &TimbrShape, outcome, |outcome| {
        let mut work = Work { sandbox, call, segments, outcome };
        match strict::check(call, operation).and_then(|()| commit(&mut work, operation, &endpoint, caller)) {
            Ok(answer) => outcome.answer = answer,
            Err(refusal) => {
                let is_200 = endpoint.is_query && call.setup.settings.timbr.error_style == ErrorStyle::Http200;
                // Our own fault is none of the vendor's styles.
                let is_200 = is_200 && !matches!(refusal, Refusal::Internal(_));
                (outcome.answer, outcome.refused) = refusal.into_answer();
                if is_200 {
                    outcome.answer.status = StatusCode::OK;
                }
            }
        }
    })
}

fn commit(
    work: &mut Work<'_>,
    operation: TimbrOperation,
    endpoint: &Endpoint,
    caller: Result<Option<&Arc<TimbrUser>>, Refused>,
) -> Result<Answer, Refusal> {
    if endpoint.credential.is_platforms() && !work.settings().platform.enabled {
        return Err(Refusal::NotFound(Reason::PlatformOff.because("Not found: timbr.platform.enabled is false")));
    }
    check_content_type(work.call, operation)?;
    let user = caller.map_err(|refused| endpoint.credential.refusal(work.call, refused))?;
    match (endpoint.handler, user) {
        (Handler::Anyone(handler), _) => handler(work),
        (Handler::User(handler), Some(user)) => handler(work, user),
        (Handler::User(_), None) => Err(Refusal::Internal(anyhow::anyhow!("nobody was identified for {operation:?}"))),
    }
}

/// The documented rule can hold only below `/timbr/api`: clients send `application/text` elsewhere (§3).
fn check_content_type(call: &Call<'_>, operation: TimbrOperation) -> Result<(), Refusal> {
    let settings = &call.setup.settings.timbr;
    let is_any = settings.content_types == ContentTypes::Any && settings.fidelity != Fidelity::Strict;
    if is_any || !Operation::Timbr(operation).route().starts_with("api/") {
        return Ok(());
    }
    let sent = call.header("content-type").unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let text = format!("Unsupported media type: the Content-Type must be application/json, not {sent:?}");
    Err(Refusal::MediaType(Reason::MediaTypeUnsupported.because(text)))
}

/// Who calls; nobody where no credential is asked for.
fn identify<'c>(
    sandbox: &Sandbox,
    call: &'c Call<'_>,
    credential: Credential,
) -> Result<Option<&'c Arc<TimbrUser>>, Refused> {
    match credential {
        Credential::Nobody => return Ok(None),
        Credential::Bearer => token::user_of_bearer(call),
        Credential::Key => user_of_headers(call),
        Credential::Basic => agents::user_of_basic(call),
        Credential::Form => platform::user_of_form(call),
        Credential::Session => platform::user_of_session(sandbox, call),
    }
    .map(Some)
}

/// A token. An `Authorization` header beside it is not looked at: `.netrc` puts one there (§3).
fn user_of_headers<'c>(call: &'c Call<'_>) -> Result<&'c Arc<TimbrUser>, Refused> {
    match (call.header(header::X_API_KEY), call.header(header::X_JWT_TOKEN)) {
        (Some(key), _) => token::user_of_key(call, key),
        (None, Some(jwt)) => token::user_of_jwt(call, jwt),
        (None, None) => Err(Reason::KeyMissing.because("the request has no x-api-key header, or an empty one")),
    }
}

/// The token of a request, wherever it stands: it says whose sandbox is meant.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    text(header::X_API_KEY).map(str::to_owned).or_else(|| basic_token(headers))
}
