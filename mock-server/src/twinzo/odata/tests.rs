//! What filters say of rows, what is refused and where, and that no index hides a row.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wire::collection::{Area, Device, FallStatus, Sector};
use wire::contract::{Guid, Linked, Narrow};

use super::index::{Candidates, Key, Keys, candidates};
use super::*;

const KEYS: Keys = Keys { number: "Id", login: Some("Login") };

fn device() -> Device {
    Device {
        id: 7,
        login: "agv-07".to_owned(),
        title: "Tom's AGV".to_owned(),
        mac: Some("AA:BB".to_owned()),
        x: Some(Narrow(12500.5)),
        battery: Some(87.1),
        is_moving: true,
        fall_status: FallStatus::ManDown,
        layers: vec![Linked::Id(1)],
        ..Device::default()
    }
}

fn holds(filter: &str) -> bool {
    let expression = filter::parse(filter, Device::SHAPE).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
    expression.holds(&device())
}

fn wrong(option: &str, text: &str) -> String {
    let scope = Scope { shape: Device::SHAPE, expands: &["Layers"], hides: &["Account"], is_list: true };
    Query::default().option(option, text, scope).unwrap_err().describe(text)
}

#[test]
fn filters_say_what_they_say() {
    for filter in [
        "Id eq 7",
        "7 eq id",
        "Id ne 8 and Id gt 6 and Id ge 7 and Id lt 8 and Id le 7",
        "Title eq 'Tom''s AGV'",
        "X eq 12500.5 and X gt 12500 and -1 lt X",
        "Battery eq 87.1",
        "IsMoving",
        "IsMoving eq true and not (IsMoving eq false)",
        "FallStatus eq 'ManDown'",
        "contains(Title, 's A') and startswith(Title,'Tom') and endswith(Mac,'BB')",
        "contains(tolower(Title), 'tom') and toupper(Login) eq 'AGV-07'",
        "Note eq null and Mac ne null and Note ne 'x'",
        "Id in (1, 7) and Login in ('agv-07')",
        // `or` binds less than `and`, and that less than `not`.
        "Id eq 7 or Id eq 8 and Id eq 9",
        "not Id eq 8 and Id eq 7",
        "not (Id eq 8 or Id eq 9)",
        "true or Id eq 1",
        "ID EQ 7 AND CONTAINS(TITLE,'AGV')",
    ] {
        assert!(holds(filter), "{filter}");
    }
    for filter in [
        "Id eq 8",
        "(Id eq 7 or Id eq 8) and Id eq 9",
        "Title eq 'tom''s agv'",
        // What is missing is neither greater nor less, and nothing is found in it, nor not found.
        "Note gt 'a' or Note le 'a'",
        "contains(Note,'x')",
        "not contains(Note,'x')",
        "Z lt 1",
        "false",
        "Id in (1,2,3)",
    ] {
        assert!(!holds(filter), "{filter}");
    }
}

#[test]
fn guids_compare_as_what_they_are() {
    let guid = "004706bc-968b-41a9-9fa4-16465ca1e40d";
    let sector = Sector { guid: Guid(guid.parse().unwrap()), ..Sector::default() };
    let holds = |filter: &str| filter::parse(filter, Sector::SHAPE).unwrap().holds(&sector);
    assert!(holds(&format!("Guid eq {}", guid.to_uppercase())));
    assert!(!holds(&format!("Guid ne {guid}")));
}

const MEMBERS: &str = "Id, Mac, BranchId, SectorId, ValidSectorId, Title, Note, LastTimeOnline, ValidLastTimeOnline, X, Y, \
    ValidX, ValidY, AppVersion, IsMoving, FallStatus, Battery, DeviceTypeId, DeviceType, Login, …";

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    for (option, text, expected) in [
        ("$filter", "Titel eq 'x'", "DeviceContract has no member Titel; did you mean Title?"),
        (
            "$filter",
            "Id eq 1 and Titel eq 'x'",
            "DeviceContract has no member Titel; did you mean Title?, at character 13",
        ),
        ("$filter", "Id = 1", "expected eq, ne, gt, ge, lt, le or in, found =, at character 4"),
        ("$filter", "Id eq", "expected a member or a value, found the end, at character 6"),
        ("$filter", "Id", "expected eq, ne, gt, ge, lt, le or in, found the end, at character 3"),
        ("$filter", "Id eq 1 Id", "expected and, or, or the end, found Id, at character 9"),
        ("$filter", "(Id eq 1", "expected ), found the end, at character 9"),
        ("$filter", "Id eq 1)", "expected and, or, or the end, found ), at character 8"),
        ("$filter", "Id eq 'x'", "a number is compared with a text, at character 4"),
        ("$filter", "IsMoving eq 1", "true or false is compared with a number, at character 10"),
        ("$filter", "contains(Id,'x')", "a text is needed here, and this is a number, at character 10"),
        ("$filter", "contain(Title,'x')", "there is no function contain here; did you mean contains?"),
        (
            "$filter",
            "FallStatus eq 'Fallen'",
            "'Fallen' is none of its names; allowed: OK, ManDown, ManDownControl, ManDownPositive, ManDownNegative, \
             ManDownNegativeAfterLimit, at character 15",
        ),
        ("$filter", "Layers eq 1", "Layers holds no single value, so it cannot be compared"),
        (
            "$filter",
            "Layers/any(l: l/Id eq 1)",
            "Layers is followed by a path; only a row's own members can be asked for",
        ),
        ("$filter", "Sector/Id eq 1", "Sector is followed by a path; only a row's own members can be asked for"),
        ("$filter", "  ", "it is empty; leave it out, or give it a value"),
        ("$orderby", "Title up", "expected asc, desc or a comma, found up, at character 7"),
        ("$orderby", "Title,,Id", "expected a member between commas, at character 10"),
        ("$orderby", "Layers", "Layers holds no single value, so nothing can be sorted by it"),
        ("$top", "-1", "\"-1\" is not a whole number from 0 to 2147483647"),
        ("$skip", "1.5", "\"1.5\" is not a whole number from 0 to 2147483647"),
        ("$count", "yes", "\"yes\" is neither true nor false"),
        ("$select", "Id,Titel", "DeviceContract has no member Titel; did you mean Title?, at character 4"),
        (
            "$expand",
            "Layers($top=1)",
            "options and paths within it are not known here; give names between commas, at character 7",
        ),
        ("$expand", "Areas", "DeviceContract has no rows Areas to expand; allowed: Layers, Account"),
        (
            "$filter",
            &format!("{} eq 1", "x".repeat(5000)),
            &format!("DeviceContract has no member {}…; allowed: {MEMBERS}", "x".repeat(60)),
        ),
        ("$filtre", "Id eq 1", "there is no such option here; did you mean $filter?"),
        (
            "$apply",
            "x",
            "there is no such option here; allowed: $filter, $orderby, $top, $skip, $count, $select, $expand",
        ),
    ] {
        assert_eq!(wrong(option, text), expected, "{option}={text}");
    }
}

#[test]
fn passwords_cannot_be_asked_for() {
    for (option, text) in [("$filter", "startswith(Password,'a')"), ("$orderby", "Password"), ("$select", "Password")] {
        assert!(wrong(option, text).contains("has no member Password"), "{option}={text}");
    }
}

#[test]
fn depth_has_an_end() {
    let nested = |depth: usize| format!("{}Id eq 7{}", "(".repeat(depth), ")".repeat(depth));
    assert!(holds(&nested(50)) && holds(&format!("{}Id eq 7", "not ".repeat(50))));
    assert_eq!(wrong("$filter", &nested(51)), "more than 50 levels within one another, at character 52");
    assert!(wrong("$filter", &format!("{}Id eq 7", "not ".repeat(60_000))).starts_with("more than 50 levels"));
    assert!(wrong("$filter", &"tolower(".repeat(60_000)).starts_with("more than 50 levels"));
    // A long row of alternatives is not deep, and has an end of its own.
    assert!(holds(&vec!["Id eq 7"; 100].join(" or ")));
    let more = "more than 100 conditions and values of lists, at character ";
    assert_eq!(wrong("$filter", &vec!["Id eq 7"; 101].join(" or ")), format!("{more}1101"));
    assert_eq!(wrong("$filter", &format!("Id in ({})", vec!["7"; 101].join(","))), format!("{more}206"));
    // Of a member that is there again only the first counts.
    let keys = order::parse("Id desc,Title,id,ID desc,Title", Device::SHAPE).unwrap();
    assert_eq!(keys, order::parse("Id desc,Title", Device::SHAPE).unwrap());
    assert_eq!(keys.len(), 2);
    // Of many functions within one another only the outermost is called.
    assert!(holds("toupper(tolower(toupper(Login))) eq 'AGV-07'"));
}

#[test]
fn an_index_names_the_rows_that_a_filter_can_be_true_of() {
    let find = |filter: &str| {
        let expression = filter::parse(filter, Device::SHAPE).unwrap();
        match candidates(&expression, Device::SHAPE, KEYS) {
            Candidates::Within(range) => format!("{range:?}"),
            Candidates::These(keys) => format!("{keys:?}"),
        }
    };
    assert_eq!(find("Id eq 7"), "{Number(7)}");
    assert_eq!(find("5 lt Id and 9 ge Id and contains(Title,'x')"), "5..=9");
    assert_eq!(find("Login eq 'a' or Id in (1,2)"), r#"{Number(1), Number(2), Login("a")}"#);
    assert_eq!(find("Id gt 5 and (Login eq 'a' and IsMoving)"), r#"{Login("a")}"#);
    for all in ["Title eq 'a'", "not Id eq 7", "Id eq 7 or IsMoving", "Id ne 7", "tolower(Login) eq 'a'", "Id eq Id"] {
        assert_eq!(find(all), format!("{:?}", i64::MIN..=i64::MAX), "{all}");
    }
    // Areas have no accounts behind them.
    let areas = filter::parse("Title eq 'a'", Area::SHAPE).unwrap();
    assert!(matches!(candidates(&areas, Area::SHAPE, Keys { login: None, ..KEYS }), Candidates::Within(_)));
}

fn filters() -> impl Strategy<Value = String> {
    let comparison = proptest::sample::select(vec!["eq", "ne", "gt", "ge", "lt", "le"]);
    let leaf = prop_oneof![
        (comparison, 0..12_i32, any::<bool>()).prop_map(|(operator, number, is_first)| {
            if is_first { format!("{number} {operator} Id") } else { format!("Id {operator} {number}") }
        }),
        (0..12_i32).prop_map(|number| format!("Login eq 'd{number}'")),
        proptest::collection::vec(0..12_i32, 1..4).prop_map(|numbers| {
            let numbers: Vec<_> = numbers.iter().map(i32::to_string).collect();
            format!("Id in ({})", numbers.join(","))
        }),
        Just("IsMoving".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} and {other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} or {other})")),
            inner.prop_map(|inner| format!("not ({inner})")),
        ]
    })
}

proptest! {
    #[test]
    fn no_index_hides_a_row(filter in filters()) {
        let expression = filter::parse(&filter, Device::SHAPE).unwrap();
        let candidates = candidates(&expression, Device::SHAPE, KEYS);
        for number in 0..12 {
            let login = format!("d{number}");
            let row = Device { id: number, login: login.clone(), is_moving: number % 2 == 0, ..Device::default() };
            let is_named = match &candidates {
                Candidates::Within(range) => range.contains(&number.into()),
                Candidates::These(keys) => {
                    let names: BTreeSet<_> = [Key::Number(number.into()), Key::Login(&login)].into();
                    !keys.is_disjoint(&names)
                }
            };
            prop_assert!(is_named || !expression.holds(&row), "{filter} {number}");
        }
    }

    #[test]
    fn whatever_comes_is_read_or_refused(option in "\\$(filter|orderby|select|expand|top|skip|count)", text in ".{0,60}") {
        let scope = Scope { shape: Device::SHAPE, expands: &["Layers"], hides: &[], is_list: true };
        if let Err(mistake) = Query::default().option(&option, &text, scope) {
            prop_assert!(!mistake.describe(&text).is_empty());
        }
    }
}
