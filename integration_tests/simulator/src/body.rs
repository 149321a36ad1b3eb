//! HTTP response body that is sent at once, sent in slow chunks, or cut off by a connection reset.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// Delivery of a response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// The connection is reset before the first byte.
    Reset,
    /// The connection is reset after this many bytes of the body.
    ResetAfter(usize),
    /// Sent in chunks of `chunk_bytes` with a pause after each.
    Slow {
        chunk_bytes: usize,
        pause: Duration,
    },
}

/// Time for bytes already written to reach the client before the connection is reset.
const FLUSH: Duration = Duration::from_millis(20);

/// Response body with the steps that remain to be sent.
pub(crate) struct Outgoing {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    /// The `Content-Length`; `None` for chunked framing.
    length: Option<u64>,
}

enum Step {
    Send(Bytes),
    Wait(Duration),
    Break,
}

/// Error that makes the server reset the connection.
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the connection was broken on purpose")
    }
}

impl std::error::Error for Broken {}

impl From<Infallible> for Broken {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Outgoing {
    pub(crate) fn new(body: Bytes, delivery: Delivery) -> Self {
        let length = u64::try_from(body.len()).ok();
        match delivery {
            Delivery::Whole | Delivery::Reset => {
                Self { steps: VecDeque::from([Step::Send(body)]), waiting: None, length }
            }
            Delivery::ResetAfter(bytes) => {
                let sent = body.slice(..bytes.min(body.len()));
                let steps = [Step::Send(sent), Step::Wait(FLUSH), Step::Break];
                // Announces one byte more than is sent, so that the response stays incomplete even
                // if the whole body is sent before the reset.
                Self {
                    steps: VecDeque::from(steps),
                    waiting: None,
                    length: length.map(|length| length + 1),
                }
            }
            Delivery::Slow { chunk_bytes, pause } => {
                let size = chunk_bytes.max(1);
                let steps = (0..body.len())
                    .step_by(size)
                    .flat_map(|start| {
                        let chunk = body.slice(start..body.len().min(start + size));
                        [Step::Send(chunk), Step::Wait(pause)]
                    })
                    .collect();
                Self { steps, waiting: None, length: None }
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(sleep) = &mut self.waiting {
                std::task::ready!(sleep.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                Some(Step::Send(bytes)) if bytes.is_empty() => {}
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(pause)) => self.waiting = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Step::Break) => return Poll::Ready(Some(Err(Broken))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }
}
