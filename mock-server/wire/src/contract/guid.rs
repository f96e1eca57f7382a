//! GUIDs: lower case with hyphens in JSON; in protobuf a text, or a message of two halves.

use bytes::{Buf, BufMut};
use prost::encoding::{self, DecodeContext, WireType};
use prost::{DecodeError, Message};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::member::{Member, refused};
use super::{Kind, Value};

/// A GUID that protobuf has as a text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Guid(pub Uuid);

/// A GUID that protobuf has as a message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SplitGuid(pub Uuid);

/// That message: the halves of the GUID's bytes in .NET's order, each as a little-endian number.
#[derive(Clone, Copy, Message, PartialEq)]
struct Halves {
    #[prost(fixed64, tag = "1")]
    lo: u64,
    #[prost(fixed64, tag = "2")]
    hi: u64,
}

// === impl Guid ===

impl Member for Guid {
    const KIND: Kind = Kind::Guid;

    fn value(&self) -> Value<'_> {
        Value::Guid(self.0)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        self.0.is_nil()
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        encoding::string::encode(tag, &self.0.to_string(), buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        encoding::string::encoded_len(tag, &self.0.to_string())
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        let mut text = String::new();
        encoding::string::merge(wire_type, &mut text, buffer, context)?;
        if !text.is_empty() {
            self.0 = Uuid::try_parse(&text).map_err(|_| refused(&format!("{text:?} is no GUID")))?;
        }
        Ok(())
    }
}

// === impl SplitGuid ===

impl SplitGuid {
    fn halves(self) -> Halves {
        let bytes = self.0.to_bytes_le();
        let half = |from: usize| bytes[from..from + 8].iter().rev().fold(0, |half, byte| half << 8 | u64::from(*byte));
        let (lo, hi) = (half(0), half(8));
        Halves { lo, hi }
    }
}

impl Member for SplitGuid {
    const KIND: Kind = Kind::Guid;

    fn value(&self) -> Value<'_> {
        Value::Guid(self.0)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self)
    }

    fn is_default(&self) -> bool {
        self.0.is_nil()
    }

    fn encode(&self, tag: u32, buffer: &mut impl BufMut) {
        encoding::message::encode(tag, &self.halves(), buffer);
    }

    fn encoded_len(&self, tag: u32) -> usize {
        encoding::message::encoded_len(tag, &self.halves())
    }

    fn merge(&mut self, wire_type: WireType, buffer: &mut impl Buf, context: DecodeContext) -> Result<(), DecodeError> {
        let mut halves = self.halves();
        encoding::message::merge(wire_type, &mut halves, buffer, context)?;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&halves.lo.to_le_bytes());
        bytes[8..].copy_from_slice(&halves.hi.to_le_bytes());
        self.0 = Uuid::from_bytes_le(bytes);
        Ok(())
    }
}
