//! Keep-alive connections that each send the same request again as soon as its answer is there.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 64;

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Workload {
    Authenticate,
    Ten,
    Thousand,
}

/// One workload against one server.
pub(crate) struct Load {
    address: SocketAddr,
    request: Arc<[u8]>,
}

impl Workload {
    pub(crate) const ALL: [Self; 3] = [Self::Authenticate, Self::Ten, Self::Thousand];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::Ten => "localization, 10 records",
            Self::Thousand => "localization, 1,000 records",
        }
    }
}

impl Load {
    /// A log in again and again.
    pub(crate) fn login(address: SocketAddr) -> Self {
        let login = r#"{"Client":"acme-logistics","Login":"forklift-01","Password":"forklift-01-pass"}"#;
        Self { address, request: request("/v3/Authorization/Authenticate", "", login).into() }
    }
}

impl Load {
    /// Any request again and again.
    pub(crate) fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Self {
        Self { address, request: request(path, headers, body).into() }
    }

    /// Logs in first where the request must be signed.
    pub(crate) fn prepare(address: SocketAddr, workload: Workload) -> Self {
        let login = Self::login(address);
        let request = match workload {
            Workload::Authenticate => return login,
            Workload::Ten | Workload::Thousand => {
                let answer = exchange(address, &login.request);
                let contract: serde_json::Value = serde_json::from_str(&answer).unwrap();
                let field = |name: &str| contract[name].as_str().unwrap().to_owned();
                let signed = format!(
                    "Client: {}\r\nBranch: {}\r\nToken: {}\r\n",
                    field("Client"),
                    field("Branch"),
                    field("Token")
                );
                let count = if matches!(workload, Workload::Ten) { 10 } else { 1000 };
                request("/v3/localization", &signed, &records(count))
            }
        };
        Self { address, request: request.into() }
    }

    /// Sends the request once and wants a 200.
    pub(crate) fn once(&self) {
        exchange(self.address, &self.request);
    }

    /// How many answers came in the time given.
    pub(crate) fn run(&self, time: Duration) -> u64 {
        let answered = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for _ in 0..CONNECTIONS {
                let (address, request, answered) = (self.address, Arc::clone(&self.request), Arc::clone(&answered));
                tokio::spawn(async move {
                    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mut buffer = vec![0; 256 << 10];
                    loop {
                        stream.write_all(&request).await.unwrap();
                        let mut filled = 0;
                        while !complete(&buffer[..filled]) {
                            let read = stream.read(&mut buffer[filled..]).await.unwrap();
                            assert!(read > 0, "the server closed the connection");
                            filled += read;
                        }
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
            tokio::time::sleep_until((Instant::now() + time).into()).await;
        });
        answered.load(Ordering::Relaxed)
    }
}

fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Records of about 120 bytes, as the official C# SDK writes them.
fn records(count: usize) -> String {
    let mut body = String::from("[");
    for index in 0..count {
        let comma = if index == 0 { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"Timestamp":{},"SectorId":1,"X":{}.5,"Y":8300.25,"Z":0,"Interval":1000,"Battery":87,"IsMoving":true}}"#,
            1_767_225_600_000_u64 + 1000 * index as u64,
            12_000 + index
        )
        .unwrap();
    }
    body.push(']');
    body
}

/// One blocking exchange; the body of a 200.
fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while !complete(&answer) {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed the connection");
        answer.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8(answer).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    body.to_owned()
}

/// Whether a whole answer is there. Anything but a 200 stops the benchmark.
pub(crate) fn complete(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    assert!(bytes.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(bytes));
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
    });
    bytes.len() >= end + 4 + length.unwrap()
}
