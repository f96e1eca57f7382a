//! Every operation of twinzo, described once: what it takes and answers, how well that is known, which settings change
//! it, and who does the work. `docs/twinzo.md` has a table that is made from this.

mod asked;
mod table;

use wire::authorization::{Credential, TokenContract};
use wire::collection::{
    AppInfo, Area, AreaOccurrence, Beacon, Branch, Client, Device, DynamicDevice, DynamicSector, FileInfo, Layer,
    LogEntry, LoginName, ManDown, ManDownResult, NewUser, Order, Path, Quantity, Sector, Sensor, SensorBatch,
    SensorBatchResult, SensorData, SensorRecord, SensorRecordResult, Shift, UserDetail,
};
use wire::contract::{Kind, Payload, Shape};
use wire::localization::{DeviceLocations, LocalizationResult, Location};

use super::problem::Refusal;
use super::rows::Shown;
use super::work::Work;
use super::{
    authorization, devices, library, localization, logs, man_down, occurrences, rows, sensors, tenants, zones,
};
use crate::answer::Answer;
use crate::operation::{Part, TwinzoOperation as Op};

use asked::{HISTORY, LOGIN, LOGIN_AND_PASSWORD, OCCURRENCES, ORDERS};

pub(crate) use asked::{Demands, Parameter, Signers};
pub use table::table;

/// How a signed operation is done.
pub(super) type Handler = fn(&mut Work<'_>) -> Result<Answer, Refusal>;

/// One operation.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint {
    /// Who may sign it.
    pub(crate) signers: Signers,
    /// What its query can say, beside what shapes every answer (§1).
    pub(crate) query: &'static [Parameter],
    /// Members of its answer whose rows it shows on request.
    pub(crate) expands: &'static [&'static str],
    /// What its body holds, if it has one.
    pub(crate) takes: Option<Content>,
    /// What is asked of the members of that.
    pub(crate) demands: Demands,
    /// What its answer holds.
    pub(crate) answers: Answers,
    /// Status of a good answer.
    pub(crate) status: u16,
    /// Statuses of refusals that neither its path nor its body tells of.
    pub(crate) refusals: &'static [u16],
    /// How well it is known: the marks of docs/twinzo.md.
    pub(crate) evidence: &'static str,
    /// Settings below `twinzo` that change it.
    pub(crate) settings: &'static [&'static str],
    /// Who does it, if headers sign it.
    pub(super) handler: Option<Handler>,
}

/// A contract, or a list of one.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    pub(crate) kind: Kind,
    pub(super) shape: &'static Shape,
    /// From protobuf to JSON.
    as_json: fn(&[u8]) -> Option<String>,
}

/// What an answer holds.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// Nothing.
    Nothing,
    /// A contract, or a list of one.
    Contract(Content),
    /// A JSON value of no contract.
    Json(&'static str),
    /// Bytes.
    Bytes,
}

const SDK: &str = "SDK";
const SDK_OBS: &str = "SDK, OBS";
const SDK_GUESS: &str = "SDK; answer GUESS";

const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

const fn content<T: Payload>() -> Content {
    Content { kind: T::KIND, shape: T::SHAPE, as_json: as_json::<T> }
}

fn as_json<T: Payload>(bytes: &[u8]) -> Option<String> {
    serde_json::to_string(&T::from_message(bytes).ok()?).ok()
}

const fn signed(status: u16, answers: Answers, evidence: &'static str, handler: Handler) -> Endpoint {
    Endpoint {
        signers: Signers::TokenOrKey,
        query: &[],
        expands: &[],
        takes: None,
        demands: Demands::NONE,
        answers,
        status,
        refusals: &[],
        evidence,
        settings: &[],
        handler: Some(handler),
    }
}

const fn contract<T: Payload>() -> Answers {
    Answers::Contract(content::<T>())
}

impl Endpoint {
    const fn taking<T: Payload>(mut self) -> Self {
        self.takes = Some(content::<T>());
        self
    }

    /// A row, and what is asked of a new one.
    const fn adding<R: Shown>(self) -> Self {
        self.taking::<R>().demanding(Demands::of::<R>()).refusing(&[CONFLICT])
    }

    /// With what is asked of its body, or of each element of it.
    const fn demanding(mut self, demands: Demands) -> Self {
        self.demands = demands;
        self
    }

    const fn asking(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    const fn expanding(mut self, members: &'static [&'static str]) -> Self {
        self.expands = members;
        self
    }

    const fn by(mut self, signers: Signers) -> Self {
        self.signers = signers;
        self
    }

    const fn refusing(mut self, refusals: &'static [u16]) -> Self {
        self.refusals = refusals;
        self
    }

    const fn with(mut self, settings: &'static [&'static str]) -> Self {
        self.settings = settings;
        self
    }
}

fn list<R: Shown>(evidence: &'static str) -> Endpoint {
    signed(200, contract::<Vec<R>>(), evidence, rows::list::<R>).expanding(R::EXPANDS)
}

fn get<R: Shown>(evidence: &'static str) -> Endpoint {
    signed(200, contract::<R>(), evidence, rows::get::<R>).expanding(R::EXPANDS)
}

fn create<R: Shown>(evidence: &'static str) -> Endpoint {
    signed(201, contract::<R>(), evidence, rows::create::<R>).adding::<R>()
}

fn patch<R: Shown>() -> Endpoint {
    let patch = signed(200, contract::<R>(), SDK_GUESS, rows::patch::<R>);
    patch.taking::<R>().demanding(Demands::of_part::<R>()).refusing(&[CONFLICT])
}

fn delete<R: Shown>(evidence: &'static str) -> Endpoint {
    signed(204, Answers::Nothing, evidence, rows::delete::<R>)
}

/// A protobuf body of an operation as JSON.
pub(crate) fn message_as_json(operation: Op, part: Part, bytes: &[u8]) -> Option<String> {
    let endpoint = describe(operation);
    let content = match (part, endpoint.answers) {
        (Part::Request, _) => endpoint.takes,
        (Part::Answer, Answers::Contract(content)) => Some(content),
        (Part::Answer, Answers::Nothing | Answers::Json(_) | Answers::Bytes) => None,
    };
    (content?.as_json)(bytes)
}

/// The description of an operation.
#[expect(clippy::too_many_lines, reason = "a table: a line an operation")]
pub(crate) fn describe(operation: Op) -> Endpoint {
    match operation {
        Op::Authenticate => Endpoint {
            handler: None,
            ..signed(200, contract::<TokenContract>(), "SDK, CPP, OBS", authorization::refresh)
        }
        .by(Signers::Nobody)
        .taking::<Credential>()
        .demanding(LOGIN_AND_PASSWORD)
        .with(&[
            "token_life",
            "single_session",
            "login_answer",
            "refusals.bad_login",
            "refusals.missing_login",
        ]),
        Op::Refresh => signed(200, contract::<TokenContract>(), "SDK, CPP; effect GUESS", authorization::refresh)
            .by(Signers::Token)
            .with(&["refresh", "token_life", "login_answer"]),
        Op::DeleteToken => Endpoint {
            handler: None,
            ..signed(204, Answers::Nothing, "SDK, CPP; status GUESS", authorization::refresh)
        }
        .by(Signers::TokenAlone)
        .with(&["answers.logout"]),
        Op::Localization => signed(200, contract::<LocalizationResult>(), "SDK, OBS, DOC", localization::one)
            .by(Signers::Token)
            .taking::<Vec<Location>>()
            .with(&["records", "stamp_tolerance"]),
        Op::LocalizationBatch => signed(200, contract::<Vec<LocalizationResult>>(), "SDK, DOC", localization::batch)
            .taking::<Vec<DeviceLocations>>()
            .demanding(LOGIN)
            .with(&["records", "stamp_tolerance"]),
        Op::AreasList => list::<Area>(SDK),
        Op::AreasGet => get::<Area>(SDK),
        Op::AreasCreate => create::<Area>(SDK_GUESS),
        Op::AreasPatch => patch::<Area>(),
        Op::AreasDelete => delete::<Area>(SDK_GUESS),
        Op::AreasOccurrence => {
            signed(200, contract::<Vec<AreaOccurrence>>(), "SDK; reckoning GUESS", occurrences::list)
                .asking(OCCURRENCES)
                .refusing(&[NOT_FOUND])
        }
        Op::AosOrders => signed(200, contract::<Vec<Order>>(), SDK, library::orders).asking(ORDERS),
        Op::BeaconsList => list::<Beacon>(SDK),
        Op::BeaconsGet => get::<Beacon>(SDK),
        Op::BeaconsCreate => create::<Beacon>(SDK_GUESS),
        Op::BeaconsPatch => patch::<Beacon>(),
        Op::BeaconsDelete => delete::<Beacon>(SDK_GUESS),
        Op::BranchesList => {
            signed(200, contract::<Vec<Branch>>(), SDK_OBS, tenants::branches).expanding(tenants::EXPANDS)
        }
        Op::BranchesGet => signed(200, contract::<Branch>(), SDK_OBS, tenants::branch).expanding(tenants::EXPANDS),
        Op::ClientsList => signed(200, contract::<Vec<Client>>(), SDK_OBS, tenants::clients),
        Op::ConfigurationBranch => signed(200, Answers::Json("any"), SDK, library::of_branch),
        Op::ConfigurationAccount => signed(200, Answers::Json("any"), SDK, library::of_account).by(Signers::Token),
        Op::ConfigurationLogin => signed(200, Answers::Json("any"), SDK, library::of_login),
        Op::ConfigurationChanged => signed(200, Answers::Json("integer"), SDK, library::last_change),
        Op::DevicesList => list::<Device>(SDK_OBS),
        Op::DevicesGet => get::<Device>(SDK_OBS),
        Op::DevicesCreate => create::<Device>("SDK, OBS-note"),
        Op::DevicesPatch => patch::<Device>(),
        Op::DevicesDelete => signed(204, Answers::Nothing, "SDK, OBS-note", devices::delete),
        Op::DevicesGetByLogin => {
            signed(200, contract::<Device>(), SDK_OBS, devices::by_login).expanding(Device::EXPANDS)
        }
        Op::DevicesLocations => {
            signed(200, contract::<Vec<Location>>(), SDK, devices::locations).asking(HISTORY).refusing(&[NOT_FOUND])
        }
        Op::DevicesDynamic => signed(200, contract::<Vec<DynamicDevice>>(), SDK, devices::dynamic),
        Op::DevicesDynamicShort => signed(200, contract::<Vec<DynamicSector>>(), SDK, devices::dynamic_short),
        Op::DevicesManDown => signed(200, contract::<ManDownResult>(), SDK_GUESS, man_down::one)
            .taking::<ManDown>()
            .demanding(LOGIN)
            .with(&["answers.man_down_action", "records.other_logins"]),
        Op::DevicesManDownBatch => signed(200, contract::<Vec<ManDownResult>>(), SDK_GUESS, man_down::batch)
            .taking::<Vec<ManDown>>()
            .demanding(LOGIN)
            .with(&["answers.man_down_action", "records.other_logins", "records.empty", "records.object"]),
        Op::LayersList => list::<Layer>(SDK),
        Op::LayersGet => get::<Layer>(SDK),
        Op::LayersCreate => create::<Layer>(SDK_GUESS),
        Op::LayersPatch => patch::<Layer>(),
        Op::LayersDelete => delete::<Layer>(SDK_GUESS),
        Op::LayersLocalization => signed(200, contract::<Vec<Layer>>(), SDK, zones::of_device),
        Op::LayersLocalizationPost => signed(200, contract::<Vec<Layer>>(), "CPP", zones::of_device_posted)
            .taking::<LoginName>()
            .demanding(LOGIN)
            .refusing(&[NOT_FOUND]),
        Op::LayersNoGo => signed(200, contract::<Vec<Layer>>(), "CPP", zones::no_go),
        Op::LogsCreate => signed(201, contract::<LogEntry>(), SDK_GUESS, logs::create).adding::<LogEntry>(),
        Op::PathsList => list::<Path>(SDK),
        Op::PathsGet => get::<Path>(SDK),
        Op::QuantitiesList => list::<Quantity>(SDK),
        Op::QuantitiesGet => get::<Quantity>(SDK),
        Op::QuantitiesCreate => create::<Quantity>(SDK_GUESS),
        Op::QuantitiesPatch => patch::<Quantity>(),
        Op::QuantitiesDelete => delete::<Quantity>(SDK_GUESS),
        Op::SectorsList => list::<Sector>(SDK_OBS),
        Op::SectorsGet => get::<Sector>(SDK_OBS),
        Op::SectorsCreate => create::<Sector>(SDK_GUESS),
        Op::SectorsPatch => patch::<Sector>(),
        Op::SectorsDelete => {
            signed(200, Answers::Json("text"), SDK, library::delete_sector).with(&["answers.sector_delete"])
        }
        Op::SensorDatasList => list::<SensorData>(SDK),
        Op::SensorDatasGet => get::<SensorData>(SDK),
        Op::SensorDatasCreate => create::<SensorData>(SDK_GUESS),
        Op::SensorDatasPatch => patch::<SensorData>(),
        Op::SensorDatasDelete => delete::<SensorData>(SDK_GUESS),
        Op::SensorsList => list::<Sensor>(SDK),
        Op::SensorsGet => get::<Sensor>(SDK),
        Op::SensorsCreate => signed(201, contract::<Vec<Sensor>>(), SDK_GUESS, sensors::create)
            .adding::<Sensor>()
            .with(&["answers.sensor_made"]),
        Op::SensorsPatch => patch::<Sensor>(),
        Op::SensorsDelete => signed(204, Answers::Nothing, SDK_GUESS, sensors::delete),
        Op::SensorsGetByLogin => signed(200, contract::<Sensor>(), SDK, sensors::by_login).expanding(Sensor::EXPANDS),
        Op::SensorsAppInfo => signed(200, contract::<AppInfo>(), SDK, sensors::app_info),
        Op::SensorsData => signed(200, contract::<Vec<SensorRecordResult>>(), "SDK, DOC", sensors::data)
            .by(Signers::Token)
            .taking::<Vec<SensorRecord>>()
            .refusing(&[CONFLICT])
            .with(&["records.empty", "records.object"]),
        Op::SensorsBatch => signed(200, contract::<Vec<SensorBatchResult>>(), "SDK, DOC", sensors::batch)
            .taking::<Vec<SensorBatch>>()
            .demanding(LOGIN)
            .refusing(&[CONFLICT])
            .with(&["records.empty", "records.object", "records.other_logins"]),
        Op::ShiftsList => list::<Shift>(SDK),
        Op::ShiftsGet => get::<Shift>(SDK),
        Op::ShiftsCreate => create::<Shift>(SDK_GUESS),
        Op::ShiftsPatch => patch::<Shift>(),
        Op::ShiftsDelete => delete::<Shift>(SDK_GUESS),
        Op::UsersCreate => signed(201, contract::<UserDetail>(), "route OBS; contracts GUESS", library::create_user)
            .taking::<NewUser>()
            .demanding(LOGIN_AND_PASSWORD)
            .refusing(&[CONFLICT]),
        Op::UsersDetail => {
            signed(200, contract::<UserDetail>(), SDK, library::user_detail).by(Signers::Token).refusing(&[NOT_FOUND])
        }
        Op::UtilsDemoFiles => signed(200, contract::<Vec<FileInfo>>(), SDK, library::demo_files),
        Op::UtilsFile => signed(200, Answers::Bytes, SDK, library::file),
        Op::UtilsDemoFile => signed(200, Answers::Bytes, SDK, library::demo_file),
        Op::UtilsUnityVersion => signed(200, Answers::Json("text"), SDK, library::unity_version),
        Op::UtilsBundle => signed(200, contract::<FileInfo>(), SDK, library::bundle),
    }
}
