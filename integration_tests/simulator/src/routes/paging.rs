//! Shared code of paged endpoints: parsing of `limit` and `after`, output of `paging`.

use crate::message::{Answer, Request};
use crate::portal::push_string;
use crate::refusal;
use crate::routes::cursor;
use crate::settings::OverLimit;

/// Returns the `limit` of a request, between 1 and `max`.
pub(crate) fn limit(
    request: &Request,
    default: usize,
    max: usize,
    over: OverLimit,
) -> Result<usize, Answer> {
    let Some(text) = request.query("limit") else { return Ok(default.min(max)) };
    match text.parse::<usize>() {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        Ok(limit) if limit > max && over == OverLimit::Cap => Ok(max),
        Ok(limit) if limit > max => Err(refusal::validation(&format!(
            "Invalid input: limit {limit} exceeds the maximum of {max}"
        ))),
        Ok(_) | Err(_) => Err(refusal::validation(&format!("Invalid input: limit {text}"))),
    }
}

/// Returns the first id of the page according to `after`; zero without one.
pub(crate) fn after(request: &Request) -> Result<u64, Answer> {
    let Some(token) = request.query("after") else { return Ok(0) };
    cursor::read(token).ok_or_else(|| refusal::validation(&format!("Invalid input: after {token}")))
}

/// Parses a boolean parameter.
pub(crate) fn flag(request: &Request, name: &str, default: bool) -> Result<bool, Answer> {
    match request.query(name) {
        None => Ok(default),
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(other) => Err(refusal::validation(&format!("Invalid input: {name} {other}"))),
    }
}

/// Returns the URL of the next page: that of the request with another `after`.
pub(crate) fn next_link(request: &Request, after: &str) -> String {
    link(request, &["after"], "after", after)
}

/// Returns the URL of the request without some parameters and with one added.
pub(crate) fn link(request: &Request, without: &[&str], name: &str, value: &str) -> String {
    let mut link = format!("https://api.hubapi.com{}?", request.path);
    for (key, value) in request.query.iter().filter(|(key, _)| !without.contains(&key.as_str())) {
        push_encoded(&mut link, key);
        link.push('=');
        push_encoded(&mut link, value);
        link.push('&');
    }
    link.push_str(name);
    link.push('=');
    push_encoded(&mut link, value);
    link
}

fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                out.push(digit.to_ascii_uppercase());
            }
        }
    }
}

/// Appends `,"paging":{…}` with the token `after`.
pub(crate) fn push_paging(out: &mut Vec<u8>, after: &str, link: Option<&str>) {
    out.extend_from_slice(b",\"paging\":{\"next\":{\"after\":");
    push_string(out, after);
    if let Some(link) = link {
        out.extend_from_slice(b",\"link\":");
        push_string(out, link);
    }
    out.extend_from_slice(b"}}");
}
