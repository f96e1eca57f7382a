//! `[twinzo]`: the twinzo API, and how its tokens live and die.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::open::{
    AnswersSection, ExpiredToken, Fidelity, RecordsSection, RefreshedToken, RefusalsSection, SigningSection,
};
use super::unit::{Count, Span};
use crate::directory::{AccountId, Directory, Quirk, SHORT_LIFE_SECS};
use crate::token::{LifeOverride, LoginAnswer, TokenFormat, TokenLife};

/// `[twinzo]`: the twinzo API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwinzoSection {
    /// How closely requests are looked at.
    pub fidelity: Fidelity,
    /// What tokens look like.
    pub token_format: TokenFormat,
    /// How long they live.
    pub token_life: Span,
    /// How long they really live, if not as long as announced: shorter, and the server forgets early; longer, and it
    /// lets late clients in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual_token_life: Option<Span>,
    /// Other lives for the accounts of a client, by its name.
    pub client_token_life: BTreeMap<String, LifeOverride>,
    /// Other lives for an account, by its login.
    pub account_token_life: BTreeMap<String, LifeOverride>,
    /// Whether a client may choose the life of its tokens with `X-Mock-Token-Life`.
    pub token_life_header: bool,
    /// How long before `Created` the life begins to count; the production server was seen with 4.
    pub created_lag_ms: u32,
    /// What a refresh does. The vendor does not document it.
    pub refresh: RefreshSection,
    /// Whether a log in ends the account's other tokens. The vendor does not document it.
    pub single_session: bool,
    /// How the answers to log in and refresh speak of time.
    pub login_answer: LoginAnswer,
    /// How far the time in a record may be from the sandbox's clock before the journal remarks on it.
    pub stamp_tolerance: Span,
    /// Signs tokens of the format `jwt`.
    #[serde(serialize_with = "exposed")]
    pub jwt_secret: SecretString,
    /// Tokens kept; the first to die makes room.
    pub max_tokens: Count,
    /// How a 401 looks. The vendor does not document it.
    pub refusals: RefusalsSection,
    /// Which headers sign a request. The vendor does not document it to the end.
    pub signing: SigningSection,
    /// What becomes of records that come in. The vendor does not document it.
    pub records: RecordsSection,
    /// Forms of answers. The vendor does not document them.
    pub answers: AnswersSection,
}

/// `[twinzo.refresh]`: what a refresh does.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefreshSection {
    /// What it answers.
    pub token: RefreshedToken,
    /// What becomes of the token that was refreshed.
    pub old: OldToken,
    /// Whether an expired token can be refreshed.
    pub expired: ExpiredToken,
}

/// What becomes of a token that was refreshed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OldToken {
    /// It is refused at once.
    #[default]
    Dies,
    /// It is refused after so long.
    Grace(Span),
    /// It lives as long as it would have lived.
    Lives,
}

/// A text that says nothing about an old token.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not allowed here; write \"dies\", \"lives\", or how long it lives on, like \"10s\"")]
pub struct NotAnOldToken(String);

fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

// === impl TwinzoSection ===

impl TwinzoSection {
    /// The life of an account's tokens by the settings alone: server, client, account.
    pub(crate) fn life_of(&self, directory: &Directory, account: AccountId) -> TokenLife {
        let Some(account) = directory.account(account) else { return self.life() };
        let client = directory.client(account.client);
        let lives = &self.client_token_life;
        let by_client = lives.get(&client.name).or_else(|| lives.get(&client.world_name));
        let by_account = self.account_token_life.get(&*account.login);
        // An account whose tokens die soon by itself does so unless somebody says otherwise of this very account.
        let by_nature =
            (account.quirk == Some(Quirk::Expires)).then(|| LifeOverride::from(Span::from_secs(SHORT_LIFE_SECS)));
        [by_client, by_nature.as_ref(), by_account].into_iter().flatten().copied().fold(self.life(), TokenLife::with)
    }

    /// The life that holds where no other level says anything.
    pub fn life(&self) -> TokenLife {
        TokenLife {
            announced: self.token_life.signed(),
            actual: self.actual_token_life.unwrap_or(self.token_life).signed(),
            created_lag: SignedDuration::from_millis(i64::from(self.created_lag_ms)),
        }
    }
}

impl Default for TwinzoSection {
    fn default() -> Self {
        Self {
            fidelity: Fidelity::default(),
            token_format: TokenFormat::Opaque,
            token_life: Span::from_secs(24 * 60 * 60),
            actual_token_life: None,
            client_token_life: BTreeMap::new(),
            account_token_life: BTreeMap::new(),
            token_life_header: false,
            created_lag_ms: 0,
            refresh: RefreshSection::default(),
            single_session: false,
            login_answer: LoginAnswer::default(),
            stamp_tolerance: Span::from_secs(5 * 60),
            jwt_secret: "made-up-jwt-secret-for-local-use".into(),
            max_tokens: Count::new(1 << 20),
            refusals: RefusalsSection::default(),
            signing: SigningSection::default(),
            records: RecordsSection::default(),
            answers: AnswersSection::default(),
        }
    }
}

// === impl OldToken ===

impl FromStr for OldToken {
    type Err = NotAnOldToken;

    fn from_str(text: &str) -> Result<Self, NotAnOldToken> {
        match text {
            "dies" => Ok(Self::Dies),
            "lives" => Ok(Self::Lives),
            grace => grace.parse().map(Self::Grace).map_err(|_| NotAnOldToken(text.to_owned())),
        }
    }
}

impl fmt::Display for OldToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dies => f.write_str("dies"),
            Self::Lives => f.write_str("lives"),
            Self::Grace(grace) => grace.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for OldToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for OldToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
