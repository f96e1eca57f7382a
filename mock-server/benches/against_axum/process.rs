//! A server in a process of its own, and what the system says of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::Load;

/// Ends with its guard.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    started_in: Duration,
}

impl Server {
    /// This benchmark itself, in another role.
    pub(crate) fn this(role: &str) -> Self {
        let this = std::env::current_exe().unwrap();
        Self::start(Command::new(this.as_os_str()).get_program(), &[role])
    }

    pub(crate) fn mock() -> Self {
        Self::mock_with(&[])
    }

    /// The server with some arguments of its own.
    pub(crate) fn mock_with(own: &[&str]) -> Self {
        let arguments = [&["--port", "0", "--log", "off"], own].concat();
        Self::start(env!("CARGO_BIN_EXE_mock-server").as_ref(), &arguments)
    }

    fn start(program: &std::ffi::OsStr, arguments: &[&str]) -> Self {
        // Pinned to the first core, where the system lets us; the load runs on the second.
        let pin = Command::new("taskset").args(["-c", "0", "true"]).status().is_ok_and(|status| status.success());
        let mut command = if pin { Command::new("taskset") } else { Command::new(program) };
        if pin {
            command.args(["-c", "0"]).arg(program);
        }
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let before = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = ready["api"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        Load::login(address).once();
        Self { child, address, started_in: before.elapsed() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process to its first successful answer.
    pub(crate) fn started_in(&self) -> Duration {
        self.started_in
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name in parentheses; utime and stime are fields 14 and 15 of the line, in ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }

    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
