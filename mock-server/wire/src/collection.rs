//! What the areas of §6 show and take, §6.1. Members stand in the observed order, or in that of the SDK; numbers are
//! those of the vendor's C++ devkit.

mod device;
mod other;
mod place;
mod sensor;
mod zone;

pub use device::{Device, DynamicDevice, DynamicPlace, DynamicSector, FallStatus, ManDown, ManDownResult};
pub use other::{FileInfo, LogEntry, NewUser, Order, Quantity, Shift, UserDetail};
pub use place::{Barrier, Branch, Client, GpsItem, Sector};
pub use sensor::{
    AppInfo, DataType, Range, RangeStep, Sensor, SensorBatch, SensorBatchResult, SensorData, SensorRecord,
    SensorRecordResult,
};
pub use zone::{Area, AreaOccurrence, Beacon, Layer, LoginName, Path, PathPoint, Point};
