//! Headers and compression that every response receives.

use std::io::Write as _;

use bytes::Bytes;
use chrono::DateTime;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, header};

use crate::message::Answer;
use crate::quota::Standing;
use crate::refusal::{CORRELATION_HEADER, correlation_id};

/// Minimum body size for compression, in bytes.
const COMPRESS_FROM: usize = 64;

/// Returns an HTML page as sent by HubSpot's edge.
pub(crate) fn page(status: u16, text: &str) -> Answer {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{status} {text}</title></head>\n\
         <body><center><h1>{status} {text}</h1></center></body></html>\n"
    );
    Answer {
        status,
        content_type: "text/html; charset=UTF-8",
        headers: Vec::new(),
        body: body.into(),
    }
}

/// Adds the headers that do not depend on the endpoint and compresses the body if the client
/// accepts it.
pub(crate) fn complete(
    answer: &mut Answer,
    request_headers: &HeaderMap,
    standing: Option<Standing>,
    now_ms: i64,
) {
    let headers = &mut answer.headers;
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(CORRELATION_HEADER)) {
        headers.push((CORRELATION_HEADER, correlation_id()));
    }
    headers.push(("x-request-id", correlation_id()));
    headers.push(("Date", http_date(now_ms)));
    headers.push(("Vary", "Accept-Encoding".to_owned()));
    if let Some(standing) = standing {
        push_rate_headers(headers, standing);
    }
    if accepts_gzip(request_headers) && answer.body.len() >= COMPRESS_FROM {
        answer.body = gzip(&answer.body);
        answer.headers.push(("Content-Encoding", "gzip".to_owned()));
    }
}

fn push_rate_headers(headers: &mut Vec<(&'static str, String)>, standing: Standing) {
    let Standing { max, remaining, daily } = standing;
    if let Some((size, rest)) = daily {
        headers.push(("X-HubSpot-RateLimit-Daily", size.to_string()));
        headers.push(("X-HubSpot-RateLimit-Daily-Remaining", rest.to_string()));
    }
    headers.push(("X-HubSpot-RateLimit-Interval-Milliseconds", "10000".to_owned()));
    headers.push(("X-HubSpot-RateLimit-Max", max.to_string()));
    headers.push(("X-HubSpot-RateLimit-Remaining", remaining.to_string()));
    headers.push(("X-HubSpot-RateLimit-Secondly", (max / 10).to_string()));
    let secondly_remaining = (max / 10).saturating_sub(1);
    headers.push(("X-HubSpot-RateLimit-Secondly-Remaining", secondly_remaining.to_string()));
}

/// Formats an instant as the value of a `Date` header.
fn http_date(now_ms: i64) -> String {
    DateTime::from_timestamp_millis(now_ms)
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().starts_with("gzip")))
}

fn gzip(body: &Bytes) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(packed) => packed.into(),
        Err(error) => unreachable!("writing into memory does not fail: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn completed(accept: &str, standing: Option<Standing>) -> Answer {
        let mut answer = Answer::json(200, "x".repeat(100));
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        complete(&mut answer, &headers, standing, 784_111_777_000);
        answer
    }

    fn value<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn bodies_are_compressed_only_for_those_who_ask() {
        for (accept, compressed) in
            [("gzip", true), ("br, gzip;q=0.8", true), ("identity", false), ("", false)]
        {
            let answer = completed(accept, None);
            assert_eq!(value(&answer, "Content-Encoding").is_some(), compressed, "{accept}");
            let mut text = String::new();
            if compressed {
                flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
            } else {
                text = String::from_utf8(answer.body.to_vec()).unwrap();
            }
            assert_eq!(text, "x".repeat(100), "{accept}");
        }
    }

    #[test]
    fn the_date_is_the_simulated_one() {
        assert_eq!(value(&completed("", None), "Date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }

    #[test]
    fn oauth_apps_are_not_told_about_the_day() {
        for (daily, expected) in [(Some((625_000, 7)), Some("7")), (None, None)] {
            let answer = completed("", Some(Standing { max: 110, remaining: 109, daily }));
            assert_eq!(value(&answer, "X-HubSpot-RateLimit-Daily-Remaining"), expected);
            assert_eq!(value(&answer, "X-HubSpot-RateLimit-Max"), Some("110"));
        }
        assert_eq!(value(&completed("", None), "X-HubSpot-RateLimit-Max"), None);
    }
}
