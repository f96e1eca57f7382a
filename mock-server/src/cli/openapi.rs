//! `mock-server openapi`: the document without a server.

use clap::{Args, ValueEnum};
use mock_server::Dialect;

use super::serve;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(super) struct OpenapiArgs {
    /// Version of OpenAPI.
    #[arg(long, value_enum, value_name = "VERSION", default_value_t = Version::Current)]
    version: Version,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    /// The newer one.
    #[value(name = "3.1")]
    Current,
    /// For generators that know no other.
    #[value(name = "3.0")]
    Older,
}

/// Where a server with default settings is.
const BASE_URL: &str = "http://127.0.0.1:8080";

pub(super) fn run(args: &OpenapiArgs) -> Result<Exit, Failure> {
    let dialect = match args.version {
        Version::Current => Dialect::Current,
        Version::Older => Dialect::Older,
    };
    let document = mock_server::openapi_document(dialect, BASE_URL);
    let text = serde_json::to_string_pretty(&document).map_err(|error| Failure::Run(error.into()))?;
    serve::print(&format!("{text}\n"))?;
    Ok(Exit::Success)
}
