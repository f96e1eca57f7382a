//! What is wrong with a file is shown where it stands, in TOML and in JSON alike.

use super::*;

fn refusal(name: &str, text: &str) -> String {
    let path = Path::new(name);
    let read = Format::of(path).and_then(|format| format.read(path, text, 1).map_err(WorldError::from));
    read.err().map_or_else(String::new, |error| error.to_string())
}

/// The error at a column of a line.
fn error(name: &str, (line, column): (usize, usize), message: &str, source: &str) -> String {
    let (gutter, caret) = (" ".repeat(line.to_string().len()), " ".repeat(column - 1));
    format!("{name}:{line}:{column}: {message}\n{gutter} |\n{line} | {source}\n{gutter} | {caret}^")
}

/// A client with a branch; what follows stands in lines 5 and further.
const TOML: &str = "[[client]]\nname = \"acme\"\n[[client.branch]]\ntitle = \"Hall\"\n";

#[track_caller]
fn check_toml(rest: &str, place: (usize, usize), message: &str) {
    let text = format!("{TOML}{rest}");
    let source = text.lines().nth(place.0 - 1).unwrap_or_default();
    assert_eq!(refusal("w.toml", &text), error("w.toml", place, message, source));
}

/// The same, with what follows the title in line 2.
#[track_caller]
fn check_json(rest: &str, column: usize, message: &str) {
    let text = format!("{{\"client\": [{{\"name\": \"acme\", \"branch\": [{{\"title\": \"Hall\",\n{rest}}}]}}]}}");
    let source = text.lines().nth(1).unwrap_or_default();
    assert_eq!(refusal("w.json", &text), error("w.json", (2, column), message, source));
}

#[test]
fn an_unknown_key_is_shown_with_line_caret_and_suggestion() {
    assert_eq!(
        refusal("w.toml", "[[client]]\nname = \"acme\"\n\n[[timbr.user]]\nnmae = \"alice\"\n"),
        "w.toml:5:1: unknown field `nmae`, expected one of `name`, `email`, `password`, `token`\n  |\n5 | nmae = \"alice\"\n  | ^\n\
         help: did you mean `name`?"
    );
    assert_eq!(
        refusal("w.json", "{\n  \"timbr\": {\"user\": [\n    {\"nmae\": \"alice\"}]}\n}"),
        "w.json:3:6: unknown field `nmae`, expected one of `name`, `email`, `password`, `token`\n  |\n\
         3 |     {\"nmae\": \"alice\"}]}\n  |      ^\nhelp: did you mean `name`?"
    );
    let text = refusal("w.toml", &format!("{TOML}[[client.branch.device]]\nlogin = \"a\"\nsecotr_id = 1\n"));
    assert!(text.starts_with("w.toml:7:1: unknown field `secotr_id`, expected one of `id`, `mac`,"), "{text}");
    assert!(text.ends_with("7 | secotr_id = 1\n  | ^\nhelp: did you mean `sector_id`?"), "{text}");
    let text =
        refusal("w.json", r#"{"client": [{"name": "a", "branch": [{"device": [{"x" : 1, "secotr_id" : 1}]}]}]}"#);
    assert!(text.starts_with("w.json:1:60: unknown field `secotr_id`, expected one of `id`, `mac`,"), "{text}");
    assert!(text.ends_with("help: did you mean `sector_id`?"), "{text}");
}

#[test]
fn what_is_not_toml_or_json_is_shown_where_reading_ended() {
    check_toml("zip_code = \n", (5, 12), "string values must be quoted, expected literal string");
    check_json("\"city\" \"Vienna\"", 8, "expected `:`");
    check_json("\"city\": \"Vienna\",", 18, "trailing comma");
    assert_eq!(refusal("w.json", "{\n} x"), error("w.json", (2, 3), "trailing characters", "} x"));
    assert_eq!(refusal("w.json", ""), error("w.json", (1, 1), "EOF while parsing a value", ""));
    assert_eq!(
        refusal("w.yaml", ""),
        "w.yaml: a world is written in TOML or JSON, and its name says in which; allowed: .toml, .json"
    );
}

#[test]
fn a_value_of_the_wrong_type_is_shown_itself() {
    check_toml("id = \"one\"\n", (5, 6), "invalid type: string \"one\", expected i32");
    check_toml(
        "[[client.branch.device]]\nlogin = \"a\"\nsector_id = \"1\"\n",
        (7, 13),
        "invalid type: string \"1\", expected i32",
    );
    check_json("\"id\": \"one\"", 7, "invalid type: string \"one\", expected i32");
    check_json("\"device\": [[]]", 12, "invalid type: sequence, expected an object");
    check_json(
        "\"device\": [{\"login\": \"a\", \"sector_id\": \"1\"}]",
        40,
        "invalid type: string \"1\", expected i32",
    );
}

#[test]
fn a_world_has_a_client_and_a_client_a_branch() {
    assert_eq!(refusal("w.toml", ""), error("w.toml", (1, 1), "a world has at least one client", ""));
    assert_eq!(
        refusal("w.toml", "# first\n[[client]]\nname = \"acme\"\n"),
        error("w.toml", (2, 1), "client \"acme\" has no branch; every client has at least one", "[[client]]")
    );
    assert_eq!(
        refusal("w.json", "{\"client\": [{\"name\": \"acme\"}]}"),
        error(
            "w.json",
            (1, 13),
            "client \"acme\" has no branch; every client has at least one",
            "{\"client\": [{\"name\": \"acme\"}]}"
        )
    );
}

#[test]
fn what_stands_twice_is_shown_where_it_stands_the_second_time() {
    let device = "[[client.branch.device]]\n";
    check_toml(
        &format!("{device}login = \"a\"\n{device}login = \"a\"\n"),
        (8, 9),
        "login \"a\" stands twice in client \"acme\"",
    );
    check_toml(
        &format!("{device}login = \"a\"\nid = 3\n{device}login = \"b\"\nid = 3\n"),
        (10, 6),
        "device number 3 stands twice in the world",
    );
    let guid = "guid = \"11111111-0000-4000-8000-000000000001\"\n";
    check_toml(
        &format!("[[client.branch.sector]]\n{guid}[[client.branch.sector]]\n{guid}"),
        (8, 8),
        "sector guid \"11111111-0000-4000-8000-000000000001\" stands twice in the world",
    );
    check_toml(
        &format!("{guid}[[client.branch]]\ntitle = \"B\"\n{guid}"),
        (8, 8),
        "branch guid \"11111111-0000-4000-8000-000000000001\" stands twice in the world",
    );
    check_toml(
        "id = 2\n[[client.branch]]\ntitle = \"B\"\nid = 2\n",
        (8, 6),
        "branch number 2 stands twice in client \"acme\"",
    );
    check_toml("[[client]]\nname = \"acme\"\n", (6, 8), "client \"acme\" stands twice in the world");
    check_toml(
        "[[client.api_key]]\nkey = \"k1\"\n[[timbr.user]]\nname = \"u\"\npassword = \"p\"\ntoken = \"k1\"\n",
        (10, 9),
        "this key stands twice in the world",
    );
    let user = "[[timbr.user]]\nname = \"u\"\npassword = \"p\"\n";
    check_toml(
        &format!("{user}token = \"a\"\n{user}token = \"b\"\n"),
        (10, 8),
        "Timbr user \"u\" stands twice in the world",
    );
    let (more, email) = (user.replace("\"u\"", "\"v\""), "email = \"u@example\"\n");
    check_toml(
        &format!("{user}token = \"a\"\n{email}{more}token = \"b\"\n{email}"),
        (14, 9),
        "e-mail address \"u@example\" stands twice in the world",
    );
    let ontology = "[[timbr.ontology]]\nname = \"o\"\n";
    check_toml(&format!("{ontology}{ontology}"), (8, 8), "ontology \"o\" stands twice in the world");
    check_json(
        "\"device\": [{\"login\": \"a\"}, {\"login\": \"a\"}]",
        38,
        "login \"a\" stands twice in client \"acme\"",
    );
    check_json("\"area\": [{\"id\": 7}, {\"title\": \"B\", \"id\": 7}]", 42, "area number 7 stands twice in the world");
}

#[test]
fn a_text_must_be_there_where_the_server_needs_it_and_fit() {
    check_toml("[[client.branch.device]]\ntitle = \"A\"\n", (5, 1), "login is missing or empty; every device has one");
    check_toml("[[client.branch.sensor]]\nlogin = \"\"\n", (6, 9), "login is missing or empty; every sensor has one");
    check_toml(
        "[[client.branch.device]]\nlogin = \"a\"\ntitle = \"\"\n",
        (7, 9),
        "title is missing or empty; every device has one",
    );
    let long = "x".repeat(51);
    check_toml(
        &format!("[[client.branch.device]]\nlogin = \"a\"\ntitle = \"{long}\"\n"),
        (7, 9),
        "title has 51 characters; allowed: at most 50",
    );
    check_toml(
        "[[client.branch.device]]\nlogin = \"a\"\nmac = \"02:00:00:00:00:01:02\"\n",
        (7, 7),
        "mac has 20 characters; allowed: at most 17",
    );
    check_toml("[[client.branch.user]]\nlogin = \"a\"\n", (5, 1), "missing field `password`");
    check_toml(
        "[[client.api_key]]\nkey = \"a b\"\n",
        (6, 7),
        "a header cannot carry this key; allowed: visible ASCII without blanks",
    );
    check_toml("id = 0\n", (5, 6), "0 is not a number of a row; allowed: 1 to 2147483647");
    check_json("\"device\": [{\"title\": \"A\"}]", 12, "login is missing or empty; every device has one");
    check_json(
        &format!("\"device\": [{{\"login\": \"a\", \"title\": \"{long}\"}}]"),
        36,
        "title has 51 characters; allowed: at most 50",
    );
}

#[test]
fn what_a_row_names_stands_in_its_branch() {
    let sectors = "[[client.branch.sector]]\n".repeat(6);
    check_toml(
        &format!("{sectors}[[client.branch.device]]\nlogin = \"a\"\nsector_id = 7\n"),
        (13, 13),
        "sector_id 7 is no sector of this branch; there are 1, 2, 3, 4, 5, …",
    );
    check_toml(
        "[[client.branch.layer]]\nid = 4\n[[client.branch.area]]\nlayer_id = 1\n",
        (8, 12),
        "layer_id 1 is no layer of this branch; there is 4",
    );
    check_toml(
        "[[client.branch.path]]\nsector_id = 1\n",
        (6, 13),
        "sector_id 1 is no sector of this branch; there is none",
    );
    check_toml(
        "[[client.branch.sensor]]\nlogin = \"a\"\narea_id = 1\n",
        (7, 11),
        "area_id 1 is no area of this branch; there is none",
    );
    check_toml(
        "[[client.branch.sensor_data]]\nsensor_id = 2\nquantity = \"q\"\n",
        (6, 13),
        "sensor_id 2 is no sensor of this branch; there is none",
    );
    check_toml(
        "layer = [{}, {}]\n[[client.branch.device]]\nlogin = \"a\"\nlayers = [2, 9]\n",
        (8, 14),
        "layers: 9 is no layer of this branch; there are 1, 2",
    );
    check_toml(
        "[[client.branch.beacon]]\nbranch_id = 9\n",
        (6, 13),
        "branch_id 9 is no branch that this stands in; there is 1",
    );
    check_json(
        "\"sector\": [{}], \"device\": [{\"login\": \"a\", \"sector_id\": 2}]",
        56,
        "sector_id 2 is no sector of this branch; there is 1",
    );
    check_json(
        "\"layer\": [{}], \"device\": [{\"login\": \"a\", \"layers\": [1, 2]}]",
        56,
        "layers: 2 is no layer of this branch; there is 1",
    );
    // The sector is there, in the other branch.
    check_toml(
        "sector = [{}]\n[[client.branch]]\ntitle = \"B\"\n[[client.branch.beacon]]\nsector_id = 1\n",
        (9, 13),
        "sector_id 1 is no sector of this branch; there is none",
    );
}

#[test]
fn keys_quirks_and_configuration_name_what_the_client_has() {
    check_toml(
        "[[client.api_key]]\nkey = \"k\"\nbranch_id = 9\n",
        (7, 13),
        "branch_id 9 is no branch of this client; there is 1",
    );
    check_toml(
        "device = [{ login = \"agv-07\" }]\n[[client.quirk]]\nlogin = \"agv-7\"\nquirk = \"slow\"\n",
        (7, 9),
        "login \"agv-7\" is unknown; did you mean \"agv-07\"?",
    );
    check_toml(
        "[[client.branch.configuration]]\nkey = \"k\"\nlogin = \"a\"\nvalue = 1\n",
        (7, 9),
        "login \"a\" is unknown; there is none",
    );
    check_json(
        "\"configuration\": [{\"key\": \"k\", \"value\": 1, \"login\": \"a\"}]",
        53,
        "login \"a\" is unknown; there is none",
    );
}

#[test]
fn what_no_answer_may_have_is_refused() {
    let sectors = "areas follows from other rows; leave it out";
    check_toml("sector = [{ areas = [1] }]\n", (5, 21), sectors);
    check_json("\"sector\": [{\"areas\": [1]}]", 22, sectors);
    check_toml(
        "sensor = [{ login = 's', sensor_data = [{}] }]\n",
        (5, 40),
        "sensor_data follows from other rows; leave it out",
    );
    check_toml("latitude = nan\n", (5, 12), "latitude is no number from -90 to 90");
    check_json("\"longitude\": 181", 14, "longitude is no number from -180 to 180");
    let date = "the value has a date in it, and JSON has none; write a text";
    check_toml("configuration = [{ key = 'k', value = { a = [2026-01-01] } }]\n", (5, 18), date);
    let control = "login has a control character in it; allowed: any other";
    check_json("\"device\": [{\"login\": \"a\\u0000b\"}]", 22, control);
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    for (name, text) in [
        ("w.json", "\u{feff}{\"client\": [{\"name\": \"acme\", \"branch\": [{\"title\": \"Hall\"}]}]}".to_owned()),
        ("w.toml", format!("\u{feff}{TOML}")),
    ] {
        assert_eq!(refusal(name, &text), "", "{name}");
    }
}
