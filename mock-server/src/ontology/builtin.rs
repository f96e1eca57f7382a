//! The data of the world that ships: `fixtures/ontologies/supply_chain`.

use std::sync::LazyLock;

use super::folder::{Source, assemble};
use super::{Data, OntologyError};

/// The ontology that it belongs to.
pub(crate) const BUILT_IN: &str = "supply_chain";

macro_rules! source {
    ($file:literal) => {
        Source::embedded($file, include_str!(concat!("../../../fixtures/ontologies/supply_chain/", $file)))
    };
}

// Made when it is first asked for, once for the process: nothing ever changes it.
static DATA: LazyLock<Result<Data, OntologyError>> = LazyLock::new(|| {
    let tables = [source!("customer.csv"), source!("order.csv"), source!("shipment.json")];
    assemble(BUILT_IN, tables.into_iter().chain([source!("ontology.toml")]).collect())
});

/// The built-in data.
pub(crate) fn built_in() -> Option<&'static Data> {
    let data = DATA.as_ref();
    data.inspect_err(|error| tracing::error!("the data that ships cannot be used: {error}")).ok()
}
