//! Times of records.

use super::record::send;
use super::{Case, Check, SENDER};
use crate::check::{deliver, seen};

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        id: "TS-01",
        profiles: SENDER,
        ops: &["send"],
        steps: |scene| vec![send(scene, 0, 3).into()],
        delivered: seen::sent_records,
        checks: &[Check {
            name: "integer-ms",
            says: "every Timestamp is the record's time, as an integer of milliseconds",
            kind: None,
            judge: deliver::stamps_are_integer_ms,
        }],
        ..Case::PLAIN
    }]
}
