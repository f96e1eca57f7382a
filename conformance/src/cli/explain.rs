//! `conformance explain`.

use std::io::{self, Write};

use conformance::catalogue;
use conformance::driver::Client;
use conformance::exit::Exit;
use conformance::policy::Policy;
use conformance::runner::Run;
use conformance::transcript::render;
use reference_client::Habits;

use super::{Failure, select};

pub(super) async fn explain(named: &str) -> Result<Exit, Failure> {
    let id = named.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let Some(case) = catalogue::all().iter().find(|case| case.id == id) else {
        return Err(Failure::Selection(format!("there is no case {named:?}{}", select::hint(&id))));
    };
    let policy = Policy::baseline()?;
    let clause = case.clause();
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {}\n", case.id, clause.title)?;
    writeln!(out, "{}\n", clause.text)?;
    writeln!(
        out,
        "source: {}{}",
        clause.source,
        clause.url.as_ref().map(|url| format!(", {url}")).unwrap_or_default()
    )?;
    if let Some(quote) = &clause.quote {
        writeln!(out, "        \"{quote}\"")?;
    }
    writeln!(out, "clause: {}\n\nchecks:", clause.digest)?;
    for check in case.checks {
        writeln!(out, "  {:<6} {}.{}: {}", policy.level(clause, check.kind).name(), case.id, check.name, check.says)?;
    }
    writeln!(out, "  {:<6} {}.ends: each call comes to an end", "MUST", case.id)?;
    writeln!(out, "\nwhy it matters:\n  {}\n\nwhat usually breaks it:", clause.why)?;
    for cause in &clause.causes {
        writeln!(out, "  - {cause}")?;
    }
    if !clause.seen.is_empty() {
        writeln!(out, "\nseen in the field:")?;
        for seen in &clause.seen {
            writeln!(out, "  - {seen}")?;
        }
    }
    writeln!(out, "\nhow to mend it:\n  {}\n\nwhat the reference client does:\n", clause.fix)?;
    drop(out);
    let run = Run { client: &Client::Reference(Habits::default()), cases: &[case], policy: &policy, seed: 1 };
    let outcomes = run.all(&mut |_| ()).await?;
    let mut out = io::stdout().lock();
    for transcript in outcomes.iter().filter_map(|outcome| outcome.transcript.as_ref()) {
        write!(out, "{}", render(transcript, None))?;
    }
    Ok(Exit::Conformant)
}
