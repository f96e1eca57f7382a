//! The signing headers of §2, looked at without changing anything.
//!
//! The order of the reasons is fixed: client, branch, credential present, known, revoked, expired.

use uuid::Uuid;
use wire::header;

use super::caller::{Caller, Facts};
use super::problem::Refusal;
use crate::call::Call;
use crate::directory::{BranchId, ClientId, Directory};
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
    Token(Token),
    /// A key; if a token came beside it, why that one does not count.
    ApiKey(Option<Refused>),
}

// === impl Signature ===

impl Signature {
    pub(super) fn read(sandbox: &Sandbox, call: &Call<'_>) -> Self {
        let directory = &*sandbox.directory;
        // Also where client or branch are wrong: whose token it is helps to see what happened.
        let by_token = call.header(header::TOKEN).map(|text| sandbox.tokens.verify(text, call.now));
        let token = by_token.as_ref().and_then(|verdict| match verdict {
            Ok(token) => Some(*token),
            Err(denied) => denied.token.as_deref().copied(),
        });
        let (mut client, mut branch) = (None, None);
        let check = || {
            // What is in order stays known, whatever is wrong after it.
            let client = *client.insert(self::client(directory, call)?);
            let branch = *branch.insert(self::branch(directory, call, client)?);
            let by = signer(directory, call, client, branch, by_token)?;
            Ok(Signed { client, branch, by })
        };
        let verdict = check();
        Self { verdict, client, branch, token }
    }

    pub(super) fn into_signed(self) -> Result<Signed, Refusal> {
        self.verdict
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
    /// The token, for what only a token can do; else why there is none.
    pub(super) fn token(&self, why: &str) -> Result<&Token, Refusal> {
        match &self.by {
            Signer::Token(token) => Ok(token),
            Signer::ApiKey(Some(dead_token)) => Err(Refusal::NotAuthorized(dead_token.clone())),
            Signer::ApiKey(None) => Err(Refusal::NotAuthorized(Reason::TokenRequired.because(why))),
        }
    }
}

fn client(directory: &Directory, call: &Call<'_>) -> Result<ClientId, Refusal> {
    let guid = guid(call, "Client", header::CLIENT, Reason::ClientMissing, Reason::ClientMalformed)?;
    directory.client_by_guid(&guid).ok_or_else(|| {
        let detail = format!("no client has the GUID {guid}; the header takes the GUID of the login answer");
        refused(Reason::ClientUnknown, detail)
    })
}

fn branch(directory: &Directory, call: &Call<'_>, client: ClientId) -> Result<BranchId, Refusal> {
    let guid = guid(call, "Branch", header::BRANCH, Reason::BranchMissing, Reason::BranchMalformed)?;
    directory
        .branch_by_guid(&guid)
        .filter(|branch| directory.branch(*branch).client == client)
        .ok_or_else(|| refused(Reason::BranchUnknown, format!("the client has no branch with the GUID {guid}")))
}

/// Token or key: either is enough (§8, question 6); of two bad ones the token is the one to speak of.
fn signer(
    directory: &Directory,
    call: &Call<'_>,
    client: ClientId,
    branch: BranchId,
    by_token: Option<Result<Token, Denied>>,
) -> Result<Signer, Refusal> {
    let by_token = by_token.map(|verdict| {
        let token = verdict.map_err(|denied| denied.refused)?;
        if directory.account(token.account).client == client {
            Ok(token)
        } else {
            Err(Reason::TokenOfOtherClient.because("the token belongs to an account of another client"))
        }
    });
    let by_key = call.header(header::API_KEY).map(|text| check_key(directory, client, branch, text));
    match (by_token, by_key) {
        (Some(Ok(token)), _) => Ok(Signer::Token(token)),
        (Some(Err(cause)), Some(Ok(()))) => Ok(Signer::ApiKey(Some(cause))),
        (None, Some(Ok(()))) => Ok(Signer::ApiKey(None)),
        (Some(Err(cause)), _) | (None, Some(Err(cause))) => Err(Refusal::NotAuthorized(cause)),
        (None, None) => Err(refused(Reason::CredentialMissing, missing(call))),
    }
}

fn check_key(directory: &Directory, client: ClientId, branch: BranchId, text: &str) -> Result<(), Refused> {
    let key = directory.api_key(text).ok_or_else(|| Reason::ApiKeyUnknown.because("nobody has such an API key"))?;
    if key.client != client {
        return Err(Reason::ApiKeyOfOtherClient.because("the API key belongs to another client"));
    }
    match key.branch {
        Some(only) if only != branch => Err(Reason::ApiKeyOfOtherBranch
            .because(format!("the API key opens only the branch {}", directory.branch(only).title))),
        _ => Ok(()),
    }
}

fn guid(call: &Call<'_>, shown: &str, name: &str, missing: Reason, malformed: Reason) -> Result<Uuid, Refusal> {
    let text = call.header(name).ok_or_else(|| refused(missing, format!("the request has no {shown} header")))?;
    Uuid::try_parse(text).map_err(|_| Refusal::bad_value(malformed, shown, text))
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

    const FIRST: [&str; 3] =
        ["11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002", "key-of-first"];
    const SECOND: [&str; 3] =
        ["22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002", "key-of-second"];

    /// Two clients with a branch, a device named `agv` and a key each.
    fn sandbox() -> Sandbox {
        let client = |id: i32, [client, branch, key]: [&str; 3]| {
            format!(
                r##"
                [[client]]
                id = {id}
                guid = "{client}"
                name = "client-{id}"
                db_name = "db"
                branch = [{{ id = {id}, guid = "{branch}", title = "b", time_zone = "UTC", latitude = 0.0, longitude = 0.0 }}]
                device = [{{ id = {id}, login = "agv", password = "p", branch_id = {id}, title = "t", color = "#000000" }}]
                api_key = [{{ key = "{key}" }}]
                "##
            )
        };
        let world = toml::from_str(&(client(1, FIRST) + &client(2, SECOND))).unwrap();
        Sandbox::new("default", &Config::default(), "run", Arc::new(Directory::from_world(world).unwrap())).unwrap()
    }

    fn reason(sandbox: &Sandbox, headers: &[(&'static str, &str)]) -> Option<Reason> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let (now, body) = (sandbox.clock.now(), Bytes::new());
        let call = Call { id: 1, now, method: &Method::GET, path: "/", query: None, headers: &map, body: &body };
        match Signature::read(sandbox, &call).into_signed() {
            Ok(_) => None,
            Err(Refusal::NotAuthorized(refused)) => Some(refused.reason),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_belongs_to_another_client_does_not_sign() {
        let sandbox = sandbox();
        let client = sandbox.directory.client_by_name("client-2").unwrap();
        let account = sandbox.directory.account_by_login(client, "agv").unwrap();
        let token = sandbox.tokens.issue(&sandbox.directory, account, 7, sandbox.clock.now(), 1).unwrap().text;
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
