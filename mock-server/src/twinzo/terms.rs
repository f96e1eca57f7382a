//! The terms of one token: how long it lives by the five levels that may say so, and how its answer speaks of time.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use wire::authorization::TokenContract;

use super::media;
use super::problem::Refusal;
use crate::answer::{Answer, JSON, Outcome};
use crate::call::Call;
use crate::clock::Step;
use crate::config::Span;
use crate::connection::Tamper;
use crate::directory::{Account, AccountId};
use crate::reason::Reason;
use crate::sandbox::Sandbox;
use crate::token::{ExpirationForm, Grant, Issuance, LifeOverride, LoginAnswer, TokenLife};

/// Chooses the life of one token, where `twinzo.token_life_header` allows it.
const X_MOCK_TOKEN_LIFE: &str = "x-mock-token-life";

/// What holds for one token.
#[derive(Debug)]
pub(super) struct Terms {
    life: TokenLife,
    answer: LoginAnswer,
    /// Whether the answer never arrives.
    lost: bool,
}

/// The contract of §3.1 with an expiry of another form.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OddContract {
    client: String,
    token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<Value>,
    created: i64,
    branch: String,
}

// === impl Terms ===

impl Terms {
    /// Asks the levels, from the server to the request. What is in store for the next token is taken.
    pub(super) fn of(sandbox: &Sandbox, call: &Call<'_>, id: AccountId) -> Result<Self, Refusal> {
        let settings = &call.setup.settings.twinzo;
        let by_header = match call.header(X_MOCK_TOKEN_LIFE).filter(|_| settings.token_life_header) {
            Some(text) => {
                let life = Span::from_text(text)
                    .map_err(|_| Refusal::bad_value(Reason::MockHeaderInvalid, "X-Mock-Token-Life", text))?;
                Some(LifeOverride::from(life))
            }
            None => None,
        };
        let next = sandbox.tokens.take_next(id);
        let levels = [next.map(|next| next.life), by_header];
        let life = levels.into_iter().flatten().fold(settings.life_of(call.directory, id), TokenLife::with);
        let answer = next.and_then(|next| next.answer).unwrap_or(settings.login_answer);
        Ok(Self { life, answer, lost: next.is_some_and(|next| next.lost) })
    }

    pub(super) fn issuance(&self, sandbox: &Sandbox, call: &Call<'_>, alone: bool) -> Issuance {
        Issuance {
            id: u128::from_be_bytes(sandbox.entropy.bytes()),
            now: call.now,
            exchange: call.id,
            life: self.life,
            capacity: call.setup.settings.twinzo.max_tokens.get(),
            alone,
        }
    }

    pub(super) fn issue(
        &self,
        sandbox: &Sandbox,
        call: &Call<'_>,
        account: AccountId,
        alone: bool,
    ) -> Result<Grant, Refusal> {
        let issuance = self.issuance(sandbox, call, alone);
        sandbox.tokens.issue(&call.setup.mint, call.directory, account, &issuance).map_err(Refusal::Internal)
    }

    /// The contract that log in and refresh answer. The journal names the generation that it hands out.
    pub(super) fn contract(&self, call: &Call<'_>, grant: &Grant, account: &Account, outcome: &mut Outcome) -> Answer {
        outcome.token_generation = Some(grant.token.generation);
        if self.lost {
            outcome.tamper = Some(Tamper::reset());
            outcome.hints.push("the token is issued, and its answer was lost on purpose".to_owned());
        }
        let contract = TokenContract {
            client: call.directory.client(account.client).guid.to_string(),
            token: grant.text.clone(),
            expiration: grant.token.expires.as_millisecond(),
            created: grant.token.created.as_millisecond(),
            branch: call.directory.branch(account.branch).guid.to_string(),
        };
        if self.answer == LoginAnswer::default() {
            media::answer(call, StatusCode::OK, &contract)
        } else {
            Answer::json(StatusCode::OK, JSON, &odd(contract, self.answer))
        }
    }
}

fn odd(contract: TokenContract, LoginAnswer { expiration, skew }: LoginAnswer) -> OddContract {
    let skew = skew.map_or(0, |Step(skew)| i64::try_from(skew.as_millis()).unwrap_or(0));
    let (created, expires) = (contract.created.saturating_add(skew), contract.expiration.saturating_add(skew));
    let expiration = match expiration {
        ExpirationForm::Ms => Some(Value::from(expires)),
        ExpirationForm::Seconds => Some(Value::from(expires.div_euclid(1000))),
        ExpirationForm::Past => Some(Value::from(created.saturating_sub(60_000))),
        ExpirationForm::Zero => Some(Value::from(0)),
        ExpirationForm::Negative => Some(Value::from(-1)),
        ExpirationForm::Missing => None,
        ExpirationForm::Text => Some(Value::from(expires.to_string())),
        ExpirationForm::Iso => {
            Some(jiff::Timestamp::from_millisecond(expires).map_or(Value::Null, |time| Value::from(time.to_string())))
        }
        #[expect(clippy::cast_precision_loss, reason = "exact to the year 287396")]
        ExpirationForm::Float => Some(Value::from(expires as f64 + 0.5)),
        ExpirationForm::Far => Some(Value::from((1_i64 << 53) - 1)),
    };
    OddContract { client: contract.client, token: contract.token, expiration, created, branch: contract.branch }
}
