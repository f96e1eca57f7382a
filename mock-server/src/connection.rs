//! One TCP connection: time-outs below hyper, hyper itself, and an end that loses nothing.

mod watched;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::app::Service;
use crate::config::LimitsSection;

use watched::{Phase, Phases, Watched};

/// Serves requests until either side closes, a time-out strikes, or the server drains.
pub(crate) async fn serve(stream: TcpStream, service: Service, limits: &LimitsSection, drain: CancellationToken) {
    // Answers are small and whole: waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let phases = Arc::new(Phases::default());
    let watched =
        Watched::new(stream, limits.idle_timeout.unsigned(), limits.head_timeout.unsigned(), Arc::clone(&phases));
    let service = Arc::new(service);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, phases) = (Arc::clone(&service), Arc::clone(&phases));
        phases.enter(Phase::Busy);
        async move {
            let response = service.answer(request.map(Body::new)).await;
            phases.enter(Phase::Idle);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(limits.head.bytes())
        .title_case_headers(true)
        .serve_connection(TokioIo::new(watched), answer);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = drain.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().await
        }
    };
    if let Err(error) = result {
        tracing::debug!("connection ended: {error}");
    }
}

/// Turns away a connection beyond the limit, in a way that a client can read.
pub(crate) async fn refuse(mut stream: TcpStream) {
    const TEXT: &str = "mock-server: too many connections; see limits.connections\n";
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{TEXT}",
        TEXT.len()
    );
    let farewell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes would send RST, and the client would lose the answer.
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    if !matches!(tokio::time::timeout(PATIENCE, farewell).await, Ok(Ok(()))) {
        tracing::debug!("a connection beyond the limit did not wait for its refusal");
    }
}
