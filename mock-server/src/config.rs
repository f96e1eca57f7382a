//! The configuration: one section a file, each value checked where it is read, so that an error can point at it.
//!
//! Order of authority: default, file, environment, flag; what changes at run time is state and lives in the sandbox.

mod file;
mod open;
mod sections;
mod timbr;
mod twinzo;
mod unit;
mod world;

pub use file::{ConfigError, Unchecked, read};
pub use open::{
    ActionForm, AnswersSection, BadLogin, CountForm, Credentials, Duplicate, ErrorBody, ExpiredToken, Fidelity, Gone,
    MissingLogin, NoDevice, Presence, Reception, RecordsSection, RefreshedToken, RefusalsSection, Refused, SectorGone,
    SensorMade, SigningSection,
};
pub use sections::{
    Cors, EntropySection, JournalSection, LimitsSection, PositionsSection, ServerSection, TimbrSection, TlsSection,
};
pub use timbr::{ContentTypes, ErrorStyle, Example, HistorySection, MessageSpec, PlatformSection, PromptPart, Role};
pub use twinzo::{OldToken, RefreshSection, TwinzoSection};
pub(crate) use unit::parse_signed;
pub use unit::{Count, Size, Span};
pub use world::WorldSection;

use serde::Deserialize;

use crate::clock::ClockSetting;
use crate::fault::RuleSpec;
use crate::limit::LimitSpec;

/// Everything that a file may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the server listens, and who may steer it.
    pub server: ServerSection,
    /// What a connection and a request may cost.
    pub limits: LimitsSection,
    /// What the record of exchanges keeps.
    pub journal: JournalSection,
    /// The time to start with.
    pub clock: ClockSetting,
    /// The draws.
    pub entropy: EntropySection,
    /// What the vendors' back offices know at the start.
    pub world: WorldSection,
    /// The history of positions.
    pub positions: PositionsSection,
    /// The twinzo API.
    pub twinzo: TwinzoSection,
    /// The Timbr service.
    pub timbr: TimbrSection,
    /// Rules that are in force from the start.
    pub faults: Vec<RuleSpec>,
    /// How much each client, branch, account or token may ask for.
    pub rate_limits: Vec<LimitSpec>,
}
