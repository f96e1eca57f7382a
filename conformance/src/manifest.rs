//! The manifest of a client: a TOML file that says how to start its driver and what it claims.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

use crate::file::{FileError, read_toml};

/// What a client says of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// How messages travel.
    #[serde(default)]
    pub carrier: Carrier,
    /// The driver's program and arguments; relative paths start at the manifest's folder, which is the working directory.
    pub argv: Vec<String>,
    /// What the client claims to be able to do.
    pub profiles: Vec<Profile>,
    /// Whose clock it follows.
    pub clock: ClockClass,
    /// Its expected failures, beside the manifest.
    #[serde(default)]
    pub ledger: Option<PathBuf>,
    /// More environment for the driver.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long things may take, on the real clock.
    #[serde(default)]
    pub limits: Limits,
    /// Where it stands.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    /// JSON lines on standard input and output.
    #[default]
    Stdio,
}

/// What a client can be opened as, or claims beside that.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A twinzo device that logs in.
    Device,
    /// A twinzo server with a static key.
    Server,
    /// A twinzo server with a static key that sends for many devices.
    Batch,
    /// A Timbr client that buys its token with a bearer.
    TimbrBearer,
    /// A Timbr client with a token from outside.
    TimbrToken,
    /// Beside one of the two: it queries.
    TimbrQuery,
}

/// Whose clock a client follows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockClass {
    /// The machine's.
    Real,
    /// The machine's, with durations that the harness configures.
    Scaled,
    /// The harness's.
    Virtual,
}

/// How long things may take, on the real clock.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until the driver has answered what is answered at once: `hello`, `tick`, `open`, `idle` and `close`.
    #[serde(deserialize_with = "duration")]
    pub start: Duration,
    /// One operation.
    #[serde(deserialize_with = "duration")]
    pub operation: Duration,
}

const LONGEST: Duration = Duration::from_hours(1);

// === impl Manifest ===

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or says something that it may not.
    pub fn load(path: &Path) -> Result<Self, FileError> {
        let mut manifest: Self = read_toml(path)?;
        if manifest.argv.first().is_none_or(String::is_empty) {
            return Err(FileError::wrong(path, "argv: the driver's program is missing"));
        }
        if manifest.name.is_empty() || manifest.version.is_empty() {
            return Err(FileError::wrong(path, "name and version must not be empty"));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        manifest.folder = parent.canonicalize().map_err(|cause| FileError::unreadable(parent, cause))?;
        Ok(manifest)
    }

    /// Where its expected failures stand, if it has any.
    pub fn ledger_path(&self) -> Option<PathBuf> {
        self.ledger.as_ref().map(|ledger| self.folder.join(ledger))
    }
}

// === impl Profile ===

impl Profile {
    /// As in the driver protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Server => "server",
            Self::Batch => "batch",
            Self::TimbrBearer => "timbr-bearer",
            Self::TimbrToken => "timbr-token",
            Self::TimbrQuery => "timbr-query",
        }
    }
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self { start: Duration::from_secs(10), operation: Duration::from_secs(30) }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    use serde::de::Error as _;
    let text = String::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("{text:?} is not a duration; write it like 10s or 500ms"));
    let duration: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    let duration = Duration::try_from(duration).map_err(|_| wrong())?;
    if duration.is_zero() || duration > LONGEST {
        return Err(D::Error::custom(format!("{text:?} is out of range; allowed: more than 0s, up to 1h")));
    }
    Ok(duration)
}
