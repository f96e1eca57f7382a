//! Durations, sizes and counts as people write them. None of these types can hold a value that makes no sense.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::str::FromStr;

use jiff::{SignedDuration, SpanRelativeTo};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A positive duration: `"24h"`, `"2h 30m"`, `"1500ms"`, or a whole number of milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span(SignedDuration);

/// A positive number of bytes: `"64KiB"`, `"8MiB"`, or a whole number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size(NonZeroU64);

/// A positive number of things.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Count(NonZeroU64);

/// A hundred years: what is longer is a mistake, and too far for the machine's timers.
const LONGEST: SignedDuration = SignedDuration::from_hours(100 * 366 * 24);

/// A text that is no duration.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0:?} is not a duration; write it like \"24h\", \"2h 30m\" or \"1500ms\", or as whole milliseconds, and above zero"
)]
pub struct NotASpan(String);

/// A text that is no size.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a size; write it like \"64KiB\", \"8MiB\" or \"1GiB\", or as whole bytes, and above zero")]
pub struct NotASize(String);

/// A number that is no count.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a count; write a whole number above zero")]
pub struct NotACount(String);

// === impl Span ===

impl Span {
    /// So many seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(SignedDuration::from_secs(seconds as i64))
    }

    /// From a place where everything is text, such as a query or a header: bare digits are milliseconds.
    pub(crate) fn from_text(text: &str) -> Result<Self, NotASpan> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("{text}ms").parse()
        } else {
            text.parse()
        }
    }

    /// For arithmetic with timestamps.
    pub fn signed(self) -> SignedDuration {
        self.0
    }

    /// For timers.
    pub fn unsigned(self) -> std::time::Duration {
        self.0.unsigned_abs()
    }
}

/// Reads a duration that may be negative or zero, as clocks want it. A text without unit is none: `"24"` could be
/// anything.
/// A day has 24 hours.
pub(crate) fn parse_signed(text: &str) -> Option<SignedDuration> {
    let in_days = || text.parse::<jiff::Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
    text.parse().ok().or_else(in_days)
}

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let duration = parse_signed(text).filter(|duration| duration.is_positive() && *duration <= LONGEST);
        duration.map(Self).ok_or_else(|| NotASpan(text.to_owned()))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

// === impl Size ===

impl Size {
    /// So many bytes; one if that is zero.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(match NonZeroU64::new(bytes) {
            Some(bytes) => bytes,
            None => NonZeroU64::MIN,
        })
    }

    /// For buffers.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0.get()).unwrap_or(usize::MAX)
    }
}

const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

impl FromStr for Size {
    type Err = NotASize;

    fn from_str(text: &str) -> Result<Self, NotASize> {
        let (number, unit) = UNITS
            .into_iter()
            .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?.trim_end(), unit)))
            .unwrap_or((text, 1));
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        bytes.and_then(NonZeroU64::new).map(Self).ok_or_else(|| NotASize(text.to_owned()))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.get();
        match UNITS.into_iter().find(|(_, unit)| bytes.is_multiple_of(*unit)) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", bytes / unit),
            None => write!(f, "{bytes}"),
        }
    }
}

// === impl Count ===

impl Count {
    /// So many; one if that is zero.
    pub const fn new(count: u64) -> Self {
        Self(match NonZeroU64::new(count) {
            Some(count) => count,
            None => NonZeroU64::MIN,
        })
    }

    /// For lengths.
    pub fn get(self) -> usize {
        usize::try_from(self.0.get()).unwrap_or(usize::MAX)
    }
}

impl FromStr for Count {
    type Err = NotACount;

    fn from_str(text: &str) -> Result<Self, NotACount> {
        text.parse().map(Self).map_err(|_| NotACount(text.to_owned()))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

// === serde: a text or a whole number for all three ===

struct TextOrNumber<T> {
    expected: &'static str,
    /// What a bare number counts.
    unit: &'static str,
    target: PhantomData<T>,
}

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for TextOrNumber<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        format!("{number}{}", self.unit).parse().map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        format!("{number}{}", self.unit).parse().map_err(E::custom)
    }
}

macro_rules! text_or_number {
    ($($name:ident: $expected:literal, $unit:literal;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = TextOrNumber { expected: $expected, unit: $unit, target: PhantomData };
                deserializer.deserialize_any(visitor)
            }
        }
    )*};
}

// Shown as they are written, so that what is read back is the same.
macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

as_text! { Span Size }

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.get())
    }
}

text_or_number! {
    Span: "a duration like \"24h\", or whole milliseconds", "ms";
    Size: "a size like \"64KiB\", or whole bytes", "";
    Count: "a whole number above zero", "";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_texts_or_milliseconds_above_zero() {
        let span: Span = serde_json::from_str("1500").unwrap();
        assert_eq!(span.signed().as_millis(), 1500);
        for (text, millis) in
            [("24h", 86_400_000), ("1d", 86_400_000), ("2h 30m", 9_000_000), ("2h30m", 9_000_000), ("1500ms", 1500)]
        {
            assert_eq!(text.parse::<Span>().unwrap().signed().as_millis(), millis, "{text}");
        }
        for text in ["", "0", "24", "0s", "-1h", "soon", "1.5.5s", "2562047788015215h"] {
            assert!(text.parse::<Span>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn sizes_are_texts_or_bytes_above_zero() {
        for (text, bytes) in [("64KiB", 65_536), ("8 MiB", 8_388_608), ("100", 100)] {
            assert_eq!(text.parse::<Size>().unwrap().bytes(), bytes, "{text}");
        }
        for text in ["", "0", "-1", "64KB", "99999999999GiB"] {
            assert!(text.parse::<Size>().is_err(), "{text:?}");
        }
        assert_eq!(Size::from_bytes(65_536).to_string(), "64KiB");
    }
}
