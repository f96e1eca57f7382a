//! Every operation described once, beside its name, method and path, which stand in `operation`: who shows what, and
//! who does it.

use std::sync::Arc;

use super::error::Refusal;
use super::work::Work;
use super::{
    agents, async_query, conversation, execute, knowledge, objects, ontology, platform, prompts, query, token,
};
use crate::answer::Answer;
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::operation::TimbrOperation;
use crate::reason::Refused;

/// One operation.
pub(super) struct Endpoint {
    pub(super) credential: Credential,
    pub(super) handler: Handler,
    /// Whether it is one of the two query routes, whose errors have a style of their own.
    pub(super) is_query: bool,
}

/// What shows who calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Credential {
    /// Nothing: the login page is for everybody.
    Nobody,
    /// `Authorization: Bearer`, §4.
    Bearer,
    /// `x-api-key`, §3.
    Key,
    /// `Authorization: Basic` of `token` and the token.
    Basic,
    /// User and password in a form.
    Form,
    /// The cookie of somebody who logged in.
    Session,
}

#[derive(Clone, Copy)]
pub(super) enum Handler {
    User(fn(&mut Work<'_>, &Arc<TimbrUser>) -> Result<Answer, Refusal>),
    Anyone(fn(&mut Work<'_>) -> Result<Answer, Refusal>),
}

// === impl Credential ===

impl Credential {
    /// Whether it belongs to the web interface.
    pub(super) fn is_platforms(self) -> bool {
        matches!(self, Self::Nobody | Self::Form | Self::Session)
    }

    /// How the service words that it does not know the caller.
    pub(super) fn refusal(self, call: &Call<'_>, refused: Refused) -> Refusal {
        match self {
            Self::Bearer => Refusal::BadBearer(refused),
            Self::Key | Self::Nobody => Refusal::NotAuthorized(refused),
            Self::Basic => Refusal::BadBasic(refused),
            Self::Form => Refusal::BadForm(refused),
            Self::Session => Refusal::NotLoggedIn { refused, login: platform::login_path(call) },
        }
    }
}

pub(super) fn describe(operation: TimbrOperation) -> Endpoint {
    use Credential::{Basic, Bearer, Form, Key, Nobody, Session};
    use Handler::{Anyone, User};
    use TimbrOperation as T;

    let (credential, handler) = match operation {
        T::GetToken => (Bearer, User(|work, user| token::get_token(work.call, user))),
        T::GetUserToken => (Session, User(platform::user_token)),
        T::LoginPage => (Nobody, Anyone(|_| Ok(platform::page()))),
        T::Login => (Form, User(platform::log_in)),
        T::Query => (Key, User(|work, user| query::envelope(work.call, user))),
        T::OpenapiQuery => (Key, User(async_query::submit_or_answer)),
        T::AsyncResult => (Key, User(async_query::result)),
        T::GetOntologies => (Key, User(|work, _| Ok(query::ontologies(work.call)))),
        T::GetOntology => (Key, User(ontology::get)),
        T::ClearCache => (Key, User(ontology::clear_cache)),
        T::Concept => (Key, User(objects::concept)),
        T::View => (Key, User(objects::view)),
        T::GetConfig => (Key, User(ontology::config)),
        T::LlmPrompts => (Key, User(prompts::get)),
        T::Conversation => (Key, User(conversation::fetch)),
        T::KbSearch => (Key, User(knowledge::search)),
        T::ExecutePrompt => (Key, User(execute::prompt)),
        T::ExecuteAnswer => (Key, User(execute::answer)),
        T::ShowOntologies => (Key, User(|work, _| Ok(execute::show_ontologies(work)))),
        T::LogAgent => (Basic, User(agents::log_agent)),
        T::LogBenchmark => (Basic, User(agents::log_benchmark)),
    };
    Endpoint { credential, handler, is_query: matches!(operation, T::Query | T::OpenapiQuery) }
}
