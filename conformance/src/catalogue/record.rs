//! Records to send. Each has an X of its own, by which it is known again whatever becomes of its time.

use serde_json::{Value, json};

use super::Scene;
use crate::step::Ask;

/// The first record is this long before the case.
const AGE_MS: i64 = 60 * 60 * 1000;

/// Consecutive records, one second apart, the first of them number `first`.
pub(super) fn records(scene: &Scene<'_>, first: usize, count: usize) -> Vec<Value> {
    let devices = &scene.credentials.devices;
    let is_for_many = scene.cfg.get("profile").and_then(Value::as_str) != Some("device");
    (first..first + count)
        .map(|number| {
            let offset = i64::try_from(number).unwrap_or_default();
            let mut record = json!({
                "timestamp_ms": scene.t0_ms - AGE_MS + offset * 1000,
                "sector_id": 1,
                // Exact in single precision.
                "x": 1000.0 + f64::from(u32::try_from(number).unwrap_or_default()) / 2.0,
                "y": 8300.0,
            });
            if is_for_many && let Some(login) = devices.get(number % devices.len().max(1)) {
                record["login"] = json!(login);
            }
            record
        })
        .collect()
}

/// Asks for records to be sent.
pub(super) fn send(scene: &Scene<'_>, first: usize, count: usize) -> Ask {
    Ask::new("send").with("records", records(scene, first, count))
}
