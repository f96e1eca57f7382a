//! Floating-point numbers as the vendor's serializer writes them: whole ones without a decimal point, `8300`, not
//! `8300.0`. What is too large for single precision is refused, not taken for infinity.

use bytes::{Buf, BufMut};
use prost::DecodeError;
use prost::encoding::{self, DecodeContext, WireType};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::member::{Member, refused};
use super::{Kind, Value};

/// Double precision in JSON, single in protobuf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Narrow(pub f64);

/// Single precision in JSON, a whole number from 0 on in protobuf.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Whole(pub f32);

fn plain<T: Copy + Into<f64> + Serialize, S: Serializer>(value: T, serializer: S) -> Result<S::Ok, S::Error> {
    /// From here on not every whole number has a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number: f64 = value.into();
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the range of an i64")]
        let whole = number as i64;
        serializer.serialize_i64(whole)
    } else {
        value.serialize(serializer)
    }
}

fn single<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    let number = f32::deserialize(deserializer)?;
    if number.is_finite() { Ok(number) } else { Err(D::Error::custom("the number is too large")) }
}

/// JSON knows no infinity and no NaN, so protobuf brings none in.
fn finite<T: Into<f64>>(number: T) -> Result<(), DecodeError> {
    if number.into().is_finite() { Ok(()) } else { Err(refused("the number is not finite")) }
}

macro_rules! float {
    ($($type:ty: $kind:expr, $codec:ident, $read:path, $value:path;)*) => {$(
        impl Member for $type {
            const KIND: Kind = $kind;

            fn value(&self) -> Value<'_> {
                $value(*self)
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                plain(*self, serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $read(deserializer)
            }

            fn is_default(&self) -> bool {
                *self == 0.0
            }

            fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
                encoding::$codec::encode(tag, self, buffer);
            }

            fn encoded_len(&self, tag: u32) -> usize {
                encoding::$codec::encoded_len(tag, self)
            }

            fn merge(
                &mut self,
                wire_type: WireType,
                buffer: &mut impl Buf,
                context: DecodeContext,
            ) -> Result<(), DecodeError> {
                encoding::$codec::merge(wire_type, self, buffer, context)?;
                finite(*self)
            }
        }
    )*};
}

float! {
    f32: Kind::Single, float, single, Value::Single;
    f64: Kind::Double, double, f64::deserialize, Value::Double;
}

impl Narrow {
    /// What is too large for protobuf is as large as protobuf can say: nobody reads an infinity.
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what protobuf has")]
    fn narrowed(self) -> f32 {
        (self.0 as f32).clamp(f32::MIN, f32::MAX)
    }
}

impl Member for Narrow {
    const KIND: Kind = Kind::Double;

    fn value(&self) -> Value<'_> {
        Value::Double(self.0)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::read(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        self.0 == 0.0
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        self.narrowed().encode(tag, buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        self.narrowed().encoded_len(tag)
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        let mut number = 0.0_f32;
        Member::merge(&mut number, wire_type, buffer, context)?;
        self.0 = number.into();
        Ok(())
    }
}

impl Whole {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number is what protobuf has")]
    fn whole(self) -> u32 {
        self.0 as u32
    }
}

impl Member for Whole {
    const KIND: Kind = Kind::Single;

    fn value(&self) -> Value<'_> {
        Value::Single(self.0)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f32::read(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        self.0 == 0.0
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        encoding::uint32::encode(tag, &self.whole(), buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        encoding::uint32::encoded_len(tag, &self.whole())
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        let mut number = 0;
        encoding::uint32::merge(wire_type, &mut number, buffer, context)?;
        #[expect(clippy::cast_precision_loss, reason = "a range in metres is far below")]
        let range = number as f32;
        self.0 = range;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_no_point_and_others_keep_theirs() {
        let text = |number: f64| {
            let mut text = Vec::new();
            plain(number, &mut serde_json::Serializer::new(&mut text)).unwrap();
            String::from_utf8(text).unwrap()
        };
        for (number, expected) in [(8300.0, "8300"), (12500.5, "12500.5"), (-3.0, "-3"), (0.1, "0.1"), (0.0, "0")] {
            assert_eq!(text(number), expected);
        }
        let mut single = Vec::new();
        plain(265_337.97_f32, &mut serde_json::Serializer::new(&mut single)).unwrap();
        assert_eq!(single, b"265337.97");
    }
}
