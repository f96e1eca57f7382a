//! What concerns one ontology, and the service's configuration: §2, numbers 8, 11 and 12.

use std::sync::Arc;

use serde::Serialize;

use super::error::Refusal;
use super::query::known_ontology;
use super::work::{Work, success};
use crate::answer::Answer;
use crate::directory::TimbrUser;
use crate::reason::Reason;

/// The vendor does not document its shape.
#[derive(Serialize)]
struct Described<'a> {
    concepts: &'a [String],
    ontology: &'a str,
}

/// `POST /timbr/api/get_ontology/{ontology}`.
pub(super) fn get(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let name = work.segment(0);
    known_ontology(work.call, name)?;
    let known = work.call.directory.timbr().ontology(name);
    let concepts = known.map_or(&[][..], |ontology| &ontology.concepts);
    Ok(success(Described { concepts, ontology: name }))
}

/// `POST /timbr/api/clear_cache/{ontology}`. There is no cache that could be cleared.
pub(super) fn clear_cache(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let name = work.segment(0);
    known_ontology(work.call, name)?;
    Ok(success(format!("Cache cleared: {name}")))
}

/// `POST /timbr/api/get_config/{name}`: only what the configuration lists.
pub(super) fn config(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let name = work.segment(0);
    let value = work.settings().config.get(name).ok_or_else(|| {
        Refusal::NotFound(Reason::ConfigUnknown.because(format!("Not found: {name} is not in timbr.config")))
    })?;
    Ok(success(value))
}
