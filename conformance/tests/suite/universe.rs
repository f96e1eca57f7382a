//! What a case has of the server, and what a driver has not.

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use conformance::manifest::ClockClass;
use conformance::target::{Target, Traffic};

/// Everything of one connection to a universe.
fn raw(base_url: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

const CALL: &str = "GET /v3/branches HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_cannot_ask_what_is_expected_nor_take_back_what_it_did() {
    let target = Target::start(1).await.unwrap();
    let universe = target.universe("case", ClockClass::Virtual).await.unwrap();
    for path in ["/__admin/faults", "/__admin/sandboxes", "/__admin/requests", "/metrics"] {
        let answer = raw(&universe.base_url, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    assert!(!universe.base_url.contains("case") && !universe.handle.contains("case"));
    universe.end().await.unwrap();
    target.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_connection_answers_itself_is_no_exchange() {
    let target = Target::start(1).await.unwrap();
    let universe = target.universe("case", ClockClass::Virtual).await.unwrap();
    assert!(raw(&universe.base_url, "no request at all\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert!(raw(&universe.base_url, CALL).starts_with("HTTP/1.1 401 "));
    assert_eq!(universe.traffic(), Traffic { open: 0, arrived: 1 });
    let exchanges = universe.exchanges(1).await.unwrap();
    assert_eq!(exchanges.iter().map(|exchange| exchange.number).collect::<Vec<_>>(), [1]);
    assert!(exchanges[0].is("branches.list"));
    // One that has ended cannot be missing.
    assert!(universe.exchanges(2).await.is_err());
    universe.end().await.unwrap();
    target.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_refused_and_nothing_written_if_somebody_came_since_the_look() {
    let target = Target::start(1).await.unwrap();
    let universe = target.universe("case", ClockClass::Virtual).await.unwrap();
    let seen = universe.traffic().arrived;
    raw(&universe.base_url, CALL);
    let written = Cell::new(false);
    let refused = universe.step(universe.t0_ms + 1000, seen, || written.set(true));
    assert_eq!(refused, Err(Traffic { open: 0, arrived: 1 }));
    assert_eq!((universe.now_ms(), written.get()), (universe.t0_ms, false));
    universe.step(universe.t0_ms + 1000, 1, || written.set(true)).unwrap();
    assert_eq!((universe.now_ms(), written.get()), (universe.t0_ms + 1000, true));
    universe.end().await.unwrap();
    target.stop().await;
}
