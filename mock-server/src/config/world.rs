//! `[world]`: what the vendors' back offices know at the start.

use std::path::PathBuf;

use serde::Deserialize;

use super::Config;
use crate::directory::{Directory, Generate, WorldError};
use crate::ontology;

/// `[world]`: what the vendors' back offices know at the start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldSection {
    /// File of the world, TOML or JSON; the one that ships if absent.
    pub file: Option<PathBuf>,
    /// Rows that are made and added to it.
    pub generate: Generate,
    /// Folder of ontologies, one a subfolder, which are added to it.
    pub ontologies: Option<PathBuf>,
}

// === impl Config ===

impl Config {
    /// The world that it names, read and checked.
    pub fn directory(&self) -> Result<Directory, WorldError> {
        let mut directory = Directory::load(self.world.file.as_deref(), &self.world.generate, self.entropy.seed)?;
        if let Some(folder) = &self.world.ontologies {
            directory.join(&ontology::read(folder)?);
        }
        Ok(directory)
    }
}
