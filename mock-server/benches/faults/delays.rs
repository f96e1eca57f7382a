//! Thousands of answers that wait a second each, at once.

use std::time::{Duration, Instant};

use mock_server::{Config, RunningServer};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const REQUESTS: usize = 5000;

/// Client and server have a thread each. Each connection is there, and has carried one exchange without a delay, before
/// the time begins.
pub(crate) fn measure() {
    let (address_out, address_in) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut config = Config::default();
        config.server.port = 0;
        config.limits.connections = "6000".parse().unwrap();
        let rule = json!({ "match": { "operation": "clients.list" }, "effect": { "delay": "1s" } });
        config.faults.push(serde_json::from_value(rule).unwrap());
        runtime().block_on(async {
            let server = RunningServer::start(config).await.unwrap();
            address_out.send(server.addresses()[0]).unwrap();
            std::future::pending::<()>().await;
        });
    });
    let address = address_in.recv().unwrap();
    let (elapsed, answered, threads) = runtime().block_on(async {
        let mut streams = Vec::new();
        for _ in 0..REQUESTS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            ask(&mut stream, "/health").await;
            streams.push(stream);
        }
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let begun = Instant::now();
        let mut clients = JoinSet::new();
        for mut stream in streams {
            clients.spawn(async move {
                // Unsigned, so it is a refusal; it waits like any other answer.
                usize::from(ask(&mut stream, "/v3/clients").await.starts_with(b"HTTP/1.1 401 "))
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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// One exchange on a connection that stays open.
async fn ask(stream: &mut TcpStream, path: &str) -> Vec<u8> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // Its body is JSON.
    while answer.last() != Some(&b'}') {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "an answer broke off");
    }
    answer
}

/// Of this process, the main one included.
fn threads() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("Threads:")).unwrap();
    line.split_whitespace().nth(1).unwrap().to_owned()
}
