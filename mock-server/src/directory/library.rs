//! What the vendor's apps fetch: configuration, files, bundles and versions. Nothing of it changes at run time.

use std::collections::BTreeMap;
use std::sync::Arc;

use wire::collection::{AppInfo, FileInfo};

use super::BranchId;

/// The whole of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Library {
    pub(crate) configuration: Vec<Configured>,
    pub(crate) files: Vec<File>,
    pub(crate) demo_files: Vec<File>,
    pub(crate) bundles: Vec<FileInfo>,
    /// Newest version of the vendor's app, by platform.
    pub(crate) unity: BTreeMap<String, String>,
    pub(crate) sensor_app: AppInfo,
}

/// A value that is configured for a branch, or for one account of it.
#[derive(Clone, Debug)]
pub(crate) struct Configured {
    pub(crate) branch: BranchId,
    pub(crate) login: Option<Arc<str>>,
    pub(crate) key: String,
    pub(crate) value: serde_json::Value,
    /// Unix milliseconds of the last change.
    pub(crate) changed: i64,
}

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) text: String,
}

// === impl File ===

impl File {
    /// As it is listed.
    pub(crate) fn info(&self) -> FileInfo {
        let size = i64::try_from(self.text.len()).unwrap_or(i64::MAX);
        FileInfo { version: self.version.clone(), size, name: Some(self.name.clone()) }
    }
}
