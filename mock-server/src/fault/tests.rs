use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::operation::{Operation, TwinzoOperation};

fn faults(rules: &[&str]) -> Faults {
    let directory = Directory::default_world().unwrap();
    let faults = Faults::new(7, "t1");
    for rule in rules {
        add(&faults, &directory, rule).unwrap();
    }
    faults
}

fn add(faults: &Faults, directory: &Directory, rule: &str) -> Result<Vec<String>, InvalidRule> {
    let premises = Premises { directory, files: None, now: Timestamp::UNIX_EPOCH };
    faults.add(serde_json::from_str(rule).unwrap(), &premises)
}

/// What happens to a log in of an account, on a connection, at a second.
fn log_in(faults: &Faults, account: Option<&str>, connection: u64, second: i64) -> Vec<String> {
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    let who = Who { account: account.map(Into::into), ..Who::default() };
    let operation = Operation::Twinzo(TwinzoOperation::Authenticate);
    let now = Timestamp::from_second(second).unwrap();
    let subject = Subject::hypothetical(operation, "/v3/x", &headers, &body, now, connection, who);
    faults.decide(&subject).describe()
}

fn log_ins(faults: &Faults, accounts: &[Option<&str>]) -> Vec<Vec<String>> {
    accounts.iter().map(|account| log_in(faults, *account, 1, 0)).collect()
}

/// The same, where one rule is called `r`: whether it fired.
fn fires(faults: &Faults, accounts: &[Option<&str>]) -> Vec<bool> {
    log_ins(faults, accounts).iter().map(|injected| !injected.is_empty()).collect()
}

#[test]
fn a_count_per_account_keeps_accounts_apart() {
    let faults = faults(&[r#"{"trigger":{"first":1,"per":"account"},"effect":{"status":503}}"#]);
    let accounts = [Some("forklift-01"), Some("walker-01"), Some("forklift-01"), None, None];
    assert_eq!(fires(&faults, &accounts), [true, true, false, true, false]);
}

#[test]
fn a_count_per_connection_keeps_connections_apart() {
    let faults = faults(&[r#"{"trigger":{"nth":2,"per":"connection"},"effect":{"status":503}}"#]);
    let fired = [5, 5, 9, 5, 9].map(|connection| !log_in(&faults, None, connection, 0).is_empty());
    assert_eq!(fired, [false, true, false, false, true]);
}

#[test]
fn delays_add_changes_follow_and_of_the_rest_the_first_acts() {
    let faults = faults(&[
        r#"{"name":"late","effect":{"delay":"1s"}}"#,
        r#"{"name":"a","trigger":{"first":1},"effect":{"status":500,"delay":"2s"}}"#,
        r#"{"name":"b","trigger":{"first":2},"effect":{"status":503,"retry_after":7}}"#,
        r#"{"name":"c","match":{"operation":"refresh"},"effect":{"status":400}}"#,
        r#"{"name":"d","effect":{"wire":"dribble"}}"#,
        r#"{"name":"e","effect":{"reshape":{"truncate":5}}}"#,
    ]);
    let pieces = "pieces of 16 bytes, 25ms apart";
    let expected = [
        vec![
            "late: delay 1000ms".to_owned(),
            "a: delay 2000ms, status 500".to_owned(),
            "b: nothing else, for a came first".to_owned(),
            "d: nothing else, for a came first".to_owned(),
            "e: body cut to 5 bytes".to_owned(),
        ],
        vec![
            "late: delay 1000ms".to_owned(),
            "b: status 503, Retry-After 7".to_owned(),
            "d: nothing else, for b came first".to_owned(),
            "e: body cut to 5 bytes".to_owned(),
        ],
        vec!["late: delay 1000ms".to_owned(), format!("d: {pieces}"), "e: body cut to 5 bytes".to_owned()],
    ];
    assert_eq!(log_ins(&faults, &[None; 3]), expected);
    let counts = faults.list(Timestamp::UNIX_EPOCH).into_iter().map(|rule| (rule.id, rule.matched, rule.fired));
    let counts: Vec<_> = counts.filter(|(id, ..)| id.len() == 1).collect();
    let expected = [("a", 3, 1), ("b", 3, 2), ("c", 0, 0), ("d", 3, 3), ("e", 3, 3)];
    assert_eq!(counts, expected.map(|(id, matched, fired)| (id.to_owned(), matched, fired)));
}

#[test]
fn wait_and_tamper_of_all_rules_go_together() {
    let faults = faults(&[
        r#"{"effect":{"delay":"1s"}}"#,
        r#"{"effect":{"delay":{"fixed":"2s","clock":"sandbox"}}}"#,
        r#"{"effect":{"delay":{"fixed":"3s","where":"body"}}}"#,
        r#"{"effect":{"wire":"keep_alive_reset"}}"#,
        r#"{"effect":{"delay":"500ms","wire":"reset"}}"#,
    ]);
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    let operation = Operation::Twinzo(TwinzoOperation::Refresh);
    let now = Timestamp::UNIX_EPOCH;
    let subject = Subject::hypothetical(operation, "/v3/x", &headers, &body, now, 1, Who::default());
    let (tamper, wait) = faults.decide(&subject).wire();
    assert_eq!((wait.real.as_millis(), wait.sandbox.as_millis()), (1500, 2000));
    assert_eq!(tamper.describe(), "3s between head and body, reset after the answer");
}

#[test]
fn a_rule_is_in_force_for_its_time_and_so_often() {
    let rules = [
        r#"{"name":"ttl","ttl":"10s","effect":{"delay":"1s"}}"#,
        r#"{"name":"window","trigger":{"first":1,"window":{"from":"5s","until":"20s"}},"effect":{"delay":"1s"}}"#,
        r#"{"name":"limit","limit":2,"trigger":{"every":2},"effect":{"delay":"1s"}}"#,
        r#"{"name":"paused","paused":true,"effect":{"delay":"1s"}}"#,
    ];
    let faults = faults(&rules);
    let names = |second| -> Vec<String> {
        let injected = log_in(&faults, None, 1, second);
        injected.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(0), ["ttl"]);
    assert_eq!(names(4), ["ttl", "limit"]);
    // What came before the window was not counted.
    assert_eq!(names(5), ["ttl", "window"]);
    assert_eq!(names(9), ["ttl", "limit"]);
    assert_eq!(names(10), Vec::<String>::new());
    assert_eq!(names(11), Vec::<String>::new());
    let states = faults.list(Timestamp::from_second(11).unwrap()).into_iter().map(|rule| (rule.id, rule.state));
    let expected = [("ttl", "expired"), ("window", "active"), ("limit", "spent"), ("paused", "paused")];
    assert_eq!(states.collect::<Vec<_>>(), expected.map(|(id, state)| (id.to_owned(), state)));
    let unfired: Vec<_> = faults.unfired(Timestamp::UNIX_EPOCH).into_iter().map(|rule| rule.id).collect();
    assert_eq!(unfired, ["paused"]);
}

#[test]
fn rules_of_one_account_and_of_all_keep_their_order() {
    let faults = faults(&[
        r#"{"name":"a","effect":{"delay":"1s"}}"#,
        r#"{"name":"b","match":{"account":"walker-01"},"effect":{"delay":"1s"}}"#,
        r#"{"name":"c","effect":{"delay":"1s"}}"#,
        r#"{"name":"d","match":{"account":"forklift-01"},"effect":{"delay":"1s"}}"#,
        r#"{"name":"e","match":{"account":"walker-01"},"effect":{"delay":"1s"}}"#,
    ]);
    let names = |account| -> String {
        log_in(&faults, account, 1, 0).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!([names(Some("walker-01")), names(Some("forklift-01")), names(None)], ["abce", "acd", "ac"]);
    assert!(faults.remove("c") && !faults.remove("c"));
    assert_eq!(names(Some("walker-01")), "abe");
    faults.clear();
    assert_eq!(names(Some("walker-01")), "");
}

#[test]
fn a_change_keeps_the_counts_and_what_is_not_named() {
    let directory = Directory::default_world().unwrap();
    let premises = Premises { directory: &directory, files: None, now: Timestamp::UNIX_EPOCH };
    let faults = faults(&[r#"{"name":"a","trigger":{"first":2},"effect":{"status":503,"retry_after":7}}"#]);
    assert_eq!(fires(&faults, &[None]), [true]);
    let change = |patch: &str| faults.change("a", &serde_json::from_str(patch).unwrap(), &premises);
    let view = change(r#"{"paused":true}"#).unwrap();
    assert_eq!((view.state, view.matched, view.fired), ("paused", 1, 1));
    assert_eq!(fires(&faults, &[None]), [false]);
    change(r#"{"paused":null,"effect":{"status":500}}"#).unwrap();
    assert_eq!(log_in(&faults, None, 1, 0), ["a: status 500, Retry-After 7"]);
    assert_eq!(fires(&faults, &[None]), [false]);
    assert!(matches!(change(r#"{"nmae":"b"}"#), Err(CannotChange::Syntax { .. })));
    assert!(matches!(change(r#"{"name":"b"}"#), Err(CannotChange::Syntax { .. })));
    assert!(matches!(change(r#"{"effect":{"status":99}}"#), Err(CannotChange::Invalid(_))));
    assert!(matches!(faults.change("b", &serde_json::json!({}), &premises), Err(CannotChange::NotFound)));
    assert_eq!(faults.get("a", Timestamp::UNIX_EPOCH).unwrap().spec.effect.status, Some(500));
}

#[test]
fn a_pack_is_all_its_rules_as_far_as_they_can_be_narrowed() {
    let directory = Directory::default_world().unwrap();
    for (name, pack) in packs() {
        let faults = Faults::new(1, "t");
        let ids = add(&faults, &directory, &format!("{{\"pack\":{name:?}}}")).unwrap();
        assert_eq!(ids.len(), pack.rules.len(), "{name}");
        assert!(ids.iter().all(|id| id.starts_with(&format!("{name}."))), "{ids:?}");
        assert!(faults.unfired(Timestamp::UNIX_EPOCH).is_empty(), "{name}");
        assert!(faults.remove_pack(name) && !faults.remove_pack(name));
    }
    let names: Vec<_> = packs().map(|(name, _)| name).collect();
    let mut promised = ["auth-outage", "token-storm", "flaky-wifi", "slow-hour", "partial-batches", "vendor-deploy"];
    promised.sort_unstable();
    assert_eq!(names, promised);
    let faults = Faults::new(1, "t");
    let of_one = r#"{"pack":"auth-outage","match":{"account":"walker-01"}}"#;
    assert_eq!(add(&faults, &directory, of_one).unwrap(), ["auth-outage.login", "auth-outage.refresh"]);
    assert_eq!(fires(&faults, &[Some("forklift-01"), Some("walker-01")]), [false, true]);
    let of_vendor = r#"{"pack":"token-storm","match":{"vendor":"timbr"}}"#;
    assert_eq!(add(&Faults::new(1, "t"), &directory, of_vendor).unwrap(), ["token-storm.timbr"]);
    assert!(matches!(add(&faults, &directory, of_one), Err(InvalidRule::NameTaken { .. })));
    let refused = |rule| add(&Faults::new(1, "t"), &directory, rule).unwrap_err().to_string();
    assert_eq!(refused(r#"{"pack":"flaky-wfi"}"#), "pack \"flaky-wfi\" is unknown; did you mean \"flaky-wifi\"?");
    assert!(
        refused(r#"{"pack":"auth-outage","match":{"operation":"localization"}}"#)
            .ends_with("what the match narrows it to")
    );
    assert!(refused(r#"{"pack":"flaky-wifi","effect":{"status":500}}"#).starts_with("pack: beside it only"));
    assert!(refused(r#"{"pack":"flaky-wifi","match":{"account":"nobody"}}"#).contains("match.account \"nobody\""));
}

#[test]
fn what_does_not_exist_is_refused_with_what_was_meant() {
    let directory = Directory::default_world().unwrap();
    for (matches, expected) in [
        (r#"{"operation":"authentcate"}"#, r#"match.operation "authentcate" is unknown; did you mean "authenticate"?"#),
        (r#"{"account":"forklift-1"}"#, r#"match.account "forklift-1" is unknown; did you mean "forklift-01"?"#),
        (r#"{"vendor":"acme"}"#, r#"match.vendor "acme" is unknown; allowed: twinzo, timbr"#),
        (r#"{"branch":"Puna"}"#, r#"match.branch "Puna" is unknown; did you mean "Pune"?"#),
        (r#"{"client":"acme-logistic"}"#, r#"match.client "acme-logistic" is unknown; did you mean "acme-logistics"?"#),
        (r#"{"route":"devices/{id}/x/y"}"#, r#"match.route "devices/{id}/x/y" is unknown"#),
        (r#"{"method":"PUT"}"#, "match.method \"PUT\" is unknown; allowed: GET, POST, PATCH, DELETE"),
        (r#"{"operation":"refresh","method":"POST"}"#, "match.method: it could never fire"),
        (r#"{"operation":"refresh","route":"devices"}"#, "match.route: it could never fire"),
        (r#"{"vendor":"timbr","operation":"refresh"}"#, "match.vendor: it could never fire"),
        (r#"{"vendor":"timbr","branch":"Pune"}"#, "match.branch: it could never fire"),
        (r#"{"vendor":"timbr","token_generation":1}"#, "match.token_generation: it could never fire"),
        (r#"{"token_generation":0}"#, "match.token_generation: it could never fire"),
        (r#"{"header":{"a b":"x"}}"#, "match.header: \"a b\" is no name of a header"),
        (r#"{"json":{"Login":"x"}}"#, "match.json: \"Login\" is no JSON pointer"),
        (r#"{"media_type":"json"}"#, "match.media_type: \"json\" is no media type"),
        (r#"{"body_size":{"min":"2KiB","max":"1KiB"}}"#, "match.body_size: it could never fire"),
    ] {
        let rule = format!("{{\"match\":{matches},\"effect\":{{\"status\":503}}}}");
        let added = add(&Faults::new(1, "t"), &directory, &rule);
        let refused = added.expect_err(matches).to_string();
        assert!(refused.starts_with(expected), "{matches}: {refused}");
    }
}

#[test]
fn too_many_rules_are_refused() {
    let directory = Directory::default_world().unwrap();
    let faults = Faults::new(1, "t");
    for _ in 0..MAX_RULES {
        add(&faults, &directory, r#"{"match":{"account":"walker-01"},"effect":{"status":503}}"#).unwrap();
    }
    let refused = add(&faults, &directory, r#"{"effect":{"status":503}}"#).unwrap_err();
    assert!(matches!(refused, InvalidRule::TooMany), "{refused}");
}

/// What is drawn depends on the key and its ordinal, whichever thread asks, and when.
#[test]
fn the_same_seed_does_the_same_on_any_number_of_threads() {
    let rules = [
        r#"{"name":"some","trigger":{"probability":0.3,"per":"account"},"effect":{"delay":{"lognormal":{"median":"80ms","p99":"900ms"}}}}"#,
        r#"{"name":"two of five","trigger":{"exactly":2,"of":5,"per":"account"},"effect":{"delay":{"uniform":{"max":"1s"}}}}"#,
        r#"{"name":"all","trigger":{"probability":0.5},"effect":{"delay":{"pareto":{"min":"1ms","shape":1.5}}}}"#,
    ];
    let run = || {
        let faults = faults(&rules);
        // Under its key an exchange's ordinal is its turn, so those of one account take turns.
        let seen = Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for worker in 0..32 {
                let (faults, seen) = (&faults, &seen);
                scope.spawn(move || {
                    let account = format!("worker-{worker}");
                    for ordinal in 1..=20 {
                        for injected in log_in(faults, Some(&account), worker, 0) {
                            let key = if injected.starts_with("all") {
                                String::new()
                            } else {
                                format!("{account} {ordinal}")
                            };
                            seen.lock().unwrap().insert((key, injected));
                        }
                    }
                });
            }
        });
        seen.into_inner().unwrap()
    };
    let first = run();
    assert!(first.len() > 300, "{}", first.len());
    assert!((1..100).all(|_| run() == first));
}
