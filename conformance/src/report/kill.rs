//! The two gates of the self-test, for people.

use std::io::{self, Write};

use crate::mutant::{Fate, Variant};
use crate::verdict::Verdict;

/// Prints which check killed which mutant.
///
/// # Errors
///
/// Whatever printing gives.
pub fn kill_matrix(out: &mut impl Write, fates: &[Fate]) -> io::Result<()> {
    writeln!(out, "mutants: the named check must break, and hold for the client without the defect\n")?;
    for fate in fates {
        let (defect, killer) = (fate.mutant.defect.name(), fate.mutant.killer);
        let word = if fate.is_kill() { "killed" } else { "SURVIVED" };
        let (verdict, control) = (fate.verdict.name(), fate.control.name());
        writeln!(out, "{word:>9}  {defect:<22} {killer:<24} {verdict}, without it {control}")?;
        if !fate.is_kill() {
            writeln!(
                out,
                "{:>11}{}: {}",
                "",
                fate.mutant.defect.meaning(),
                fate.message.as_deref().unwrap_or("no message")
            )?;
        } else if !fate.also.is_empty() {
            writeln!(out, "{:>11}{:<22} also {}", "", "", fate.also.join(", "))?;
        }
    }
    let killed = fates.iter().filter(|fate| fate.is_kill()).count();
    writeln!(out, "\n{killed} of {} mutants killed\n", fates.len())
}

/// Prints which good clients of other habits pass.
///
/// # Errors
///
/// Whatever printing gives.
pub fn variants(out: &mut impl Write, variants: &[Variant]) -> io::Result<()> {
    writeln!(out, "habits that are as good: every check must hold, or be about something else\n")?;
    for variant in variants {
        let alarms: Vec<_> = variant.false_alarms().collect();
        let word = if alarms.is_empty() { "passes" } else { "ACCUSED" };
        let count =
            |wanted: fn(Verdict) -> bool| variant.outcomes.iter().filter(|outcome| wanted(outcome.verdict)).count();
        let passed = count(Verdict::is_pass);
        let outside = count(|verdict| verdict == Verdict::NotApplicable);
        writeln!(out, "{word:>9}  {:<22} {passed} pass, {outside} not applicable", variant.habit.name())?;
        for alarm in alarms {
            let message = alarm.message.as_deref().unwrap_or_default();
            writeln!(out, "{:>11}{}: {}: {message}", "", alarm.check, alarm.verdict.name())?;
        }
    }
    Ok(())
}
