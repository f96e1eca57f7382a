//! The world as a file holds it, before anything is checked against anything else.

use serde::Deserialize;
use uuid::Uuid;

use super::Quirk;

/// A world file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    #[serde(default, rename = "client")]
    pub(super) clients: Vec<ClientSeed>,
    #[serde(default)]
    pub(super) timbr: TimbrSeed,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSeed {
    pub(super) id: i32,
    pub(super) guid: Uuid,
    pub(super) name: String,
    pub(super) db_name: String,
    pub(super) odoo_partner_id: Option<String>,
    #[serde(default, rename = "branch")]
    pub(super) branches: Vec<BranchSeed>,
    #[serde(default, rename = "sector")]
    pub(super) sectors: Vec<SectorSeed>,
    #[serde(default, rename = "layer")]
    pub(super) layers: Vec<LayerSeed>,
    #[serde(default, rename = "device")]
    pub(super) devices: Vec<DeviceSeed>,
    #[serde(default, rename = "sensor")]
    pub(super) sensors: Vec<SensorSeed>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<UserSeed>,
    #[serde(default, rename = "api_key")]
    pub(super) api_keys: Vec<ApiKeySeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BranchSeed {
    pub(super) id: i32,
    pub(super) guid: Uuid,
    pub(super) title: String,
    pub(super) time_zone: String,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) address: Option<String>,
    pub(super) country: Option<String>,
    pub(super) city: Option<String>,
    pub(super) zip_code: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectorSeed {
    pub(super) id: i32,
    pub(super) guid: Uuid,
    pub(super) branch_id: i32,
    pub(super) title: String,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) barrier_width: f32,
    pub(super) barrier_height: f32,
    pub(super) modified: i64,
    pub(super) floor: Option<i32>,
    pub(super) floor_name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerSeed {
    pub(super) id: i32,
    pub(super) branch_id: i32,
    pub(super) title: String,
    pub(super) localization: bool,
    pub(super) no_go: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceSeed {
    pub(super) id: i32,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) branch_id: i32,
    pub(super) sector_id: Option<i32>,
    pub(super) title: String,
    pub(super) mac: Option<String>,
    pub(super) color: String,
    pub(super) quirk: Option<Quirk>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a sensor can only log in so far; its own routes come with the other areas")]
pub(super) struct SensorSeed {
    pub(super) id: i32,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) branch_id: i32,
    pub(super) sector_id: i32,
    pub(super) title: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "a user can only log in so far; its own routes come with the other areas")]
pub(super) struct UserSeed {
    pub(super) id: i32,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) branch_id: i32,
    pub(super) name: String,
    pub(super) surname: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySeed {
    pub(super) key: String,
    pub(super) branch_id: Option<i32>,
    #[serde(default)]
    pub(super) disabled: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimbrSeed {
    pub(super) auth_salt: Option<String>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<TimbrUserSeed>,
    #[serde(default, rename = "ontology")]
    pub(super) ontologies: Vec<OntologySeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimbrUserSeed {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) token: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OntologySeed {
    pub(super) name: String,
    #[serde(default)]
    pub(super) concepts: Vec<String>,
}
