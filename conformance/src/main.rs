//! The program `conformance`: parse, run, exit.

mod cli;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let code = failure.exit().into();
            // Nobody is left to tell if stderr is gone.
            match writeln!(std::io::stderr(), "error: {failure}") {
                Ok(()) | Err(_) => code,
            }
        }
    }
}
