//! Rows of a world's branches, collection by collection, and the accounts that go with them.

use std::collections::HashSet;

use uuid::Uuid;
use wire::collection::UserDetail;
use wire::contract::{Kind, Value};

use super::check::check_number;
use super::{Draft, Home, WORLD};
use crate::directory::derive::placed_guid;
use crate::directory::invalid::{InvalidWorld, Place, Problem};
use crate::directory::rows::{Birth, Row};
use crate::directory::seed::{BranchSeed, RowSeed, UserSeed};
use crate::directory::{Account, AccountKind, reference};
use crate::json::snake;

/// When the rows were made whose file does not say so: 2026-01-01T00:00:00Z, in unix milliseconds.
pub(in crate::directory) const MADE: i64 = 1_767_225_600_000;

type Branches = [(Home, BranchSeed)];

// === impl Draft ===

impl Draft {
    /// The accounts of a branch: its devices, sensors and users.
    pub(super) fn add_accounts(&mut self, home: Home, seed: &BranchSeed) -> Result<(), InvalidWorld> {
        let devices = seed.devices.iter().map(|RowSeed { row, number, .. }| (*number, &row.login, &row.password.0));
        for (index, (number, login, password)) in devices.enumerate() {
            let password = password.as_deref().unwrap_or_default();
            self.add_holder(home, AccountKind::Device, number, (login, password), index)?;
        }
        let sensors = seed.sensors.iter().map(|RowSeed { row, number, .. }| (*number, &row.login, &row.password.0));
        for (index, (number, login, password)) in sensors.enumerate() {
            let password = password.as_deref().unwrap_or_default();
            self.add_holder(home, AccountKind::Sensor, number, (login, password), index)?;
        }
        for (index, user) in seed.users.iter().enumerate() {
            let number = user.id.unwrap_or_default();
            self.add_holder(home, AccountKind::User, number, (&user.login, &user.password), index)?;
        }
        Ok(())
    }

    fn add_holder(
        &mut self,
        home: Home,
        kind: AccountKind,
        number: i32,
        (login, password): (&str, &str),
        index: usize,
    ) -> Result<(), InvalidWorld> {
        self.add_account(home.account(kind, number, login, password)).map_err(|problem| {
            let place = home.place().key(kind.name()).index(index).key("login");
            InvalidWorld::at(place, problem)
        })
    }

    /// The rows of all branches: what others name first.
    pub(super) fn add_all_rows(&mut self, branches: &mut Branches) -> Result<(), InvalidWorld> {
        use std::mem::take;
        self.add_rows(branches, "sector", |branch| take(&mut branch.sectors))?;
        self.add_rows(branches, "layer", |branch| take(&mut branch.layers))?;
        self.add_rows(branches, "area", |branch| take(&mut branch.areas))?;
        self.add_rows(branches, "path", |branch| take(&mut branch.paths))?;
        self.add_rows(branches, "beacon", |branch| take(&mut branch.beacons))?;
        self.add_rows(branches, "device", |branch| take(&mut branch.devices))?;
        self.add_rows(branches, "sensor", |branch| take(&mut branch.sensors))?;
        self.add_rows(branches, "sensor_data", |branch| take(&mut branch.sensor_data))?;
        self.add_rows(branches, "quantity", |branch| take(&mut branch.quantities))?;
        self.add_rows(branches, "shift", |branch| take(&mut branch.shifts))?;
        self.add_rows(branches, "order", |branch| take(&mut branch.orders))?;
        self.add_rows(branches, "user", |branch| take(&mut branch.users).into_iter().map(RowSeed::from).collect())
    }

    fn add_rows<R: Row>(
        &mut self,
        branches: &mut Branches,
        what: &'static str,
        of: impl Fn(&mut BranchSeed) -> Vec<RowSeed<R>>,
    ) -> Result<(), InvalidWorld> {
        let mut seeds = Vec::new();
        for (home, branch) in branches {
            seeds.extend(of(branch).into_iter().enumerate().map(|(index, seed)| (*home, index, seed)));
        }
        // By number, for which a table sees at once that it is free. Of two equals the later one is the double.
        seeds.sort_by_key(|(.., seed)| seed.number);
        let mut guids = HashSet::new();
        for (home, index, seed) in seeds {
            self.add_row(home, what, seed, &mut guids, || home.place().key(what).index(index))?;
        }
        Ok(())
    }

    /// A row of a branch. What the world does not say of it follows from its number.
    fn add_row<R: Row>(
        &mut self,
        home: Home,
        what: &'static str,
        RowSeed { row: seed, number, given }: RowSeed<R>,
        guids: &mut HashSet<Uuid>,
        place: impl Fn() -> Place,
    ) -> Result<(), InvalidWorld> {
        let at_member = |name: &str, problem| {
            let member = place().key(snake(name).into_owned());
            InvalidWorld::at(member, problem)
        };
        check_number(number).map_err(|problem| at_member(R::NUMBER, problem))?;
        if !R::table(&self.tables).is_free(number) {
            return Err(at_member(R::NUMBER, Problem::twice(format!("{what} number {number}"), WORLD)));
        }
        if let Some(name) = given.iter().find(|name| is_computed::<R>(name)) {
            return Err(at_member(name, Problem::Computed(snake(name).into_owned())));
        }
        let mut row = R::blank();
        row.adopt(seed.clone(), |name| given.contains(&name));
        row.identify(Birth { number, branch: home.number, guid: home.guid(what, number), now: MADE });
        // The world has the last word, also on what the server decides by itself.
        row.adopt(seed, |name| given.contains(&name));
        if !given.contains(&"Title") {
            row.entitle();
        }
        row.settle(home.number);
        check_texts(&row, what).map_err(|(name, problem)| at_member(name, problem))?;
        if let Value::Guid(guid) = row.look_at("Guid")
            && given.contains(&"Guid")
            && !guids.insert(guid)
        {
            return Err(at_member("Guid", Problem::twice(format!("{what} guid \"{guid}\""), WORLD)));
        }
        if let Value::Integer(branch) = row.look_at("BranchId")
            && branch != i64::from(home.number)
        {
            let branch = i32::try_from(branch).unwrap_or(i32::MAX);
            let known = std::iter::once(home.number);
            return Err(at_member(
                "BranchId",
                Problem::dangling("branch_id", branch, "branch that this stands in", known),
            ));
        }
        reference::check(&row, &given, &self.tables, home.branch, &place)
            .map_err(|(place, problem)| InvalidWorld::at(place, problem))?;
        self.put(home, row).map_err(|problem| InvalidWorld::at(place(), problem))
    }

    /// Puts a row that has its identity in its table.
    pub(in crate::directory) fn put<R: Row>(&mut self, home: Home, mut row: R) -> Result<(), Problem> {
        if let Some(holder) = row.holder() {
            // It is the account's, and a later change of the row must not bring it back.
            holder.password.0 = None;
        }
        let number = row.number();
        Ok(R::table_mut(&mut self.tables).put(home.branch, number, row)?)
    }
}

/// Whether a member is a list of other rows, which the server looks up.
fn is_computed<R: Row>(name: &str) -> bool {
    let is_list = |kind| matches!(kind, Kind::List(_)) || matches!(kind, Kind::Secret(Kind::List(_)));
    R::FIXED.contains(&name) && R::SHAPE.field(name).is_some_and(|field| is_list(field.kind))
}

fn check_texts<R: Row>(row: &R, what: &str) -> Result<(), (&'static str, Problem)> {
    if let Some(name) = row.missing().next() {
        let member = snake(name).into_owned();
        return Err((name, Problem::Missing { member, whose: format!("every {what} has one") }));
    }
    if let Some((name, most)) = row.too_long().next() {
        let length = if let Value::Text(text) = row.look_at(name) { text.chars().count() } else { 0 };
        let member = snake(name).into_owned();
        return Err((name, Problem::TooLong { member, length, most, unit: "characters" }));
    }
    Ok(())
}

// === impl Home ===

impl Home {
    /// An account of the branch.
    pub(in crate::directory) fn account(self, kind: AccountKind, number: i32, login: &str, password: &str) -> Account {
        Account {
            login: login.into(),
            password: password.to_owned(),
            client: self.client,
            branch: self.branch,
            kind,
            number,
            disabled: false,
            quirk: None,
        }
    }

    /// The GUID of a row: the same on every run, and another for every row.
    fn guid(self, what: &str, number: i32) -> Uuid {
        placed_guid(&self.row_place(what, number))
    }

    pub(in crate::directory) fn row_place(self, what: &str, number: i32) -> String {
        format!("{}/{}/{what}/{number}", self.client.0, self.number)
    }
}

impl From<UserSeed> for RowSeed<UserDetail> {
    fn from(seed: UserSeed) -> Self {
        let row = UserDetail {
            id: 0,
            branch_id: 0,
            name: seed.name,
            surname: seed.surname,
            email: seed.email,
            phone: seed.phone,
            allow_demo: seed.allow_demo,
        };
        let given = vec!["Name", "Surname", "Email", "Phone", "AllowDemo"];
        Self { row, number: seed.id.unwrap_or_default(), given }
    }
}
