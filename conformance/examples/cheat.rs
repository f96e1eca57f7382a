//! Drivers that do not do what they should, one by each name: for the tests.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::match_same_arms,
    reason = "a driver of tests"
)]

use std::io::{BufRead, Write};
use std::process::exit;

use serde_json::{Value, json};

fn main() {
    let cheat = std::env::args().nth(1).expect("the name of a cheat");
    let mut out = std::io::stdout();
    let mut say = |message: Value| {
        writeln!(out, "@conform {message}").unwrap();
        out.flush().unwrap();
    };
    for line in std::io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (id, op) = (&message["id"], message["op"].as_str().unwrap());
        match (cheat.as_str(), op) {
            ("mute", _) => {}
            ("crash-at-hello", "hello") => {
                eprintln!("no such SDK");
                exit(3);
            }
            (_, "hello") => say(hello(&cheat, id)),
            (_, "tick" | "open" | "close") => say(json!({"id": id, "ok": null})),
            ("wrong-idle", "idle") => say(json!({"id": id, "ok": {"running": "none"}})),
            (_, "idle") => say(json!({"id": id, "ok": {"running": 0, "sleeping": 0}})),
            // Says yes to everything and does nothing.
            ("null", "send") => {
                let count = message["records"].as_array().unwrap().len();
                say(json!({"id": id, "ok": {"accepted": count, "rejected": []}}));
            }
            ("null", "query") => say(json!({"id": id, "ok": {"rows": []}})),
            ("null", _) => say(json!({"id": id, "ok": {}})),
            // Gives back what it gets.
            ("echo", _) => say(json!({"id": id, "ok": message})),
            ("crash", _) => {
                println!("about to go");
                exit(7);
            }
            ("twice", _) => {
                say(json!({"id": id, "ok": {}}));
                say(json!({"id": id, "ok": {}}));
            }
            ("unknown-id", _) => say(json!({"id": 4711, "ok": {}})),
            ("nonsense", _) => println!("@conform this is no message"),
            ("unsupported", op) => say(json!({"id": id, "unsupported": op})),
            // Never answers, and never sleeps.
            ("hang", _) => {}
            _ => say(json!({"id": id, "ok": {}})),
        }
    }
    if cheat == "stays" {
        loop {
            std::thread::park();
        }
    }
}

fn hello(cheat: &str, id: &Value) -> Value {
    let version = if cheat == "other-version" { "2.0.0" } else { "1.0.0" };
    let mut ok = json!({
        "conform": 1, "impl": "cheat", "version": version, "clock": "virtual", "caps": [],
        "ops": ["auth", "send", "flush", "read", "refresh", "logout", "query", "idle"],
        "profiles": ["device", "server", "batch", "timbr-bearer", "timbr-token", "timbr-query"],
    });
    if cheat == "other-protocol" {
        ok["conform"] = json!(9);
    }
    json!({"id": id, "ok": ok})
}
