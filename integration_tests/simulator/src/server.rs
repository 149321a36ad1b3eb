//! HTTP/1.1 server on the loopback interface.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::body::{Broken, Delivery, Outgoing};
use crate::finish;
use crate::message::Answer;
use crate::pipeline::{Outcome, respond};
use crate::server_state::ServerState;

/// Maximum size of a request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves connections until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, state: Arc<ServerState>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&state)));
            }
            // For instance if file descriptors run out: wait until other connections are closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, state: Arc<ServerState>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let breaking = Arc::new(AtomicBool::new(false));
    let socket = Socket { stream, breaking: Arc::clone(&breaking) };
    let service = service_fn(move |request| {
        let (state, breaking) = (Arc::clone(&state), Arc::clone(&breaking));
        async move { answer(request, &state, &breaking).await }
    });
    // An error means that the client disconnected or that a fault broke the connection.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn answer(
    request: http::Request<Incoming>,
    state: &ServerState,
    breaking: &AtomicBool,
) -> Result<Response<Outgoing>, Broken> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let refusal = finish::page(413, "Payload Too Large");
        return Ok(response(refusal, Delivery::Whole));
    };
    let Outcome { answer, delivery, delay } =
        respond(state, head.method, &head.uri, &head.headers, body.to_bytes());
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match delivery {
        Delivery::Reset => {
            breaking.store(true, Ordering::Relaxed);
            return Err(Broken);
        }
        Delivery::ResetAfter(_) => breaking.store(true, Ordering::Relaxed),
        Delivery::Whole | Delivery::Slow { .. } => {}
    }
    Ok(response(answer, delivery))
}

fn response(answer: Answer, delivery: Delivery) -> Response<Outgoing> {
    let Answer { status, content_type, headers, body } = answer;
    let mut response = Response::new(Outgoing::new(body, delivery));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    out.reserve(headers.len() + 1);
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_maybe_shared(Bytes::from(value)),
        ) {
            out.insert(name, value);
        }
    }
    response
}

/// A connection that can be closed with a reset.
struct Socket {
    stream: TcpStream,
    breaking: Arc<AtomicBool>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.breaking.load(Ordering::Relaxed) {
            // On failure the client sees an early end of the connection instead of a reset, which
            // is also an error.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.breaking.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
