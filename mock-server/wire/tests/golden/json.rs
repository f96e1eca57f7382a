//! Headers, paths, and every contract with every member set, as JSON.

mod device;
mod localization;
mod other;
mod place;
mod sensor;
mod zone;

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::collection::FallStatus;
use wire::contract::Contract;
use wire::localization::Action;
use wire::problem::{self, Problem};
use wire::timbr::{Envelope, QueryRequest};
use wire::{header, path};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Line breaks and indents of a literal do not count.
fn one_line(literal: &str) -> String {
    literal.lines().map(str::trim).collect()
}

#[track_caller]
fn check_written(value: &impl Serialize, literal: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), one_line(literal));
}

#[track_caller]
fn check_read<T: Debug + DeserializeOwned + PartialEq>(literal: &str, value: &T) {
    assert_eq!(serde_json::from_str::<T>(literal).unwrap(), *value);
}

#[track_caller]
fn check<T: Debug + DeserializeOwned + PartialEq + Serialize>(value: &T, literal: &str) {
    check_written(value, literal);
    check_read(literal, value);
}

/// A contract's name, and what is written of it when nothing is set.
#[track_caller]
fn check_default<T: Contract + Debug>(name: &str, literal: &str) {
    assert_eq!(<T as Contract>::SHAPE.name, name);
    check(&T::default(), literal);
    check_read("{}", &T::default());
}

#[track_caller]
fn check_choice<T: Debug + DeserializeOwned + PartialEq + Serialize>(one: &T, name: &str, number: u8) {
    check(one, &format!("{name:?}"));
    check_read(&number.to_string(), one);
}

#[test]
fn headers() {
    let names = [header::CLIENT, header::BRANCH, header::TOKEN, header::API_KEY, header::MAIN_API_KEY];
    assert_eq!(names, ["client", "branch", "token", "api-key", "mapi-key"]);
    assert_eq!([header::X_API_KEY, header::X_JWT_TOKEN, header::X_ASYNC], ["x-api-key", "x-jwt-token", "x-async"]);
    let of_queries = [header::NESTED, header::RESULTS_LIMIT, header::X_API_IMPERSONATE_USER];
    assert_eq!(of_queries, ["nested", "results-limit", "x-api-impersonate-user"]);
    assert_eq!(header::X_JWT_TENANT_ID, "x-jwt-tenant-id");
    assert_eq!(problem::MEDIA_TYPE, "application/problem+json");
}

#[test]
fn paths() {
    assert_eq!(path::TWINZO_PREFIXES, ["/api/v3", "/v3.0", "/v3"]);
    assert_eq!([path::AUTHENTICATE, path::TOKEN], ["Authorization/Authenticate", "Authorization/Token"]);
    assert_eq!([path::LOCALIZATION, path::LOCALIZATION_BATCH], ["localization", "localization/batch"]);
    assert_eq!(path::DEVICES_BY_LOGIN, "devices/login");
    let timbr = [path::GET_TOKEN, path::QUERY, path::GET_ONTOLOGIES, path::OPENAPI_ONTOLOGY];
    assert_eq!(
        timbr,
        ["/timbr/api/get_token", "/timbr/api/query", "/timbr/api/get_ontologies", "/timbr/openapi/ontology"]
    );
}

#[test]
fn enumerations() {
    check_choice(&Action::NoAction, "NoAction", 0);
    check_choice(&Action::Create, "Create", 1);
    check_choice(&Action::Update, "Update", 2);
    check_choice(&Action::Delete, "Delete", 3);
    check_choice(&FallStatus::Ok, "OK", 0);
    check_choice(&FallStatus::ManDown, "ManDown", 1);
    check_choice(&FallStatus::ManDownControl, "ManDownControl", 2);
    check_choice(&FallStatus::ManDownPositive, "ManDownPositive", 3);
    check_choice(&FallStatus::ManDownNegative, "ManDownNegative", 4);
    check_choice(&FallStatus::ManDownNegativeAfterLimit, "ManDownNegativeAfterLimit", 5);
}

#[test]
fn problems() {
    let problem = Problem {
        kind: "k".to_owned(),
        title: "t".to_owned(),
        status: 400,
        detail: text("d"),
        instance: text("i"),
        code: text("13"),
        errors: Some([("$".to_owned(), vec!["e".to_owned()])].into()),
        trace_id: text("00-1-2-00"),
    };
    check(
        &problem,
        r#"{"type":"k","title":"t","status":400,"detail":"d","instance":"i","code":"13","errors":{"$":["e"]},
        "traceId":"00-1-2-00"}"#,
    );
    check(&Problem::default(), r#"{"type":"","title":"","status":0}"#);
}

#[test]
fn timbr() {
    check(&Envelope::success(vec![1]), r#"{"data":[1],"status":"success"}"#);
    check(&Envelope::error("no"), r#"{"data":"no","status":"error"}"#);
    let request = QueryRequest { ontology_name: "supply_chain".to_owned(), query: "SELECT 1".to_owned() };
    check(&request, r#"{"ontology_name":"supply_chain","query":"SELECT 1"}"#);
}
