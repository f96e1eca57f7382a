//! The program: what it prints, and how it exits.

use std::process::Output;

use serde_json::Value;

use crate::support::{OwnManifest, conformance, expect, reference_over_stdio};

fn run(manifest: &OwnManifest, more: &[&str]) -> Output {
    let path = manifest.path().display().to_string();
    let mut arguments = vec!["run", "--client", &path];
    arguments.extend(more);
    conformance(&arguments)
}

#[test]
fn the_reference_client_is_conformant() {
    let output = conformance(&["run", "--client", "reference", "--seed", "7"]);
    expect(&output, 0, &["26 cases: 26 PASS", "seed 7", "conformant: self-tested, not certified (exit 0)"]);
}

#[test]
fn the_results_are_versioned_json_with_every_verdict_in_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let (json, transcripts) = (folder.path().join("results.json"), folder.path().join("transcripts"));
    let report = format!("json={}", json.display());
    let output = conformance(&[
        "run",
        "--client",
        "reference",
        "--only",
        "REF-01,TBE-*",
        "--report",
        &report,
        "--transcripts",
        &transcripts.display().to_string(),
    ]);
    expect(&output, 0, &["2 cases: 2 PASS"]);
    let results: Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(results["schema"], "conform-results/1");
    assert_eq!(results["catalogue"], "2026.1");
    assert_eq!(results["client"]["name"], "reference-client");
    assert_eq!(results["seed"], 1);
    let keys: Vec<&String> = results["summary"].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 10);
    assert_eq!(results["summary"]["pass"], 2);
    assert_eq!(results["summary"]["config_error"], 0);
    let case = &results["cases"][0];
    assert_eq!((case["case"].as_str(), case["verdict"].as_str()), (Some("REF-01"), Some("PASS")));
    // The replay of a refused call is a matter of lost data: MUST under the baseline, whoever's word the clause is.
    assert_eq!((case["level"].as_str(), case["basis"].as_str()), (Some("MUST"), Some("policy")));
    assert_eq!(case["checks"][1]["check"], "REF-01.replayed");
    assert_eq!(case["checks"][1]["evidence"][0], "exchange#3");
    let transcript = std::fs::read_to_string(transcripts.join("REF-01.json")).unwrap();
    let transcript: Value = serde_json::from_str(&transcript).unwrap();
    assert_eq!(transcript["schema"], "conform-transcript/1");
    assert_eq!(transcript["exchanges"][2]["reason"], "TokenToFail");
    let head = transcript["exchanges"][1]["head"].as_str().unwrap();
    assert!(
        head.starts_with("POST /v3/localization HTTP/1.1\r\n") && head.contains("\r\ntoken: tok.gen1\r\n"),
        "{head}"
    );
    assert!(std::fs::read_to_string(transcripts.join("REF-01.txt")).unwrap().contains("token: tok.gen2"));
}

#[test]
fn a_filter_that_fits_nothing_exits_with_3() {
    let output = conformance(&["run", "--client", "reference", "--only", "nosuch"]);
    expect(&output, 3, &["no case fits \"nosuch\"; `conformance list` shows them"]);
    let output = conformance(&["run", "--client", "reference", "--only", "REF-1"]);
    expect(&output, 3, &["did you mean REF-01?"]);
}

#[test]
fn a_client_to_which_no_case_applies_exits_with_3() {
    let manifest = OwnManifest::new("name='c'\nversion='1'\nargv=['true']\nprofiles=[]\nclock='virtual'\n");
    expect(&run(&manifest, &[]), 3, &["26 cases: 26 NOT-APPLICABLE", "the client does not claim device"]);
}

#[test]
fn a_wrong_manifest_exits_with_4_and_points_at_it() {
    let valid = "name='c'\nversion='1'\nargv=['true']\nprofiles=['device']\nclock='virtual'\n";
    for (text, parts) in [
        (format!("{valid}argvv=['x']"), vec!["line 6, column 1", "argvv=['x']\n  | ^", "did you mean `argv`?"]),
        (valid.replace("'device'", "'devise'"), vec!["line 4", "unknown variant `devise`", "did you mean `device`?"]),
        (valid.replace("'virtual'", "'virtul'"), vec!["did you mean `virtual`?"]),
        (valid.replace("['true']", "[]"), vec!["argv: the driver's program is missing"]),
        (format!("{valid}[limits]\nstart='soon'"), vec!["\"soon\" is not a duration; write it like 10s"]),
        (format!("{valid}[limits]\nstart='0s'"), vec!["out of range; allowed: more than 0s, up to 1h"]),
        (format!("{valid}carrier='pigeon'"), vec!["unknown variant `pigeon`, expected `stdio`"]),
        (valid.replace("name='c'\n", ""), vec!["missing field `name`"]),
    ] {
        expect(&run(&OwnManifest::new(&text), &[]), 4, &parts);
    }
    let output = conformance(&["run", "--client", "/nowhere/client.toml"]);
    expect(&output, 4, &["cannot read /nowhere/client.toml"]);
    let manifest = OwnManifest::new(&valid.replace("'true'", "'./no-such-program'"));
    expect(&run(&manifest, &["--only", "LOC-01"]), 4, &["the driver cannot be started"]);
}

#[test]
fn real_clocks_are_not_judged_on_hours() {
    let text = std::fs::read_to_string(reference_over_stdio("").path()).unwrap();
    let manifest = OwnManifest::new(&text.replace("\"virtual\"", "\"real\""));
    // The manifest is lying, which only a case that is run can tell.
    expect(&run(&manifest, &["--only", "AUTH-05"]), 3, &["NOT-OBSERVED", "whose clock the harness can move"]);
    expect(&run(&manifest, &["--only", "AUTH-01"]), 4, &["clock is real in the manifest and virtual in hello"]);
}

const FAILING: &str = r#"
name = "reference-client"
version = "0.1.0"
argv = ["PROGRAM", "driver", "reference", "--defect", "error-taken-for-rows"]
profiles = ["device", "server", "batch", "timbr-bearer", "timbr-token", "timbr-query"]
clock = "virtual"
ledger = "ledger.toml"
"#;

fn failing(ledger: &str) -> OwnManifest {
    let text = FAILING.replace("PROGRAM", env!("CARGO_BIN_EXE_conformance"));
    OwnManifest::new(&text).with("ledger.toml", ledger)
}

fn entry(check: &str, more: &str) -> String {
    format!("[[expected]]\ncheck = \"{check}\"\nreason = \"known\"\nexpires = \"2026-12-31\"\n{more}\n")
}

#[test]
fn a_failure_exits_with_1_and_shows_what_was_exchanged() {
    let output = run(&failing(""), &["--only", "TBE-02"]);
    expect(
        &output,
        1,
        &[
            "TBE-02.error-surfaced: FAIL: the caller is told that it succeeded",
            "POST /timbr/api/query/",
            "x-api-key: timbr.tok#1",
            "\"status\":\"error\"",
            "1 case: 1 FAIL",
        ],
    );
}

#[test]
fn a_ledger_turns_known_failures_into_success_and_is_held_to_its_word() {
    let today = ["--only", "TBE-02", "--today", "2026-11-22"];
    let expected = entry("TBE-02.error-surfaced", "");
    let undecided = entry("TBE-02.text-kept", "verdict = \"INCONCLUSIVE\"");
    let both = format!("{expected}{undecided}");
    expect(&run(&failing(&both), &today), 0, &["as the ledger expects: TBE-02.error-surfaced"]);
    // Without the second entry a check is inconclusive.
    expect(&run(&failing(&expected), &today), 3, &["TBE-02.text-kept: INCONCLUSIVE"]);
    for (ledger, parts) in [
        (
            format!("{both}{}", entry("TBE-02.ends", "")),
            "TBE-02.ends: FAIL or WARN was expected, PASS came; take the entry out",
        ),
        (format!("{both}{}", entry("TBE-99.x", "")), "TBE-99.x: there is no such check"),
        (format!("{}{undecided}", expected.replace("2026-12-31", "2026-11-21")), "the entry expired on 2026-11-21"),
        (
            format!("{}{undecided}", entry("TBE-02.error-surfaced", "message = \"another text\"")),
            "it fails in another way than expected",
        ),
    ] {
        expect(&run(&failing(&ledger), &today), 1, &[parts]);
    }
    // Entries for cases that were not asked for say nothing.
    let other = format!("{both}{}", entry("REF-01.replayed", ""));
    expect(&run(&failing(&other), &today), 0, &[]);
    for (ledger, parts) in [
        (expected.replace("\"known\"", "\" \""), "TBE-02.error-surfaced: the reason is empty"),
        (format!("{expected}{expected}"), "two entries"),
        (entry("TBE-02.ends", "verdict = \"PASS\""), "PASS cannot be expected; allowed: FAIL, WARN, INCONCLUSIVE"),
        (entry("TBE-02.ends", "verdict = \"CONFIG-ERROR\""), "CONFIG-ERROR cannot be expected"),
        (expected.replace("reason", "raeson"), "did you mean `reason`?"),
    ] {
        expect(&run(&failing(&ledger), &today), 4, &[parts]);
    }
}

#[test]
fn warnings_count_only_under_strict() {
    let text =
        FAILING.replace("PROGRAM", env!("CARGO_BIN_EXE_conformance")).replace("error-taken-for-rows", "constant-gap");
    let manifest = OwnManifest::new(&text.replace("ledger = \"ledger.toml\"\n", ""));
    expect(&run(&manifest, &["--only", "RTY-08"]), 0, &["1 case: 1 WARN", "RTY-08.gaps-grow: WARN"]);
    expect(&run(&manifest, &["--only", "RTY-08", "--strict"]), 6, &["warnings, and --strict (exit 6)"]);
}

#[test]
fn a_policy_of_ones_own_grades_the_same_finding_differently() {
    let text =
        FAILING.replace("PROGRAM", env!("CARGO_BIN_EXE_conformance")).replace("error-taken-for-rows", "constant-gap");
    let manifest = OwnManifest::new(&text.replace("ledger = \"ledger.toml\"\n", ""))
        .with("policy.toml", "name = 'strict-house'\ndefault = 'must'\n");
    let policy = manifest.path().with_file_name("policy.toml").display().to_string();
    expect(&run(&manifest, &["--only", "RTY-08", "--policy", &policy]), 1, &["RTY-08.gaps-grow: FAIL"]);
}

#[test]
fn repeated_runs_are_compared() {
    let output = conformance(&["run", "--client", "reference", "--only", "RTY-08,AUTH-01", "--repeat", "5"]);
    expect(&output, 0, &["5 of 5 runs have the digest of the first"]);
}

#[test]
fn list_and_explain_say_what_cases_are_about() {
    expect(&conformance(&["list"]), 0, &["REF-07", "REF-07.one-renewal", "TBE-02", "MUST", "SHOULD"]);
    let output = conformance(&["explain", "ref-01.replayed"]);
    expect(
        &output,
        0,
        &[
            "REF-01:",
            "why it matters:",
            "what usually breaks it:",
            "how to mend it:",
            "401 (TokenToFail)",
            "token: tok.gen2",
        ],
    );
    expect(&conformance(&["explain", "REF-1"]), 3, &["there is no case \"REF-1\"; did you mean REF-01?"]);
}

#[test]
fn lint_looks_at_a_driver_before_it_is_used() {
    let path = reference_over_stdio("").path();
    let manifest = reference_over_stdio("");
    let output = conformance(&["driver", "lint", &manifest.path().display().to_string()]);
    expect(
        &output,
        0,
        &[
            "   ok  hello: reference-client",
            "   ok  as device it sends nothing before it is asked",
            "   ok  send is answered",
            "   ok  an unknown operation is unsupported",
            "   ok  it exits with 0 within 2 s",
        ],
    );
    assert!(!path.exists(), "each manifest has a folder of its own");
}
