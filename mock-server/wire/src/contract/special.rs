//! Members that are more than their value: secrets that go in and never out, links that are an id or the whole, and
//! whatever JSON can say.

use bytes::{Buf, BufMut};
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::member::{Element, Member};
use super::{Contract, Kind, Value};

/// What a request may say and no answer does.
#[derive(Clone, Default, PartialEq)]
pub struct WriteOnly<T>(pub T);

/// Another row: by its id where a request names it, as a whole where an answer is asked to show it.
#[derive(Clone, Debug, PartialEq)]
pub enum Linked<T> {
    /// Its id.
    Id(i32),
    /// All of it.
    Whole(Box<T>),
}

/// Anything that JSON can say; null counts as nothing. It does not travel as protobuf.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loose(pub serde_json::Value);

// === impl Loose ===

impl Member for Loose {
    const KIND: Kind = Kind::Anything;

    fn is_absent(&self) -> bool {
        self.0.is_null()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        true
    }

    fn encode(&self, _: u32, _: &mut impl BufMut) {}

    fn encoded_len(&self, _: u32) -> usize {
        0
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        prost::encoding::skip_field(wire_type, 1, buffer, context)
    }
}

// === impl WriteOnly ===

impl<T> std::fmt::Debug for WriteOnly<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl<T: Member> Member for WriteOnly<T> {
    const KIND: Kind = Kind::Secret(&T::KIND);

    fn value(&self) -> Value<'_> {
        Value::Nothing
    }

    fn heap(&self) -> usize {
        self.0.heap()
    }

    fn is_absent(&self) -> bool {
        true
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        true
    }

    fn encode(&self, _: u32, _: &mut impl BufMut) {}

    fn encoded_len(&self, _: u32) -> usize {
        0
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        self.0.merge(wire_type, buffer, context)
    }
}

// === impl Linked ===

impl<T> Default for Linked<T> {
    fn default() -> Self {
        Self::Id(0)
    }
}

/// The one member of any row that a link needs: number 1 in all of them.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct IdOnly {
    #[prost(int32, tag = "1")]
    id: i32,
}

/// The same in JSON.
#[derive(Deserialize)]
struct HasId {
    #[serde(rename = "Id", alias = "id", alias = "ID", alias = "iD", default)]
    id: i32,
}

impl<T: Contract> Member for Linked<T> {
    const KIND: Kind = Kind::Link(|| T::SHAPE);

    fn heap(&self) -> usize {
        match self {
            Self::Id(_) => 0,
            Self::Whole(whole) => size_of::<T>() + whole.heap(),
        }
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => id.serialize(serializer),
            Self::Whole(whole) => whole.serialize(serializer),
        }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = i32;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an id, or an object with one")
            }

            fn visit_i64<E: Error>(self, id: i64) -> Result<i32, E> {
                i32::try_from(id).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, id: u64) -> Result<i32, E> {
                i32::try_from(id).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<i32, A::Error> {
                HasId::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|row| row.id)
            }
        }

        deserializer.deserialize_any(Either).map(Self::Id)
    }

    fn is_default(&self) -> bool {
        false
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        if let Self::Whole(whole) = self {
            Member::encode(&**whole, tag, buffer);
        }
    }

    fn encoded_len(&self, tag: u32) -> usize {
        match self {
            Self::Id(_) => 0,
            Self::Whole(whole) => Member::encoded_len(&**whole, tag),
        }
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        // Whoever sends a whole row means its id, and rows of rows could be of any size.
        let mut row = IdOnly::default();
        prost::encoding::message::merge(wire_type, &mut row, buffer, context)?;
        *self = Self::Id(row.id);
        Ok(())
    }
}

impl<T: Contract> Element for Linked<T> {}
