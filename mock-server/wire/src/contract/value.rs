//! What a member holds, for whoever compares, orders or checks rows without knowing their contract.

use std::borrow::Cow;

use uuid::Uuid;

/// A look at one member of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'v> {
    /// It is missing, or null.
    Nothing,
    /// True or false.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A single-precision number.
    Single(f32),
    /// A double-precision number.
    Double(f64),
    /// A text, or the name of an enumeration.
    Text(Cow<'v, str>),
    /// A GUID.
    Guid(Uuid),
    /// A list or an object.
    Compound,
}

// === impl Value ===

impl Value<'_> {
    /// Whether nothing is said: it is missing, or an empty text.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Nothing) || matches!(self, Self::Text(text) if text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collection::{Device, FallStatus, Layer};
    use crate::contract::{Contract, Linked, Narrow, WriteOnly};

    #[test]
    fn a_member_is_looked_at_by_its_name() {
        let device = Device {
            id: 7,
            title: "Reach truck".to_owned(),
            x: Some(Narrow(1.5)),
            battery: Some(87.5),
            fall_status: FallStatus::ManDown,
            password: WriteOnly(Some("hidden".to_owned())),
            layers: vec![Linked::Id(3)],
            ..Device::default()
        };
        for (name, expected) in [
            ("Id", Value::Integer(7)),
            ("Title", Value::Text("Reach truck".into())),
            ("X", Value::Double(1.5)),
            ("Battery", Value::Single(87.5)),
            ("FallStatus", Value::Text("ManDown".into())),
            ("IsMoving", Value::Bool(false)),
            ("SectorId", Value::Nothing),
            ("Password", Value::Nothing),
            ("Layers", Value::Compound),
            ("title", Value::Nothing),
        ] {
            assert_eq!(device.look_at(name), expected, "{name}");
        }
        assert_eq!(Layer::GETTERS.len(), Layer::SHAPE.fields.len());
    }
}
