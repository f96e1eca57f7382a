//! Edits at run time: accounts and keys come, change and go.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use uuid::Uuid;
use wire::collection::{Device, Sensor, UserDetail};
use wire::contract::WriteOnly;

use super::change::NewUser;
use super::identity::text_for;
use super::rows::{Birth, Row};
use super::{AccountId, AccountKind, BranchId, ClientId, Directory, Full, KeyId, Opens, Quirk, StaticKey, TimbrUser};
use crate::suggest::Unknown;

/// An account to be made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// What it is; a device if absent.
    #[serde(default = "device")]
    pub kind: AccountKind,
    /// Client, by name or GUID; the first if absent.
    pub client: Option<String>,
    /// Branch, by title or GUID; the client's first if absent.
    pub branch: Option<String>,
    /// Login, unique within its client.
    pub login: String,
    /// Password.
    pub password: String,
    /// Name of a device for people; the login if absent.
    pub title: Option<String>,
    /// How it misbehaves by itself; not at all if absent.
    pub quirk: Option<Quirk>,
}

/// What may change of an account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// A new password.
    pub password: Option<String>,
    /// Whether it may neither log in nor use its tokens.
    pub disabled: Option<bool>,
}

/// A key to be made.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// twinzo: client, by name or GUID; the first if absent.
    pub client: Option<String>,
    /// twinzo: the only branch that it opens, by title or GUID; every branch if absent.
    pub branch: Option<String>,
    /// Timbr: the user that it stands for.
    pub user: Option<String>,
    /// The key itself; drawn if absent.
    pub key: Option<String>,
}

/// What is wrong with an edit.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEdit {
    /// It names something that does not exist.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// What it wants to add is there already.
    #[error("{field}: there is one like that already; choose another")]
    Taken {
        /// JSON path of the member.
        field: &'static str,
    },
    /// There is no room for more.
    #[error("there are {0} of them already, which is the limit; delete some")]
    TooMany(usize),
    /// There is no room for more rows.
    #[error(transparent)]
    Full(Full),
    /// A value cannot be used.
    #[error("{field}: {problem}")]
    Value {
        /// JSON path of the member.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

/// Bytes of a login, password or key at most.
pub(super) const LONGEST: usize = 1024;
/// Accounts at most.
pub(super) const MOST_ACCOUNTS: usize = 1_000_000;
/// Keys at most.
pub(super) const MOST_KEYS: usize = 100_000;
/// Timbr users at most.
const MOST_USERS: usize = 100_000;

fn device() -> AccountKind {
    AccountKind::Device
}

// === impl Directory ===

impl Directory {
    /// Adds a twinzo account; a device gets the next free number.
    pub fn add_account(&mut self, new: NewAccount) -> Result<AccountId, InvalidEdit> {
        let client = self.client_or_first(new.client.as_deref())?;
        let branch = match &new.branch {
            Some(name) => self.branch_named("branch", name, Some(client))?,
            None => self.first_branch(client)?,
        };
        checked("login", &new.login)?;
        checked("password", &new.password)?;
        let title = new.title.unwrap_or_else(|| new.login.clone());
        checked("title", &title)?;
        let password = WriteOnly(Some(new.password));
        // None of the three has a GUID, or tells when it was made.
        let birth = |number, branch| Birth { number, branch, guid: Uuid::nil(), now: 0 };
        let login = new.login;
        match new.kind {
            AccountKind::Device => {
                let row = Device { title, login: login.clone(), password, ..Row::blank() };
                self.add_row(branch, row, birth)?;
            }
            AccountKind::Sensor => {
                let row = Sensor { title, login: login.clone(), password, ..Row::blank() };
                self.add_row(branch, row, birth)?;
            }
            AccountKind::User => {
                let row = UserDetail { name: title, ..Row::blank() };
                let new = NewUser { row, login: login.clone(), password: password.0.unwrap_or_default() };
                self.add_user(branch, new, birth)?;
            }
        }
        let id = self.account_by_login(client, &login).ok_or(InvalidEdit::TooMany(MOST_ACCOUNTS))?;
        if new.quirk.is_some() {
            self.accounts_mut().change(id, |account| account.quirk = new.quirk);
        }
        Ok(id)
    }

    /// Changes a twinzo account.
    pub fn change_account(&mut self, id: AccountId, change: AccountChange) -> Result<(), InvalidEdit> {
        if let Some(password) = &change.password {
            checked("password", password)?;
        }
        self.accounts_mut().change(id, |account| {
            account.disabled = change.disabled.unwrap_or(account.disabled);
            account.password = change.password.unwrap_or(std::mem::take(&mut account.password));
        });
        Ok(())
    }

    /// Deletes a twinzo account, and the device that logs in with it.
    pub fn remove_account(&mut self, id: AccountId) {
        let Some(account) = self.account(id) else { return };
        let (branch, number) = (account.branch, account.number);
        match account.kind {
            AccountKind::Device => {
                self.remove_row::<Device>(branch, number);
            }
            AccountKind::Sensor => {
                self.remove_sensor(branch, number);
            }
            AccountKind::User => {
                self.remove_row::<UserDetail>(branch, number);
                // The row does not know its login.
                self.accounts_mut().remove(id);
            }
        }
    }

    /// Adds a Timbr user with a token of its own. `random` decides the token.
    pub fn add_timbr_user(&mut self, name: &str, password: String, random: [u8; 32]) -> Result<(), InvalidEdit> {
        checked("login", name)?;
        checked("password", &password)?;
        if name.contains(':') {
            let problem = "a bearer splits at the first colon, so a Timbr user has none".to_owned();
            return Err(InvalidEdit::Value { field: "login", problem });
        }
        if self.timbr.user(name).is_some() {
            return Err(InvalidEdit::Taken { field: "login" });
        }
        room(self.timbr.users.len(), MOST_USERS)?;
        let new = NewKey { user: Some(name.to_owned()), ..NewKey::default() };
        let name: Arc<str> = name.into();
        let user = TimbrUser { name, email: None, password, disabled: false };
        Arc::make_mut(&mut self.timbr).users.push(Arc::new(user));
        self.add_key(new, random).map(drop)
    }

    /// Changes a Timbr user.
    pub fn change_timbr_user(&mut self, name: &str, change: AccountChange) -> Result<(), InvalidEdit> {
        if let Some(password) = &change.password {
            checked("password", password)?;
        }
        let users = &mut Arc::make_mut(&mut self.timbr).users;
        if let Some(user) = users.iter_mut().find(|user| &*user.name == name) {
            let user = Arc::make_mut(user);
            user.disabled = change.disabled.unwrap_or(user.disabled);
            user.password = change.password.unwrap_or(std::mem::take(&mut user.password));
        }
        Ok(())
    }

    /// Deletes a Timbr user with its tokens.
    pub fn remove_timbr_user(&mut self, name: &str) {
        Arc::make_mut(&mut self.timbr).users.retain(|user| &*user.name != name);
        Arc::make_mut(&mut self.keys).remove_of(&Opens::TimbrUser(name.into()));
    }

    /// Adds a static key. `random` decides its text, unless the text is given.
    pub fn add_key(&mut self, new: NewKey, random: [u8; 32]) -> Result<KeyId, InvalidEdit> {
        let opens = match &new.user {
            Some(_) if new.client.is_some() || new.branch.is_some() => {
                let problem = "a key of a Timbr user has no client and no branch".to_owned();
                return Err(InvalidEdit::Value { field: "user", problem });
            }
            Some(name) => {
                let known = self.timbr.users.iter().map(|user| &*user.name);
                let user = self.timbr.user(name).ok_or_else(|| Unknown::new("user", name, known))?;
                Opens::TimbrUser(Arc::clone(&user.name))
            }
            None => {
                let client = self.client_or_first(new.client.as_deref())?;
                let branch = new.branch.as_deref().map(|name| self.branch_named("branch", name, Some(client)));
                Opens::Client(client, branch.transpose()?)
            }
        };
        let text = new.key.unwrap_or_else(|| text_for(&opens, random));
        checked("key", &text)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = "a header cannot carry it; allowed: visible ASCII without blanks".to_owned();
            return Err(InvalidEdit::Value { field: "key", problem });
        }
        room(self.keys.len(), MOST_KEYS)?;
        let key = StaticKey { text, opens, disabled: false, retires: None };
        Arc::make_mut(&mut self.keys).add(key).ok_or(InvalidEdit::Taken { field: "key" })
    }

    /// Disables or enables a key. False if there is none of that number.
    pub fn disable_key(&mut self, id: KeyId, disabled: bool) -> bool {
        Arc::make_mut(&mut self.keys).change(id, |key| key.disabled = disabled)
    }

    /// Puts a new key in the place of another, which lives on until `retires`. `None` if there is none of that number.
    pub fn rotate_key(
        &mut self,
        id: KeyId,
        retires: Timestamp,
        random: [u8; 32],
    ) -> Result<Option<KeyId>, InvalidEdit> {
        room(self.keys.len(), MOST_KEYS)?;
        let keys = Arc::make_mut(&mut self.keys);
        let Some(opens) = keys.get(id).map(|key| key.opens.clone()) else { return Ok(None) };
        // One that was rotated before does not come back.
        keys.change(id, |key| key.retires = Some(key.retires.map_or(retires, |before| before.min(retires))));
        let text = text_for(&opens, random);
        Ok(keys.add(StaticKey { text, opens, disabled: false, retires: None }))
    }

    /// Deletes a key. False if there is none of that number.
    pub fn remove_key(&mut self, id: KeyId) -> bool {
        Arc::make_mut(&mut self.keys).remove(id)
    }

    fn client_or_first(&self, name: Option<&str>) -> Result<ClientId, InvalidEdit> {
        match name {
            Some(name) => Ok(self.client_named("client", name)?),
            None if self.clients().is_empty() => {
                Err(InvalidEdit::Value { field: "client", problem: "the world has no client".to_owned() })
            }
            None => Ok(ClientId(0)),
        }
    }

    fn first_branch(&self, client: ClientId) -> Result<BranchId, InvalidEdit> {
        let first = self.branches().find(|(_, branch)| branch.client == client).map(|(id, _)| id);
        first.ok_or_else(|| InvalidEdit::Value { field: "branch", problem: "the client has no branch".to_owned() })
    }
}

pub(super) fn room(count: usize, most: usize) -> Result<(), InvalidEdit> {
    if count < most { Ok(()) } else { Err(InvalidEdit::TooMany(most)) }
}

pub(super) fn not_too_long(field: &'static str, text: &str) -> Result<(), InvalidEdit> {
    if text.len() <= LONGEST {
        return Ok(());
    }
    Err(InvalidEdit::Value { field, problem: format!("allowed: at most {LONGEST} bytes") })
}

pub(super) fn checked(field: &'static str, text: &str) -> Result<(), InvalidEdit> {
    if (1..=LONGEST).contains(&text.len()) {
        return Ok(());
    }
    Err(InvalidEdit::Value { field, problem: format!("allowed: 1 to {LONGEST} bytes") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_leaves_other_copies_alone() {
        let world = Directory::default_world().unwrap();
        let mut own = world.clone();
        let new = serde_json::from_str(r#"{"login":"agv-99","password":"p","client":"harbour-storage"}"#).unwrap();
        let id = own.add_account(new).unwrap();
        let account = Arc::clone(own.account(id).unwrap());
        assert_eq!(account.number, 17);
        assert_eq!(own.table::<Device>().get(account.branch, 17).unwrap().title, "agv-99");
        assert!(world.account(id).is_none());
        assert!(Arc::ptr_eq(&world.keys, &own.keys), "what was not edited stays shared");
        own.remove_account(id);
        assert!(own.account(id).is_none() && own.accounts_by_login("agv-99").is_empty());
        assert!(own.table::<Device>().get(account.branch, 17).is_none());
    }

    #[test]
    fn what_is_taken_or_unknown_is_refused() {
        let mut world = Directory::default_world().unwrap();
        let mut add = |json: &str| world.add_account(serde_json::from_str(json).unwrap()).unwrap_err().to_string();
        assert!(add(r#"{"login":"agv-07","password":"p"}"#).starts_with("login: there is one like that"));
        assert_eq!(
            add(r#"{"login":"x","password":"p","client":"acme-logistic"}"#),
            r#"client "acme-logistic" is unknown; did you mean "acme-logistics"?"#
        );
        assert_eq!(
            add(r#"{"login":"x","password":"p","branch":"Tallinn"}"#),
            r#"branch "Tallinn" is unknown; allowed: Bratislava, Pune"#
        );
        assert_eq!(add(r#"{"login":"","password":"p"}"#), "login: allowed: 1 to 1024 bytes");
    }

    #[test]
    fn there_is_room_for_a_million_accounts_and_a_hundred_thousand_keys() {
        assert!(room(999_999, MOST_ACCOUNTS).is_ok() && room(99_999, MOST_KEYS).is_ok());
        let full = room(1_000_000, MOST_ACCOUNTS).unwrap_err().to_string();
        assert_eq!(full, "there are 1000000 of them already, which is the limit; delete some");
        assert!(room(100_000, MOST_KEYS).is_err());
    }

    #[test]
    fn a_rotated_key_overlaps_with_its_successor() {
        let mut world = Directory::default_world().unwrap();
        let end = Timestamp::UNIX_EPOCH;
        let alice = Arc::clone(world.timbr().user("alice").unwrap());
        let (old, _) = world.keys().find(|(_, key)| key.opens == Opens::TimbrUser("alice".into())).unwrap();
        let new = world.rotate_key(old, end, [7; 32]).unwrap().unwrap();
        assert_eq!(world.key_by_id(old).unwrap().retires, Some(end));
        let text = world.key_by_id(new).unwrap().text.clone();
        assert_eq!(world.timbr_token(&alice, Timestamp::MIN), Some(text.as_str()));
        world.disable_key(new, true);
        assert_ne!(world.timbr_token(&alice, Timestamp::MIN), Some(text.as_str()), "the old one is in force still");
        assert_eq!(world.timbr_token(&alice, end), None);
    }
}
