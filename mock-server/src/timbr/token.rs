//! `POST /timbr/api/get_token`: a bearer buys the user's permanent token, §4.

use std::sync::Arc;

use http::StatusCode;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;
use wire::header;
use wire::timbr::Envelope;

use super::bearer::{self, BadBearer, Reading};
use super::error::{JSON, Refusal};
use super::fernet::Unreadable;
use super::jwt::{Named, UserClaim};
use crate::answer::Answer;
use crate::call::Call;
use crate::directory::{Opens, TimbrUser};
use crate::reason::{Reason, Refused};

/// The same user gets the same token on every call, until it is rotated.
pub(super) fn get_token(call: &Call<'_>, user: &TimbrUser) -> Result<Answer, Refusal> {
    let none = || Refusal::BadBearer(Reason::KeyDisabled.because("the user has no token that is in force"));
    let token = call.directory.timbr_token(user, call.now).ok_or_else(none)?;
    Ok(Answer::json(StatusCode::OK, JSON, &Envelope::success([token])))
}

/// The user whose token this is, if it is in force.
pub(super) fn user_of_key<'c>(call: &'c Call<'_>, text: &str) -> Result<&'c Arc<TimbrUser>, Refused> {
    let unknown = || Reason::KeyUnknown.because("no user has such a token");
    let key = call.directory.key(text).ok_or_else(unknown)?;
    let Opens::TimbrUser(name) = &key.opens else {
        return Err(Reason::KeyUnknown.because("the key is a twinzo API key, not a Timbr user's token"));
    };
    if key.disabled {
        return Err(Reason::KeyDisabled.because("the token is disabled"));
    }
    if let Some(end) = key.retires.filter(|end| call.now >= *end) {
        return Err(Reason::KeyRetired.because(format!("the token was rotated and ended at {end}")));
    }
    enabled(call.directory.timbr().user(name).ok_or_else(unknown)?)
}

pub(super) fn enabled(user: &Arc<TimbrUser>) -> Result<&Arc<TimbrUser>, Refused> {
    if user.disabled { Err(Reason::UserDisabled.because("the user is disabled")) } else { Ok(user) }
}

/// The user that a JWT names.
pub(super) fn user_of_jwt<'c>(call: &'c Call<'_>, text: &str) -> Result<&'c Arc<TimbrUser>, Refused> {
    let off = || Reason::JwtNotEnabled.because("x-jwt-token is not enabled: timbr.jwt has no key; send x-api-key");
    let reader = call.setup.jwt.as_ref().ok_or_else(off)?;
    let Named { claim, user } = reader.read(text, call.header(header::X_JWT_TENANT_ID), call.now)?;
    let directory = call.directory.timbr();
    let (found, what) = match claim {
        UserClaim::Username => (directory.user(&user), "user"),
        UserClaim::Email => (directory.user_of_email(&user), "user with the e-mail address"),
    };
    let unknown = || Reason::JwtUserUnknown.because(format!("the JWT names the {what} {user:?}, who is unknown"));
    enabled(found.ok_or_else(unknown)?)
}

/// The user that a bearer names, if the password in it is the user's.
pub(super) fn user_of_bearer<'c>(call: &'c Call<'_>) -> Result<&'c Arc<TimbrUser>, Refused> {
    let settings = &call.setup.settings.timbr;
    let directory = call.directory.timbr();
    let salt = settings.auth_salt.as_ref().or(directory.auth_salt.as_ref());
    let salt = salt.ok_or_else(|| Reason::SaltMissing.because("no timbr.auth_salt is configured"))?;
    let authorization = call
        .header(AUTHORIZATION.as_str())
        .ok_or_else(|| Reason::BearerMissing.because("the request has no Authorization header"))?;
    // The scheme's case and the number of spaces do not matter (RFC 9110); `strict` has looked at them by now.
    let token = match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => {
            return Err(Reason::BearerMissing.because("the Authorization header has another scheme than Bearer"));
        }
    };
    let now_s = u64::try_from(call.now.as_second()).unwrap_or(0);
    let ttl_s =
        settings.bearer_ttl.map(|ttl| u64::try_from(ttl.signed().as_millis()).unwrap_or(u64::MAX).div_ceil(1000));
    let how = Reading {
        key: settings.bearer_key,
        plaintext: settings.bearer_plaintext,
        base64: settings.bearer_base64,
        ttl_s,
    };
    let who = bearer::read(token, salt, how, now_s).map_err(explain)?;
    let user = directory.user(&who.user).ok_or_else(|| {
        Reason::BearerUserUnknown.because(format!("the bearer names the user {:?}, who is unknown", who.user))
    })?;
    if bool::from(user.password.as_bytes().ct_eq(who.password.as_bytes())) {
        enabled(user)
    } else {
        Err(Reason::BearerPasswordWrong.because(format!("the bearer's password is not that of {:?}", who.user)))
    }
}

fn explain(bad: BadBearer) -> Refused {
    match bad {
        BadBearer::Salt => Reason::SaltMissing.because(
            "timbr.auth_salt is no Fernet key (base64 of 32 bytes), and timbr.bearer_key says that it must be one",
        ),
        BadBearer::Token(Unreadable::Malformed) => Reason::BearerMalformed.because("the bearer is no Fernet token"),
        BadBearer::Token(Unreadable::Expired) => {
            Reason::BearerExpired.because("the bearer is older than timbr.bearer_ttl, or from the future")
        }
        BadBearer::Token(Unreadable::Undecryptable) => {
            Reason::BearerUndecryptable.because("the bearer was encrypted with another salt, or damaged")
        }
        BadBearer::Plaintext => {
            Reason::BearerMalformed.because("the bearer decrypts to something other than timbr.bearer_plaintext says")
        }
    }
}
