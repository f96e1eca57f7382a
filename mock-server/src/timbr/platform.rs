//! The web interface, as far as tokens come from it: a page to log in at, and the token of whoever did, §2, number 2.
//! Off unless `timbr.platform.enabled` says otherwise.

mod sessions;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use subtle::ConstantTimeEq;

use super::error::{JSON, Refusal};
use super::token::enabled;
use super::work::Work;
use crate::answer::Answer;
use crate::call::{Call, pairs};
use crate::directory::TimbrUser;
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;

use sessions::Lost;
pub(super) use sessions::Sessions;

/// The form sends to the address that it came from: so it works below a sandbox's prefix too.
const PAGE: &str = concat!(
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Log in</title>\n",
    "<form method=\"post\">\n",
    "<p><label>User <input name=\"username\" autocomplete=\"username\" required></label></p>\n",
    "<p><label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label></p>\n",
    "<p><button>Log in</button></p>\n</form>\n</html>\n"
);
const REFUSED: &str = "<p role=\"alert\">Unauthorized: the user or the password is wrong.</p>\n<form";

const COOKIE_NAME: &str = "session";

/// The shape is a guess, §11, Q7.
#[derive(Serialize)]
struct UserToken<'a> {
    token: &'a str,
}

/// `GET /login/`.
pub(super) fn page() -> Answer {
    html(StatusCode::OK, PAGE.to_owned())
}

/// `POST /login/`: whoever logged in is sent on to the token.
pub(super) fn log_in(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let id = URL_SAFE_NO_PAD.encode(work.sandbox.entropy.bytes::<32>());
    let prefix = work.call.prefix;
    let cookie = format!("{COOKIE_NAME}={id}; Path={prefix}/; HttpOnly; SameSite=Lax");
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Refusal::Internal(error.into()))?;
    work.sandbox.timbr.sessions.open(id, &user.name, work.call.now, &work.settings().platform);
    Ok(redirect(&format!("{prefix}/timbr/get_timbr_user_token/")).with_header(SET_COOKIE, cookie))
}

/// `GET /timbr/get_timbr_user_token/`.
pub(super) fn user_token(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let none = || Refusal::NotAuthorized(Reason::KeyDisabled.because("the user has no token that is in force"));
    let token = work.call.directory.timbr_token(user, work.call.now).ok_or_else(none)?;
    Ok(unstored(Answer::json(StatusCode::OK, JSON, &UserToken { token })))
}

/// The user whose name and password a form has.
pub(super) fn user_of_form<'c>(call: &'c Call<'_>) -> Result<&'c Arc<TimbrUser>, Refused> {
    let form = std::str::from_utf8(call.body).map_err(|_| Reason::BodyInvalid.because("the form is not UTF-8"))?;
    let field = |name: &str| pairs(form).find(|(field, _)| field == name).and_then(|(_, value)| value);
    let (Some(name), Some(password)) = (field("username"), field("password")) else {
        return Err(Reason::BodyInvalid.because("the form has no username or no password"));
    };
    let user = call.directory.timbr().user(&name);
    let user = user.ok_or_else(|| Reason::LoginUnknown.because(format!("no Timbr user is called {name:?}")))?;
    if bool::from(user.password.as_bytes().ct_eq(password.as_bytes())) {
        enabled(user)
    } else {
        Err(Reason::PasswordWrong.because(format!("the password is not that of {name:?}")))
    }
}

/// The user who logged in and shows the cookie.
pub(super) fn user_of_session<'c>(sandbox: &Sandbox, call: &'c Call<'_>) -> Result<&'c Arc<TimbrUser>, Refused> {
    let cookies = call.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut named = cookies.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let (_, id) = named
        .find(|(name, _)| *name == COOKIE_NAME)
        .ok_or_else(|| Reason::SessionMissing.because("the request has no session cookie"))?;
    let name = sandbox.timbr.sessions.user(id, call.now).map_err(|lost| match lost {
        Lost::Unknown => {
            Reason::SessionUnknown.because("nobody logged in with this session, or newer ones took its place")
        }
        Lost::Expired(end) => Reason::SessionExpired.because(format!("the session ended at {end}")),
    })?;
    let gone = || Reason::SessionUnknown.because(format!("the user {name:?} is no more"));
    enabled(call.directory.timbr().user(&name).ok_or_else(gone)?)
}

/// Where to log in, as the client must ask for it.
pub(super) fn login_path(call: &Call<'_>) -> String {
    format!("{}/login/", call.prefix)
}

/// The page again, with what went wrong.
pub(super) fn refused_page() -> Answer {
    html(StatusCode::UNAUTHORIZED, PAGE.replacen("<form", REFUSED, 1))
}

pub(super) fn redirect(to: &str) -> Answer {
    match HeaderValue::try_from(to) {
        Ok(location) => unstored(Answer::empty(StatusCode::FOUND).with_header(LOCATION, location)),
        Err(error) => Answer::internal(&error.into()),
    }
}

fn html(status: StatusCode, text: String) -> Answer {
    let mut answer = Answer::empty(status);
    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer.body = Bytes::from(text);
    unstored(answer)
}

/// No cache may keep what belongs to a session.
fn unstored(answer: Answer) -> Answer {
    answer.with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
}
