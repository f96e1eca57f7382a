//! Sensors and what they measure.

use crate::contract::{Narrow, WriteOnly};
use crate::localization::Action;
use crate::{choice, contract};

choice! {
    /// Of which type a value is; the value itself is a text. The order is that of the vendor's enumeration.
    pub enum DataType as text {
        /// 8 bits without sign.
        Byte = "Byte" @ 0,
        /// 8 bits with sign.
        SByte = "SByte" @ 1,
        /// 32 bits with sign.
        Int32 = "Int32" @ 2,
        /// 32 bits without sign.
        UInt32 = "UInt32" @ 3,
        /// 16 bits with sign.
        Int16 = "Int16" @ 4,
        /// 16 bits without sign.
        UInt16 = "UInt16" @ 5,
        /// 64 bits with sign.
        Int64 = "Int64" @ 6,
        /// 64 bits without sign.
        UInt64 = "UInt64" @ 7,
        /// Single precision.
        Single = "Single" @ 8,
        /// Double precision.
        Double = "Double" @ 9,
        /// One character.
        Char = "Char" @ 10,
        /// True or false.
        Boolean = "Boolean" @ 11,
        /// A text.
        String = "String" @ 12,
        /// A decimal number.
        Decimal = "Decimal" @ 13,
        /// A moment.
        DateTime = "DateTime" @ 14,
        /// An address.
        Url = "URL" @ 15,
    }
}

contract! {
    /// A sensor.
    pub struct Sensor = "SensorContract" besides [10, 13] {
        /// Number of the sensor.
        id: i32 = "Id" @ 1,
        /// Login of the sensor.
        login: String = "Login" @ 2,
        /// Name for people.
        title: String = "Title" @ 3,
        /// Hardware address.
        mac: Option<String> = "Mac" @ 4,
        /// Free text.
        note: Option<String> = "Note" @ 5,
        /// Sector coordinate.
        x: Option<Narrow> = "X" @ 6,
        /// Sector coordinate.
        y: Option<Narrow> = "Y" @ 7,
        /// Charge in percent.
        battery: Option<f32> = "Battery" @ 8,
        /// Number of its sector.
        sector_id: Option<i32> = "SectorId" @ 9,
        /// Its newest data, one a quantity.
        sensor_data: Vec<SensorData> = "SensorData" @ 11,
        /// Number of its area.
        area_id: Option<i32> = "AreaId" @ 12,
        /// Name that another system has for it.
        external_id: Option<String> = "ExternalId",
        /// Number of its type.
        sensor_type_id: Option<i32> = "SensorTypeId",
        /// Password to log in with.
        password: WriteOnly<Option<String>> = "Password" @ 14,
        /// The SDK writes it, and knows it in no answer.
        color: WriteOnly<Option<String>> = "Color",
    }

    /// The newest value of one quantity of one sensor.
    pub struct SensorData = "SensorDataContract" {
        /// Number of the value.
        id: i32 = "Id",
        /// Number of its sensor.
        sensor_id: i32 = "SensorId",
        /// What was measured.
        quantity: String = "Quantity" @ 1,
        /// What came out, as a text whatever its type.
        value: Option<String> = "Value" @ 2,
        /// In which unit.
        unit: Option<String> = "Unit" @ 3,
        /// Of which type the value is.
        data_type: Option<DataType> = "DataType" @ 4,
        /// Unix milliseconds.
        timestamp: i64 = "Timestamp" @ 5,
        /// Its place among the values of the sensor.
        index: i32 = "Index" @ 7,
        /// Whether the vendor's apps show it.
        visible_in_app: bool = "VisibleInApp",
        /// How the vendor's apps colour it.
        range: Option<Range> = "Range" @ 6,
    }

    /// How values are coloured. Its names are lower-case on the wire.
    pub struct Range = "RangeContract" {
        /// Which kind of range.
        kind: Option<String> = "type" @ 1,
        /// Its steps.
        ranges: Vec<RangeStep> = "ranges" @ 2,
    }

    /// One step of a range.
    pub struct RangeStep = "RangesContract" {
        /// `#rrggbb`.
        color: Option<String> = "color" @ 1,
        /// From which value on.
        value: Option<String> = "value" @ 2,
    }

    /// A measured value on its way in.
    pub struct SensorRecord = "SensorDataBatchContract" {
        /// Unix milliseconds.
        timestamp: i64 = "Timestamp" @ 1,
        /// What was measured.
        quantity: Option<String> = "Quantity" @ 2,
        /// What came out, as a text whatever its type.
        value: Option<String> = "Value" @ 3,
        /// In which unit.
        unit: Option<String> = "Unit" @ 4,
        /// Of which type the value is.
        data_type: Option<DataType> = "DataType" @ 5,
        /// Whether the sensor trusts it.
        value_ok: Option<bool> = "ValueOK" @ 6,
    }

    /// What became of one of these.
    pub struct SensorRecordResult = "SensorDataResponseContract" {
        /// What was measured.
        quantity: Option<String> = "Quantity",
        /// The time that was sent.
        timestamp: i64 = "Timestamp",
        /// Whether it was stored.
        success: bool = "Success",
        /// What the server did with it.
        action: Action = "Action",
        /// Why it was not stored.
        error_message: Option<String> = "ErrorMessage",
    }

    /// Values of one sensor inside a batch.
    pub struct SensorBatch = "SensorBatchContract" {
        /// Login of the sensor.
        login: Option<String> = "Login" @ 1,
        /// Its values.
        sensor_data: Option<Vec<SensorRecord>> = "SensorData" @ 2,
    }

    /// What became of one sensor's values.
    pub struct SensorBatchResult = "SensorBatchResponseContract" {
        /// Login of the sensor.
        login: String = "Login",
        /// False if nothing was stored.
        success: bool = "Success",
        /// Why not.
        error_message: Option<String> = "ErrorMessage",
        /// One result a value, in the order sent.
        sensor_data: Vec<SensorRecordResult> = "SensorData",
    }

    /// The app for sensors.
    pub struct AppInfo = "SensorAppInfoContract" {
        /// Its version.
        version: String = "Version" @ 1,
        /// Its size in bytes.
        size: i64 = "Size" @ 2,
    }
}
