//! Signals of the operating system: the only room that knows which one it is.
//!
//! Both listeners are in force from the moment they are made, not from the moment somebody waits: whoever reads the
//! ready line may send a signal at once.

use std::io;

use tokio::process::Child;

#[cfg(not(unix))]
pub(super) use other::{Forwarded, Termination};
#[cfg(unix)]
pub(super) use unix::{Forwarded, Termination};

#[cfg(unix)]
mod unix {
    use std::io::IsTerminal;
    use std::os::unix::process::ExitStatusExt;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use tokio::signal::unix::{SignalKind, signal};

    use super::{Child, io};

    type Stream = tokio::signal::unix::Signal;

    /// Signals that ask this process to end.
    pub(in super::super) struct Termination {
        terminate: Stream,
        interrupt: Stream,
    }

    /// Signals that belong to a command.
    pub(in super::super) struct Forwarded {
        terminate: Stream,
        interrupt: Stream,
        hangup: Stream,
        quit: Stream,
    }

    // === impl Termination ===

    impl Termination {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
        }

        /// Completes when somebody wants the process to end.
        pub(in super::super) async fn wait(mut self) {
            tokio::select! {
                _ = self.terminate.recv() => {}
                _ = self.interrupt.recv() => {}
            }
        }
    }

    // === impl Forwarded ===

    impl Forwarded {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self {
                terminate: signal(SignalKind::terminate())?,
                interrupt: signal(SignalKind::interrupt())?,
                hangup: signal(SignalKind::hangup())?,
                quit: signal(SignalKind::quit())?,
            })
        }

        /// Waits for a command and passes signals on to it. Returns its status; 128 and the number of the signal that
        /// ended it.
        pub(in super::super) async fn until_exit(mut self, child: &mut Child) -> io::Result<u8> {
            // A terminal sends Ctrl-C and Ctrl-\ to the command too: a second one would cut its clean-up short.
            let terminal = io::stdin().is_terminal();
            loop {
                let received = tokio::select! {
                    status = child.wait() => {
                        let status = status?;
                        let by_signal = status.signal().map(|signal| 128 + signal);
                        let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
                        return Ok(code.unwrap_or(1));
                    }
                    _ = self.terminate.recv() => Some(Signal::SIGTERM),
                    _ = self.hangup.recv() => Some(Signal::SIGHUP),
                    _ = self.interrupt.recv() => (!terminal).then_some(Signal::SIGINT),
                    _ = self.quit.recv() => (!terminal).then_some(Signal::SIGQUIT),
                };
                let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
                if let (Some(signal), Some(pid)) = (received, pid)
                    && let Err(error) = kill(Pid::from_raw(pid), signal)
                {
                    tracing::debug!("cannot pass {signal} on: {error}");
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod other {
    use super::{Child, io};

    /// Ctrl-C.
    pub(in super::super) struct Termination;

    /// Nothing: the system tells the command itself.
    pub(in super::super) struct Forwarded;

    impl Termination {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) async fn wait(self) {
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::warn!("cannot wait for Ctrl-C: {error}");
            }
        }
    }

    impl Forwarded {
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) async fn until_exit(self, child: &mut Child) -> io::Result<u8> {
            let status = child.wait().await?;
            Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
    }
}
