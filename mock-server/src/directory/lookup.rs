//! Finding what people name, and saying what they probably meant.

use uuid::Uuid;

use super::{AccountId, BranchId, ClientId, Directory};
use crate::suggest::Unknown;

// === impl Directory ===

impl Directory {
    /// A client by name, by the name that it has in the world's file, or by GUID.
    pub fn client_named(&self, field: &'static str, text: &str) -> Result<ClientId, Unknown> {
        let by_guid = Uuid::try_parse(text).ok().and_then(|guid| self.client_by_guid(&guid));
        by_guid
            .or_else(|| self.client_by_name(text))
            .or_else(|| self.clients().iter().position(|client| client.world_name == text).map(ClientId))
            .ok_or_else(|| Unknown::new(field, text, self.clients().iter().map(|client| client.name.as_str())))
    }

    /// A branch by title or GUID; of one client, if that is known.
    pub fn branch_named(&self, field: &'static str, text: &str, client: Option<ClientId>) -> Result<BranchId, Unknown> {
        let fits = |id: &BranchId| client.is_none_or(|client| self.branch(*id).client == client);
        let by_guid = Uuid::try_parse(text).ok().and_then(|guid| self.branch_by_guid(&guid)).filter(fits);
        let all = || self.branches().filter(|(id, _)| fits(id));
        by_guid
            .or_else(|| all().find(|(_, branch)| branch.title == text).map(|(id, _)| id))
            .ok_or_else(|| Unknown::new(field, text, all().map(|(_, branch)| branch.title.as_str())))
    }

    /// The accounts of a login; of one client, if that is known.
    pub fn accounts_named(
        &self,
        field: &'static str,
        login: &str,
        client: Option<ClientId>,
    ) -> Result<Vec<AccountId>, Unknown> {
        let fits = |id: &AccountId| {
            let account = self.account(*id);
            account.is_some_and(|account| client.is_none_or(|client| account.client == client))
        };
        let found: Vec<_> = self.accounts_by_login(login).iter().copied().filter(fits).collect();
        if found.is_empty() {
            let all = self.accounts().filter(|(id, _)| fits(id)).map(|(_, account)| &*account.login);
            return Err(Unknown::new(field, login, all));
        }
        Ok(found)
    }
}
