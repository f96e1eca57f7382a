//! What a sandbox of the default world costs, over the admin API: time beside that of an admin call that does nothing,
//! and memory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::median;
use crate::process::Server;

const SANDBOXES: usize = 1000;

pub(crate) fn measure() {
    let server = Server::mock();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    let create = "POST /__admin/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let health = "GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // Whatever is made once is made before.
    for _ in 0..200 {
        exchange(&mut stream, health, "200");
    }
    let before = server.resident_mib();
    let (mut created, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..SANDBOXES {
        created.push(exchange(&mut stream, create, "201"));
        idle.push(exchange(&mut stream, health, "200"));
    }
    let each_kib = (server.resident_mib() - before) * 1024.0 / SANDBOXES as f64;
    created.sort_by(f64::total_cmp);
    let slow = created[created.len() * 99 / 100];
    println!(
        "{SANDBOXES} sandboxes over the admin API, one after another: {:.0} µs each (median; 99 of 100 within {slow:.0} µs), \
         beside {:.0} µs for an admin call that does nothing; {each_kib:.1} KiB of resident memory each",
        median(created),
        median(idle)
    );
}

/// Microseconds of one exchange.
fn exchange(stream: &mut TcpStream, request: &str, status: &str) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let before = Instant::now();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while !complete(&answer) {
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the server closed the connection");
        answer.extend_from_slice(&buffer[..read]);
    }
    let took = before.elapsed();
    assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", String::from_utf8_lossy(&answer));
    took.as_secs_f64() * 1e6
}

fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}
