//! What schemas do not say by themselves: units, where an operation is known from, and examples.

use serde_json::{Value, json};

use super::super::endpoint::Endpoint;
use crate::operation::{Operation, TwinzoOperation as Op};

const MILLISECONDS: &str = "Unix milliseconds, UTC.";
const COORDINATE: &str = "Sector coordinate, in practice millimetres.";

/// What a member means, where its name and type do not tell.
pub(super) fn about(contract: &str, member: &str) -> Option<&'static str> {
    match (contract, member) {
        ("CredentialContract", "Client") => Some("NAME of the client, not its GUID."),
        ("AuthenticationResponseContract", "Client") => Some("GUID of the client, to be sent as the header Client."),
        ("AuthenticationResponseContract", "Branch") => {
            Some("GUID of the account's own branch, to be sent as the header Branch.")
        }
        ("AuthenticationResponseContract", "Token") => Some("To be sent as the header Token, as it is."),
        ("BarrierContract", "X") => Some("Column of the cell."),
        ("BarrierContract", "Y") => Some("Row of the cell."),
        ("AreaOccurrenceContract", "Date") => {
            Some("Unix milliseconds of the midnight before Start, in the branch's time zone.")
        }
        ("ManDownResponseContract", "Action") => Some("A number: 0 NoAction, 1 Create, 2 Update, 3 Delete."),
        ("DynamicDeviceContract" | "DynamicLocationContract", "FallStatus") => Some(
            "A number: 0 OK, 1 ManDown, 2 ManDownControl, 3 ManDownPositive, 4 ManDownNegative, 5 ManDownNegativeAfterLimit.",
        ),
        ("DynamicDeviceContract" | "DynamicLocationContract", "Id") => Some("Number of the device, as a text."),
        (_, "Timestamp" | "Created" | "Updated" | "Update" | "Modified" | "Expiration" | "Start" | "Stop") => {
            Some(MILLISECONDS)
        }
        (_, "LastTimeOnline" | "Heartbeat") => Some(MILLISECONDS),
        (_, "X" | "Y" | "Z") => Some(COORDINATE),
        (_, "Battery") => Some("Percent."),
        (_, "Duration" | "Interval") => Some("Milliseconds."),
        (_, "StartTime" | "StopTime") => Some("Milliseconds since midnight in the branch's time zone."),
        (_, "Latitude") => Some("Degrees north."),
        (_, "Longitude") => Some("Degrees east."),
        (_, "Color") => Some("#rrggbb."),
        (_, "RSSI") => Some("dBm."),
        _ => None,
    }
}

/// How well an operation is known, and the settings that change it.
pub(super) fn known_from(endpoint: &Endpoint) -> String {
    let evidence = endpoint.evidence.replace("GUESS", "not documented by the vendor");
    let settings = endpoint.settings.iter().map(|setting| format!("`twinzo.{setting}`")).collect::<Vec<_>>().join(", ");
    match settings.as_str() {
        "" => format!("Known from: {evidence}."),
        settings => format!("Known from: {evidence}. Settings that change it: {settings}."),
    }
}

/// A body that works in the world that ships.
pub(super) fn example(operation: Operation) -> Option<Value> {
    match operation {
        Operation::Twinzo(Op::Authenticate) => {
            Some(json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "forklift-01-pass" }))
        }
        Operation::Twinzo(Op::Localization) => Some(json!([location()])),
        Operation::Twinzo(Op::LocalizationBatch) => {
            Some(json!([{ "Login": "forklift-01", "Locations": [location()] }]))
        }
        Operation::Twinzo(_) | Operation::Timbr(_) => None,
    }
}

fn location() -> Value {
    json!({ "Timestamp": 1_772_438_401_000_i64, "SectorId": 1, "X": 18250.5, "Y": 4100, "Z": 0, "Interval": 1000,
        "Battery": 76, "IsMoving": true })
}
