//! `conformance self-test`.

use std::io;

use conformance::exit::Exit;
use conformance::mutant::{Variant, mutants};
use conformance::policy::Policy;
use conformance::report::{kill_matrix, variants};
use reference_client::Habit;

use super::Failure;

pub(super) async fn self_test(seed: u64) -> Result<Exit, Failure> {
    let policy = Policy::baseline()?;
    let mut fates = Vec::new();
    for mutant in mutants() {
        fates.push(mutant.fate(&policy, seed).await?);
    }
    kill_matrix(&mut io::stdout(), &fates)?;
    let mut others = Vec::new();
    for habit in Habit::ALL {
        others.push(Variant::of(*habit, &policy, seed).await?);
    }
    variants(&mut io::stdout(), &others)?;
    let all_killed = fates.iter().all(conformance::mutant::Fate::is_kill);
    let none_accused = others.iter().all(|variant| variant.false_alarms().next().is_none());
    Ok(if all_killed && none_accused { Exit::Conformant } else { Exit::Failed })
}
