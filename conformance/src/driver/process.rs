//! Carriers: the pipes of a process, and a pair of pipes inside this one. The only place that knows processes.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use reference_client::Habits;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Ended, LONGEST_LINE, Said, message};
use crate::manifest::Manifest;

/// What runs, and the tasks that carry its messages.
#[derive(Debug)]
pub(super) struct Running {
    kind: Kind,
    carriers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
enum Kind {
    Process(Box<Child>, Group),
    Task(JoinHandle<std::io::Result<()>>),
}

/// A process group; whoever is left in it is ended when this is dropped.
#[derive(Debug)]
struct Group(Option<u32>);

/// A driver that floods its output has this much on each of its two streams.
const MOST_OUTPUT: usize = 256 << 20;
/// A proxy of this machine must not join in.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Starts a driver's program in a process group of its own, without a shell.
pub(super) fn spawn(
    manifest: &Manifest,
    lines: mpsc::UnboundedReceiver<String>,
    said: mpsc::Sender<Said>,
) -> std::io::Result<Running> {
    let [program, arguments @ ..] = manifest.argv.as_slice() else {
        return Err(std::io::Error::other("argv is empty"));
    };
    // A path is relative to the manifest; a bare name is looked up as usual.
    let own = manifest.folder.join(program);
    let program = if program.contains(std::path::MAIN_SEPARATOR) { own } else { PathBuf::from(program) };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&manifest.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    for proxy in PROXIES {
        command.env_remove(proxy);
    }
    command.envs(&manifest.env);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(std::io::Error::other("the driver has no pipes"));
    };
    let logged = said.clone();
    let carriers = vec![
        tokio::spawn(write(stdin, lines)),
        tokio::spawn(read(stdout, said, message::read)),
        tokio::spawn(read(stderr, logged, |line| Said::Log(format!("stderr: {line}")))),
    ];
    let group = Group(child.id());
    Ok(Running { kind: Kind::Process(Box::new(child), group), carriers })
}

/// The reference client, over pipes inside this process.
pub(super) fn in_process(habits: Habits, lines: mpsc::UnboundedReceiver<String>, said: mpsc::Sender<Said>) -> Running {
    const BUFFER: usize = 64 << 10;
    let (to_client, input) = tokio::io::duplex(BUFFER);
    let (output, from_client) = tokio::io::duplex(BUFFER);
    let task = tokio::spawn(reference_client::serve(BufReader::new(input), output, habits));
    let carriers = vec![tokio::spawn(write(to_client, lines)), tokio::spawn(read(from_client, said, message::read))];
    Running { kind: Kind::Task(task), carriers }
}

/// Writes lines until there are no more, and closes.
async fn write(mut to: impl AsyncWrite + Unpin, mut lines: mpsc::UnboundedReceiver<String>) {
    while let Some(line) = lines.recv().await {
        if to.write_all(line.as_bytes()).await.is_err() || to.flush().await.is_err() {
            // It is gone; its other end tells.
            return;
        }
    }
}

async fn read(from: impl AsyncRead + Unpin, said: mpsc::Sender<Said>, understand: impl Fn(&str) -> Said + Send) {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    let mut left = MOST_OUTPUT;
    loop {
        line.clear();
        let longest = LONGEST_LINE.min(left) + 1;
        let why = match (&mut from).take(longest as u64).read_until(b'\n', &mut line).await {
            Ok(0) => return,
            Ok(length) if length < longest => {
                left -= length;
                if said.send(understand(String::from_utf8_lossy(&line).trim_end())).await.is_err() {
                    return;
                }
                continue;
            }
            Ok(_) if left < LONGEST_LINE => format!("the driver printed more than {MOST_OUTPUT} bytes"),
            Ok(_) => format!("a line is longer than {LONGEST_LINE} bytes"),
            Err(error) => error.to_string(),
        };
        said.send(Said::Broken { line: String::new(), why }).await.unwrap_or_default();
        return;
    }
}

// === impl Running ===

impl Running {
    /// Waits for it to go by itself, and ends what is left.
    pub(super) async fn end(self, patience: Duration) -> Ended {
        let ended = match self.kind {
            Kind::Process(mut child, group) => {
                let waited = tokio::time::timeout(patience, child.wait()).await;
                // Also what it started, whether it went by itself or not.
                drop(group);
                match waited {
                    Ok(Ok(status)) if status.success() => Ended::Well,
                    Ok(Ok(status)) => Ended::Badly(status.to_string()),
                    Ok(Err(error)) => Ended::Badly(error.to_string()),
                    Err(_) => {
                        child.kill().await.unwrap_or_default();
                        Ended::Killed
                    }
                }
            }
            Kind::Task(mut task) => match tokio::time::timeout(patience, &mut task).await {
                Ok(Ok(Ok(()))) => Ended::Well,
                Ok(Ok(Err(error))) => Ended::Badly(error.to_string()),
                Ok(Err(error)) => Ended::Badly(error.to_string()),
                Err(_) => {
                    task.abort();
                    Ended::Killed
                }
            },
        };
        for carrier in self.carriers {
            carrier.abort();
        }
        ended
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        kill_group(self.0);
    }
}

#[cfg(unix)]
fn kill_group(group: Option<u32>) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    if let Some(group) = group.and_then(|group| i32::try_from(group).ok()) {
        // Nobody left in it is what we want.
        killpg(Pid::from_raw(group), Signal::SIGKILL).unwrap_or_default();
    }
}

#[cfg(not(unix))]
fn kill_group(_: Option<u32>) {}
