//! A mock server for twinzo and Timbr: tokens that expire on a clock you move, faults you inject, and a journal that
//! says why each request got the answer it got.
//!
//! The binary is the usual way in. From a Rust test the same server runs in the test's own process:
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use mock_server::{Config, RunningServer};
//!
//! let mut config = Config::default();
//! config.server.port = 0;
//! let server = RunningServer::start(config).await?;
//! println!("both vendors answer under {}", server.base_url());
//! server.shutdown().await;
//! # Ok::<(), mock_server::StartError>(())
//! # }).unwrap();
//! ```

mod admin;
mod answer;
mod app;
mod beside;
mod call;
pub mod clock;
pub mod config;
#[doc(hidden)]
pub mod connection;
pub mod credentials;
pub mod directory;
mod edge;
pub mod entropy;
pub mod excerpt;
mod exchange;
pub mod fault;
mod govern;
mod http_date;
pub mod journal;
mod json;
pub mod limit;
mod listener;
pub mod ontology;
pub mod operation;
pub mod reason;
pub mod sandbox;
pub mod server;
pub mod suggest;
mod swagger;
pub mod timbr;
pub mod token;
mod twinzo;
mod url;

pub use config::Config;
pub use server::{RunningServer, StartError};
pub use twinzo::endpoints_table;
pub use twinzo::openapi::{Dialect, document as openapi_document};
