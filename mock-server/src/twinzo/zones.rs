//! Layers as devices see them, §6.

use std::collections::HashMap;

use wire::collection::{Area, Device, Layer, LoginName};
use wire::contract::{Contract, Linked};

use super::devices::no_device;
use super::expand;
use super::media::Invalid;
use super::odata::{self, Scope};
use super::problem::Refusal;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::AccountKind;

/// `GET layers/localization/{login}`: the layers that a device is located by, each with its areas.
pub(super) fn of_device(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let layers = layers_of(work, work.segment(0), |layer| layer.localization && !layer.is_no_go)?;
    list(work, layers)
}

/// `POST layers/localization` with a login in its body: the same, as the C++ devkit asks.
pub(super) fn of_device_posted(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let named: LoginName = work.take()?;
    let login = named.login.ok_or_else(|| Refusal::BadBody(Invalid::required([("Login", "Login")])))?;
    let layers = layers_of(work, &login, |layer| layer.localization && !layer.is_no_go)?;
    Ok(work.ok(&layers))
}

/// `GET layers/device/{login}`: those that a device is to keep out of.
pub(super) fn no_go(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let layers = layers_of(work, work.segment(0), |layer| layer.is_no_go)?;
    list(work, layers)
}

/// Layers with their areas, which are there whether or not a query expands them.
fn list(work: &Work<'_>, layers: Vec<Layer>) -> Result<Answer, Refusal> {
    let query = work.query(Scope { shape: Layer::SHAPE, expands: &["Areas"], hides: HIDDEN, is_list: true })?;
    Ok(work.found(odata::of_all(layers, &query), &query))
}

/// What else a layer has.
const HIDDEN: &[&str] = &["Devices", "Branch", "Paths", "Children"];

/// The layers of the branch that fit: of a device that names layers, only those.
fn layers_of(work: &Work<'_>, login: &str, fits: impl Fn(&Layer) -> bool) -> Result<Vec<Layer>, Refusal> {
    let (directory, branch) = (work.directory(), work.branch());
    let (_, account) = work.holder(AccountKind::Device, login).ok_or_else(|| no_device(login))?;
    let device = directory.table::<Device>().get(branch, account.number).ok_or_else(|| no_device(login))?;
    let own: Vec<i32> = device.layers.iter().map(expand::id).collect();
    let mut areas: HashMap<i32, Vec<Linked<Area>>> = HashMap::new();
    for area in directory.table::<Area>().of(branch) {
        let Some(layer) = area.layer_id else { continue };
        areas.entry(layer).or_default().push(Linked::Whole(Box::new(Area::clone(area))));
    }
    let layers = directory.table::<Layer>().of(branch).filter(|layer| fits(layer));
    let layers = layers.filter(|layer| own.is_empty() || own.contains(&layer.id));
    Ok(layers
        .map(|layer| Layer { areas: areas.remove(&layer.id).unwrap_or_default(), ..Layer::clone(layer) })
        .collect())
}
