//! Runs the harness, as a library and as a program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conformance::catalogue::{self, Case};
use conformance::driver::Client;
use conformance::manifest::Manifest;
use conformance::policy::Policy;
use conformance::runner::{CaseOutcome, Run};

/// The cases with these ids.
pub(crate) fn cases(ids: &[&str]) -> Vec<&'static Case> {
    let found: Vec<_> = catalogue::all().iter().filter(|case| ids.contains(&case.id)).collect();
    assert_eq!(found.len(), ids.len(), "{ids:?}");
    found
}

pub(crate) fn run(client: &Client, cases: &[&'static Case], seed: u64) -> Vec<CaseOutcome> {
    let policy = Policy::baseline().unwrap();
    let run = Run { client, cases, policy: &policy, seed };
    tokio::runtime::Runtime::new().unwrap().block_on(run.all(&mut |_| ())).unwrap()
}

/// A manifest in a folder of its own.
pub(crate) struct OwnManifest {
    folder: tempfile::TempDir,
}

impl OwnManifest {
    pub(crate) fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("client.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("client.toml")
    }

    pub(crate) fn with(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    pub(crate) fn client(&self) -> Client {
        Client::External(Box::new(Manifest::load(&self.path()).unwrap()))
    }
}

/// The reference client, through the pipes of a process.
pub(crate) fn reference_over_stdio(env: &str) -> OwnManifest {
    let program = env!("CARGO_BIN_EXE_conformance");
    OwnManifest::new(&format!(
        r#"
name = "reference-client"
version = "{}"
argv = ["{program}", "driver", "reference"]
profiles = ["device", "server", "batch", "timbr-bearer", "timbr-token", "timbr-query"]
clock = "virtual"
[env]
{env}
"#,
        env!("CARGO_PKG_VERSION")
    ))
}

/// A driver that cheats.
pub(crate) fn cheat(name: &str) -> OwnManifest {
    let program = Path::new(env!("CARGO_BIN_EXE_conformance")).parent().unwrap().join("examples").join("cheat");
    assert!(program.exists(), "{} is built by `cargo test -p conformance`", program.display());
    OwnManifest::new(&format!(
        r#"
name = "cheat"
version = "1.0.0"
argv = ["{}", "{name}"]
profiles = ["device", "server", "batch", "timbr-bearer", "timbr-token", "timbr-query"]
clock = "virtual"
[limits]
start = "2s"
operation = "1s"
"#,
        program.display()
    ))
}

/// The program.
pub(crate) fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).output().unwrap()
}

#[track_caller]
pub(crate) fn expect(output: &Output, exit: i32, parts: &[&str]) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}
