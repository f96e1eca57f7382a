//! Request bodies: protobuf into contracts.

use bytes::Buf;
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use wire::contract::{Kind, Payload, Shape};

use super::Given;
use super::invalid::Invalid;
use super::json::parameter;

/// Reads a body, and which members it has.
pub(super) fn given<T: Payload>(body: &[u8], is_strict: bool) -> Result<Given<T>, Invalid> {
    let invalid = |error: DecodeError| Invalid::one(parameter(T::SHAPE.name), format!("{error}"));
    let value = T::from_message(body).map_err(invalid)?;
    let (shape, is_list) = shape_of(T::KIND);
    let mut names = Vec::new();
    if let Some(shape) = shape {
        if !is_list {
            each_field(body, |number, _, _| {
                let name = shape.numbered(number).map(|field| field.name).filter(|name| !names.contains(name));
                names.extend(name);
                Ok(())
            })
            .map_err(invalid)?;
        }
        if is_strict {
            let unknown = if is_list { unknown_in_list(body, shape) } else { unknown_in(body, shape) };
            if let Some((number, message)) = unknown.map_err(invalid)? {
                let message = format!("The protobuf field {number} is not one of {message}");
                return Err(Invalid::one(parameter(T::SHAPE.name), message));
            }
        }
    }
    Ok(Given { value, names })
}

fn shape_of(kind: Kind) -> (Option<&'static Shape>, bool) {
    match kind {
        Kind::Object(shape) | Kind::Link(shape) => (Some(shape()), false),
        Kind::List(element) => (shape_of(*element).0, true),
        Kind::Nullable(inner) | Kind::Secret(inner) => shape_of(*inner),
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Single
        | Kind::Double
        | Kind::Text
        | Kind::Guid
        | Kind::Choice(_)
        | Kind::Anything => (None, false),
    }
}

/// Goes through the fields of a message: number, wire type, and the bytes of those that have a length.
fn each_field(
    mut bytes: &[u8],
    mut visit: impl FnMut(u32, WireType, &[u8]) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    while bytes.has_remaining() {
        let (number, wire_type) = decode_key(&mut bytes)?;
        let before = bytes;
        skip_field(wire_type, number, &mut bytes, DecodeContext::default())?;
        let mut value = &before[..before.len() - bytes.len()];
        if wire_type == WireType::LengthDelimited {
            prost::decode_length_delimiter(&mut value)?;
        }
        visit(number, wire_type, value)?;
    }
    Ok(())
}

/// A field that nobody has, and the message that it stands in.
type Unknown = Option<(u32, String)>;

fn unknown_in_list(bytes: &[u8], shape: &Shape) -> Result<Unknown, DecodeError> {
    let mut unknown = None;
    each_field(bytes, |number, _, element| {
        let of_list = || Some((number, format!("the list of {}", shape.name)));
        let found = if number == 1 { unknown_in(element, shape)? } else { of_list() };
        unknown = unknown.take().or(found);
        Ok(())
    })?;
    Ok(unknown)
}

/// The first field that a message has and its contract has not, however deep.
fn unknown_in(bytes: &[u8], shape: &Shape) -> Result<Unknown, DecodeError> {
    let mut unknown = None;
    each_field(bytes, |number, wire_type, value| {
        let found = match shape.numbered(number) {
            None if shape.reserved.contains(&number) => None,
            None => Some((number, shape.name.to_owned())),
            // A GUID of two halves has a shape of its own, which is not one of the vendor's contracts.
            Some(field) if wire_type == WireType::LengthDelimited => match shape_of(field.kind) {
                (Some(inner), _) => unknown_in(value, inner)?,
                (None, _) => None,
            },
            Some(_) => None,
        };
        unknown = unknown.take().or(found);
        Ok(())
    })?;
    Ok(unknown)
}

#[cfg(test)]
mod tests {
    use wire::collection::Device;
    use wire::localization::DeviceLocations;

    use super::*;

    #[test]
    fn the_members_of_a_message_are_known_by_their_numbers() {
        // Title (8) "a", Login (22) "b", and a field 99 that nobody has.
        let body = b"\x42\x01a\xb2\x01\x01b\x98\x06\x01";
        let given = given::<Device>(body, false).unwrap();
        assert_eq!((given.value.title.as_str(), given.value.login.as_str()), ("a", "b"));
        assert_eq!(given.names, ["Title", "Login"]);
        let errors = super::given::<Device>(body, true).unwrap_err().errors;
        assert_eq!(errors["deviceContract"], ["The protobuf field 99 is not one of DeviceContract"]);
    }

    #[test]
    fn what_nobody_has_is_found_however_deep() {
        // One device location: login "a", one location with Timestamp 1 and a field 12.
        let body = b"\x0a\x09\x0a\x01a\x12\x04\x08\x01\x60\x01";
        let given = given::<Vec<DeviceLocations>>(body, false).unwrap();
        assert_eq!(given.value[0].locations.as_ref().unwrap()[0].timestamp, 1);
        assert!(super::given::<Vec<DeviceLocations>>(body, true).is_err());
        assert!(super::given::<Vec<DeviceLocations>>(b"\x0a\xff", false).is_err(), "cut short");
    }
}
