//! The engine by itself: what it answers, and what it never does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::ontology::folder::{Source, assemble};
use crate::ontology::{Data, Question, Trouble};

/// Names that need quotes, a concept of another name than its table, and letters beyond ASCII.
fn shop() -> Data {
    let sources = vec![
        Source::embedded("customers.csv", "id,city,active\n1,Pune,true\n2,沈阳,false\n3,,\n"),
        Source::embedded("order.csv", "id,customer_id,price\n101,1,2.5\n102,1,4\n103,2,0.25\n"),
        Source::embedded("odd name.json", r#"[{"a b": 1, "select": {"x": []}}]"#),
        Source::embedded(
            "ontology.toml",
            "[[concept]]\nname = 'buyer'\ntable = 'customers'\ndescription = 'Who buys'\n\
             [[concept]]\nname = 'order'\n[[concept]]\nname = 'odd name'\n\
             [[relationship]]\nname = 'orders'\nfrom = 'buyer'\nto = 'order'\ncolumns = { id = 'customer_id' }\n\
             [[relationship]]\nname = 'buyer'\nfrom = 'order'\nto = 'buyer'\ncolumns = { customer_id = 'id' }\nkind = 'one'\n",
        ),
    ];
    assemble("shop", sources).unwrap()
}

fn question(sql: &str) -> Question<'_> {
    let time_limit = Duration::from_mins(1);
    Question { sql, user: "alice", ontologies: &["shop", "o'ther"], time_limit, row_limit: 100, nested: false }
}

fn ask(question: &Question<'_>) -> Result<String, Trouble> {
    shop().answer(question).expect("there is an engine")
}

#[track_caller]
fn check(sql: &str, expected: &Value) {
    let text = ask(&question(sql)).unwrap();
    // As text: the order of the keys is the statement's.
    assert_eq!(text, expected.to_string(), "{sql}");
}

#[track_caller]
fn refused(sql: &str) -> String {
    ask(&question(sql)).unwrap_err().to_string()
}

#[test]
fn tables_and_concepts_are_asked_by_their_schemas() {
    check(
        "SELECT * FROM dtimbr.buyer",
        &json!([
            { "id": 1, "city": "Pune", "active": true },
            { "id": 2, "city": "沈阳", "active": false },
            { "id": 3, "city": null, "active": null },
        ]),
    );
    check("SELECT city FROM timbr.customers WHERE active", &json!([{ "city": "Pune" }]));
    check("SELECT `a b` AS `c d`, `select` FROM `dtimbr`.`odd name`", &json!([{ "c d": 1, "select": "{\"x\":[]}" }]));
    check(
        "SELECT b.city, count(*) AS n, sum(o.price) AS total FROM dtimbr.buyer b JOIN dtimbr.`order` o \
         ON o.customer_id = b.id GROUP BY b.city ORDER BY total DESC",
        &json!([{ "city": "Pune", "n": 2, "total": 6.5 }, { "city": "沈阳", "n": 1, "total": 0.25 }]),
    );
    check("WITH t AS (SELECT id FROM dtimbr.buyer) SELECT count(*) AS n FROM t, (SELECT 1)", &json!([{ "n": 3 }]));
    check("SELECT count(*) AS n FROM customers", &json!([{ "n": 3 }]));
    check("SELECT city FROM dtimbr.buyer WHERE 1 = 0", &json!([]));
}

#[test]
fn values_that_json_does_not_have_are_written_as_documented() {
    check(
        "SELECT 9e999 AS a, -9e999 AS b, x'00ff' AS c, 1.0 AS d, 2 > 1 AS e",
        &json!([
            { "a": null, "b": null, "c": "AP8=", "d": 1.0, "e": 1 }
        ]),
    );
    check(
        "SELECT id, id, id AS id_2, 1 AS \"q\"\"\" FROM timbr.customers LIMIT 1",
        &json!([
            { "id": 1, "id_2": 1, "id_2_2": 1, "q\"": 1 }
        ]),
    );
}

#[test]
fn the_ontology_tells_of_itself() {
    check("SELECT * FROM timbr.sys_ontologies", &json!([{ "ontology": "shop" }, { "ontology": "o'ther" }]));
    check(
        "SELECT * FROM timbr.sys_concepts WHERE concept = 'buyer'",
        &json!([{ "concept": "buyer", "description": "Who buys", "table_name": "customers" }]),
    );
    check(
        "SELECT property, data_type FROM timbr.sys_properties WHERE concept = 'order'",
        &json!([
            { "property": "id", "data_type": "bigint" },
            { "property": "customer_id", "data_type": "bigint" },
            { "property": "price", "data_type": "double" },
        ]),
    );
    check(
        "SELECT relationship, target_concept, is_multiple FROM timbr.sys_relationships",
        &json!([
            { "relationship": "orders", "target_concept": "order", "is_multiple": true },
            { "relationship": "buyer", "target_concept": "buyer", "is_multiple": false },
        ]),
    );
    check("SELECT timbr_username() AS who", &json!([{ "who": "alice" }]));
}

#[test]
fn nothing_but_reading_the_ontology_is_possible() {
    for (sql, what) in [
        ("ATTACH '/tmp/x.db' AS x", "ATTACH"),
        ("ATTACH ':memory:' AS x", "ATTACH"),
        ("DETACH timbr", "DETACH"),
        ("VACUUM INTO '/tmp/x.db'", "only reading is possible"),
        ("PRAGMA query_only = 0", "PRAGMA query_only"),
        ("PRAGMA hard_heap_limit = 0", "PRAGMA hard_heap_limit"),
        ("SELECT * FROM pragma_database_list", "reading pragma_database_list"),
        ("SELECT count(*) FROM pragma_database_list", "reading pragma_database_list"),
        ("INSERT INTO timbr.customers VALUES (4, 'x', 1)", "writing to customers"),
        ("UPDATE dtimbr.`order` SET price = 0", "changing order"),
        ("DELETE FROM timbr.customers", "deleting from customers"),
        ("REPLACE INTO timbr.`order` VALUES (1, 1, 1)", "writing to order"),
        ("CREATE TABLE timbr.x (a)", "writing to sqlite_master"),
        ("CREATE TEMP TABLE x (a)", "writing to sqlite_temp_master"),
        ("CREATE VIRTUAL TABLE x USING fts5(a)", "writing to sqlite_master"),
        ("DROP TABLE timbr.customers", "deleting from sqlite_master"),
        ("ALTER TABLE timbr.customers RENAME TO x", "only reading is possible"),
        ("BEGIN", "only reading is possible"),
        ("SAVEPOINT x", "only reading is possible"),
        ("ANALYZE", "writing to sqlite_master"),
        ("REINDEX", "only reading is possible"),
        ("SELECT * FROM timbr.sqlite_master", "reading sqlite_master"),
        ("SELECT * FROM sqlite_schema", "reading sqlite_master"),
        ("SELECT count(*) FROM sqlite_master", "reading sqlite_master"),
        ("SELECT * FROM sqlite_temp_master", "reading sqlite_temp_master"),
        ("SELECT * FROM dbstat", "reading dbstat"),
        ("SELECT count(*) FROM dbstat", "reading dbstat"),
        ("SELECT load_extension('/tmp/x.so')", "the function load_extension"),
        ("SELECT fts3_tokenizer('x')", "the function fts3_tokenizer"),
        ("SELECT sqlite_version()", "the function sqlite_version"),
        ("SELECT mock_ontologies()", "the function mock_ontologies"),
        ("WITH x AS (SELECT 1) INSERT INTO timbr.customers SELECT * FROM x", "writing to customers"),
        ("EXPLAIN DELETE FROM timbr.customers", "deleting from customers"),
    ] {
        assert_eq!(refused(sql), format!("permission denied: {what}"), "{sql}");
    }
    // Functions of SQLite's shell are not there at all.
    assert_eq!(refused("SELECT readfile('/etc/passwd')"), "no such function: readfile");
}

#[test]
fn mistakes_are_told_in_the_engines_words() {
    assert_eq!(refused("SELECT nope FROM dtimbr.buyer"), "no such column: nope");
    assert_eq!(refused("SELECT * FROM dtimbr.ghost"), "no such table: dtimbr.ghost");
    assert_eq!(refused("SELECT * FROM dtimbr.customers"), "no such table: dtimbr.customers", "it is no concept");
    assert_eq!(refused("SELEC 1"), "near \"SELEC\": syntax error");
    assert_eq!(refused("SELECT 1; SELECT 2"), "more than one statement");
    assert_eq!(refused("/* nothing */"), "SQL is empty or comment only");
    assert!(refused("SELECT ?").starts_with("Wrong number of parameters"));
    assert_eq!(refused("SELECT json_extract('{', '$.a')"), "malformed JSON");
    assert!(refused("SELECT \"nmae\" FROM dtimbr.buyer").starts_with("no such column: \"nmae\""));
}

#[test]
fn limits_of_rows_time_and_size_hold() {
    let two = Question { row_limit: 2, ..question("SELECT id FROM dtimbr.buyer") };
    assert_eq!(ask(&two).unwrap(), r#"[{"id":1},{"id":2}]"#);
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let short = Duration::from_millis(20);
    let data = shop();
    let stopped = data.answer(&Question { time_limit: short, ..question(endless) }).unwrap();
    assert_eq!(stopped, Err(Trouble::TooSlow(short)));
    assert_eq!(stopped.unwrap_err().to_string(), "the query was stopped: it took longer than 20ms");
    // The connection that was stopped is as good as before.
    assert_eq!(data.answer(&question("SELECT 1 AS a")).unwrap().unwrap(), r#"[{"a":1}]"#);
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n";
    let hundred = Question { row_limit: 100, ..question(endless) };
    assert!(ask(&hundred).unwrap().ends_with(r#"{"x":100}]"#), "rows that nobody wants are not made");
    let large = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) \
                 SELECT printf('%.*c', 100000, 'x') FROM n";
    let stopped = ask(&Question { row_limit: 5000, ..question(large) });
    assert_eq!(stopped, Err(Trouble::TooLarge(32 << 20)));
    check(
        "SELECT active FROM dtimbr.buyer WHERE id = 1 UNION ALL SELECT count(*) FROM dtimbr.buyer",
        &json!([{ "active": true }, { "active": 3 }]),
    );
    // One row can be as large as many.
    let columns: Vec<_> = (0..400).map(|number| format!("y a{number}")).collect();
    let wide = format!(
        "WITH t(y) AS MATERIALIZED (SELECT replace(hex(zeroblob(60000)), '0', char(1))) SELECT {} FROM t",
        columns.join(",")
    );
    assert_eq!(ask(&question(&wide)), Err(Trouble::TooLarge(32 << 20)));
    let equal = |count: usize| format!("SELECT {}", vec!["1+0 a"; count].join(","));
    assert!(ask(&question(&equal(500))).unwrap().ends_with(r#","a_500":1}]"#));
    assert_eq!(refused(&equal(501)), "too many columns in result set");
    assert_eq!(refused("SELECT zeroblob(1000000000)"), "string or blob too big");
    let deep = format!("SELECT 1{}", "+1".repeat(600));
    assert_eq!(refused(&deep), "Expression tree is too large (maximum depth 500)");
}

#[test]
fn an_explanation_is_one_row_and_explains_only_what_may_be_run() {
    let plan = ask(&question("EXPLAIN SELECT * FROM dtimbr.`order` WHERE customer_id = 1")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan[0]["PLAN"], "SEARCH dtimbr.order USING INDEX sys_relationship_0 (customer_id=?)");
    let plan = ask(&question("explain query plan select 1")).unwrap();
    assert_eq!(plan, r#"[{"PLAN":"SCAN CONSTANT ROW"}]"#);
    assert_eq!(refused("EXPLAIN SELECT x FROM dtimbr.buyer"), "no such column: x");
    check("SELECT * FROM (SELECT id FROM dtimbr.buyer) explainable_query WHERE 1=0", &json!([]));
    assert_eq!(refused("SELECT * FROM (SELECT x FROM dtimbr.buyer) explainable_query WHERE 1=0"), "no such column: x");
}

#[test]
fn nested_rows_bring_along_what_belongs_to_them() {
    let nested = |sql| ask(&Question { nested: true, ..question(sql) }).unwrap();
    assert_eq!(
        nested("SELECT city, id FROM dtimbr.buyer ORDER BY id DESC LIMIT 2"),
        json!([
            { "city": null, "id": 3, "orders": [] },
            { "city": "沈阳", "id": 2, "orders": [{ "id": 103, "customer_id": 2, "price": 0.25 }] },
        ])
        .to_string()
    );
    assert_eq!(
        nested("SELECT customer_id FROM dtimbr.`order` LIMIT 1"),
        json!([{ "customer_id": 1, "buyer": { "id": 1, "city": "Pune", "active": true } }]).to_string()
    );
    // Without the column that says what belongs together, from two concepts, from a table: as it is.
    assert_eq!(nested("SELECT city FROM dtimbr.buyer LIMIT 1"), r#"[{"city":"Pune"}]"#);
    let two = "SELECT b.id FROM dtimbr.buyer b, dtimbr.`order` o LIMIT 1";
    assert_eq!(nested(two), r#"[{"id":1}]"#);
    assert_eq!(nested("SELECT id FROM timbr.customers LIMIT 1"), r#"[{"id":1}]"#);
    let limited = Question { nested: true, row_limit: 1, ..question("SELECT id FROM dtimbr.buyer") };
    let row = json!({ "id": 1, "orders": [{ "id": 101, "customer_id": 1, "price": 2.5 }] });
    assert_eq!(ask(&limited).unwrap(), json!([row]).to_string(), "each list is as long as an answer may be");
}

#[test]
fn a_slow_query_does_not_hold_up_the_others() {
    let data = shop();
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let slow = Question { time_limit: Duration::from_secs(2), ..question(endless) };
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| data.answer(&slow).unwrap());
        let mut answered = 0;
        while !slow.is_finished() {
            data.answer(&question("SELECT * FROM dtimbr.buyer")).unwrap().unwrap();
            answered += 1;
        }
        assert!(matches!(slow.join().unwrap(), Err(Trouble::TooSlow(_))));
        assert!(answered > 1, "{answered}");
    });
}
