//! Every status that the program exits with.

use std::fmt;
use std::process::ExitCode;

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// 0: the server was told to stop and did, or the command succeeded.
    Success,
    /// The status of the command that `exec` ran; 128 and the signal's number if a signal ended it.
    Command(u8),
    /// 1: the command succeeded, but a fault rule never fired and `--strict` was given.
    Strict,
}

/// Why a run could not be.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 4: the configuration is wrong. (2 is clap's own, for wrong usage.)
    Config(String),
    /// 1: the machine would not let us: an address in use, a file that cannot be written.
    Run(anyhow::Error),
    /// 127: `exec` did not find its command.
    CommandNotFound(String),
    /// 126: `exec` may not start its command.
    CommandNotRunnable(String),
}

// === impl Exit ===

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Command(status) => Self::from(status),
            Exit::Strict => Self::from(1),
        }
    }
}

// === impl Failure ===

impl From<&Failure> for ExitCode {
    fn from(failure: &Failure) -> Self {
        Self::from(match failure {
            Failure::Config(_) => 4,
            Failure::Run(_) => 1,
            Failure::CommandNotFound(_) => 127,
            Failure::CommandNotRunnable(_) => 126,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(text) | Self::CommandNotFound(text) | Self::CommandNotRunnable(text) => f.write_str(text),
            Self::Run(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Run(error)
    }
}
