//! Log in and refresh, §3.

use crate::contract;

contract! {
    /// Body of `POST Authorization/Authenticate`, §3.1.
    pub struct Credential = "CredentialContract" {
        /// NAME of the client, not its GUID; null for a super user.
        client: Option<String> = "Client" @ 1,
        /// Login of a device, sensor or user.
        login: Option<String> = "Login" @ 2,
        /// Its password.
        password: Option<String> = "Password" @ 3,
    }

    /// Answer of login and refresh, in the order observed, §3.1.
    pub struct TokenContract = "AuthenticationResponseContract" {
        /// GUID of the client, to be sent as the `Client` header.
        client: String = "Client" @ 1,
        /// The token, to be sent raw as the `Token` header.
        token: String = "Token" @ 2,
        /// Unix milliseconds from which on the token is refused.
        expiration: i64 = "Expiration" @ 3,
        /// Unix milliseconds at which the token was made.
        created: i64 = "Created" @ 4,
        /// GUID of the account's own branch, to be sent as the `Branch` header.
        branch: String = "Branch" @ 5,
    }
}
