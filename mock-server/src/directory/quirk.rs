//! Accounts that misbehave by themselves, for those who test a program that they cannot change and a server whose admin
//! API they cannot call.

use serde::{Deserialize, Serialize};

/// How an account misbehaves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quirk {
    /// Its tokens die soon.
    #[serde(rename = "expires-5s")]
    Expires,
    /// It calls too often.
    #[serde(rename = "429-every-3")]
    TooManyRequests,
    /// Its connection breaks once.
    ResetOnce,
    /// Its tokens are taken back at once.
    Revoked,
    /// Its answers are slow.
    Slow,
    /// It is at home elsewhere.
    OtherBranch,
}

/// What a tester meets: the row of the table in the documentation.
#[derive(Clone, Copy, Debug)]
pub struct QuirkRow {
    /// The login in the world that ships.
    pub login: &'static str,
    /// What happens.
    pub what: &'static str,
}

/// How long tokens of [`Quirk::Expires`] live, in seconds.
pub(crate) const SHORT_LIFE_SECS: u32 = 5;

// === impl Quirk ===

impl Quirk {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Expires, Self::TooManyRequests, Self::ResetOnce, Self::Revoked, Self::Slow, Self::OtherBranch];

    /// The login of the account in the world that ships which has it.
    pub fn login(self) -> &'static str {
        self.row().login
    }

    /// Its row in the documentation.
    pub fn row(self) -> QuirkRow {
        let (login, what) = match self {
            Self::Expires => ("agv-expires-5s", "each token lives 5 s, and says so"),
            Self::TooManyRequests => ("agv-429-every-3", "every third call is answered 429 with `Retry-After: 1`"),
            Self::ResetOnce => {
                ("agv-reset-once", "with each token the first call that is signed with it ends in a TCP reset")
            }
            Self::Revoked => {
                ("agv-revoked", "logging in works, and each token is refused with 401 from the first call on")
            }
            Self::Slow => ("agv-slow", "every answer takes 3 s"),
            Self::OtherBranch => (
                "agv-other-branch",
                "it is at home in another branch (Pune) than the other `agv-` accounts here: its own devices are those of \
                 the `Branch` that the log in answers, not of one that the client has configured",
            ),
        };
        QuirkRow { login, what }
    }

    /// The rule that it is, if it is one.
    pub(crate) fn rule(self) -> Option<&'static str> {
        match self {
            Self::TooManyRequests => {
                Some(r#"{"trigger":{"every":3,"per":"account"},"effect":{"status":429,"retry_after":1}}"#)
            }
            Self::ResetOnce => Some(
                r#"{"match":{"header":{"Token":{"present":true}}},"trigger":{"nth":1,"per":"token"},"effect":{"wire":"reset"}}"#,
            ),
            Self::Slow => Some(r#"{"effect":{"delay":"3s"}}"#),
            Self::Expires | Self::Revoked | Self::OtherBranch => None,
        }
    }
}
