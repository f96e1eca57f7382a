//! Sectors and layers: where things can be.

use uuid::Uuid;

use super::BranchId;

/// A sector of a branch.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Sector")]
pub struct Sector {
    pub id: i32,
    pub guid: Uuid,
    pub branch: BranchId,
    pub title: String,
    pub barrier_height: f32,
    pub barrier_width: f32,
    pub width: f32,
    pub height: f32,
    pub modified: i64,
    pub floor: Option<i32>,
    pub floor_name: Option<String>,
}

/// A layer of a branch.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Number of the layer.
    pub id: i32,
    /// Branch it belongs to.
    pub branch: BranchId,
    /// Name for people.
    pub title: String,
    /// Whether it takes part in localization.
    pub localization: bool,
    /// Whether its areas are forbidden.
    pub no_go: bool,
}

/// The table of both.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) sectors: Vec<Sector>,
    pub(super) layers: Vec<Layer>,
}
