//! Request bodies: JSON into contracts, and what is wrong with it in the words of the vendor's framework (§4.4).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::error::Category;

use crate::json::{Members, Names};

/// What is wrong with a body: by JSON path, or by member.
#[derive(Debug)]
pub(super) struct Invalid {
    pub(super) errors: BTreeMap<String, Vec<String>>,
}

/// The framework skips it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Parses a body. Member names are compared without regard to case, unknown ones are ignored. `parameter` is the name
/// under which the framework complains that nothing could be bound.
pub(super) fn parse<'de, T: Deserialize<'de>>(body: &'de [u8], parameter: &str) -> Result<T, Invalid> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let mut json = serde_json::Deserializer::from_slice(body);
    match T::deserialize(Members(Names::AnyCase, &mut json)).and_then(|value| json.end().map(|()| value)) {
        Ok(value) => Ok(value),
        // Only a bad body pays for the search for its path.
        Err(_) => Err(explain::<T>(body, parameter)),
    }
}

// === impl Invalid ===

impl Invalid {
    /// Members that are required and missing.
    pub(super) fn required<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let errors = members.into_iter().map(|(path, name)| (path.to_owned(), vec![required(name)])).collect();
        Self { errors }
    }

    /// One sentence for the journal.
    pub(super) fn summary(&self) -> String {
        let mut parts = self.errors.iter().map(|(path, messages)| format!("{path}: {}", messages.join(" ")));
        // The framework complains about the parameter as a whole beside the true cause: the path says more.
        let specific = parts.clone().find(|part| part.starts_with('$') || part.starts_with('['));
        specific.or_else(|| parts.next()).unwrap_or_default()
    }
}

fn explain<'de, T: Deserialize<'de>>(body: &'de [u8], parameter: &str) -> Invalid {
    let whole = (parameter.to_owned(), vec![required(parameter)]);
    if body.iter().all(u8::is_ascii_whitespace) || body == b"null" {
        let empty = (String::new(), vec!["A non-empty request body is required.".to_owned()]);
        return Invalid { errors: BTreeMap::from([whole, empty]) };
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let (path, error) = match T::deserialize(Members(Names::AnyCase, tracked)) {
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
        Category::Data => format!("The JSON value could not be converted to {}. {position}", dotnet_type(&path)),
        Category::Syntax | Category::Eof | Category::Io => {
            format!("{}. {position}", without_position(&error))
        }
    };
    Invalid { errors: BTreeMap::from([whole, (path, vec![message])]) }
}

fn required(name: &str) -> String {
    format!("The {name} field is required.")
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

/// The type that the vendor's server would name. Only `SectorId` was observed; the others follow from the contracts.
fn dotnet_type(path: &str) -> &'static str {
    const TYPES: [(&str, &str); 16] = [
        ("Timestamp", "System.Int64"),
        ("SectorId", "System.Nullable`1[System.Int32]"),
        ("Interval", "System.Nullable`1[System.Int32]"),
        ("X", "System.Nullable`1[System.Single]"),
        ("Y", "System.Nullable`1[System.Single]"),
        ("Z", "System.Nullable`1[System.Single]"),
        ("Battery", "System.Nullable`1[System.Byte]"),
        ("IsMoving", "System.Nullable`1[System.Boolean]"),
        ("BeaconId", "System.Int32"),
        ("RSSI", "System.Int32"),
        ("Distance", "System.Single"),
        ("LocalizationAreas", "System.Int32"),
        ("NoGoAreas", "System.Int32"),
        ("Client", "System.String"),
        ("Login", "System.String"),
        ("Password", "System.String"),
    ];
    let member = path.rsplit('.').next().unwrap_or(path);
    let member = member.split('[').next().unwrap_or(member);
    let known = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(member));
    known.map_or("the contract's type", |(_, dotnet)| dotnet)
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

    fn locations(body: &str) -> Result<Vec<Location>, Invalid> {
        parse(body.as_bytes(), "locationContract")
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        for body in [
            r#"{"Client":"a","Login":"b","Password":"c"}"#,
            r#"{"client":"a","login":"b","password":"c"}"#,
            r#"{"PASSWORD":"c","LOGIN":"b","cLiEnT":"a","extra":{"login":"x"}}"#,
        ] {
            let credential: Credential = parse(body.as_bytes(), "credentialContract").unwrap();
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
        assert!(parse::<Vec<DeviceLocations>>(body.as_bytes(), "x").is_err());
        let body = body.replace(r#""Distances":null,"#, "");
        let parsed: Vec<DeviceLocations> = parse(body.as_bytes(), "x").unwrap();
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
