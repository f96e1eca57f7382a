//! What lists, filters and pages cost in a directory of 1,000 devices and in one of 100,000, and what 100,000 weigh.
//!
//! `cargo bench -p mock-server --bench directory` prints it. Both servers are processes of their own; the exchanges
//! alternate between them, one at a time, so that a ratio compares two moments of the same machine.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and stops at the first surprise"
)]

#[path = "../against_axum/load.rs"]
#[expect(dead_code, reason = "shared with another benchmark, which needs more of it")]
mod load;
#[path = "../against_axum/process.rs"]
#[expect(dead_code, reason = "shared with another benchmark, which needs more of it")]
mod process;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use process::Server;

const FEW: usize = 1_000;
const MANY: usize = 100_000;
/// The devices of the world that ships come first.
const SHIPPED: usize = 16;

const EXCHANGES: usize = 400;
const SCANS: usize = 40;

/// Where an index serves, many rows may cost this much more than few.
const GUARD_RATIO: f64 = 1.5;
/// All of the process.
const GUARD_MIB: f64 = 150.0;

const SIGNED: &str = "Client: 004706bc-968b-41a9-9fa4-16465ca1e40d\r\n\
                      Api-Key: b9re4v23GoNtwjY2Pkuj7WtzrjwVxyL425BqOm29\r\n";
const BRATISLAVA: &str = "34599804-829e-480c-91e4-203e25b1cc53";
const PUNE: &str = "848f395d-b7ec-4136-9220-b931bd782007";

/// One question, asked of a directory with so many devices.
struct Question {
    name: &'static str,
    path: fn(usize) -> String,
    branch: &'static str,
    /// Whether it is answered without a look at every row.
    is_indexed: bool,
}

/// A server and the one connection to it.
struct Side {
    server: Server,
    stream: TcpStream,
    devices: usize,
}

fn questions() -> Vec<Question> {
    let indexed = |name, path| Question { name, path, branch: BRATISLAVA, is_indexed: true };
    let scan = |name, path| Question { name, path, branch: BRATISLAVA, is_indexed: false };
    vec![
        indexed("one, by number", |n| format!("/v3/devices/{}", middle(n))),
        indexed("one, by login", |n| format!("/v3/devices/login/{}", login(n))),
        indexed("filter by number", |n| format!("/v3/devices?$filter=Id%20eq%20{}", middle(n))),
        indexed("filter by login", |n| format!("/v3/devices?$filter=Login%20eq%20'{}'", login(n))),
        indexed("first 20", |_| "/v3/devices?$top=20".to_owned()),
        indexed("20 from the middle on, by $skip", |n| format!("/v3/devices?$skip={}&$top=20", n / 2)),
        indexed("20 from the middle on, by $filter", |n| {
            format!("/v3/devices?$filter=Id%20gt%20{}&$top=20", middle(n))
        }),
        indexed("last 20, newest first", |_| "/v3/devices?$orderby=Id%20desc&$top=20".to_owned()),
        indexed("first 20, and how many there are", |_| "/v3/devices?$top=20&$count=true".to_owned()),
        Question {
            name: "all 4 of another branch",
            path: |_| "/v3/devices".to_owned(),
            branch: PUNE,
            is_indexed: true,
        },
        scan("filter by title: every row is looked at", |_| "/v3/devices?$filter=contains(Title,'%23')".to_owned()),
        scan("first 20 by title: every row is compared", |_| "/v3/devices?$orderby=Title&$top=20".to_owned()),
    ]
}

fn main() {
    let empty = Server::mock();
    let fresh = empty.resident_mib();
    drop(empty);
    let mut few = Side::start(FEW);
    let mut many = Side::start(MANY);
    let resident = many.server.resident_mib();
    println!("| | {FEW} devices, µs | {MANY} devices, µs | ratio |\n| --- | --: | --: | --: |");
    let mut worst: f64 = 0.0;
    for question in questions() {
        let rounds = if question.is_indexed { EXCHANGES } else { SCANS };
        let (one, other): (Vec<f64>, Vec<f64>) = (0..rounds).map(|_| (few.ask(&question), many.ask(&question))).unzip();
        let ratios = one.iter().zip(&other).map(|(one, other)| other / one).collect();
        let ratio = median(ratios);
        println!("| {} | {:.0} | {:.0} | {ratio:.2} |", question.name, median(one), median(other));
        if question.is_indexed {
            worst = worst.max(ratio);
        }
    }
    println!(
        "\nresident memory: {resident:.1} MiB with {MANY} devices, {fresh:.1} MiB with the world that ships: \
         {:.2} KiB for a device; {:.0} ms from start to the first answer",
        (resident - fresh) * 1024.0 / MANY as f64,
        many.server.started_in().as_secs_f64() * 1e3,
    );
    assert!(worst <= GUARD_RATIO, "where an index serves, {MANY} rows cost {worst:.2} of {FEW}");
    assert!(resident < GUARD_MIB, "{resident:.1} MiB are more than {GUARD_MIB}");
}

// === impl Side ===

impl Side {
    fn start(devices: usize) -> Self {
        let server = Server::mock_with(&["--generate", &format!("devices={devices}")]);
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { server, stream, devices }
    }

    /// Microseconds of one exchange.
    fn ask(&mut self, question: &Question) -> f64 {
        let (path, branch) = ((question.path)(self.devices), question.branch);
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{SIGNED}Branch: {branch}\r\n\r\n");
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        let before = Instant::now();
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        while !load::complete(&answer) {
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0, "the server closed the connection");
            answer.extend_from_slice(&buffer[..read]);
        }
        before.elapsed().as_secs_f64() * 1e6
    }
}

/// Number of a device in the middle of the generated ones.
fn middle(devices: usize) -> usize {
    SHIPPED + devices / 2
}

fn login(devices: usize) -> String {
    format!("device-{:06}", devices / 2)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
