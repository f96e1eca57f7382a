//! The harness judges right: bad clients are caught by the check that is named for them, good ones of other habits pass.

use std::collections::BTreeSet;

use conformance::catalogue::{self, Case};
use conformance::driver::Client;
use conformance::ledger::Reckoning;
use conformance::mutant::{Variant, mutants};
use conformance::policy::Policy;
use conformance::results::Results;
use conformance::verdict::Verdict;
use reference_client::{Defect, Habit, Habits};

use crate::support::run;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

#[test]
fn every_defect_is_caught_by_the_check_that_is_named_for_it() {
    let policy = Policy::baseline().unwrap();
    for mutant in mutants() {
        let fate = block_on(mutant.fate(&policy, 3)).unwrap();
        assert!(fate.is_kill(), "{fate:?}");
    }
}

/// No check is there that nothing can break, and no defect that nobody looks for.
#[test]
fn every_check_has_its_mutant_and_every_defect_its_check() {
    let killers: BTreeSet<&str> = mutants().iter().map(|mutant| mutant.killer).collect();
    // `ends` is one check, which every case has.
    let all = catalogue::all()
        .iter()
        .flat_map(Case::check_ids)
        .filter(|id| id.split_once('.').is_none_or(|(_, name)| name != "ends"));
    assert_eq!(all.filter(|id| !killers.contains(id.as_str())).collect::<Vec<_>>(), Vec::<String>::new());
    assert!(killers.contains("REF-09.ends"));
    let idle = Defect::ALL.iter().filter(|defect| mutants().iter().all(|mutant| mutant.defect != **defect));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&Defect>::new());
}

#[test]
fn good_clients_of_other_habits_pass() {
    let policy = Policy::baseline().unwrap();
    for habit in Habit::ALL {
        let variant = block_on(Variant::of(*habit, &policy, 4)).unwrap();
        let alarms: Vec<_> = variant.false_alarms().collect();
        assert!(alarms.is_empty(), "{habit}: {alarms:?}");
        assert!(variant.outcomes.iter().filter(|outcome| outcome.verdict.is_pass()).count() >= 24, "{habit}");
    }
}

#[test]
fn a_reading_that_is_not_the_strictest_is_a_pass_that_says_so() {
    let outcomes =
        run(&Client::Reference(Habits::other(Habit::UpperCaseGuids)), &crate::support::cases(&["HDR-03"]), 1);
    let check = &outcomes[0].checks[0];
    assert_eq!(check.verdict, Verdict::PassNonstrict);
    assert!(check.message.as_deref().unwrap().contains("another letter case"), "{check:?}");
}

#[test]
fn the_digest_is_the_same_for_every_seed_and_not_for_another_behaviour() {
    let (policy, all) = (Policy::baseline().unwrap(), catalogue::all().iter().collect::<Vec<_>>());
    let digest = |habits: Habits, seed| {
        let client = Client::Reference(habits);
        Results::new(&client, &policy, seed, &run(&client, &all, seed), Reckoning::default()).digest
    };
    let first = digest(Habits::default(), 1);
    assert!(first.starts_with("sha256:") && first.len() == 71, "{first}");
    assert_eq!(first, digest(Habits::default(), 7));
    assert_ne!(first, digest(Habits::defective(Defect::SwappedGuids), 1));
}

#[test]
fn every_pass_rests_on_evidence() {
    let all: Vec<_> = catalogue::all().iter().collect();
    for outcome in run(&Client::Reference(Habits::default()), &all, 1) {
        let transcript = outcome.transcript.unwrap();
        for check in &outcome.checks {
            assert_eq!(check.verdict, Verdict::Pass, "{}", check.check);
            assert!(!check.evidence.is_empty(), "{}", check.check);
        }
        assert!(!transcript.exchanges.is_empty());
        assert!(transcript.exchanges.iter().all(|exchange| exchange.raw_head.is_some()), "bytes are evidence");
        assert_eq!(transcript.assumed_quiescent, 0, "the glue says who is asleep");
    }
}
