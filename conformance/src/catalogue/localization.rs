//! What a position looks like.

use serde_json::json;

use super::record::records;
use super::{Case, Check, DEVICE};
use crate::check::{deliver, seen};
use crate::step::Ask;

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        id: "LOC-01",
        profiles: DEVICE,
        ops: &["send"],
        steps: |scene| {
            let mut records = records(scene, 0, 1);
            for record in &mut records {
                record["z"] = json!(150.0);
                record["battery"] = json!(87);
                record["moving"] = json!(true);
            }
            vec![Ask::new("send").with("records", records).into()]
        },
        delivered: seen::sent_records,
        checks: &[
            Check {
                name: "endpoint",
                says: "a device posts to the device's endpoint",
                kind: None,
                judge: deliver::device_endpoint,
            },
            Check { name: "array", says: "the body is an array", kind: None, judge: deliver::body_is_array },
            Check {
                name: "fields",
                says: "time, sector and coordinates are there, as given",
                kind: None,
                judge: deliver::fields_as_given,
            },
        ],
        ..Case::PLAIN
    }]
}
