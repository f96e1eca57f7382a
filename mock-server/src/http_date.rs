//! The `Date` of answers: RFC 9110's form of the sandbox's time, made once a second.

use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use jiff::Timestamp;

/// The last one made.
#[derive(Debug, Default)]
pub(crate) struct HttpDates {
    last: Mutex<Option<(i64, HeaderValue)>>,
}

// === impl HttpDates ===

impl HttpDates {
    /// The form of a time; the epoch's outside the years that it can show.
    pub(crate) fn of(&self, now: Timestamp) -> HeaderValue {
        let second = now.as_second();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((made, value)) if *made == second => value.clone(),
            _ => {
                let value = http_date(now);
                *last = Some((second, value.clone()));
                value
            }
        }
    }
}

/// The form of a time; the epoch's outside the years that it can show.
pub(crate) fn http_date(now: Timestamp) -> HeaderValue {
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    let value = text.ok().and_then(|text| HeaderValue::try_from(text).ok());
    value.unwrap_or_else(|| HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_clock_wherever_it_goes() {
        let dates = HttpDates::default();
        for (now, expected) in [
            ("2026-01-01T00:00:00.999Z", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("2026-01-01T00:00:01Z", "Thu, 01 Jan 2026 00:00:01 GMT"),
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("-000100-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(dates.of(now.parse().unwrap()), expected);
        }
    }
}
