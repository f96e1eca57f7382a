//! The signing headers of §2, looked at without changing anything.
//!
//! The order of the reasons is fixed: client, branch, credential present, known, revoked, expired.

use uuid::Uuid;
use wire::header;

use super::caller::{Caller, Facts, Held};
use super::problem::Refusal;
use crate::call::Call;
use crate::config::{Credentials, ExpiredToken, Fidelity, Presence, Refused as Refusing};
use crate::directory::{AccountId, BranchId, ClientId, Directory, Opens};
use crate::operation::TwinzoOperation;
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;
use crate::token::{Denied, Token};

/// The headers of a call, in order or not.
#[derive(Debug)]
pub(super) struct Signature {
    verdict: Result<Signed, Refusal>,
    client: Option<ClientId>,
    branch: Option<BranchId>,
    /// The token that was sent, dead or alive.
    token: Option<Token>,
}

/// A call whose headers are in order.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) client: ClientId,
    /// The branch of the header, which need not be the account's own.
    pub(super) branch: BranchId,
    pub(super) by: Signer,
}

#[derive(Debug)]
pub(super) enum Signer {
    Token(Held),
    /// A key; if a token came beside it, why that one does not count.
    ApiKey(Option<Refused>),
}

// === impl Signature ===

impl Signature {
    pub(super) fn read(sandbox: &Sandbox, call: &Call<'_>, operation: TwinzoOperation) -> Self {
        let refreshes = operation == TwinzoOperation::Refresh
            && call.setup.settings.twinzo.refresh.expired == ExpiredToken::Refreshed;
        // Also where client or branch are wrong: whose token it is helps to see what happened.
        let by_token = call.header(header::TOKEN).map(|text| match Held::find(sandbox, call, text) {
            Err(Denied { refused, token: Some(token) }) if refreshes && refused.reason == Reason::TokenExpired => {
                Held::of(call, *token)
            }
            verdict => verdict,
        });
        let token = by_token.as_ref().and_then(|verdict| match verdict {
            Ok(held) => Some(held.token),
            Err(denied) => denied.token.as_deref().copied(),
        });
        let (mut client, mut branch) = (None, None);
        let check = || {
            // What is in order stays known, whatever is wrong after it.
            let found = self::client(call, by_token.as_ref())?;
            let client = *client.insert(found);
            let found = self::branch(call, client, by_token.as_ref())?;
            let branch = *branch.insert(found);
            let by = signer(call, client, branch, by_token)?;
            Ok(Signed { client, branch, by })
        };
        let verdict = check();
        Self { verdict, client, branch, token }
    }

    /// The good signature, put to use; or why it is not good.
    pub(super) fn into_signed(self, sandbox: &Sandbox, call: &Call<'_>) -> Result<Signed, Refusal> {
        let signed = self.verdict?;
        if let Signer::Token(held) = &signed.by {
            held.spend(sandbox, call)?;
        }
        Ok(signed)
    }
}

impl Caller for Signature {
    fn facts(&self, directory: &Directory) -> Facts {
        let holder = self.token.map_or_else(Facts::default, |token| Facts::of_token(directory, &token));
        // What the headers name comes before where the token's holder is at home.
        Facts { client: self.client.or(holder.client), branch: self.branch.or(holder.branch), ..holder }
    }
}

// === impl Signed ===

impl Signed {
    /// The account that signs; a key has none.
    pub(super) fn account(&self) -> Option<AccountId> {
        match &self.by {
            Signer::Token(held) => Some(held.token.account),
            Signer::ApiKey(_) => None,
        }
    }

    /// The token, for what only a token can do; else why there is none.
    pub(super) fn token(&self, why: &str) -> Result<&Held, Refusal> {
        match &self.by {
            Signer::Token(held) => Ok(held),
            Signer::ApiKey(Some(dead_token)) => Err(Refusal::NotAuthorized(dead_token.clone())),
            Signer::ApiKey(None) => Err(Refusal::NotAuthorized(Reason::TokenRequired.because(why))),
        }
    }
}

/// The client of the header. Where the settings do not insist on it, the credential says whose call it is.
fn client(call: &Call<'_>, by_token: Option<&Result<Held, Denied>>) -> Result<ClientId, Refusal> {
    let (directory, signing) = (call.directory, &call.setup.settings.twinzo.signing);
    let text = call.header(header::CLIENT).filter(|_| presence(call, signing.client) != Presence::Ignore);
    let Some(text) = text else {
        return match presence(call, signing.client) {
            Presence::Require => Err(refused(Reason::ClientMissing, missing_header("Client"))),
            Presence::Derive | Presence::Ignore => bearer(call, by_token).map(|(client, _)| client),
        };
    };
    let Ok(guid) = Uuid::try_parse(text) else {
        let by_name = directory.client_by_name(text).filter(|_| signing.client_name == Refusing::Accept);
        return by_name.ok_or_else(|| Refusal::bad_value(Reason::ClientMalformed, "Client", text));
    };
    directory.client_by_guid(&guid).ok_or_else(|| {
        let detail = format!("no client has the GUID {guid}; the header takes the GUID of the login answer");
        refused(Reason::ClientUnknown, detail)
    })
}

/// The branch of the header. Where the settings do not insist on it, it is that of the token's account, or the only one
/// that a key opens, or the client's first.
fn branch(call: &Call<'_>, client: ClientId, by_token: Option<&Result<Held, Denied>>) -> Result<BranchId, Refusal> {
    let (directory, signing) = (call.directory, &call.setup.settings.twinzo.signing);
    let text = call.header(header::BRANCH).filter(|_| presence(call, signing.branch) != Presence::Ignore);
    let Some(text) = text else {
        let missing = || refused(Reason::BranchMissing, missing_header("Branch"));
        if presence(call, signing.branch) == Presence::Require {
            return Err(missing());
        }
        let first = || directory.branches().find(|(_, branch)| branch.client == client).map(|(id, _)| id);
        let (_, own) = bearer(call, by_token)?;
        // A credential of another client says nothing of where this one is at home.
        let own = own.filter(|own| directory.branch(*own).client == client);
        return own.or_else(first).ok_or_else(missing);
    };
    let guid = Uuid::try_parse(text).map_err(|_| Refusal::bad_value(Reason::BranchMalformed, "Branch", text))?;
    directory
        .branch_by_guid(&guid)
        .filter(|branch| directory.branch(*branch).client == client)
        .ok_or_else(|| refused(Reason::BranchUnknown, format!("the client has no branch with the GUID {guid}")))
}

/// Strict is strict, whatever the settings say beside it.
fn presence(call: &Call<'_>, set: Presence) -> Presence {
    if call.setup.settings.twinzo.fidelity == Fidelity::Strict { Presence::Require } else { set }
}

/// Whose credential a call carries, good or not, and which branch it is at home in. Where nobody's, what is wrong with
/// the credential.
fn bearer(call: &Call<'_>, by_token: Option<&Result<Held, Denied>>) -> Result<(ClientId, Option<BranchId>), Refusal> {
    let of_token = by_token.and_then(|verdict| match verdict {
        Ok(held) => Some((held.account.client, Some(held.account.branch))),
        Err(denied) => {
            let account = call.directory.account(denied.token.as_ref()?.account)?;
            Some((account.client, Some(account.branch)))
        }
    });
    let text = call.header(header::API_KEY);
    let of_key = || match call.directory.key(text?)?.opens {
        Opens::Client(client, branch) => Some((client, branch)),
        Opens::TimbrUser(_) => None,
    };
    of_token.or_else(of_key).ok_or_else(|| match (by_token, text) {
        (Some(Err(denied)), _) => Refusal::NotAuthorized(denied.refused.clone()),
        (_, Some(_)) => refused(Reason::ApiKeyUnknown, "nobody has such an API key".to_owned()),
        (_, None) => refused(Reason::CredentialMissing, missing(call)),
    })
}

fn missing_header(name: &str) -> String {
    format!("the request has no {name} header")
}

/// Token or key: either is enough, unless the settings want both (§8, question 6); of two bad ones the token is the one to speak of.
fn signer(
    call: &Call<'_>,
    client: ClientId,
    branch: BranchId,
    by_token: Option<Result<Held, Denied>>,
) -> Result<Signer, Refusal> {
    let by_token = by_token.map(|verdict| {
        let held = verdict.map_err(|denied| denied.refused)?;
        if held.account.client == client {
            Ok(held)
        } else {
            Err(Reason::TokenOfOtherClient.because("the token belongs to an account of another client"))
        }
    });
    let by_key = call.header(header::API_KEY).map(|text| check_key(call, client, branch, text));
    let is_both = call.setup.settings.twinzo.signing.credentials == Credentials::Both;
    match (by_token, by_key) {
        (Some(Ok(_)), Some(Err(cause))) | (Some(Err(cause)), Some(Ok(()))) if is_both => {
            Err(Refusal::NotAuthorized(cause))
        }
        (Some(Ok(held)), _) => Ok(Signer::Token(held)),
        (Some(Err(cause)), Some(Ok(()))) => Ok(Signer::ApiKey(Some(cause))),
        (None, Some(Ok(()))) => Ok(Signer::ApiKey(None)),
        (Some(Err(cause)), _) | (None, Some(Err(cause))) => Err(Refusal::NotAuthorized(cause)),
        (None, None) => Err(refused(Reason::CredentialMissing, missing(call))),
    }
}

fn check_key(call: &Call<'_>, client: ClientId, branch: BranchId, text: &str) -> Result<(), Refused> {
    let unknown = |detail| Err(Reason::ApiKeyUnknown.because(detail));
    let Some(key) = call.directory.key(text) else {
        return unknown("nobody has such an API key");
    };
    let Opens::Client(owner, only) = key.opens else {
        return unknown("the key is a Timbr user's token, not an API key");
    };
    if owner != client {
        return Err(Reason::ApiKeyOfOtherClient.because("the API key belongs to another client"));
    }
    if key.disabled {
        return Err(Reason::ApiKeyDisabled.because("the API key is disabled"));
    }
    if let Some(end) = key.retires.filter(|end| call.now >= *end) {
        return Err(Reason::ApiKeyRetired.because(format!("the API key was rotated and ended at {end}")));
    }
    match only {
        Some(only) if only != branch => Err(Reason::ApiKeyOfOtherBranch
            .because(format!("the API key opens only the branch {}", call.directory.branch(only).title))),
        _ => Ok(()),
    }
}

fn refused(reason: Reason, detail: String) -> Refusal {
    Refusal::NotAuthorized(reason.because(detail))
}

/// What most often stands where a token should be.
fn missing(call: &Call<'_>) -> String {
    let hint = if call.headers.contains_key(http::header::AUTHORIZATION) {
        "; an Authorization header is not looked at"
    } else {
        ""
    };
    format!("the request has neither a Token nor an Api-Key header{hint}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::*;
    use crate::config::Config;
    use crate::sandbox::Registry;
    use crate::token::Issuance;

    const FIRST: [&str; 3] =
        ["11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002", "key-of-first"];
    const SECOND: [&str; 3] =
        ["22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002", "key-of-second"];

    /// Two clients with a branch, a device named `agv` and a key each.
    fn sandbox() -> Arc<Sandbox> {
        let client = |id: i32, [client, branch, key]: [&str; 3]| {
            format!(
                r#"
                [[client]]
                id = {id}
                guid = "{client}"
                name = "client-{id}"
                db_name = "db"
                branch = [{{ id = {id}, guid = "{branch}", title = "b", time_zone = "UTC", latitude = 0.0, longitude = 0.0, device = [{{ id = {id}, login = "agv", password = "p", title = "t" }}] }}]
                api_key = [{{ key = "{key}" }}]
                "#
            )
        };
        let world = toml::from_str(&(client(1, FIRST) + &client(2, SECOND))).unwrap();
        let world = Arc::new(Directory::from_world(world, 1).unwrap());
        Arc::clone(Registry::new(&Config::default(), "run".to_owned(), world).unwrap().default())
    }

    fn reason(sandbox: &Sandbox, headers: &[(&'static str, &str)]) -> Option<Reason> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let (now, body) = (sandbox.clock.now(), Bytes::new());
        let (directory, setup) = (&*sandbox.directory(), &*sandbox.setup());
        let (method, headers) = (&Method::GET, &map);
        let call = Call {
            id: 1,
            now,
            directory,
            setup,
            method,
            path: "/",
            prefix: "",
            query: None,
            headers,
            body: &body,
            connection: 1,
        };
        match Signature::read(sandbox, &call, TwinzoOperation::DevicesList).into_signed(sandbox, &call) {
            Ok(_) => None,
            Err(Refusal::NotAuthorized(refused)) => Some(refused.reason),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_belongs_to_another_client_does_not_sign() {
        let sandbox = sandbox();
        let (directory, setup) = (sandbox.directory(), sandbox.setup());
        let account = directory.account_by_login(directory.client_by_name("client-2").unwrap(), "agv").unwrap();
        let (life, now) = (setup.settings.twinzo.life(), sandbox.clock.now());
        let issuance = Issuance { id: 7, now, exchange: 1, life, capacity: 10, alone: false };
        let token = sandbox.tokens.issue(&setup.mint, &directory, account, &issuance).unwrap().text;
        let [client, branch, key] = FIRST;
        let [other_client, other_branch, other_key] = SECOND;
        let check = |client, branch, name, credential: &str| {
            reason(&sandbox, &[("client", client), ("branch", branch), (name, credential)])
        };
        assert_eq!(check(client, branch, "api-key", key), None);
        assert_eq!(check(other_client, other_branch, "token", &token), None);
        assert_eq!(check(client, other_branch, "api-key", key), Some(Reason::BranchUnknown));
        assert_eq!(check(client, branch, "api-key", other_key), Some(Reason::ApiKeyOfOtherClient));
        assert_eq!(check(client, branch, "token", &token), Some(Reason::TokenOfOtherClient));
    }
}
