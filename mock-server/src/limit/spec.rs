//! A limit as users write it, in the configuration and over the admin API alike.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::meter::Law;
use crate::config::{Span, parse_signed};
use crate::fault::{InvalidRule, MatchSpec, Per};

/// One limit: a bucket, a fixed window or a sliding window.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSpec {
    /// Name, by which it is listed and removed; its position in load order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who is counted apart.
    pub per: LimitPer,
    /// A bucket of tokens that fills up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketSpec>,
    /// So many in each window; windows begin at multiples of their length since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<WindowLimitSpec>,
    /// So many in any window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sliding: Option<WindowLimitSpec>,
    /// Which exchanges it counts; all if absent.
    #[serde(default, rename = "match")]
    pub matches: MatchSpec,
}

/// Who a limit counts apart. Those who have no such name share one count.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitPer {
    /// Each client.
    Client,
    /// Each branch.
    Branch,
    /// Each login or Timbr user.
    Account,
    /// Each token.
    Token,
}

/// A bucket of tokens, full at first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BucketSpec {
    /// Tokens that it holds.
    pub capacity: u32,
    /// How fast it fills up.
    pub refill: RefillRate,
}

/// A number of requests in a time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WindowLimitSpec {
    /// Requests at most.
    pub limit: u32,
    /// In so long a time.
    pub window: Span,
}

/// Tokens in a time: `"1/s"`, `"100/m"`, `"5/10s"`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefillRate {
    pub(super) tokens: u32,
    pub(super) in_time: SignedDuration,
}

/// A text that is no rate.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no rate; write it like \"1/s\", \"100/m\" or \"5/10s\"")]
pub struct NotARefillRate(String);

/// The longest window: a sliding one remembers every request in it.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 31);
/// The most requests in a window, or tokens in a bucket.
const MOST: u32 = 100_000;

// === impl LimitSpec ===

impl LimitSpec {
    pub(super) fn law(&self) -> Result<Law, InvalidRule> {
        let wrong = |field: &'static str, problem: &str| Err(InvalidRule::value(field, problem));
        let in_range = |field: &'static str, number: u32| {
            let problem = format!("{number} is not between 1 and {MOST}");
            (1..=MOST).contains(&number).then_some(()).ok_or_else(|| InvalidRule::value(field, problem))
        };
        let window = |field: &'static str, WindowLimitSpec { limit, window }: WindowLimitSpec| {
            in_range(field, limit)?;
            let is_whole = window.signed().as_millis() > 0 && window.signed().subsec_nanos() % 1_000_000 == 0;
            if window.signed() > LONGEST || !is_whole {
                return Err(InvalidRule::value(field, "a window is whole milliseconds, and 31 days at most"));
            }
            Ok((limit, window.signed()))
        };
        match (self.bucket, self.fixed, self.sliding) {
            (Some(BucketSpec { capacity, refill }), None, None) => {
                in_range("bucket.capacity", capacity)?;
                if refill.in_time > LONGEST {
                    return wrong("bucket.refill", "it takes 31 days at most");
                }
                Ok(Law::Bucket { capacity, tokens: refill.tokens, in_time: refill.in_time })
            }
            (None, Some(spec), None) => {
                let (limit, window) = window("fixed", spec)?;
                Ok(Law::Fixed { limit, window })
            }
            (None, None, Some(spec)) => {
                let (limit, window) = window("sliding", spec)?;
                Ok(Law::Sliding { limit, window })
            }
            _ => wrong("bucket", "give one of bucket, fixed and sliding"),
        }
    }
}

impl From<LimitPer> for Per {
    fn from(per: LimitPer) -> Self {
        match per {
            LimitPer::Client => Self::Client,
            LimitPer::Branch => Self::Branch,
            LimitPer::Account => Self::Account,
            LimitPer::Token => Self::Token,
        }
    }
}

// === impl RefillRate ===

impl TryFrom<String> for RefillRate {
    type Error = NotARefillRate;

    fn try_from(text: String) -> Result<Self, NotARefillRate> {
        let read = || {
            let (tokens, time) = text.split_once('/')?;
            let tokens: u32 = tokens.trim().parse().ok().filter(|tokens| *tokens > 0 && *tokens <= MOST)?;
            let time = time.trim();
            // "1/s" is one in a second.
            let has_number = time.starts_with(|first: char| first.is_ascii_digit());
            let time = if has_number { parse_signed(time) } else { parse_signed(&format!("1{time}")) };
            Some(Self {
                tokens,
                in_time: time.filter(|time| time.as_millis() > 0 && time.subsec_nanos() % 1_000_000 == 0)?,
            })
        };
        read().ok_or_else(|| NotARefillRate(text.clone()))
    }
}

impl From<RefillRate> for String {
    fn from(rate: RefillRate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for RefillRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:#}", self.tokens, self.in_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_tokens_in_a_time() {
        let read = |text: &str| RefillRate::try_from(text.to_owned()).map(|rate| (rate.tokens, rate.in_time.as_secs()));
        for (text, expected) in [("1/s", (1, 1)), ("100/m", (100, 60)), ("5/10s", (5, 10)), ("2/1h", (2, 3600))] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["", "1", "1/", "/s", "0/s", "1/fortnight", "-1/s", "1/0s"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_limit_is_one_of_three() {
        let law =
            |json: &str| serde_json::from_str::<LimitSpec>(json).unwrap().law().map_err(|error| error.to_string());
        assert!(law(r#"{"per":"account","bucket":{"capacity":10,"refill":"1/s"}}"#).is_ok());
        for (json, expected) in [
            (r#"{"per":"account"}"#, "give one of bucket, fixed and sliding"),
            (r#"{"per":"account","fixed":{"limit":0,"window":"1m"}}"#, "fixed: 0 is not between"),
            (r#"{"per":"account","sliding":{"limit":5,"window":"800h"}}"#, "31 days at most"),
            (r#"{"per":"account","fixed":{"limit":1,"window":"1us"}}"#, "whole milliseconds"),
            (r#"{"per":"account","sliding":{"limit":1,"window":"1500us"}}"#, "whole milliseconds"),
        ] {
            assert!(law(json).unwrap_err().contains(expected), "{json}");
        }
    }
}
