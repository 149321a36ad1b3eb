//! Time windows and page tokens of the legacy e-mail endpoints.

use std::ops::RangeInclusive;

use crate::message::{Answer, Request};
use crate::portal::{END, Key};
use crate::refusal;
use crate::routes::cursor::{seal, unseal};

/// Returns the window from `startTimestamp` to `endTimestamp`, inclusive, or all time if they are
/// missing.
pub(crate) fn window(request: &Request) -> Result<RangeInclusive<i64>, Answer> {
    let from_ms = number(request, "startTimestamp")?.unwrap_or(i64::MIN);
    let to_ms = number(request, "endTimestamp")?.unwrap_or(i64::MAX);
    Ok(from_ms..=to_ms)
}

/// Parses a numeric query parameter.
pub(crate) fn number<T: std::str::FromStr>(
    request: &Request,
    name: &str,
) -> Result<Option<T>, Answer> {
    let Some(text) = request.query(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let refused = |_| refusal::validation(&format!("Invalid input: {name} {text}"));
    text.parse().map(Some).map_err(refused)
}

/// Returns the page token for the entries below a key, valid until an instant.
pub(crate) fn token((at_ms, sequence): Key, until_ms: i64) -> String {
    seal(&format!("{at_ms}:{sequence}:{until_ms}"))
}

/// Returns the key in the request's page token, or `END` without one.
pub(crate) fn below(request: &Request, name: &str) -> Result<Key, Answer> {
    let Some(token) = request.query(name).filter(|token| !token.is_empty()) else {
        return Ok(END);
    };
    let refused = || refusal::validation(&format!("Invalid input: {name} {token}"));
    let text = unseal(token).ok_or_else(refused)?;
    let mut parts = text.split(':');
    let mut next = || parts.next().and_then(|part| part.parse::<i64>().ok());
    let (Some(at_ms), Some(sequence), Some(until_ms)) = (next(), next(), next()) else {
        return Err(refused());
    };
    if request.now_ms > until_ms {
        return Err(refusal::validation(&format!("The {name} has expired")));
    }
    Ok((at_ms, u64::try_from(sequence).map_err(|_| refused())?))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn asking(name: &str, value: &str, now_ms: i64) -> Request {
        Request {
            method: Method::GET,
            path: "/".to_owned(),
            query: vec![(name.to_owned(), value.to_owned())],
            body: [].as_slice().into(),
            now_ms,
        }
    }

    #[test]
    fn tokens_lead_back_until_they_expire() {
        let token = token((1_790_000_000_123, 7), 5_000);
        for (case, token, now_ms, expected) in [
            ("none", "", 0, Some(END)),
            ("fresh", token.as_str(), 5_000, Some((1_790_000_000_123, 7))),
            ("stale", token.as_str(), 5_001, None),
            ("no token", "17", 0, None),
        ] {
            assert_eq!(below(&asking("offset", token, now_ms), "offset").ok(), expected, "{case}");
        }
    }

    #[test]
    fn windows_are_numbers() {
        for (value, expected) in [("5", Some(5..=i64::MAX)), ("2026-01-01", None)] {
            assert_eq!(window(&asking("startTimestamp", value, 0)).ok(), expected, "{value}");
        }
    }
}
