//! Thousands of answers that wait a second each, at once.

use std::time::{Duration, Instant};

use mock_server::{Config, RunningServer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const REQUESTS: usize = 5000;

/// Client and server share two threads. The connections are there before the time begins.
pub(crate) fn measure() {
    let mut config = Config::default();
    config.server.port = 0;
    config.limits.connections = "6000".parse().unwrap();
    let rule = json!({ "match": { "operation": "clients.list" }, "effect": { "delay": "1s" } });
    config.faults.push(serde_json::from_value(rule).unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (elapsed, answered, threads) = runtime.block_on(async {
        let server = RunningServer::start(config).await.unwrap();
        let address = server.addresses()[0];
        let mut streams = Vec::new();
        for _ in 0..REQUESTS {
            streams.push(TcpStream::connect(address).await.unwrap());
        }
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let begun = Instant::now();
        let mut clients = JoinSet::new();
        for mut stream in streams {
            clients.spawn(async move {
                stream.write_all(b"GET /v3/clients HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
                let mut answer = Vec::new();
                // A body of JSON, at whose end the connection stays open.
                while answer.last() != Some(&b'}') {
                    assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "an answer broke off");
                }
                // Unsigned, so it is a refusal; it waits like any other answer.
                usize::from(answer.starts_with(b"HTTP/1.1 401 "))
            });
        }
        let threads = threads();
        let answered: usize = clients.join_all().await.into_iter().sum();
        (begun.elapsed(), answered, threads)
    });
    println!(
        "{answered} of {REQUESTS} answers that wait {:?} each came within {elapsed:.2?}, on {threads} threads\n",
        Duration::from_secs(1)
    );
    assert!(answered == REQUESTS, "an answer was lost");
}

/// Of this process, the main one included.
fn threads() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("Threads:")).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}
