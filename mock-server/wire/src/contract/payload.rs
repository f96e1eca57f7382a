//! What a body can hold: a contract, or a list of one. As protobuf a list is a message whose field 1 repeats.

use bytes::Buf;
use prost::DecodeError;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Contract, Kind, Member, Shape};

/// What a body can hold.
pub trait Payload: DeserializeOwned + Serialize + 'static {
    /// What it is.
    const KIND: Kind;

    /// The contract that it is, or is a list of.
    const SHAPE: &'static Shape;

    /// As protobuf.
    fn to_message(&self) -> Vec<u8>;

    /// From protobuf.
    fn from_message(bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl<T: Contract> Payload for T {
    const KIND: Kind = <T as Member>::KIND;
    const SHAPE: &'static Shape = <T as Contract>::SHAPE;

    fn to_message(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn from_message(bytes: &[u8]) -> Result<Self, DecodeError> {
        T::decode(bytes)
    }
}

impl<T: Contract> Payload for Vec<T> {
    const KIND: Kind = <Self as Member>::KIND;
    const SHAPE: &'static Shape = <T as Contract>::SHAPE;

    fn to_message(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Member::encoded_len(self, 1));
        Member::encode(self, 1, &mut bytes);
        bytes
    }

    fn from_message(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut all = Self::new();
        while bytes.has_remaining() {
            let (number, wire_type) = decode_key(&mut bytes)?;
            if number == 1 {
                Member::merge(&mut all, wire_type, &mut bytes, DecodeContext::default())?;
            } else {
                skip_field(wire_type, number, &mut bytes, DecodeContext::default())?;
            }
        }
        Ok(all)
    }
}
