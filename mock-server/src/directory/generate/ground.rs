//! Where rows are made: branches, their sectors and layers, and how a row comes into its table.

use uuid::Uuid;
use wire::collection::{Layer, Sector};

use super::draw::Draw;
use super::{Generate, InvalidGenerate};
use crate::directory::build::{Draft, Home, MADE};
use crate::directory::derive::seeded_guid;
use crate::directory::invalid::Problem;
use crate::directory::rows::{Birth, Row};
use crate::directory::{Branch, BranchId, ClientId, Full};

/// A world that rows are added to.
pub(super) struct Ground<'d> {
    pub(super) draft: &'d mut Draft,
    sites: Vec<Site>,
}

/// A branch that gets rows.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) home: Home,
    pub(super) plots: Vec<Plot>,
    /// Numbers of its layers.
    pub(super) layers: Vec<i32>,
}

/// A sector that rows lie in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    /// Number of the sector.
    pub(super) sector: i32,
    /// In sector coordinates.
    pub(super) width: f32,
    /// In sector coordinates.
    pub(super) height: f32,
}

/// A row to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'s> {
    pub(super) site: &'s Site,
    /// Number of the row.
    pub(super) number: i32,
}

// === impl Ground ===

impl<'d> Ground<'d> {
    /// The branches, sectors and layers that the rest of the rows need.
    pub(super) fn new(spec: Generate, draft: &'d mut Draft) -> Result<Self, InvalidGenerate> {
        let homes =
            if spec.branches > 0 { draft.grow(spec.branches)? } else { draft.first_home().into_iter().collect() };
        let sites = homes.into_iter().map(|home| Site { home, plots: Vec::new(), layers: Vec::new() }).collect();
        let mut ground = Self { draft, sites };
        ground.add_sectors(spec)?;
        ground.add_layers(spec)?;
        Ok(ground)
    }

    fn add_sectors(&mut self, spec: Generate) -> Result<(), InvalidGenerate> {
        let mut draw = Draw::new(self.draft.seed, "sectors");
        for ordinal in 0..spec.sectors {
            self.add_sector(ordinal, &mut draw)?;
        }
        let is_needed = spec.areas > 0 || spec.paths > 0;
        for ordinal in (0..).take(self.sites.len()) {
            let Some(site) = self.sites.get_mut(place(ordinal)).filter(|site| site.plots.is_empty()) else { continue };
            let there = Sector::table(&self.draft.tables).of(site.home.branch);
            site.plots = there.map(|sector| Plot::of(sector)).collect();
            if site.plots.is_empty() && is_needed {
                self.add_sector(ordinal, &mut draw)?;
            }
        }
        Ok(())
    }

    fn add_sector(&mut self, ordinal: u32, draw: &mut Draw) -> Result<(), InvalidGenerate> {
        let (width, height) = (draw.between(30, 200), draw.between(20, 120));
        // Whole metres, in millimetres.
        let (width, height) = (f32::from(width) * 1000.0, f32::from(height) * 1000.0);
        let (floor, floor_name) = draw.one(&[(0, "Ground"), (1, "First"), (2, "Second")]).unwrap_or((0, "Ground"));
        let sector = self.add_one(ordinal, "sectors", "sector", |slot| Sector {
            title: format!("Sector {}", slot.number),
            sector_width: width,
            sector_height: height,
            barrier_width: width / 100.0,
            barrier_height: height / 100.0,
            floor: Some(floor),
            floor_name: Some(floor_name.to_owned()),
            ..Sector::blank()
        })?;
        if let Some(site) = self.site_mut(ordinal) {
            site.plots.push(Plot { sector, width, height });
        }
        Ok(())
    }

    fn add_layers(&mut self, spec: Generate) -> Result<(), InvalidGenerate> {
        let mut draw = Draw::new(self.draft.seed, "layers");
        for ordinal in 0..spec.layers {
            self.add_layer(ordinal, &mut draw)?;
        }
        let is_needed = spec.areas > 0 || spec.paths > 0;
        for ordinal in (0..).take(self.sites.len()) {
            let Some(site) = self.sites.get_mut(place(ordinal)).filter(|site| site.layers.is_empty()) else { continue };
            site.layers = Layer::table(&self.draft.tables).of(site.home.branch).map(|layer| layer.id).collect();
            if site.layers.is_empty() && is_needed {
                self.add_layer(ordinal, &mut draw)?;
            }
        }
        Ok(())
    }

    fn add_layer(&mut self, ordinal: u32, draw: &mut Draw) -> Result<(), InvalidGenerate> {
        let is_no_go = draw.between(1, 8) == 8;
        let layer = self.add_one(ordinal, "layers", "layer", |slot| Layer {
            title: format!("Layer {}", slot.number),
            visible: true,
            localization: true,
            is_no_go,
            ..Layer::blank()
        })?;
        if let Some(site) = self.site_mut(ordinal) {
            site.layers.push(layer);
        }
        Ok(())
    }

    /// Makes rows, and puts them into the branches in turn. `collection` is what the spec calls them, `what` what one is.
    pub(super) fn add<R: Row>(
        &mut self,
        count: u32,
        collection: &'static str,
        what: &'static str,
        make: impl Fn(&mut Draw, Slot<'_>) -> R,
    ) -> Result<(), InvalidGenerate> {
        let mut draw = Draw::new(self.draft.seed, collection);
        for ordinal in 0..count {
            self.add_one(ordinal, collection, what, |slot| make(&mut draw, slot))?;
        }
        Ok(())
    }

    fn add_one<R: Row>(
        &mut self,
        ordinal: u32,
        collection: &'static str,
        what: &'static str,
        make: impl FnOnce(Slot<'_>) -> R,
    ) -> Result<i32, InvalidGenerate> {
        let refused = |problem| InvalidGenerate { what: collection, problem };
        let full = || refused(Problem::Full(Full::Rows));
        let number = R::table(&self.draft.tables).next_number().ok_or_else(full)?;
        let site = self.site(ordinal).ok_or_else(full)?;
        let (home, row) = (site.home, make(Slot { site, number }));
        self.put(home, what, number, row).map_err(refused)?;
        Ok(number)
    }

    /// Puts a row where it is at home.
    pub(super) fn put<R: Row>(
        &mut self,
        home: Home,
        what: &'static str,
        number: i32,
        mut row: R,
    ) -> Result<(), Problem> {
        // Most rows have none.
        let has_guid = R::FIXED.contains(&"Guid");
        let guid = if has_guid { seeded_guid(self.draft.seed, &home.row_place(what, number)) } else { Uuid::nil() };
        row.identify(Birth { number, branch: home.number, guid, now: MADE });
        row.settle(home.number);
        self.draft.put(home, row)
    }

    /// The branch whose turn it is.
    pub(super) fn site(&self, ordinal: u32) -> Option<&Site> {
        self.sites.get(place(ordinal).checked_rem(self.sites.len())?)
    }

    fn site_mut(&mut self, ordinal: u32) -> Option<&mut Site> {
        let turn = place(ordinal).checked_rem(self.sites.len())?;
        self.sites.get_mut(turn)
    }
}

fn place(ordinal: u32) -> usize {
    usize::try_from(ordinal).unwrap_or(usize::MAX)
}

// === impl Plot ===

impl Plot {
    fn of(sector: &Sector) -> Self {
        Self { sector: sector.id, width: sector.sector_width, height: sector.sector_height }
    }
}

// === impl Draft ===

impl Draft {
    /// The first branch of the first client.
    fn first_home(&self) -> Option<Home> {
        let mut branches = self.tenants.branches.iter();
        let position = branches.position(|branch| branch.client == ClientId(0))?;
        self.home(position)
    }

    /// Adds branches to the first client.
    fn grow(&mut self, count: u32) -> Result<Vec<Home>, InvalidGenerate> {
        let refused = |problem| InvalidGenerate { what: "branches", problem };
        let mut draw = Draw::new(self.seed, "branches");
        let mut number = self.tenants.branches.iter().map(|branch| branch.id).max().unwrap_or(0);
        let mut homes = Vec::new();
        for _ in 0..count {
            let full = || refused(Problem::Full(Full::Rows));
            number = number.checked_add(1).ok_or_else(full)?;
            let title = format!("Branch {number}");
            // Where people live.
            let (latitude, longitude) = (draw.between(0, 11_000), draw.between(0, 36_000));
            let branch = Branch {
                id: number,
                guid: seeded_guid(self.seed, &format!("generate/branch/{number}")),
                client: ClientId(0),
                title,
                time_zone: "UTC".to_owned(),
                latitude: f64::from(latitude) / 100.0 - 50.0,
                longitude: f64::from(longitude) / 100.0 - 180.0,
                address: None,
                country: None,
                city: None,
                zip_code: None,
            };
            let home = BranchId(self.tenants.branches.len());
            let taken = self.tenants.branch_by_guid.insert(branch.guid, home).is_some();
            if taken {
                return Err(refused(Problem::twice(format!("branch guid \"{}\"", branch.guid), "the world")));
            }
            self.tenants.branches.push(branch);
            homes.extend(self.home(home.0));
        }
        Ok(homes)
    }
}
