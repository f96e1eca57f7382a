//! How members travel, by their type: texts, integers, lists, and whatever may be missing.

use bytes::{Buf, BufMut};
use prost::DecodeError;
use prost::encoding::{self, DecodeContext, WireType};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Kind, Value};

/// The type of a member.
pub trait Member: Default {
    /// What it can hold.
    const KIND: Kind;

    /// Whether JSON leaves it out.
    fn is_absent(&self) -> bool {
        false
    }

    /// Bytes that it holds beside itself.
    fn heap(&self) -> usize {
        0
    }

    /// What it holds.
    fn value(&self) -> Value<'_> {
        Value::Compound
    }

    /// As JSON.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// From JSON.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Whether protobuf leaves it out.
    fn is_default(&self) -> bool;

    /// As protobuf, whatever its value.
    fn encode(&self, tag: u32, buffer: &mut impl BufMut);

    /// How long that is.
    fn encoded_len(&self, tag: u32) -> usize;

    /// From protobuf, on top of what came before it.
    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError>;
}

/// For `#[serde(serialize_with)]`.
pub fn write<T: Member, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// For `#[serde(deserialize_with)]`.
pub fn read<'de, T: Member, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// Whether a value is its type's own.
fn is_own<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A member where serde wants a type of its own.
struct AsSerde<T>(T);

impl<T: Member> Serialize for AsSerde<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

impl<'de, T: Member> Deserialize<'de> for AsSerde<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

macro_rules! scalar {
    ($($type:ty: $codec:ident, $kind:expr, $value:expr;)*) => {$(
        impl Member for $type {
            const KIND: Kind = $kind;

            fn value(&self) -> Value<'_> {
                $value(*self)
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }

            fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }

            fn is_default(&self) -> bool {
                is_own(self)
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
                encoding::$codec::merge(wire_type, self, buffer, context)
            }
        }
    )*};
}

scalar! {
    bool: bool, Kind::Bool, Value::Bool;
    i32: int32, Kind::Integer("Int32"), whole;
    i64: int64, Kind::Integer("Int64"), whole;
}

fn whole(number: impl Into<i64>) -> Value<'static> {
    Value::Integer(number.into())
}

/// A byte; protobuf has none, and a larger number is refused.
impl Member for u8 {
    const KIND: Kind = Kind::Integer("Byte");

    fn value(&self) -> Value<'_> {
        whole(*self)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn is_default(&self) -> bool {
        *self == 0
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        encoding::uint32::encode(tag, &u32::from(*self), buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        encoding::uint32::encoded_len(tag, &u32::from(*self))
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        let mut wide = 0;
        encoding::uint32::merge(wire_type, &mut wide, buffer, context)?;
        *self = Self::try_from(wide).map_err(|_| refused(&format!("{wide} is no byte")))?;
        Ok(())
    }
}

/// A value that protobuf can say and the contract cannot hold.
#[doc(hidden)]
pub fn refused(what: &str) -> DecodeError {
    #[expect(deprecated, reason = "the only way to make one")]
    DecodeError::new(what.to_owned())
}

/// A text; null counts as the empty one.
impl Member for String {
    const KIND: Kind = Kind::Text;

    fn heap(&self) -> usize {
        self.capacity()
    }

    fn value(&self) -> Value<'_> {
        Value::Text(self.as_str().into())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Self>::deserialize(deserializer).map(Option::unwrap_or_default)
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        encoding::string::encode(tag, self, buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        encoding::string::encoded_len(tag, self)
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        encoding::string::merge(wire_type, self, buffer, context)
    }
}

/// What may be missing: left out of answers, null or nothing in requests.
impl<T: Member> Member for Option<T> {
    const KIND: Kind = Kind::Nullable(&T::KIND);

    fn heap(&self) -> usize {
        self.as_ref().map_or(0, Member::heap)
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Member::is_absent)
    }

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Nothing, Member::value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(serializer),
            None => serializer.serialize_none(),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<AsSerde<T>>::deserialize(deserializer).map(|read| read.map(|AsSerde(value)| value))
    }

    fn is_default(&self) -> bool {
        self.is_none()
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        if let Some(value) = self {
            value.encode(tag, buffer);
        }
    }

    fn encoded_len(&self, tag: u32) -> usize {
        self.as_ref().map_or(0, |value| value.encoded_len(tag))
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        self.get_or_insert_default().merge(wire_type, buffer, context)
    }
}

/// A list: always written, also when it is empty; null counts as empty.
impl<T: Element> Member for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn heap(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(Member::heap).sum::<usize>()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for element in self {
            list.serialize_element(&AsSerde(element))?;
        }
        list.end()
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Option::<Vec<AsSerde<T>>>::deserialize(deserializer)?;
        Ok(read.unwrap_or_default().into_iter().map(|AsSerde(element)| element).collect())
    }

    fn is_default(&self) -> bool {
        self.is_empty()
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        T::encode_all(self, tag, buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        T::all_encoded_len(self, tag)
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        T::merge_one(self, wire_type, buffer, context)
    }
}

/// What lists hold. Objects stand one by one; numbers are packed.
pub trait Element: Member {
    /// All of them as protobuf.
    fn encode_all(all: &[Self], tag: u32, buffer: &mut impl BufMut) {
        for element in all {
            element.encode(tag, buffer);
        }
    }

    /// How long that is.
    fn all_encoded_len(all: &[Self], tag: u32) -> usize {
        all.iter().map(|element| element.encoded_len(tag)).sum()
    }

    /// One more, or a pack of them.
    fn merge_one(
        all: &mut Vec<Self>,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        let mut element = Self::default();
        element.merge(wire_type, buffer, context)?;
        all.push(element);
        Ok(())
    }
}

impl<T: super::Contract> Element for T {}

impl Element for i32 {
    fn encode_all(all: &[Self], tag: u32, buffer: &mut impl BufMut) {
        encoding::int32::encode_packed(tag, all, buffer);
    }

    fn all_encoded_len(all: &[Self], tag: u32) -> usize {
        encoding::int32::encoded_len_packed(tag, all)
    }

    fn merge_one(
        all: &mut Vec<Self>,
        wire_type: WireType,
        buffer: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        encoding::int32::merge_repeated(wire_type, all, buffer, context)
    }
}
