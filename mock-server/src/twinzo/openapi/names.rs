//! Names of operations and contracts. The vendor's operations are named `{Controller}_{Action}`; of two of them the
//! name is known, and the others follow one rule (docs/openapi.md).

use wire::contract::Shape;

use super::super::endpoint::Demands;
use crate::operation::{Operation, TwinzoOperation as Op};

/// First segment of the path: `sensor-datas` → `SensorDatas`.
pub(super) fn controller(operation: Operation) -> String {
    pascal(operation.route().split('/').next().unwrap_or_default())
}

/// `devices.get_by_login` → `Devices_GetByLogin`.
pub(super) fn operation_id(operation: Operation) -> String {
    format!("{}_{}", controller(operation), action(operation))
}

fn action(operation: Operation) -> String {
    match operation {
        // The vendor's own.
        Operation::Twinzo(Op::Authenticate) => return "Authenticate".to_owned(),
        Operation::Twinzo(Op::Refresh) => return "RefreshToken".to_owned(),
        // Their names say no more than their paths.
        Operation::Twinzo(Op::Localization | Op::LayersLocalizationPost) => {
            let of_layers = operation == Operation::Twinzo(Op::LayersLocalizationPost);
            return if of_layers { "PostLocalization" } else { "Post" }.to_owned();
        }
        Operation::Twinzo(Op::LocalizationBatch) => return "PostBatch".to_owned(),
        Operation::Twinzo(_) | Operation::Timbr(_) => {}
    }
    let name = operation.name();
    let name = name.split_once('.').map_or(name, |(_, action)| action);
    match pascal(name).as_str() {
        "List" => "GetAll".to_owned(),
        action if *operation.method() == http::Method::GET && !action.starts_with("Get") => format!("Get{action}"),
        action => action.to_owned(),
    }
}

/// `man-down` and `man_down` → `ManDown`.
fn pascal(text: &str) -> String {
    let words = text.split(['-', '_']).map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

/// Which way a contract travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// Out.
    Answer,
    /// In; whether answers have a contract of the same name.
    Request { is_answered: bool },
}

/// The name of a contract in the document: the vendor's in answers, and in requests where no answer has it.
pub(super) fn contract(shape: &Shape, way: Way, demands: &Demands) -> String {
    let infix = match way {
        Way::Answer => return shape.name.to_owned(),
        Way::Request { .. } if demands.is_part => "Patch",
        Way::Request { is_answered: true } => "Write",
        Way::Request { is_answered: false } => "",
    };
    format!("{}{infix}Contract", shape.name.trim_end_matches("Contract"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_the_vendor_names_them() {
        let name = |operation| operation_id(Operation::Twinzo(operation));
        for (operation, expected) in [
            (Op::Authenticate, "Authorization_Authenticate"),
            (Op::Refresh, "Authorization_RefreshToken"),
            (Op::DeleteToken, "Authorization_DeleteToken"),
            (Op::Localization, "Localization_Post"),
            (Op::LocalizationBatch, "Localization_PostBatch"),
            (Op::DevicesList, "Devices_GetAll"),
            (Op::DevicesGet, "Devices_Get"),
            (Op::DevicesPatch, "Devices_Patch"),
            (Op::DevicesGetByLogin, "Devices_GetByLogin"),
            (Op::DevicesDynamicShort, "Devices_GetDynamicLocationsShort"),
            (Op::DevicesManDownBatch, "Devices_ManDownBatch"),
            (Op::SensorDatasCreate, "SensorDatas_Create"),
            (Op::LayersLocalization, "Layers_GetLocalization"),
            (Op::LayersLocalizationPost, "Layers_PostLocalization"),
            (Op::AosOrders, "Aos_GetOrders"),
        ] {
            assert_eq!(name(operation), expected);
        }
    }
}
