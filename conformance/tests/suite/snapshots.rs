//! What the reference client and the server say to each other, header by header, with times and identities as relations.

use std::collections::BTreeSet;
use std::path::Path;

use conformance::catalogue::{self, Case};
use conformance::driver::Client;
use conformance::transcript::render;
use conformance::verdict::Verdict;
use reference_client::Habits;

use crate::support::{reference_over_stdio, run};

/// Calls that overlap arrive in any order.
const OVERLAPPING: [&str; 2] = ["REF-07", "REF-09"];

fn in_order() -> Vec<&'static Case> {
    catalogue::all().iter().filter(|case| !OVERLAPPING.contains(&case.id)).collect()
}

fn rendered(client: &Client, seed: u64) -> Vec<(&'static str, String)> {
    let outcomes = run(client, &in_order(), seed);
    outcomes
        .into_iter()
        .map(|outcome| {
            assert_eq!(outcome.verdict, Verdict::Pass, "{}: {:?}", outcome.case.id, outcome.checks);
            (outcome.case.id, render(&outcome.transcript.unwrap(), None))
        })
        .collect()
}

#[test]
fn exchanged_headers_and_timestamps() {
    for (case, text) in rendered(&Client::Reference(Habits::default()), 1) {
        insta::assert_snapshot!(case, text);
    }
}

#[test]
fn every_snapshot_is_of_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/snapshots");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<String> = files.collect();
    let expected: BTreeSet<String> =
        in_order().iter().map(|case| format!("suite__snapshots__{}.snap", case.id)).collect();
    assert_eq!(found, expected);
}

/// Guards the labels themselves: what they should hide is different in each of these runs.
#[test]
fn other_ports_guids_seeds_time_zones_and_carriers_give_the_same_text() {
    let first = rendered(&Client::Reference(Habits::default()), 1);
    for (seed, zone) in [(7, "Asia/Kolkata"), (123_456_789, "America/St_Johns")] {
        let manifest = reference_over_stdio(&format!("TZ = \"{zone}\""));
        for ((case, own), (_, other)) in first.iter().zip(rendered(&manifest.client(), seed)) {
            assert_eq!(*own, other, "{case} with seed {seed} in {zone}");
        }
    }
}

#[test]
fn nothing_that_was_issued_is_in_the_text() {
    for outcome in run(&Client::Reference(Habits::default()), &in_order(), 1) {
        let transcript = outcome.transcript.unwrap();
        let text = render(&transcript, None);
        let view = conformance::transcript::view(&transcript).to_string();
        let secrets = ["password", "api_key", "token", "auth_salt"].iter().filter_map(|key| transcript.told(key));
        let issued = transcript.exchanges.iter().filter_map(|exchange| {
            let answer = exchange.answer.json()?;
            Some(answer.get("Token").or(answer.pointer("/data/0"))?.as_str()?.to_owned())
        });
        for secret in secrets.map(str::to_owned).chain(issued) {
            assert!(!text.contains(&secret) && !view.contains(&secret), "{}: {secret}", outcome.case.id);
        }
    }
}
