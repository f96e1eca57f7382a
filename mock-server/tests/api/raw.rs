//! A client that is nothing but a TCP socket: it sees every byte, and how the connection ends.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How a connection ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    Fin,
    Rst,
    /// It did not, for as long as a test can look.
    Silent,
}

/// Silence shows only as time that passes. On loopback an answer takes a thousandth of this.
const SILENCE: Duration = Duration::from_millis(300);

/// Sends bytes and reads to the end, or to silence.
pub(crate) async fn exchange(address: SocketAddr, bytes: impl Into<Vec<u8>>) -> (String, Ended) {
    let (all, ended) = exchange_bytes(address, bytes).await;
    (String::from_utf8(all).unwrap(), ended)
}

/// The same, where what comes back need not be text.
pub(crate) async fn exchange_bytes(address: SocketAddr, bytes: impl Into<Vec<u8>>) -> (Vec<u8>, Ended) {
    let bytes = bytes.into();
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&bytes).unwrap();
        read_bytes_to_end(&mut stream)
    })
    .await
    .unwrap()
}

/// Reads to the end, or to silence.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> (String, Ended) {
    let (all, ended) = read_bytes_to_end(stream);
    (String::from_utf8(all).unwrap(), ended)
}

fn read_bytes_to_end(stream: &mut TcpStream) -> (Vec<u8>, Ended) {
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let mut all = Vec::new();
    let mut piece = [0; 8192];
    let ended = loop {
        match stream.read(&mut piece) {
            Ok(0) => break Ended::Fin,
            Ok(length) => all.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break Ended::Rst,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break Ended::Silent,
            Err(error) => panic!("{error}"),
        }
    };
    (all, ended)
}

/// A request that asks for the connection to be closed, so that the answer ends.
pub(crate) fn get(path: &str, headers: &[(&str, &str)]) -> String {
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let lines = lines.concat();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n")
}
