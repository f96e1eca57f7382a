//! Edits of rows: one way to add, one to change, one to take away, whatever the collection. A device, sensor or user
//! comes and goes with the account that it logs in with.

use std::sync::Arc;

use wire::collection::{Sensor, SensorData, UserDetail};

use super::accounts::Accounts;
use super::edit::{MOST_ACCOUNTS, checked, not_too_long, room};
use super::rows::{Birth, Holder, Row};
use super::{Account, AccountId, AccountKind, BranchId, Directory, Full, InvalidEdit, Quirk};

/// A user to be made: its row and how it logs in.
#[derive(Debug)]
pub(crate) struct NewUser {
    pub(crate) row: UserDetail,
    pub(crate) login: String,
    pub(crate) password: String,
}

// === impl Directory ===

impl Directory {
    /// Adds a row, and the account that goes with it. Says its number.
    pub(crate) fn add_row<R: Row>(
        &mut self,
        branch: BranchId,
        mut row: R,
        birth: impl FnOnce(i32, i32) -> Birth,
    ) -> Result<i32, InvalidEdit> {
        let number = self.table::<R>().next_number().ok_or(Full::Rows)?;
        let home = self.branch(branch).id;
        row.identify(birth(number, home));
        row.settle(home);
        if let (Some(kind), Some(Holder { login, password })) = (R::HOLDER, row.holder()) {
            let password = password.0.take().unwrap_or_default();
            let login = Arc::from(login);
            self.admit(branch, kind, number, login, password, None)?;
        }
        R::table_mut(Arc::make_mut(&mut self.tables)).put(branch, number, row)?;
        Ok(number)
    }

    /// Adds a user.
    pub(crate) fn add_user(
        &mut self,
        branch: BranchId,
        new: NewUser,
        birth: impl FnOnce(i32, i32) -> Birth,
    ) -> Result<i32, InvalidEdit> {
        let number = self.table::<UserDetail>().next_number().ok_or(Full::Rows)?;
        self.admit(branch, AccountKind::User, number, new.login.into(), new.password, None)?;
        self.add_row(branch, new.row, birth)
    }

    /// Changes a row, and its account where that follows. `false` if the branch has no such row.
    pub(crate) fn change_row<R: Row, E: From<InvalidEdit>>(
        &mut self,
        branch: BranchId,
        number: i32,
        change: impl FnOnce(&mut R) -> Result<(), E>,
    ) -> Result<bool, E> {
        let Some(before) = self.table::<R>().get(branch, number) else { return Ok(false) };
        let mut row = R::clone(before);
        let account = row.holder().map(|holder| holder.login.to_owned());
        let account = account.and_then(|login| self.account_by_login(self.branch(branch).client, &login));
        change(&mut row)?;
        row.settle(self.branch(branch).id);
        if let (Some(account), Some(Holder { login, password })) = (account, row.holder()) {
            let (login, password) = (login.to_owned(), password.0.take());
            self.rename(account, &login, password)?;
        }
        R::table_mut(Arc::make_mut(&mut self.tables)).put(branch, number, row).map_err(InvalidEdit::from)?;
        Ok(true)
    }

    /// Takes a row away, and its account. `false` if the branch has no such row.
    pub(crate) fn remove_row<R: Row>(&mut self, branch: BranchId, number: i32) -> bool {
        let Some(row) = R::table_mut(Arc::make_mut(&mut self.tables)).remove(branch, number) else { return false };
        let mut row = R::clone(&row);
        if let Some(Holder { login, .. }) = row.holder()
            && let Some(account) = self.account_by_login(self.branch(branch).client, login)
        {
            self.accounts_mut().remove(account);
        }
        true
    }

    /// Takes a sensor away, with its data and its account.
    pub(crate) fn remove_sensor(&mut self, branch: BranchId, number: i32) -> bool {
        let data = self.table::<SensorData>().of(branch).filter(|data| data.sensor_id == number);
        let data: Vec<i32> = data.map(|data| data.id).collect();
        let was_there = self.remove_row::<Sensor>(branch, number);
        for data in data {
            self.remove_row::<SensorData>(branch, data);
        }
        was_there
    }

    /// An account with a login that is free.
    pub(super) fn admit(
        &mut self,
        branch: BranchId,
        kind: AccountKind,
        number: i32,
        login: Arc<str>,
        password: String,
        quirk: Option<Quirk>,
    ) -> Result<AccountId, InvalidEdit> {
        checked("login", &login)?;
        not_too_long("password", &password)?;
        let client = self.branch(branch).client;
        if self.account_by_login(client, &login).is_some() {
            return Err(InvalidEdit::Taken { field: "login" });
        }
        room(self.accounts.by_id.len(), MOST_ACCOUNTS)?;
        let account = Account { login, password, client, branch, kind, number, disabled: false, quirk };
        Ok(self.accounts_mut().add(account))
    }

    fn rename(&mut self, id: AccountId, login: &str, password: Option<String>) -> Result<(), InvalidEdit> {
        checked("login", login)?;
        not_too_long("password", password.as_deref().unwrap_or_default())?;
        let Some(account) = self.account(id) else { return Ok(()) };
        if &*account.login != login && self.account_by_login(account.client, login).is_some() {
            return Err(InvalidEdit::Taken { field: "login" });
        }
        self.accounts_mut().change(id, |account| {
            if &*account.login != login {
                account.login = login.into();
            }
            account.password = password.unwrap_or(std::mem::take(&mut account.password));
        });
        Ok(())
    }

    pub(super) fn accounts_mut(&mut self) -> &mut Accounts {
        Arc::make_mut(&mut self.accounts)
    }
}

impl From<Full> for InvalidEdit {
    fn from(full: Full) -> Self {
        Self::Full(full)
    }
}
