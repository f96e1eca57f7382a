//! What is drawn on maps, and what is not at any place: areas, paths, beacons, quantities and shifts.

use wire::collection::{Area, Beacon, Path, PathPoint, Point, Quantity, Range, RangeStep, Shift};
use wire::contract::Narrow;

use super::draw::Draw;
use super::ground::{Ground, Plot, Slot};
use super::{Generate, InvalidGenerate};
use crate::directory::rows::Row;

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

// === impl Ground ===

impl Ground<'_> {
    /// All that cannot log in.
    pub(super) fn add_places(&mut self, spec: Generate) -> Result<(), InvalidGenerate> {
        self.add(spec.areas, "areas", "area", area)?;
        self.add(spec.paths, "paths", "path", path)?;
        self.add(spec.beacons, "beacons", "beacon", beacon)?;
        self.add(spec.quantities, "quantities", "quantity", quantity)?;
        self.add(spec.shifts, "shifts", "shift", shift)
    }
}

/// A rectangle.
fn area(draw: &mut Draw, Slot { site, number }: Slot<'_>) -> Area {
    let Plot { sector, width, height } = draw.one(&site.plots).unwrap_or(Plot::NOWHERE);
    let (left, bottom) = (draw.share(width, 0, 800), draw.share(height, 0, 800));
    let (right, top) = (left + draw.share(width, 20, 200), bottom + draw.share(height, 20, 200));
    let corners = [(left, bottom), (right, bottom), (right, top), (left, top)];
    Area {
        title: format!("Area {number}"),
        sector_id: sector,
        layer_id: draw.one(&site.layers),
        color: draw.colour(),
        coordinates: corners.map(|(x, y)| Point { x: Narrow(x.into()), y: Narrow(y.into()) }).into(),
        ..Area::blank()
    }
}

/// A line of a few points, from left to right.
fn path(draw: &mut Draw, Slot { site, number }: Slot<'_>) -> Path {
    let Plot { sector, width, height } = draw.one(&site.plots).unwrap_or(Plot::NOWHERE);
    let stretches = draw.between(2, 5);
    let step = 1000 / stretches;
    let points = (0..stretches).map(|stretch| PathPoint {
        x: draw.share(width, stretch * step, (stretch + 1) * step),
        y: draw.share(height, 0, 1000),
        ..PathPoint::default()
    });
    let path_points = points.collect();
    Path {
        title: format!("Path {number}"),
        sector_id: sector,
        layer_id: draw.one(&site.layers),
        color: draw.colour(),
        path_points,
        ..Path::blank()
    }
}

fn beacon(draw: &mut Draw, Slot { site, number }: Slot<'_>) -> Beacon {
    let plot = draw.one(&site.plots);
    let (x, y) = plot.map(|plot| plot.point(draw)).unzip();
    Beacon {
        title: format!("Beacon {number}"),
        sector_id: plot.map(|plot| plot.sector),
        mac: Some(draw.mac(number.unsigned_abs())),
        x,
        y,
        z: plot.map(|_| Narrow(f64::from(draw.between(25, 80)) * 100.0)),
        active: true,
        position: true,
        type_id: Some(1),
        ..Beacon::blank()
    }
}

fn quantity(draw: &mut Draw, Slot { number, .. }: Slot<'_>) -> Quantity {
    const KINDS: [(&str, &str); 5] =
        [("Temperature", "30"), ("Humidity", "70"), ("Pressure", "1030"), ("CO2", "1000"), ("Noise", "85")];
    let (title, high) = draw.one(&KINDS).unwrap_or_default();
    let step = |color: &str, value: &str| RangeStep { color: Some(color.to_owned()), value: Some(value.to_owned()) };
    Quantity {
        title: format!("{title} {number}"),
        range: Some(Range {
            kind: Some("number".to_owned()),
            ranges: vec![step("#38bdf8", "0"), step("#ef4444", high)],
        }),
        ..Quantity::blank()
    }
}

/// Eight hours, from a full hour on.
fn shift(draw: &mut Draw, Slot { number, .. }: Slot<'_>) -> Shift {
    let start = i64::from(draw.between(0, 23));
    Shift {
        title: format!("Shift {number}"),
        start_time: start * HOUR,
        stop_time: (start + 8) % 24 * HOUR,
        ..Shift::blank()
    }
}

// === impl Plot ===

impl Plot {
    /// Stands for a sector where there is none.
    const NOWHERE: Self = Self { sector: 0, width: 0.0, height: 0.0 };

    /// A point of it.
    pub(super) fn point(self, draw: &mut Draw) -> (Narrow, Narrow) {
        let (x, y) = (draw.share(self.width, 0, 1000), draw.share(self.height, 0, 1000));
        (Narrow(x.into()), Narrow(y.into()))
    }
}
