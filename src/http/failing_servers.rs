//! Tests of timeouts, retries and page sizes against slow and failing servers.

#![expect(clippy::disallowed_methods, reason = "servers that take their time")]

use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::time::{Instant, timeout};

use super::quota::{Bucket, QuotaWindow};
use super::rate_limit::{Limiter, Limits};
use super::transport::Transport;
use super::*;

const SHORT_BUDGET: RetryBudget = RetryBudget {
    attempts: 3,
    budget: Duration::from_millis(900),
    attempt: Duration::from_millis(300),
    quota: Duration::from_millis(400),
};

/// Serves every connection with `behave` and returns the server's address.
fn serve(behave: fn(TcpStream, &str) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                // Writes fail once the client has closed the connection.
                let _gone = behave(stream, &text);
            });
        }
    });
    format!("http://{address}")
}

/// Sends `text` one byte at a time, endlessly.
fn trickle(mut stream: TcpStream, text: &str) -> std::io::Result<()> {
    for byte in text.bytes().cycle() {
        stream.write_all(&[byte])?;
        stream.flush()?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn respond(mut stream: TcpStream, head: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn transport(base: String, retry_budget: RetryBudget) -> Transport {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let window = QuotaWindow { requests: 1_000, length: Duration::from_secs(1) };
    let limits = Limits { general: window, search: window, associations: window, in_flight: 10 };
    let (now, offset) = (Instant::now(), chrono::TimeDelta::zero());
    let clock = ServerClock::new(now, offset);
    Transport::new(http, base, Limiter::new(limits, now), retry_budget, clock)
}

fn request(target: &str) -> Request {
    Request {
        method: Method::GET,
        target: target.into(),
        body: None,
        bucket: Bucket::General,
        endpoint: "the list".into(),
    }
}

/// Sends one request, and panics if it takes far longer than its budget.
async fn send(
    transport: &Transport,
    page: Option<&ResizablePage<'_>>,
) -> Result<String, RequestError> {
    let decode = |body: &Bytes| Ok(String::from_utf8_lossy(body).into_owned());
    let first = page.map_or_else(|| request("/x"), |page| (page.build)(page.first_size));
    let stats = RequestStats::default();
    let sending = transport.send(&first, page, None, &stats, &decode);
    timeout(Duration::from_secs(20), sending).await.expect("every wait ends")
}

#[tokio::test]
async fn a_response_that_never_completes_ends_in_time() {
    for (case, behave) in [
        (
            "silence",
            (|stream, _| {
                thread::sleep(Duration::from_secs(30));
                drop(stream);
                Ok(())
            }) as fn(TcpStream, &str) -> std::io::Result<()>,
        ),
        ("headers byte by byte", |stream, _| trickle(stream, "HTTP/1.1 200 OK ")),
        ("100 Continue without end", |mut stream, _| {
            loop {
                stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                thread::sleep(Duration::from_millis(10));
            }
        }),
        ("a body byte by byte", |mut stream, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")?;
            trickle(stream, "x")
        }),
    ] {
        let failure = send(&transport(serve(behave), SHORT_BUDGET), None).await.expect_err(case);
        let RequestError::Exhausted { attempts, last, .. } = failure else {
            panic!("{case}: {failure:?}")
        };
        assert!(
            attempts <= SHORT_BUDGET.attempts && last.to_string().contains("no whole answer"),
            "{case}"
        );
    }
}

#[tokio::test]
async fn quota_waits_end_in_time() {
    for (case, behave, expected) in [
        (
            "without a stated wait",
            (|stream, _| respond(stream, "429 Too Many Requests", "{}"))
                as fn(TcpStream, &str) -> std::io::Result<()>,
            None,
        ),
        (
            "for an hour",
            |stream, _| respond(stream, "429 Too Many Requests\r\nRetry-After: 3600", "{}"),
            Some(Duration::from_hours(1)),
        ),
    ] {
        let failure = send(&transport(serve(behave), SHORT_BUDGET), None).await.expect_err(case);
        let RequestError::Throttled { retry_after, .. } = failure else {
            panic!("{case}: {failure:?}")
        };
        assert_eq!(retry_after, expected, "{case}");
    }
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_named() {
    let base = serve(|stream, _| respond(stream, "503 Unavailable\r\nRetry-After: 3600", "{}"));
    let failure = send(&transport(base, SHORT_BUDGET), None).await.unwrap_err();
    let RequestError::Exhausted { attempts: 1, last, .. } = failure else { panic!("{failure:?}") };
    assert_eq!(last.to_string(), "its last answer was 503, which asks to wait 3600s");
}

#[tokio::test]
async fn a_server_that_never_responded_is_given_up_sooner() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = send(&transport(base, RetryBudget::READ), None).await.unwrap_err();
    let RequestError::Exhausted { attempts, .. } = failure else { panic!("{failure:?}") };
    assert_eq!(attempts, RetryBudget::INTERACTIVE.attempts);
}

/// Requests a page of up to 100 records. Returns the result, the page sizes requested, and the page
/// size afterwards.
async fn sizes(
    behave: fn(TcpStream, &str) -> std::io::Result<()>,
    retry_budget: RetryBudget,
) -> (Result<String, RequestError>, Vec<usize>, usize) {
    let transport = transport(serve(behave), retry_budget);
    let (size, requested) = (PageSize::new(100), RefCell::new(Vec::new()));
    let sized = |limit: usize| {
        requested.borrow_mut().push(limit);
        request(&format!("/x?limit={limit}"))
    };
    let page = ResizablePage { size: &size, first_size: size.current(), build: &sized };
    let result = send(&transport, Some(&page)).await;
    let current = size.current();
    (result, requested.take(), current)
}

/// Returns the `limit` parameter of a request.
fn limit(request: &str) -> usize {
    let (_, rest) = request.split_once("limit=").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_page_that_fails_at_its_size_is_requested_in_a_smaller_one() {
    let retry_budget = RetryBudget { attempts: 12, ..RetryBudget::READ };
    let (result, requested, current) = sizes(
        |stream, request| match limit(request) {
            limit if limit > 30 => respond(stream, "502 Bad Gateway", ""),
            limit => respond(stream, "200 OK", &limit.to_string()),
        },
        retry_budget,
    )
    .await;
    assert_eq!((result.unwrap().as_str(), current), ("25", 50), "it grows back");
    assert_eq!(requested, [100, 50, 25], "the first size is tried twice");
}

#[tokio::test]
async fn a_page_larger_than_is_read_is_halved_down_to_one_record() {
    let (result, requested, _) = sizes(
        |mut stream, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n")?;
            stream.write_all(&vec![b' '; 99_000_000])
        },
        RetryBudget { attempts: 2, ..RetryBudget::READ },
    )
    .await;
    assert!(matches!(result, Err(RequestError::SingleRecord { .. })), "{result:?}");
    assert_eq!(requested, [100, 50, 25, 12, 6, 3, 1]);
}

#[tokio::test]
async fn one_record_that_cannot_be_read_is_not_an_outage() {
    let retry_budget = RetryBudget { attempts: 3, ..RetryBudget::READ };
    let base = serve(|stream, _| respond(stream, "500 Error", ""));
    let transport = transport(base, retry_budget);
    let size = PageSize::new(1);
    let page = ResizablePage { size: &size, first_size: 1, build: &|_| request("/x?limit=1") };
    let failure = send(&transport, Some(&page)).await.unwrap_err();
    assert!(matches!(failure, RequestError::SingleRecord { attempts: 3, .. }), "{failure:?}");
}
