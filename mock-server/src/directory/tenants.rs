//! Clients and their branches: what tells one tenant from another, and one sandbox from the next.

use std::collections::HashMap;

use uuid::Uuid;

use super::{BranchId, ClientId};

/// A client (tenant).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Client")]
pub struct Client {
    pub id: i32,
    pub guid: Uuid,
    pub name: String,
    /// The name in the world's file; that of a created sandbox has the sandbox's id behind it.
    pub world_name: String,
    pub db_name: String,
    pub odoo_partner_id: Option<String>,
}

/// A branch of a client.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Branch")]
pub struct Branch {
    pub id: i32,
    pub guid: Uuid,
    pub client: ClientId,
    pub title: String,
    pub time_zone: String,
    pub latitude: f64,
    pub longitude: f64,
    pub address: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub zip_code: Option<String>,
}

/// The table of both.
#[derive(Clone, Debug, Default)]
pub(super) struct Tenants {
    pub(super) clients: Vec<Client>,
    pub(super) branches: Vec<Branch>,
    pub(super) client_by_guid: HashMap<Uuid, ClientId>,
    pub(super) client_by_name: HashMap<String, ClientId>,
    pub(super) branch_by_guid: HashMap<Uuid, BranchId>,
}

// === impl Tenants ===

impl Tenants {
    /// Gives every client a name and a GUID of its own, and every branch a GUID.
    pub(super) fn rename(&mut self, name: impl Fn(&str) -> String, guid: impl Fn(&Uuid) -> Uuid) {
        for client in &mut self.clients {
            (client.name, client.guid) = (name(&client.name), guid(&client.guid));
        }
        for branch in &mut self.branches {
            branch.guid = guid(&branch.guid);
        }
        let clients = || self.clients.iter().enumerate();
        self.client_by_guid = clients().map(|(index, client)| (client.guid, ClientId(index))).collect();
        self.client_by_name = clients().map(|(index, client)| (client.name.clone(), ClientId(index))).collect();
        let branches = self.branches.iter().enumerate();
        self.branch_by_guid = branches.map(|(index, branch)| (branch.guid, BranchId(index))).collect();
    }
}
