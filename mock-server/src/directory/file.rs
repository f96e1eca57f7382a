//! Worlds in files: TOML or JSON, the same structure and names in both. What is wrong with one is said with file, line and
//! caret.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_path_to_error::{Deserializer, Segment, Track};

use super::build::Draft;
use super::generate::InvalidGenerate;
use super::invalid::Place;
use super::position::{json_key_position, json_position, toml_position};
use super::{Directory, Generate, World};
use crate::excerpt::Excerpt;
use crate::json::{Members, Names};
use crate::ontology::OntologyError;

/// Why a world cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// Nothing says what the file is written in.
    #[error("{}: a world is written in TOML or JSON, and its name says in which; allowed: .toml, .json", .0.display())]
    Format(PathBuf),
    /// The file says something that it may not.
    #[error(transparent)]
    Invalid(Box<Excerpt>),
    /// What is to be made cannot be.
    #[error("generate: {0}")]
    Generate(#[from] InvalidGenerate),
    /// A folder of ontologies cannot be used.
    #[error(transparent)]
    Ontologies(#[from] OntologyError),
}

/// What a world is written in.
#[derive(Clone, Copy, Debug)]
enum Format {
    Toml,
    Json,
}

/// Some editors put it in front.
const BYTE_ORDER_MARK: char = '\u{feff}';

const DEFAULT_WORLD: &str = include_str!("default-world.toml");

// === impl Directory ===

impl Directory {
    /// The world that ships with the server.
    pub fn default_world() -> Result<Self, WorldError> {
        // It leaves nothing out that a seed would decide.
        Self::load(None, &Generate::default(), 0)
    }

    /// The world of a file, or else the one that ships, and what is to be made beside it.
    pub fn load(file: Option<&Path>, generate: &Generate, seed: u64) -> Result<Self, WorldError> {
        let mut draft = match file {
            None => Format::Toml.read(Path::new("default-world.toml"), DEFAULT_WORLD, seed)?,
            Some(path) => {
                let format = Format::of(path)?;
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|cause| WorldError::Unreadable { path: path.to_owned(), cause })?;
                format.read(path, &text, seed)?
            }
        };
        generate.add_to(&mut draft)?;
        let mut directory = draft.finish();
        if file.is_none() {
            Arc::make_mut(&mut directory.timbr).add_built_in();
        }
        Ok(directory)
    }
}

// === impl Format ===

impl Format {
    fn of(path: &Path) -> Result<Self, WorldError> {
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("toml") {
            Ok(Self::Toml)
        } else if extension.eq_ignore_ascii_case("json") {
            Ok(Self::Json)
        } else {
            Err(WorldError::Format(path.to_owned()))
        }
    }

    fn read(self, path: &Path, text: &str, seed: u64) -> Result<Draft, Excerpt> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let world = match self {
            Self::Toml => toml::from_str(text).map_err(|error| Excerpt::of_toml(path, text, &error)),
            Self::Json => from_json(path, text),
        };
        Draft::of(world?, seed).map_err(|error| {
            // Only a bad file pays for a second reading, which says where its parts stand.
            let offset = match self {
                Self::Toml => toml_position(text, &error.place),
                Self::Json => json_position(text, &error.place),
            };
            Excerpt::at(path, text, offset, error.problem.to_string())
        })
    }
}

fn from_json(path: &Path, text: &str) -> Result<World, Excerpt> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let world = World::deserialize(Members(Names::Exact, Deserializer::new(&mut json, &mut track)));
    world.and_then(|world| json.end().map(|()| world)).map_err(|error| {
        let whole = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = whole.strip_suffix(&place).unwrap_or(&whole).to_owned();
        let offset = if error.is_data() {
            // Where the reader stopped is behind what it stopped at.
            let value = json_position(text, &place_of(track));
            if message.starts_with("unknown field") { json_key_position(text, value) } else { value }
        } else {
            let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            line + error.column().saturating_sub(1)
        };
        Excerpt::at(path, text, offset, message)
    })
}

fn place_of(track: Track) -> Place {
    let path = track.path();
    let known = path.iter().take_while(|segment| !matches!(segment, Segment::Unknown));
    known.fold(Place::default(), |place, segment| match segment {
        Segment::Seq { index } => place.index(*index),
        Segment::Map { key } | Segment::Enum { variant: key } => place.key(key.clone()),
        Segment::Unknown => place,
    })
}

impl From<Excerpt> for WorldError {
    fn from(excerpt: Excerpt) -> Self {
        Self::Invalid(Box::new(excerpt))
    }
}
