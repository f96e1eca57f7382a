//! What the vendor does not document: each question of docs/twinzo.md §8 is a setting, and its default is the answer
//! that the evidence makes likeliest.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! choices {
    ($($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self {
                    $(Self::$variant => $text,)*
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = deserializer.deserialize_any(Word(&[$($text,)*]))?;
                match word.as_str() {
                    $($text => Ok(Self::$variant),)*
                    other => Err(D::Error::unknown_variant(other, &[$($text,)*])),
                }
            }
        }
    )*};
}

/// Reads a word; one that is a status may come as a number.
struct Word(&'static [&'static str]);

impl Visitor<'_> for Word {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|word| format!("`{word}`")).collect();
        write!(f, "one of {}", words.join(", "))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<String, E> {
        Ok(word.to_owned())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

choices! {
    /// How closely requests are looked at.
    Fidelity {
        /// As the vendor's server does, as far as that is known.
        #[default]
        Vendor = "vendor",
        /// What the vendor's documents do not allow is refused, and named.
        Strict = "strict",
    }

    /// What a refresh answers.
    RefreshedToken {
        /// Another token.
        #[default]
        New = "new",
        /// The same token with a later expiry.
        Same = "same",
    }

    /// Whether an expired token can be refreshed.
    ExpiredToken {
        /// It cannot.
        #[default]
        Refused = "refused",
        /// It can.
        Refreshed = "refreshed",
    }

    /// Shape of a 401.
    ErrorBody {
        /// RFC 9457.
        #[default]
        Problem = "problem",
        /// No body.
        Empty = "empty",
        /// `{"Code":…,"Message":…}`, as the API answered before 2024.
        Legacy = "legacy",
    }

    /// Answer to a log in with a wrong client, login or password.
    BadLogin {
        /// 401.
        #[default]
        Unauthorized = "401",
        /// 400.
        BadRequest = "400",
        /// 403.
        Forbidden = "403",
        /// 200 with an `ErrorMessage`.
        ErrorMessage = "error-message",
    }

    /// Answer to a log in that lacks its login or password.
    MissingLogin {
        /// 400, a validation problem.
        #[default]
        BadRequest = "400",
        /// 401, as for a wrong one.
        Unauthorized = "401",
    }

    /// What becomes of a signing header that is not there.
    Presence {
        /// It must be there.
        #[default]
        Require = "require",
        /// Where it is missing, the credential says what it would.
        Derive = "derive",
        /// It is not looked at: the credential says what it would.
        Ignore = "ignore",
    }

    /// A token and an API key on one request.
    Credentials {
        /// One good one is enough.
        #[default]
        Either = "either",
        /// Both must be good.
        Both = "both",
    }

    /// Whether something is taken or refused.
    Reception {
        /// It is taken.
        #[default]
        Accept = "accept",
        /// It is refused.
        Refuse = "refuse",
    }

    /// Whether something is refused or taken.
    Refused {
        /// It is refused.
        #[default]
        Refuse = "refuse",
        /// It is taken.
        Accept = "accept",
    }

    /// Answer to a device's records that come with an API key alone.
    NoDevice {
        /// 401.
        #[default]
        Unauthorized = "401",
        /// 200 with `Success: false`.
        ErrorMessage = "error-message",
    }

    /// What becomes of a record whose time the device has already.
    Duplicate {
        /// It replaces the other.
        #[default]
        Update = "update",
        /// It replaces the other, and the answer says that it is new.
        Create = "create",
        /// It is not stored.
        NoAction = "no-action",
    }

    /// Status of a log out, and of a delete.
    Gone {
        /// 204.
        #[default]
        NoContent = "204",
        /// 200.
        Ok = "200",
    }

    /// How `Action` is written in answers to man-down.
    ActionForm {
        /// As a number, which the C# devkit needs.
        #[default]
        Number = "number",
        /// By its name, as in answers to localization.
        Name = "name",
    }

    /// Answer to the delete of a sector.
    SectorGone {
        /// 200 with `""`, which the C# devkit needs.
        #[default]
        Text = "text",
        /// 204, as for every other row.
        Empty = "empty",
    }

    /// Where an answer says how many rows a filter leaves.
    CountForm {
        /// In the header `X-Total-Count`; the rows stay a list.
        #[default]
        Header = "header",
        /// In JSON around the rows, as `@odata.count`, and in the header.
        Envelope = "envelope",
    }

    /// Answer to the making of a sensor.
    SensorMade {
        /// A list, which the C# devkit needs from 7.0.1 on.
        #[default]
        List = "list",
        /// An object, as older ones need.
        Object = "object",
    }
}

/// `[twinzo.refusals]`: how a 401 looks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefusalsSection {
    /// Its body (question 1).
    pub body: ErrorBody,
    /// Its `code` (question 1).
    pub code: String,
    /// Whether its text tells an expired token from others (question 2).
    pub tell_expired: bool,
    /// Answer to a wrong client, login or password (question 3).
    pub bad_login: BadLogin,
    /// Answer to a missing login or password (question 4).
    pub missing_login: MissingLogin,
}

/// `[twinzo.signing]`: which headers sign a request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SigningSection {
    /// The `Client` header (question 5).
    pub client: Presence,
    /// The `Branch` header (question 5).
    pub branch: Presence,
    /// The name of a client where its GUID belongs (question 22).
    pub client_name: Refused,
    /// A token and an API key together, one of them bad (question 6).
    pub credentials: Credentials,
    /// A token in the very millisecond that its `Expiration` names (question 12).
    pub last_millisecond: Refused,
}

/// `[twinzo.records]`: what becomes of records that come in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordsSection {
    /// A device's own records with an API key alone (question 7).
    pub api_key: NoDevice,
    /// A batch, signed with a token, with records of other logins (question 8).
    pub other_logins: Reception,
    /// A record whose time is there already (question 14).
    pub duplicate: Duplicate,
    /// A record stamped further from the sandbox's clock than `stamp_tolerance` (question 15).
    pub far_stamps: Reception,
    /// A record in a sector that does not exist (question 16).
    pub unknown_sector: Reception,
    /// An empty list (question 17).
    pub empty: Reception,
    /// An object where a list belongs, which then counts as a list of one (question 18).
    pub object: Refused,
}

/// `[twinzo.answers]`: forms of answers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswersSection {
    /// Status of a log out (question 13).
    pub logout: Gone,
    /// `Action` in answers to man-down (question 20).
    pub man_down_action: ActionForm,
    /// A body that is neither JSON nor protobuf, which is then read as JSON (question 21).
    pub other_media: Refused,
    /// Answer to the delete of a sector.
    pub sector_delete: SectorGone,
    /// Answer to the making of a sensor.
    pub sensor_made: SensorMade,
    /// Where `$count=true` finds its answer.
    pub count: CountForm,
}

impl Default for RefusalsSection {
    fn default() -> Self {
        Self {
            body: ErrorBody::default(),
            code: "10".to_owned(),
            tell_expired: true,
            bad_login: BadLogin::default(),
            missing_login: MissingLogin::default(),
        }
    }
}
