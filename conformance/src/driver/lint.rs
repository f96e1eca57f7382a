//! Looks at a driver before it is used: handshake, operations, discipline, and its end.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

use super::{Answer, Client, Driver, Ended, Said};
use crate::manifest::{Manifest, Profile};
use crate::runner::{cfg, greet};
use crate::target::{Target, TargetError};

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it was.
    pub what: String,
    /// What is wrong; absent if nothing is.
    pub wrong: Option<String>,
}

/// Lines of glue that are fine.
const MOST_LINES: usize = 30;
/// So long a client that is not asked for anything is watched.
const WATCH: Duration = Duration::from_millis(200);

/// Looks at a driver.
///
/// # Errors
///
/// The server does not start.
pub async fn lint(manifest: &Manifest) -> Result<Vec<Finding>, TargetError> {
    let client = Client::External(Box::new(manifest.clone()));
    let mut findings = vec![lines_of_glue(manifest)];
    let mut driver = match Driver::start(&client) {
        Ok(driver) => driver,
        Err(error) => {
            findings.push(wrong("the driver starts", error.to_string()));
            return Ok(findings);
        }
    };
    let hello = match greet(&mut driver, &client).await {
        Ok(hello) => hello,
        Err(why) => {
            findings.push(wrong("hello is answered as the manifest says", why.to_string()));
            driver.end().await;
            return Ok(findings);
        }
    };
    findings.push(right(format!("hello: {} {}, ops {}", hello.name, hello.version, hello.ops.join(", "))));
    let target = Target::start(1).await?;
    let universe = target.universe("lint", manifest.clock).await?;
    let mut talk = Talk { driver, stray: Vec::new(), broken: None };
    talk.check(&mut findings, "tick", [("now_ms", json!(universe.now_ms()))]).await;
    for profile in manifest.profiles.iter().filter(|profile| **profile != Profile::TimbrQuery) {
        let handle = format!("h-{}", profile.name());
        let cfg = cfg(*profile, &universe, &[]);
        talk.check(&mut findings, "open", [("h", json!(handle)), ("cfg", json!(cfg))]).await;
        let before = universe.traffic().arrived;
        talk.listen(WATCH).await;
        let came = universe.traffic().arrived - before;
        let idle = format!("as {} it sends nothing before it is asked", profile.name());
        findings.push(if came == 0 { right(idle) } else { wrong(&idle, format!("{came} requests came")) });
        for op in hello.ops.iter().filter(|op| is_of(op, *profile)) {
            let fields = example(op, &handle, *profile, &universe);
            talk.check_known(&mut findings, op, fields).await;
        }
        talk.check(&mut findings, "close", [("h", json!(handle)), ("mode", json!("drain"))]).await;
    }
    match talk.ask("no-such-operation", Map::new()).await {
        Some(Answer::Unsupported) => findings.push(right("an unknown operation is unsupported".to_owned())),
        _ => findings.push(wrong("an unknown operation is unsupported", "it is not answered so".to_owned())),
    }
    if let Some(broken) = talk.broken {
        findings.push(wrong("every marked line is a message", broken));
    }
    let stray = talk.stray.len();
    findings.push(right(format!("{stray} lines of log text beside the protocol")));
    findings.push(match talk.driver.end().await {
        Ended::Well => right("it exits with 0 within 2 s after the end of its input".to_owned()),
        Ended::Badly(status) => wrong("it exits with 0 after the end of its input", status),
        Ended::Killed => wrong("it exits within 2 s after the end of its input", "it had to be ended".to_owned()),
    });
    universe.end().await?;
    target.stop().await;
    Ok(findings)
}

/// A talk with a driver, without a clock.
struct Talk {
    driver: Driver,
    stray: Vec<String>,
    broken: Option<String>,
}

// === impl Talk ===

impl Talk {
    async fn ask(&mut self, op: &str, fields: Map<String, Value>) -> Option<Answer> {
        let id = self.driver.send(op, fields);
        let deadline = Instant::now() + self.driver.limits.start;
        loop {
            match timeout_at(deadline, self.driver.next()).await {
                Ok(Said::Reply { id: own, answer }) if own == id => return Some(answer),
                Ok(Said::Ended) | Err(_) => return None,
                Ok(said) => self.note(said),
            }
        }
    }

    async fn listen(&mut self, time: Duration) {
        let deadline = Instant::now() + time;
        while let Ok(said) = timeout_at(deadline, self.driver.next()).await {
            if matches!(said, Said::Ended) {
                return;
            }
            self.note(said);
        }
    }

    fn note(&mut self, said: Said) {
        match said {
            Said::Log(text) => self.stray.push(text),
            Said::Broken { line, why } => self.broken = Some(format!("{why}: {line}")),
            Said::Reply { id, .. } => self.broken = Some(format!("a reply to request {id}, which is not open")),
            Said::Slept { .. } | Said::Woke { .. } | Said::Ended => {}
        }
    }

    /// The operation must succeed.
    async fn check<const N: usize>(&mut self, findings: &mut Vec<Finding>, op: &str, fields: [(&str, Value); N]) {
        let fields = fields.map(|(name, value)| (name.to_owned(), value));
        findings.push(match self.ask(op, Map::from_iter(fields)).await {
            Some(Answer::Ok(_)) => right(format!("{op} is answered")),
            Some(Answer::Err(error)) => wrong(op, format!("it failed: {}", json!(error))),
            Some(Answer::Unsupported) => wrong(op, "it is unsupported".to_owned()),
            None => wrong(op, "it is not answered".to_owned()),
        });
    }

    /// The operation must be known; that it fails is the client's affair.
    async fn check_known(&mut self, findings: &mut Vec<Finding>, op: &str, fields: Map<String, Value>) {
        findings.push(match self.ask(op, fields).await {
            Some(Answer::Ok(_)) => right(format!("{op} is answered")),
            Some(Answer::Err(error)) => right(format!("{op} is answered, with an error: {}", error.kind)),
            Some(Answer::Unsupported) => wrong(op, "hello lists it, and it is unsupported".to_owned()),
            None => wrong(op, "it is not answered".to_owned()),
        });
    }
}

fn is_of(op: &str, profile: Profile) -> bool {
    let is_timbr = matches!(profile, Profile::TimbrBearer | Profile::TimbrToken | Profile::TimbrQuery);
    match op {
        "query" => is_timbr,
        "auth" => profile == Profile::Device || profile == Profile::TimbrBearer,
        "refresh" | "logout" | "read" => profile == Profile::Device,
        "send" | "flush" => !is_timbr,
        "idle" => true,
        _ => false,
    }
}

fn example(op: &str, handle: &str, profile: Profile, universe: &crate::target::Universe) -> Map<String, Value> {
    let known = &universe.credentials;
    let mut record = json!({"timestamp_ms": universe.now_ms(), "sector_id": 1, "x": 1000, "y": 8300});
    if profile != Profile::Device {
        record["login"] = json!(known.login);
    }
    let fields = match op {
        "send" => json!({"h": handle, "records": [record]}),
        "read" => json!({"h": handle, "what": "device", "login": known.login}),
        "query" => json!({"h": handle, "route": "openapi", "ontology": known.ontology, "sql": "SELECT 1"}),
        "idle" => json!({}),
        _ => json!({"h": handle}),
    };
    fields.as_object().cloned().unwrap_or_default()
}

/// Glue that is longer does more than glue should.
fn lines_of_glue(manifest: &Manifest) -> Finding {
    let paths = manifest.argv.iter().map(|argument| manifest.folder.join(argument));
    let Some(text) = paths.filter(|path| path.is_file()).find_map(|path| std::fs::read_to_string(path).ok()) else {
        return right("the glue is no text file in argv: its lines were not counted".to_owned());
    };
    let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
    let what = format!("{lines} lines of glue");
    if lines > MOST_LINES {
        return wrong(&what, format!("{MOST_LINES} are enough: does it do more than call the client?"));
    }
    right(what)
}

fn right(what: String) -> Finding {
    Finding { what, wrong: None }
}

fn wrong(what: &str, why: String) -> Finding {
    Finding { what: what.to_owned(), wrong: Some(why) }
}
