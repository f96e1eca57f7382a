//! Floating-point numbers as the vendor's serializer writes them: whole ones without a decimal point, `8300`, not
//! `8300.0`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// For `#[serde(serialize_with)]` on a float that may be absent.
#[expect(clippy::ref_option, reason = "serde hands fields over by reference")]
pub(crate) fn optional<T: Copy + Into<f64> + serde::Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => plain(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// For `#[serde(serialize_with)]` on a float.
pub(crate) fn plain<T: Copy + Into<f64> + serde::Serialize, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    /// From here on not every whole number has a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number: f64 = (*value).into();
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the range of an i64")]
        let whole = number as i64;
        serializer.serialize_i64(whole)
    } else {
        value.serialize(serializer)
    }
}

/// For `#[serde(deserialize_with)]`: what is too large for a single-precision number is refused, not taken for
/// infinity.
pub(crate) fn finite<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Copy + Into<Option<f32>>,
{
    let value = T::deserialize(deserializer)?;
    match value.into() {
        Some(number) if !number.is_finite() => Err(D::Error::custom("the number is too large")),
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    #[derive(Serialize)]
    struct Numbers {
        #[serde(serialize_with = "super::plain")]
        a: f32,
        #[serde(serialize_with = "super::optional")]
        b: Option<f64>,
    }

    #[test]
    fn whole_numbers_have_no_point_and_others_keep_theirs() {
        for (a, b, expected) in [
            (8300.0, Some(-0.5), r#"{"a":8300,"b":-0.5}"#),
            (12500.5, Some(0.1), r#"{"a":12500.5,"b":0.1}"#),
            (265_337.97, Some(-3.0), r#"{"a":265337.97,"b":-3}"#),
            (0.0, None, r#"{"a":0,"b":null}"#),
        ] {
            assert_eq!(serde_json::to_string(&Numbers { a, b }).unwrap(), expected);
        }
    }
}
