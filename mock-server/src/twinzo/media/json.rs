//! Request bodies: JSON into contracts, and what is wrong with it in the words of the vendor's framework (§4.4).

use std::collections::BTreeMap;

use serde_json::error::Category;
use wire::contract::{Kind, Payload};

use super::Given;
use super::invalid::{Invalid, required};
use crate::json::{Names, Noted, Notes};

/// The framework skips it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parses a body, and says which members it has.
pub(super) fn given<T: Payload>(body: &[u8], names: Names) -> Result<Given<T>, Invalid> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let mut json = serde_json::Deserializer::from_slice(body);
    let note = Notes::default();
    match T::deserialize(Noted { compare: names, inner: &mut json, note: &note })
        .and_then(|value| json.end().map(|()| value))
    {
        Ok(value) => Ok(Given { value, names: note.into_inner() }),
        // Only a bad body pays for the search for its path.
        Err(_) => Err(explain::<T>(body, names)),
    }
}

fn explain<T: Payload>(body: &[u8], names: Names) -> Invalid {
    let parameter = parameter(T::SHAPE.name);
    let whole = (parameter.clone(), vec![required(&parameter)]);
    if body.iter().all(u8::is_ascii_whitespace) || body == b"null" {
        let empty = (String::new(), vec!["A non-empty request body is required.".to_owned()]);
        return Invalid { errors: BTreeMap::from([whole, empty]) };
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let (path, error) = match T::deserialize(Noted { compare: names, inner: tracked, note: &Notes::default() }) {
        Ok(_) => match json.end() {
            Ok(()) => {
                return Invalid { errors: BTreeMap::from([whole]) };
            }
            Err(error) => ("$".to_owned(), error),
        },
        Err(error) => (dollar(&track.path().to_string()), error),
    };
    let position = format!(
        "Path: {path} | LineNumber: {} | BytePositionInLine: {}.",
        error.line().saturating_sub(1),
        error.column()
    );
    let message = match error.classify() {
        Category::Data if is_unmapped(&error) => format!("{}. {position}", without_position(&error)),
        // To a number that is too large the parser says so by itself, if it is one that keeps every digit.
        Category::Data | Category::Syntax if error.is_data() || is_out_of_range(&error) => {
            format!("The JSON value could not be converted to {}. {position}", dotnet_type(T::KIND, &path))
        }
        Category::Data | Category::Syntax | Category::Eof | Category::Io => {
            format!("{}. {position}", without_position(&error))
        }
    };
    Invalid { errors: BTreeMap::from([whole, (path, vec![message])]) }
}

/// Whether the error is that of a member which the contract does not have.
fn is_unmapped(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("The JSON property ")
}

fn is_out_of_range(error: &serde_json::Error) -> bool {
    without_position(error) == "number out of range"
}

/// The name under which the framework complains that nothing could be bound: `locationContract` was observed, the
/// others follow from it.
pub(super) fn parameter(contract: &str) -> String {
    let mut letters = contract.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// `[0].SectorId` → `$[0].SectorId`, `.` → `$`. A name that could not be read is a `?` there, and nothing here.
fn dollar(path: &str) -> String {
    let path = path.strip_suffix('?').map_or(path, |path| path.trim_end_matches('.'));
    match path.strip_prefix('.').unwrap_or(path) {
        "" => "$".to_owned(),
        path if path.starts_with('[') => format!("${path}"),
        path => format!("$.{path}"),
    }
}

/// The type that the vendor's server would name at a path. Only `SectorId` of a location was observed; the others
/// follow from the contracts.
fn dotnet_type(kind: Kind, path: &str) -> String {
    let mut kind = kind;
    for part in path.trim_start_matches('$').split(['.', '[']).filter(|part| !part.is_empty()) {
        while let Kind::Nullable(inner) | Kind::Secret(inner) = kind {
            kind = *inner;
        }
        kind = match kind {
            Kind::List(element) if part.ends_with(']') => *element,
            Kind::Object(shape) | Kind::Link(shape) => match shape().field(part) {
                Some(field) => field.kind,
                None => return "the contract's type".to_owned(),
            },
            Kind::Bool
            | Kind::Integer(_)
            | Kind::Single
            | Kind::Double
            | Kind::Text
            | Kind::Guid
            | Kind::Choice(_)
            | Kind::List(_)
            | Kind::Nullable(_)
            | Kind::Secret(_)
            | Kind::Anything => return "the contract's type".to_owned(),
        };
    }
    dotnet(kind)
}

fn dotnet(kind: Kind) -> String {
    match kind {
        Kind::Bool => "System.Boolean".to_owned(),
        Kind::Integer(name) => format!("System.{name}"),
        Kind::Single => "System.Single".to_owned(),
        Kind::Double => "System.Double".to_owned(),
        Kind::Text => "System.String".to_owned(),
        Kind::Guid => "System.Guid".to_owned(),
        Kind::Choice(names) => format!("one of {}", names.join(", ")),
        Kind::Object(shape) | Kind::Link(shape) => shape().name.to_owned(),
        Kind::List(element) => format!("System.Collections.Generic.List`1[{}]", dotnet(*element)),
        Kind::Anything => "System.Object".to_owned(),
        Kind::Secret(inner) => dotnet(*inner),
        // What .NET holds by reference can be null anyway.
        Kind::Nullable(inner)
            if matches!(inner, Kind::Text | Kind::Object(_) | Kind::Link(_) | Kind::List(_) | Kind::Anything) =>
        {
            dotnet(*inner)
        }
        Kind::Nullable(inner) => format!("System.Nullable`1[{}]", dotnet(*inner)),
    }
}

fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use wire::authorization::Credential;
    use wire::localization::{DeviceLocations, Location};

    use super::*;

    fn parse<T: Payload>(body: &[u8]) -> Result<T, Invalid> {
        given(body, Names::AnyCase).map(|given| given.value)
    }

    fn locations(body: &str) -> Result<Vec<Location>, Invalid> {
        parse(body.as_bytes())
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        for body in [
            r#"{"Client":"a","Login":"b","Password":"c"}"#,
            r#"{"client":"a","login":"b","password":"c"}"#,
            r#"{"PASSWORD":"c","LOGIN":"b","cLiEnT":"a","extra":{"login":"x"}}"#,
        ] {
            let credential: Credential = parse(body.as_bytes()).unwrap();
            assert_eq!(credential.client.as_deref(), Some("a"), "{body}");
            assert_eq!(credential.login.as_deref(), Some("b"), "{body}");
            assert_eq!(credential.password.as_deref(), Some("c"), "{body}");
        }
    }

    #[test]
    fn nested_members_nulls_and_strangers_are_taken_as_the_sdk_writes_them() {
        let body = r#"[{"login":"a","locations":[{"timestamp":1,"sectorid":null,"x":1.5,"Distances":null,
            "distances2":[{}],"nogoareas":[1,2],"DISTANCES":[{"beaconid":4,"rssi":-60,"distance":2}]}]}]"#;
        // A null before the list it names again: the second one counts as a double, which the contract refuses.
        assert!(parse::<Vec<DeviceLocations>>(body.as_bytes()).is_err());
        let body = body.replace(r#""Distances":null,"#, "");
        let parsed: Vec<DeviceLocations> = parse(body.as_bytes()).unwrap();
        let location = &parsed[0].locations.as_ref().unwrap()[0];
        assert_eq!((location.timestamp, location.sector_id, location.x), (1, None, Some(1.5)));
        assert_eq!(location.no_go_areas, Some(vec![1, 2]));
        assert_eq!(location.distances.as_ref().unwrap()[0].rssi, -60);
    }

    #[test]
    fn a_guid_as_sector_is_refused_in_the_words_that_were_observed() {
        let body = r#"[{"Timestamp":1,"SectorId":"a72f352b-a079-4533-9cb0-4203fa685794"}]"#;
        let errors = locations(body).unwrap_err().errors;
        let message = &errors["$[0].SectorId"][0];
        assert!(
            message.starts_with(
                "The JSON value could not be converted to System.Nullable`1[System.Int32]. \
                 Path: $[0].SectorId | LineNumber: 0 | BytePositionInLine: "
            ),
            "{message}"
        );
        assert_eq!(errors["locationContract"], ["The locationContract field is required."]);
    }

    #[test]
    fn every_wrong_body_names_its_path() {
        for (body, path) in [
            (r#"{"Timestamp":1}"#, "$"),
            ("[[1,1,1.5,1.5]]", "$[0]"),
            (r#"[{"timestamp":"x"}]"#, "$[0].timestamp"),
            (r#"[{"Timestamp":1},{"Timestamp":2,"Battery":87.5}]"#, "$[1].Battery"),
            (r#"[{"Timestamp":1,"NoGoAreas":[1,"a"]}]"#, "$[0].NoGoAreas[1]"),
            (r#"[{"Timestamp":1,}]"#, "$[0]"),
            (r#"[{"Timestamp":1}] x"#, "$"),
            (r#"[{"Timestamp":1}"#, "$"),
            ("", ""),
            ("null", ""),
        ] {
            let errors = locations(body).unwrap_err().errors;
            assert!(errors.contains_key(path), "{body:?} → {errors:?}");
            assert!(errors.contains_key("locationContract"), "{body:?} → {errors:?}");
        }
    }
}
