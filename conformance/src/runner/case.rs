//! One case from its preconditions to its verdict.

use super::stage::Stage;
use super::{CaseOutcome, CheckOutcome, Run, plan};
use crate::catalogue::{Case, Scene};
use crate::clause::Level;
use crate::driver::{Answer, Client, Driver, Hello, Said};
use crate::evidence::{Finding, Objection};
use crate::manifest::{ClockClass, Profile};
use crate::step::Step;
use crate::target::{Target, TargetError, Universe};
use crate::transcript::{DriverFault, Endless, Given, Labels, Outcome, Transcript};
use crate::verdict::Verdict;

/// Why a case was not run to its end.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// It is not about this client.
    Instead(Verdict, String),
    /// Somebody is to blame who is not under test.
    Fault(DriverFault),
}

/// Runs a case and judges it.
pub(super) async fn run(case: &'static Case, run: &Run<'_>, target: &Target) -> CaseOutcome {
    match perform(case, run.client, target).await {
        Ok(transcript) => judge(case, run, transcript),
        Err(NotRun::Instead(verdict, why)) => without_transcript(case, verdict, &why),
        Err(NotRun::Fault(DriverFault::Glue(why))) => without_transcript(case, Verdict::ConfigError, &why),
        Err(NotRun::Fault(DriverFault::Referee(why))) => without_transcript(case, Verdict::HarnessError, &why),
    }
}

fn without_transcript(case: &'static Case, verdict: Verdict, why: &str) -> CaseOutcome {
    let every = |check| CheckOutcome { check, verdict, evidence: Vec::new(), message: Some(why.to_owned()) };
    CaseOutcome { case, verdict, checks: case.check_ids().map(every).collect(), transcript: None }
}

async fn perform(case: &'static Case, client: &Client, target: &Target) -> Result<Transcript, NotRun> {
    let profile = applicable(case, client)?;
    let clock = client.clock();
    let mut driver = Driver::start(client)
        .map_err(|error| NotRun::Fault(DriverFault::Glue(format!("the driver cannot be started: {error}"))))?;
    let hello = match greet(&mut driver, client).await {
        Ok(hello) => hello,
        Err(why) => {
            driver.end().await;
            return Err(why);
        }
    };
    if let Some(missing) = case.ops.iter().find(|op| !hello.ops.iter().any(|own| own == *op)) {
        driver.end().await;
        return Err(NotRun::Instead(Verdict::NotApplicable, format!("the driver has no operation {missing}")));
    }
    let universe = target.universe(case.id, clock).await?;
    let cfg = plan::cfg(profile, &universe, case.settings);
    let mut stage = Stage::new(driver, &universe, clock, hello.ops.iter().any(|op| op == "idle"));
    let played = play(case, &mut stage, &universe, &cfg, &hello.ops).await;
    let exchanges = after_the_last(&universe).await;
    let seen = stage.close().await;
    let transcript = Transcript {
        t0_ms: universe.t0_ms,
        clock,
        given: Given { cfg },
        exchanges: exchanges?,
        calls: seen.calls,
        quiets: seen.quiets,
        assumed_quiescent: seen.assumed_quiescent,
        log: seen.log,
        fault: played.err().or(seen.fault),
    };
    universe.end().await?;
    Ok(transcript)
}

/// As what the client is opened; or why the case is not about it.
fn applicable(case: &Case, client: &Client) -> Result<Profile, NotRun> {
    let claims = client.profiles();
    let Some(profile) = case.profiles.iter().find(|profile| claims.contains(profile)) else {
        let names: Vec<&str> = case.profiles.iter().map(|profile| profile.name()).collect();
        let why = format!("the client does not claim {}", names.join(" or "));
        return Err(NotRun::Instead(Verdict::NotApplicable, why));
    };
    if let Some(missing) = case.claims.iter().find(|claim| !claims.contains(claim)) {
        let why = format!("the client does not claim {}", missing.name());
        return Err(NotRun::Instead(Verdict::NotApplicable, why));
    }
    if case.needs_virtual_clock && client.clock() != ClockClass::Virtual {
        let why = "it needs a client whose clock the harness can move".to_owned();
        return Err(NotRun::Instead(Verdict::NotObserved, why));
    }
    Ok(*profile)
}

/// Greets the driver; what it says must be what its manifest says.
pub(crate) async fn greet(driver: &mut Driver, client: &Client) -> Result<Hello, NotRun> {
    let fault = |why: String| NotRun::Fault(DriverFault::Glue(why));
    let fields = serde_json::Map::from_iter([("conform".to_owned(), serde_json::json!([1]))]);
    let id = driver.send("hello", fields);
    let limit = driver.limits.start;
    let mut last_words = String::new();
    let answer = tokio::time::timeout(limit, async {
        loop {
            match driver.next().await {
                Said::Reply { id: own, answer } if own == id => return Ok(answer),
                Said::Log(text) => last_words = text,
                Said::Ended if last_words.is_empty() => return Err("the driver went away before hello".to_owned()),
                Said::Ended => return Err(format!("the driver went away before hello; its last words: {last_words}")),
                Said::Broken { line, why } => return Err(format!("{why}: {line}")),
                Said::Reply { id, answer } => {
                    return Err(format!("a reply to request {id} before hello is answered: {}", answer.text()));
                }
                Said::Slept { .. } | Said::Woke { .. } => return Err("a sleep before hello is answered".to_owned()),
            }
        }
    });
    let answer = answer.await.map_err(|_| fault(format!("no reply to hello within {limit:?}")))?.map_err(fault)?;
    let Answer::Ok(value) = answer else {
        return Err(fault("hello failed".to_owned()));
    };
    let hello: Hello = serde_json::from_value(value).map_err(|error| fault(format!("hello: {error}")))?;
    agree(&hello, client).map_err(fault)?;
    Ok(hello)
}

fn agree(hello: &Hello, client: &Client) -> Result<(), String> {
    let differs = |what: &str, said: String, claimed: String| {
        Err(format!("the manifest and hello disagree: {what} is {claimed} in the manifest and {said} in hello"))
    };
    if hello.conform != 1 {
        return Err(format!("hello: conform {} is unknown; allowed: 1", hello.conform));
    }
    if hello.name != client.name() {
        return differs("name", hello.name.clone(), client.name().to_owned());
    }
    if hello.version != client.version() {
        return differs("version", hello.version.clone(), client.version().to_owned());
    }
    if hello.clock != client.clock() {
        return differs(
            "clock",
            format!("{:?}", hello.clock).to_lowercase(),
            format!("{:?}", client.clock()).to_lowercase(),
        );
    }
    let sorted = |profiles: &[Profile]| {
        let mut names: Vec<&str> = profiles.iter().map(|profile| profile.name()).collect();
        names.sort_unstable();
        names.join(", ")
    };
    if sorted(&hello.profiles) != sorted(client.profiles()) {
        return differs("profiles", sorted(&hello.profiles), sorted(client.profiles()));
    }
    Ok(())
}

async fn play(
    case: &Case,
    stage: &mut Stage<'_>,
    universe: &Universe,
    cfg: &serde_json::Map<String, serde_json::Value>,
    ops: &[String],
) -> Result<(), DriverFault> {
    let scene = Scene { t0_ms: universe.t0_ms, credentials: &universe.credentials, cfg, ops };
    let steps = (case.steps)(&scene);
    let referee = |error: TargetError| DriverFault::Referee(error.to_string());
    for step in &steps {
        if let Step::Settings { patch } = step {
            universe.admin("PATCH", "settings", Some(patch)).await.map_err(referee)?;
        }
    }
    stage.open(cfg).await?;
    for step in steps {
        match step {
            Step::Settings { .. } => {}
            Step::Server { method, path, body } => {
                universe.admin(method, &path, body.as_ref()).await.map_err(referee)?;
            }
            Step::Ask(ask) => {
                if !stage.ask(&[ask], None).await? {
                    return Ok(());
                }
            }
            Step::Together { asks, release } => {
                if !stage.ask(&asks, Some(&release)).await? {
                    return Ok(());
                }
            }
            Step::Pass { ms } => stage.pass(ms).await?,
            Step::Quiet { ms } => stage.quiet(ms).await?,
        }
    }
    Ok(())
}

/// The exchanges, once none is under way any more.
async fn after_the_last(universe: &Universe) -> Result<Vec<crate::transcript::Exchange>, TargetError> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let traffic = universe.traffic();
        if traffic.open == 0 {
            return universe.exchanges(traffic.arrived).await;
        }
        if tokio::time::Instant::now() > deadline {
            return universe.exchanges(traffic.arrived.saturating_sub(traffic.open)).await;
        }
        tokio::time::sleep_until(tokio::time::Instant::now() + std::time::Duration::from_millis(1)).await;
    }
}

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Instead(_, why) | Self::Fault(DriverFault::Glue(why) | DriverFault::Referee(why)) => f.write_str(why),
        }
    }
}

impl From<TargetError> for NotRun {
    fn from(error: TargetError) -> Self {
        Self::Fault(DriverFault::Referee(error.to_string()))
    }
}

// === judging ===

fn judge(case: &'static Case, run: &Run<'_>, transcript: Transcript) -> CaseOutcome {
    let checks = verdicts(case, run, &transcript);
    let verdict = checks.iter().map(|check| check.verdict).reduce(Verdict::and).unwrap_or(Verdict::HarnessError);
    CaseOutcome { case, verdict, checks, transcript: Some(transcript) }
}

fn verdicts(case: &'static Case, run: &Run<'_>, transcript: &Transcript) -> Vec<CheckOutcome> {
    let all = |verdict: Verdict, why: &str| -> Vec<CheckOutcome> {
        let every = |check| CheckOutcome { check, verdict, evidence: Vec::new(), message: Some(why.to_owned()) };
        case.check_ids().map(every).collect()
    };
    match &transcript.fault {
        Some(DriverFault::Glue(why)) => return all(Verdict::ConfigError, why),
        Some(DriverFault::Referee(why)) => return all(Verdict::HarnessError, why),
        None => {}
    }
    if let Some(call) = transcript.calls.iter().find(|call| matches!(call.outcome, Outcome::Unsupported)) {
        // An operation that takes a kind may know some kinds only.
        let verdict = if call.op == "query" || call.op == "read" { Verdict::Unimplemented } else { Verdict::Fail };
        return all(verdict, &format!("hello lists {}, and it is answered unsupported", call.op));
    }
    if transcript.exchanges.is_empty() {
        return all(Verdict::ConfigError, "no call caused any traffic: does the glue call the client?");
    }
    let delivered = (case.delivered)(transcript);
    // Messages are the same in every run: values stand by their labels.
    let mut labels = Labels::of(transcript);
    let ends = outcome(case.id, "ends", Level::Must, ends(transcript), &mut labels);
    let own = case.checks.iter().map(|check| {
        let finding = match &delivered {
            // Without the stimulus nothing that follows means anything.
            Err(Objection::Undecided(why)) => {
                Err(Objection::Undecided(format!("the stimulus was not delivered: {why}")))
            }
            Err(other) => Err(other.clone()),
            Ok(stimulus) => match (check.judge)(transcript) {
                Ok(seen) => Ok(seen.and(stimulus.clone())),
                Err(Objection::Broken { message, evidence }) => {
                    Err(Objection::Broken { message, evidence: evidence.and(stimulus.clone()) })
                }
                Err(other) => Err(other),
            },
        };
        let level = run.policy.level(case.clause(), check.kind);
        outcome(case.id, check.name, level, finding, &mut labels)
    });
    let mut checks: Vec<CheckOutcome> = own.collect();
    checks.push(ends);
    checks
}

/// Every call ends: a client that hangs or loops breaks any contract.
fn ends(transcript: &Transcript) -> Finding {
    for call in &transcript.calls {
        if let Outcome::Unfinished(endless) = call.outcome {
            let how = match endless {
                Endless::Hung => "it waits for something that cannot happen any more",
                Endless::Looping => "it goes on and on",
                Endless::TimedOut => "it took longer than limits.operation",
            };
            let stood = transcript.log.iter().find(|line| line.starts_with("the clock stood"));
            let stood = stood.map(|line| format!("; {line}")).unwrap_or_default();
            return crate::evidence::Evidence::from(call).breaks(format!("{} never ended: {how}{stood}", call.op));
        }
    }
    crate::evidence::Evidence::all(transcript.calls.iter().take(1))
        .ok_or_else(|| Objection::Undecided("nothing was asked of the client".to_owned()))
}

fn outcome(case: &str, check: &str, level: Level, finding: Finding, labels: &mut Labels) -> CheckOutcome {
    let (verdict, evidence, message) = match finding {
        Ok(evidence) => {
            let note = evidence.note().map(str::to_owned);
            let verdict = if note.is_some() { Verdict::PassNonstrict } else { Verdict::Pass };
            (verdict, evidence.points().to_vec(), note)
        }
        Err(Objection::Broken { message, evidence }) => {
            let verdict = match level {
                Level::Must => Verdict::Fail,
                Level::Should => Verdict::Warn,
            };
            (verdict, evidence.points().to_vec(), Some(message))
        }
        Err(Objection::Undecided(why)) => (Verdict::Inconclusive, Vec::new(), Some(why)),
        Err(Objection::NotApplicable(why)) => (Verdict::NotApplicable, Vec::new(), Some(why)),
    };
    let message = message.map(|message| labels.text(&message));
    CheckOutcome { check: format!("{case}.{check}"), verdict, evidence, message }
}
