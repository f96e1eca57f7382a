//! Drivers that cheat or break get no pass.

use conformance::catalogue;
use conformance::verdict::Verdict;

use crate::support::{cases, cheat, conformance, expect, run};

#[test]
fn a_driver_that_says_yes_to_everything_passes_nothing() {
    let manifest = cheat("null");
    let all: Vec<_> = catalogue::all().iter().collect();
    for outcome in run(&manifest.client(), &all, 1) {
        for check in &outcome.checks {
            assert_eq!(check.verdict, Verdict::ConfigError, "{}", check.check);
        }
    }
    let output = conformance(&["run", "--client", &manifest.path().display().to_string()]);
    expect(&output, 4, &["26 cases: 26 CONFIG-ERROR", "no call caused any traffic: does the glue call the client?"]);
}

#[track_caller]
fn check(name: &str, case: &str, verdict: Verdict, part: &str) {
    let outcomes = run(&cheat(name).client(), &cases(&[case]), 1);
    for check in &outcomes[0].checks {
        assert_eq!(check.verdict, verdict, "{name}: {check:?}");
        let message = check.message.as_deref().unwrap_or_default();
        assert!(message.contains(part), "{name}: {message}");
    }
}

#[test]
fn what_a_driver_breaks_is_its_own_fault() {
    for (name, part) in [
        ("echo", "no call caused any traffic"),
        ("crash", "the driver went away; its last words: about to go"),
        ("crash-at-hello", "the driver went away before hello; its last words: stderr: no such SDK"),
        ("twice", "which is not open"),
        ("unknown-id", "a reply to request 4711, which is not open"),
        ("nonsense", "expected ident"),
        ("mute", "no reply to hello within 2s"),
        ("other-version", "version is 1.0.0 in the manifest and 2.0.0 in hello"),
        ("other-protocol", "conform 9 is unknown; allowed: 1"),
        ("wrong-idle", "idle: running is \"none\"; allowed: a count"),
    ] {
        let case = if name == "wrong-idle" { "AUTH-05" } else { "LOC-01" };
        check(name, case, Verdict::ConfigError, part);
    }
}

#[test]
fn a_claimed_operation_that_is_unsupported_is_a_failure() {
    check("unsupported", "LOC-01", Verdict::Fail, "hello lists send, and it is answered unsupported");
    check("unsupported", "TBQ-01", Verdict::Unimplemented, "hello lists query, and it is answered unsupported");
}

#[test]
fn a_call_that_never_ends_is_no_pass_even_without_traffic() {
    check("hang", "LOC-01", Verdict::ConfigError, "no call caused any traffic");
}

#[test]
fn a_driver_that_stays_is_ended() {
    let output = conformance(&["driver", "lint", &cheat("stays").path().display().to_string()]);
    expect(&output, 4, &["WRONG  it exits within 2 s after the end of its input: it had to be ended"]);
}
