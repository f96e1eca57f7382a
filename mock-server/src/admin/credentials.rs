//! `/__admin/credentials`: what a client of the sandbox logs in with. Here secrets are shown: whoever may steer may know.

use axum::response::Json;

use super::Selected;
use crate::credentials::Credentials;

pub(super) async fn show(Selected(sandbox): Selected) -> Json<Option<Credentials>> {
    let setup = sandbox.setup();
    Json(Credentials::of(&sandbox.directory(), &setup.settings.timbr, sandbox.clock.now()))
}
