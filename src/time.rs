//! Instants: the present, and every spelling of one that HubSpot or a state file uses.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

/// Milliseconds since the epoch, the unit of `emitted_at` and of HubSpot's search filters.
pub type Millis = i64;

/// The only place that asks the machine what time it is.
///
/// The machine's own idea of the present, which may be wrong by minutes: cursors are taken from
/// HubSpot's `Date` header instead ([`crate::http::ServerClock`]).
#[expect(clippy::disallowed_methods, reason = "this is the one place that owns the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// [`now`] in milliseconds.
pub fn now_ms() -> Millis {
    now().timestamp_millis()
}

/// `2026-11-20T10:00:00.000Z`
pub fn write_instant(instant: Millis) -> String {
    let instant = DateTime::from_timestamp_millis(instant).unwrap_or_default();
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an instant in any spelling that HubSpot uses.
///
/// ISO 8601 with `T` or a space, any fraction, `Z`, an offset or neither (then UTC); a date alone
/// (midnight UTC); or an epoch: 11 to 14 digits are milliseconds, 9 and 10 are seconds, with an
/// optional fraction that says nothing. Fewer digits are no epoch: `20240105` is a day to
/// somebody, not one in 1970.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Some(instant) = parse_epoch(text) {
        return Some(instant);
    }
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"] {
        if let Ok(instant) = DateTime::parse_from_str(text, format) {
            return Some(instant.to_utc());
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(instant) = NaiveDateTime::parse_from_str(text, format) {
            return Some(instant.and_utc());
        }
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .map(|instant| instant.and_utc())
}

fn parse_epoch(text: &str) -> Option<DateTime<Utc>> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match digits.len() {
        11..=14 => DateTime::from_timestamp_millis(number),
        9..=10 if !whole.starts_with('-') => DateTime::from_timestamp(number, 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_an_epoch_only_where_they_can_be_one() {
        for (text, expected) in [
            ("1709294400123", Some(1_709_294_400_123)),
            ("1709294400", Some(1_709_294_400_000)),
            ("20240105", None),
            ("2024", None),
            ("-1709294400", None),
            ("1.5e12", None),
            ("", None),
        ] {
            let found = parse_instant(text).map(|instant| instant.timestamp_millis());
            assert_eq!(found, expected, "{text}");
        }
    }
}
