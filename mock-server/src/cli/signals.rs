//! Signals of the operating system: the only room that knows which one it is.

use tokio::process::Child;

/// Completes when somebody wants the process to end.
#[cfg(unix)]
pub(super) async fn termination() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Completes when somebody wants the process to end.
#[cfg(not(unix))]
pub(super) async fn termination() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Waits for a command and passes signals on to it. Returns its status; 128 and the number of the signal that ended it.
#[cfg(unix)]
pub(super) async fn wait_passing_signals_on(child: &mut Child) -> std::io::Result<u8> {
    use std::io::IsTerminal;
    use std::os::unix::process::ExitStatusExt;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut quit = signal(SignalKind::quit())?;
    // A terminal sends Ctrl-C and Ctrl-\ to the command too: a second one would cut its clean-up short.
    let terminal = std::io::stdin().is_terminal();
    loop {
        let received = tokio::select! {
            status = child.wait() => {
                let status = status?;
                let by_signal = status.signal().map(|signal| 128 + signal);
                let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
                return Ok(code.unwrap_or(1));
            }
            _ = terminate.recv() => Some(Signal::SIGTERM),
            _ = hangup.recv() => Some(Signal::SIGHUP),
            _ = interrupt.recv() => (!terminal).then_some(Signal::SIGINT),
            _ = quit.recv() => (!terminal).then_some(Signal::SIGQUIT),
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        if let (Some(signal), Some(pid)) = (received, pid)
            && let Err(error) = kill(Pid::from_raw(pid), signal)
        {
            tracing::debug!("cannot pass {signal} on: {error}");
        }
    }
}

/// Waits for a command.
#[cfg(not(unix))]
pub(super) async fn wait_passing_signals_on(child: &mut Child) -> std::io::Result<u8> {
    let status = child.wait().await?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
