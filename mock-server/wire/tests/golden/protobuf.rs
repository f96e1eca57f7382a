//! Every contract that has numbers, with all of them set, as protobuf.
//!
//! The bytes come from another encoder: `SerializeToString` of Python's `google.protobuf`, on classes that protoc made
//! of `fixtures/devkits/twinzo.proto`, with the values that the JSON beside them has.

mod device;
mod limits;
mod localization;
mod place;
mod sensor;
mod zone;

use std::fmt::Debug;

use prost::Message;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use serde::de::DeserializeOwned;
use wire::contract::{Contract, Linked, Payload};

fn parse<T: DeserializeOwned>(literal: &str) -> T {
    serde_json::from_str(literal).unwrap()
}

fn whole<T: Contract>(literal: &str) -> Linked<T> {
    Linked::Whole(Box::new(parse(literal)))
}

/// Blanks and line breaks, which stand between members, do not count.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The members of a message in the order of their numbers, as Python writes them.
fn sorted(mut message: &[u8]) -> Vec<(u32, &[u8])> {
    let mut members = Vec::new();
    while !message.is_empty() {
        let start = message;
        let (number, wire_type) = decode_key(&mut message).unwrap();
        skip_field(wire_type, number, &mut message, DecodeContext::default()).unwrap();
        members.push((number, &start[..start.len() - message.len()]));
    }
    members.sort_by_key(|(number, _)| *number);
    members
}

#[track_caller]
fn check_written<T: Payload>(value: &T, hex: &str) {
    assert_eq!(sorted(&value.to_message()), sorted(&bytes(hex)));
}

#[track_caller]
fn check_read<T: Debug + PartialEq + Payload>(hex: &str, value: &T) {
    assert_eq!(T::from_message(&bytes(hex)).unwrap(), *value);
}

#[track_caller]
fn check<T: Debug + PartialEq + Payload>(value: &T, hex: &str) {
    check_written(value, hex);
    check_read(hex, value);
}

/// The JSON and the bytes say the same.
#[track_caller]
fn check_contract<T: Contract + Debug>(literal: &str, hex: &str) {
    let value = parse::<T>(literal);
    check(&value, hex);
    assert_eq!(Message::encoded_len(&value), bytes(hex).len());
}

#[track_caller]
fn check_refused<T: Debug + Payload>(hex: &str, why: &str) {
    let error = T::from_message(&bytes(hex)).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}
