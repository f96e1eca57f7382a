//! The program `mock-server`: parse, run, exit.

mod cli;
mod exit;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let code = ExitCode::from(&failure);
            // Nobody is left to tell if stderr is gone.
            match writeln!(std::io::stderr(), "error: {failure}") {
                Ok(()) | Err(_) => code,
            }
        }
    }
}
