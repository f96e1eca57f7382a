//! The same constant answer from plain hyper and through the connection layer, tap off.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use mock_server::Config;
use tokio::net::{TcpListener, TcpStream};

use crate::load::Load;
use crate::median;
use crate::process::Server;

pub(crate) const ROLES: [&str; 2] = ["--plain", "--layer"];
const ROUNDS: usize = 61;
const ROUND: Duration = Duration::from_millis(500);
const BODY: &[u8] = br#"{"Client":"c","Token":"t","Expiration":0,"Created":0,"Branch":"b"}"#;

/// Serves for ever in one of the two roles.
pub(crate) fn serve(role: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!(r#"{{"api":"http://{}"}}"#, listener.local_addr().unwrap());
        let limits = Config::default().limits;
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if role == "--plain" {
                tokio::spawn(plain(stream));
            } else {
                tokio::spawn(mock_server::connection::serve_constant(stream, limits.clone(), BODY));
            }
        }
    });
}

/// hyper with the same settings and the same service, and nothing below it.
async fn plain(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let answer = service_fn(|request: Request<Incoming>| {
        let _request = request.map(Body::new);
        std::future::ready(Ok::<_, Infallible>(Response::new(Body::from(BODY))))
    });
    let connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(64 << 10)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), answer);
    // It ends when the load does.
    drop(connection.await);
}

/// Plain hyper twice: what differs between the two is what the measure itself cannot tell apart.
pub(crate) fn compare() {
    println!("{ROUNDS} rounds of {ROUND:?}, alternating, of the least exchange that there is\n");
    let servers = ["--plain", "--plain", "--layer"].map(Server::this);
    let loads = servers.each_ref().map(|server| Load::login(server.address()));
    let mut rates = [const { Vec::new() }; 3];
    let mut costs = [const { Vec::new() }; 3];
    for round in 0..=ROUNDS {
        for (which, server) in servers.iter().enumerate() {
            let before = server.cpu();
            let answered = loads[which].run(ROUND) as f64;
            // The first round warms up.
            if round > 0 {
                rates[which].push(answered / ROUND.as_secs_f64());
                costs[which].push(server.cpu().saturating_sub(before).as_secs_f64() * 1e6 / answered);
            }
        }
    }
    println!("| | plain hyper | plain hyper once more | with the connection layer |");
    println!("| --- | --: | --: | --: |");
    row("answers per second", &rates, 0);
    row("CPU per answer, µs", &costs, 2);
    println!();
}

/// Medians, and the medians of the ratios to the first of the same round: what slows the machine down slows all three.
fn row(name: &str, values: &[Vec<f64>; 3], digits: usize) {
    let [plain, again, layer] = values;
    let ratio = |other: &[f64]| median(plain.iter().zip(other).map(|(plain, other)| other / plain).collect());
    println!(
        "| {name} | {:.digits$} | {:.digits$} ({:.3}) | {:.digits$} ({:.3}) |",
        median(plain.clone()),
        median(again.clone()),
        ratio(again),
        median(layer.clone()),
        ratio(layer)
    );
}
