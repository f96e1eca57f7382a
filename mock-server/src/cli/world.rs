//! What a command works on: the configuration, and the world that is named in it or beside it. The world is read once, and
//! before the configuration, whose names are the world's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use mock_server::clock;
use mock_server::config::{self, Config};
use mock_server::credentials::Credentials;
use mock_server::directory::{Directory, Generate};

use crate::exit::{Exit, Failure};

use super::{CredentialsArgs, Layout, serve};

/// Options of the world. Each overrides the configuration file.
#[derive(Debug, Args)]
pub(super) struct WorldArgs {
    /// File of the world, TOML or JSON. [default: the world that ships]
    #[arg(long, env = "MOCK_SERVER_WORLD", value_name = "FILE")]
    world: Option<PathBuf>,
    /// Rows to make and add to the world, such as devices=100000,sectors=50.
    ///
    /// Collections: branches, sectors, layers, areas, paths, beacons, devices, sensors, users, quantities, shifts.
    #[arg(long, env = "MOCK_SERVER_GENERATE", value_name = "SPEC")]
    generate: Option<Generate>,
    /// Folder of ontologies to add to the world: each subfolder is one, each CSV or JSON file in it a table for SQL.
    #[arg(long, env = "MOCK_SERVER_ONTOLOGIES", value_name = "DIR")]
    ontologies: Option<PathBuf>,
    /// Seed of all draws, and of what a world leaves out.
    #[arg(long, env = "MOCK_SERVER_SEED")]
    seed: Option<u64>,
}

/// A configuration, and the world that it was checked against.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) config: Config,
    pub(super) directory: Arc<Directory>,
}

// === impl WorldArgs ===

impl WorldArgs {
    /// File, then environment and flags, then the world, then the checks. `change` is what else overrides the file.
    pub(super) fn settle(
        &self,
        file: Option<&Path>,
        change: impl FnOnce(&mut Config) -> Result<(), Failure>,
    ) -> Result<Settled, Failure> {
        let mut unchecked = config::read(file).map_err(|error| Failure::Config(error.to_string()))?;
        let config = &mut unchecked.config;
        config.world.file = self.world.clone().or(config.world.file.take());
        config.world.generate = self.generate.unwrap_or(config.world.generate);
        config.world.ontologies = self.ontologies.clone().or(config.world.ontologies.take());
        config.entropy.seed = self.seed.unwrap_or(config.entropy.seed);
        change(config)?;
        let directory = config.directory().map_err(|error| Failure::Config(error.to_string()))?;
        let config = unchecked.check(&directory).map_err(|error| Failure::Config(error.to_string()))?;
        Ok(Settled { config, directory: Arc::new(directory) })
    }
}

// === impl Settled ===

impl Settled {
    /// What clients log in with.
    pub(super) fn credentials(&self) -> Result<Credentials, Failure> {
        Credentials::of(&self.directory, &self.config.timbr, clock::real_now())
            .ok_or_else(|| Failure::Config("the world holds no client".to_owned()))
    }
}

/// `mock-server credentials`.
pub(super) fn print_credentials(args: &CredentialsArgs) -> Result<Exit, Failure> {
    let credentials = args.world.settle(args.config.as_deref(), |_| Ok(()))?.credentials()?;
    let text = match args.format {
        Layout::Human => credentials.human(),
        Layout::Env => credentials.shell(None),
        Layout::Json => {
            let json = serde_json::to_string_pretty(&credentials);
            format!("{}\n", json.map_err(|error| Failure::Run(error.into()))?)
        }
    };
    serve::print(&text)?;
    Ok(Exit::Success)
}
