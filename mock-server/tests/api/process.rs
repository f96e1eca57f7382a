//! The program: ready line, files, signals, exit codes, `exec`, `credentials`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::support::CLIENT;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mock-server");

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A server process and its ready line.
pub(crate) fn start(arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(PROGRAM).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

pub(crate) fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().unwrap().success());
}

fn wait_for(path: &Path) -> String {
    for _ in 0..2000 {
        if let Ok(text) = std::fs::read_to_string(path) {
            return text;
        }
        std::thread::yield_now();
        // A file of another process: there is no clock to move, only its existence to wait for.
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    panic!("{} never appeared", path.display());
}

#[test]
fn the_ready_line_the_files_and_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (port_file, ready_file) = (folder.path().join("port"), folder.path().join("ready.json"));
    std::fs::write(&port_file, "stale").unwrap();
    for name in ["TERM", "INT"] {
        let (mut child, ready) = start(&[
            "--port",
            "0",
            "--port-file",
            port_file.to_str().unwrap(),
            "--ready-file",
            ready_file.to_str().unwrap(),
        ]);
        let port = std::fs::read_to_string(&port_file).unwrap();
        assert_eq!(ready["event"], "ready");
        assert_eq!(ready["api"], format!("http://127.0.0.1:{port}"));
        assert_eq!(ready["admin"], format!("http://127.0.0.1:{port}/__admin"));
        assert_eq!(ready["pid"], child.id());
        let on_disk: Value = serde_json::from_str(&std::fs::read_to_string(&ready_file).unwrap()).unwrap();
        assert_eq!(on_disk, ready);
        signal(child.id(), name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
        assert!(!port_file.exists() && !ready_file.exists(), "what the files say is no longer true");
    }
}

#[test]
fn a_signal_right_after_the_ready_line_is_heard() {
    for _ in 0..20 {
        let (mut child, _) = start(&["--port", "0"]);
        signal(child.id(), "TERM");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn open_connections_do_not_keep_the_process() {
    let (mut child, ready) = start(&["--port", "0"]);
    let address = ready["api"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    let idle = std::net::TcpStream::connect(&address).unwrap();
    let mut stalled = std::net::TcpStream::connect(&address).unwrap();
    std::io::Write::write_all(&mut stalled, b"POST /v3/localization HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[")
        .unwrap();
    signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop((idle, stalled));
}

#[test]
fn the_banner_goes_to_stderr_with_lines_to_paste() {
    let mut child =
        Command::new(PROGRAM).args(["--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    signal(child.id(), "TERM");
    let output = child.wait_with_output().unwrap();
    let banner = text(&output.stderr);
    let api = ready["api"].as_str().unwrap();
    for part in [
        "/v3/Authorization/Authenticate",
        "/v3/localization",
        "/v3/devices/login/forklift-01",
        "/timbr/api/get_token",
        "/timbr/api/query/",
        "/__admin/requests",
    ] {
        assert!(banner.contains(&format!("{api}{part}")), "{part} is missing:\n{banner}");
    }
    assert!(!banner.contains('\x1b'), "a file gets no colours");
    assert!(!banner.contains("Authorization: Bearer $"), "no token is asked for:\n{banner}");
}

#[test]
fn the_banner_names_the_admin_token_and_does_not_show_it() {
    let mut child = Command::new(PROGRAM)
        .args(["--port", "0", "--admin-token", "made-up-token"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    signal(child.id(), "TERM");
    let banner = text(&child.wait_with_output().unwrap().stderr);
    assert!(banner.contains("/__admin/requests -H \"Authorization: Bearer $MOCK_SERVER_ADMIN_TOKEN\""), "{banner}");
    assert!(!banner.contains("made-up-token"), "{banner}");
}

#[test]
fn credentials_have_the_pinned_shape_and_never_change() {
    let json: Value = serde_json::from_slice(&run(&["credentials", "--format", "json"]).stdout).unwrap();
    let twinzo = &json["twinzo"];
    assert_eq!((&twinzo["client"], &twinzo["client_guid"]), (&"acme-logistics".into(), &CLIENT.into()));
    assert_eq!(twinzo["branches"].as_array().unwrap().len(), 2);
    assert!(
        twinzo["branches"]
            .as_array()
            .unwrap()
            .iter()
            .all(|b| b["title"].is_string() && b["guid"].is_string() && b["time_zone"].is_string())
    );
    assert_eq!(twinzo["devices"].as_array().unwrap().len(), 12);
    assert!(twinzo["devices"].as_array().unwrap().iter().all(|d| d["login"].is_string()
        && d["password"].is_string()
        && d["branch_guid"].is_string()
        && d["id"].is_i64()));
    assert_eq!(twinzo["api_keys"][0].get("branch_guid"), None);
    assert!(twinzo["api_keys"][1]["branch_guid"].is_string());
    let timbr = &json["timbr"];
    assert!(timbr["auth_salt"].is_string() && timbr["bearer"].is_string() && timbr["ontologies"][0].is_string());
    assert!(
        timbr["users"]
            .as_array()
            .unwrap()
            .iter()
            .all(|u| u["user"].is_string() && u["password"].is_string() && u["token"].is_string())
    );
    assert_eq!(run(&["credentials", "--format", "json"]).stdout, run(&["credentials", "--format", "json"]).stdout);

    let shell = text(&run(&["credentials", "--format", "env"]).stdout);
    let script = format!("{shell}\nprintf '%s|%s' \"$TWINZO_LOGIN\" \"$TIMBR_PASSWORD\"");
    assert_eq!(text(&Command::new("sh").args(["-c", &script]).output().unwrap().stdout), "forklift-01|alice:pass");
    let human = text(&run(&["credentials"]).stdout);
    assert!(human.contains("forklift-01-pass") && human.contains("id 4, Pune"), "{human}");
}

#[test]
fn exec_gives_the_command_its_server_and_exits_with_its_status() {
    let script = "test -n \"$MOCK_SERVER_URL$MOCK_SERVER_ADMIN_URL\" && test \"$TWINZO_URL\" = \"$MOCK_SERVER_URL\" \
        && test \"$TIMBR_URL\" = \"$MOCK_SERVER_URL\" && echo \"$TWINZO_CLIENT $TWINZO_LOGIN $TWINZO_PASSWORD_2 $TIMBR_TOKEN $NO_PROXY\"; exit 7";
    let output = Command::new(PROGRAM)
        .args(["exec", "--", "sh", "-c", script])
        .env("NO_PROXY", "corp.example")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        format!(
            "acme-logistics forklift-01 walker-01-pass {} corp.example,127.0.0.1,localhost,::1\n",
            crate::support::ALICE
        )
    );
    assert_eq!(text(&output.stderr), "", "the terminal belongs to the command");
}

#[test]
fn exec_tells_what_kept_the_command_from_running() {
    let missing = run(&["exec", "--", "no-such-program"]);
    assert_eq!(missing.status.code(), Some(127));
    assert_eq!(text(&missing.stderr), "error: there is no program \"no-such-program\"\n");
    assert_eq!(run(&["exec", "--", "/"]).status.code(), Some(126));
    assert_eq!(run(&["exec"]).status.code(), Some(2));
}

#[test]
fn exec_passes_signals_on() {
    let folder = tempfile::tempdir().unwrap();
    let up = folder.path().join("up");
    for (trap, expected) in [("trap 'exit 9' TERM", 9), ("trap - TERM", 128 + 15)] {
        let script = format!("{trap}; echo > {}; while :; do sleep 0.05; done", up.display());
        let mut child =
            Command::new(PROGRAM).args(["exec", "--", "sh", "-c", &script]).stdin(Stdio::null()).spawn().unwrap();
        wait_for(&up);
        signal(child.id(), "TERM");
        assert_eq!(child.wait().unwrap().code(), Some(expected), "{trap}");
        std::fs::remove_file(&up).unwrap();
    }
}

#[test]
fn rules_that_never_fired_are_reported_and_fail_a_strict_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.toml");
    std::fs::write(
        &file,
        "[[faults]]\nname = 'ill'\neffect = { status = 503 }\n[[faults]]\nname = 'maybe'\noptional = true\neffect = { status = 503 }\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let lax = run(&["exec", "--config", file, "--", "true"]);
    assert_eq!(lax.status.code(), Some(0));
    assert_eq!(text(&lax.stderr), "mock-server: the fault rule \"ill\" never fired (0 exchanges matched it)\n");
    assert_eq!(run(&["exec", "--strict", "--config", file, "--", "true"]).status.code(), Some(1));
    assert_eq!(run(&["exec", "--strict", "--config", file, "--", "sh", "-c", "exit 3"]).status.code(), Some(3));
    assert_eq!(run(&["exec", "--strict", "--", "true"]).status.code(), Some(0));
}

#[test]
fn wrong_settings_are_exit_4_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.toml");
    std::fs::write(&file, "[server]\nprot = 1\n").unwrap();
    let output = run(&["--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(4));
    let message = text(&output.stderr);
    assert!(message.starts_with(&format!("error: {}:2:1: unknown field `prot`", file.display())), "{message}");
    assert!(message.ends_with("2 | prot = 1\n  | ^\nhelp: did you mean `port`?\n"), "{message}");

    let missing = run(&["--config", "/no/such/file.toml"]);
    assert_eq!(missing.status.code(), Some(4));
    assert!(text(&missing.stderr).starts_with("error: cannot read /no/such/file.toml: "));
    let open = run(&["--host", "0.0.0.0", "--port", "0"]);
    assert_eq!((open.status.code(), text(&open.stderr).contains("MOCK_SERVER_ADMIN_TOKEN")), (Some(4), true));
}

#[test]
fn a_port_in_use_is_exit_1_and_wrong_usage_exit_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("Choose another port with --port"));
    let unclear =
        Command::new(PROGRAM).env("MOCK_SERVER_SHOW_SECRETS", "none").args(["exec", "--", "true"]).output().unwrap();
    assert_eq!((unclear.status.code(), text(&unclear.stderr).contains("allowed: 1, true, yes, on")), (Some(2), true));
    for wrong in [&["--prot", "1"][..], &["--port", "x"], &["--token-life", "soon"], &["--log", "infoo"]] {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_environment_stands_between_file_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mock.toml");
    std::fs::write(&file, "[server]\npublic_url = 'http://file.test:0'\n").unwrap();
    let url = |environment: Option<&str>, flag: Option<&str>| {
        let mut command = Command::new(PROGRAM);
        command.args(["exec", "--config", file.to_str().unwrap()]).env_remove("MOCK_SERVER_PUBLIC_URL");
        command.env("MOCK_SERVER_EXPLAIN", "1").env("MOCK_SERVER_ADMIN_TOKEN", "");
        command.envs(environment.map(|url| ("MOCK_SERVER_PUBLIC_URL", url)));
        command.args(flag.map(|url| format!("--public-url={url}")));
        let output = command.args(["--", "sh", "-c", "printf %s \"${MOCK_SERVER_URL%:*}\""]).output().unwrap();
        text(&output.stdout)
    };
    assert_eq!(url(None, None), "http://file.test");
    assert_eq!(url(Some("http://env.test:0"), None), "http://env.test");
    assert_eq!(url(Some("http://env.test:0"), Some("http://flag.test:0")), "http://flag.test");
}

#[test]
fn rules_can_be_tried_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    std::fs::write(
        &file,
        "[clock]\nfrozen = '2026-01-01T00:00:00Z'\n\
         [[faults]]\nname = 'two'\nmatch = { operation = 'localization', account = 'forklift-01' }\n\
         trigger = { first = 2, per = 'account', window = { until = '25s' } }\neffect = { status = 503, retry_after = 7 }\n\
         [[faults]]\nname = 'never'\nmatch = { operation = 'refresh' }\neffect = { delay = '1s' }\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let tried = |more: &[&str]| {
        let arguments = ["faults", "try", file, "--operation", "localization"];
        run(&[&arguments[..], more].concat())
    };
    let output = tried(&["--account", "forklift-01", "--requests", "4", "--every", "10s"]);
    let expected = "  1  2026-01-01T00:00:00.000Z  two: status 503, Retry-After 7\n     \
                    because two: exchange 1 of account \"forklift-01\", first 2: fires\n  \
                    2  2026-01-01T00:00:10.000Z  two: status 503, Retry-After 7\n     \
                    because two: exchange 2 of account \"forklift-01\", first 2: fires\n  \
                    3  2026-01-01T00:00:20.000Z  the real answer\n     \
                    because two: exchange 3 of account \"forklift-01\", first 2: does not fire\n  \
                    4  2026-01-01T00:00:30.000Z  the real answer\n     \
                    because two: its window is closed\n\
                    never fired: never (0 matched)\n";
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), (expected, Some(0)));
    assert_eq!(text(&tried(&[]).stdout).lines().count(), 22, "twenty requests, and both rules never fired");
    let unknown = run(&["faults", "try", file, "--operation", "localisation"]);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(text(&unknown.stderr).contains("did you mean \"localization\"?"), "{}", text(&unknown.stderr));
    assert!(text(&run(&["faults", "packs"]).stdout).contains("flaky-wifi\n"));
}

/// One request on a connection of its own; its answer.
fn ask(address: &str, request: &str) -> String {
    use std::io::{Read, Write};

    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_log_tells_each_injected_fault_once() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = Command::new(PROGRAM)
        .args(["--port", "0", "--log", "info"])
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let address = ready["api"].as_str().unwrap().strip_prefix("http://").unwrap();
    let rule = r#"{"name":"r","trigger":{"exactly":3,"of":10},"effect":{"delay":"1ms","status":503}}"#;
    let head = "Host: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json";
    let added = ask(
        address,
        &format!("POST /__admin/faults HTTP/1.1\r\n{head}\r\nContent-Length: {}\r\n\r\n{rule}", rule.len()),
    );
    assert!(added.starts_with("HTTP/1.1 201 "), "{added}");
    let answers: Vec<_> =
        (0..20).map(|_| ask(address, &format!("GET /v3/clients HTTP/1.1\r\n{head}\r\n\r\n"))).collect();
    assert_eq!(answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 503 ")).count(), 6);
    signal(child.id(), "TERM");
    child.wait().unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    let told = "→ 503 Fault: rule \"r\" answered [faults: r: delay 1ms, status 503]";
    assert_eq!(log.matches(told).count(), 6, "{log}");
    assert_eq!(log.matches("[faults: ").count(), 6, "{log}");
}

#[test]
fn files_of_rules_lie_beside_the_configuration_or_where_the_flag_says() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    for place in [&here, &there] {
        std::fs::create_dir(place).unwrap();
    }
    std::fs::write(here.join("one.txt"), "1").unwrap();
    let file = folder.path().join("mock.toml");
    let rule = "[[faults]]\nmatch = { route = 'x' }\neffect = { respond = { file = 'one.txt' } }\n";
    std::fs::write(&file, format!("[server]\nfiles = 'here'\n{rule}")).unwrap();
    let file = file.to_str().unwrap();
    let tried = |more: &[&str]| run(&[&["faults", "try", file, "--operation", "refresh"], more].concat());
    assert_eq!(tried(&[]).status.code(), Some(0));
    let elsewhere = tried(&["--files", there.to_str().unwrap()]);
    assert_eq!(elsewhere.status.code(), Some(4));
    assert!(text(&elsewhere.stderr).contains("mock.toml:3:1: effect.respond.file"), "{}", text(&elsewhere.stderr));
    let nowhere = run(&["--port", "0", "--files", folder.path().join("nowhere").to_str().unwrap()]);
    assert_eq!(nowhere.status.code(), Some(4));
    assert!(text(&nowhere.stderr).contains("is no folder"), "{}", text(&nowhere.stderr));
}

#[test]
fn the_document_can_be_had_without_a_server() {
    for (arguments, version) in [
        (&["openapi"][..], "3.1.0"),
        (&["openapi", "--version", "3.1"], "3.1.0"),
        (&["openapi", "--version", "3.0"], "3.0.3"),
    ] {
        let document: Value = serde_json::from_slice(&run(arguments).stdout).unwrap();
        assert_eq!(document["openapi"], version);
        assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:8080/v3");
    }
    assert_eq!(run(&["openapi", "--version", "2.0"]).status.code(), Some(2));
}
