//! Dates and times in the formats of the columns.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::time::parse_instant;

/// Fast path: appends an instant written as `2024-03-01T12:00:00.123Z` or `2024-03-01T12:00:00Z`,
/// as nearly all are. Returns `false`, with nothing appended, if it has another format.
pub(super) fn push_usual_datetime(text: &str, out: &mut Vec<u8>) -> bool {
    let Some((seconds, fraction)) = usual_spelling(text) else { return false };
    out.push(b'"');
    out.extend_from_slice(seconds);
    if !matches!(fraction, b"" | b".000") {
        out.extend_from_slice(fraction);
        out.extend_from_slice(b"000");
    }
    out.extend_from_slice(b"+00:00\"");
    true
}

/// Appends a quoted `2024-03-01T12:00:00.123000+00:00`, with six fraction digits, or none if the
/// fraction is zero. Accepts any supported format. Returns `false`, with nothing appended, if the
/// text is not an instant.
pub(super) fn push_datetime(text: &str, out: &mut Vec<u8>) -> bool {
    let Some(instant) = parse_instant(text).filter(|instant| is_common(instant.year())) else {
        return false;
    };
    let format = if instant.nanosecond() / 1000 == 0 {
        "\"%Y-%m-%dT%H:%M:%S+00:00\""
    } else {
        "\"%Y-%m-%dT%H:%M:%S%.6f+00:00\""
    };
    out.extend_from_slice(instant.format(format).to_string().as_bytes());
    true
}

/// Fast path: appends an instant unchanged if it has the common format. Returns `false`, with
/// nothing appended, if it has another format.
pub(super) fn push_usual_as_sent(text: &str, out: &mut Vec<u8>) -> bool {
    let is_usual = usual_spelling(text).is_some();
    if is_usual {
        push_quoted(text, out);
    }
    is_usual
}

/// Appends an instant unchanged, or in the common format if it has a second of 60 or an hour of 24.
/// Returns `false`, with nothing appended, if the text is not an instant that databases can store.
pub(super) fn push_sent_datetime(text: &str, out: &mut Vec<u8>) -> bool {
    let Some(instant) = parse_instant(text).filter(|instant| is_common(instant.year())) else {
        return false;
    };
    let time = text.trim().get(11..).unwrap_or_default();
    if time.starts_with("24:") || time.get(5..8) == Some(":60") {
        push_quoted(&instant.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), out);
    } else {
        push_quoted(text, out);
    }
    true
}

/// Appends a date unchanged. Returns `false`, with nothing appended, if the text is not a date that
/// databases can store.
pub(super) fn push_sent_date(text: &str, out: &mut Vec<u8>) -> bool {
    let exists = push_date(text, &mut Vec::new());
    if exists {
        push_quoted(text, out);
    }
    exists
}

/// Appends a text that needs no escaping, such as a date.
fn push_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Fast path: appends a date written as `2024-03-01`. Returns `false`, with nothing appended, if it
/// has another format.
pub(super) fn push_usual_date(text: &str, out: &mut Vec<u8>) -> bool {
    if !is_date(text.as_bytes()) {
        return false;
    }
    push_quoted(text, out);
    true
}

/// Appends a quoted `2024-03-01`. Accepts any supported format. Returns `false`, with nothing
/// appended, if the text is not a date.
pub(super) fn push_date(text: &str, out: &mut Vec<u8>) -> bool {
    // The date of an instant is its local date, not the UTC date.
    let date = parse_local_date(text)
        .or_else(|| parse_instant(text).map(|instant| instant.date_naive()))
        .filter(|date| is_common(date.year()));
    let Some(date) = date else { return false };
    out.extend_from_slice(date.format("\"%Y-%m-%d\"").to_string().as_bytes());
    true
}

/// Returns `true` for the years supported by all databases and languages: ISO 8601 has a year 0,
/// SQL and Python do not.
fn is_common(year: i32) -> bool {
    (1..=9999).contains(&year)
}

fn parse_local_date(text: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|instant| instant.date_naive())
}

/// Splits `2024-03-01T12:00:00.123Z` or `2024-03-01T12:00:00Z`, the format of nearly all values,
/// into seconds and fraction. Returns `None` for anything else.
fn usual_spelling(text: &str) -> Option<(&[u8], &[u8])> {
    let (seconds, rest) = text.as_bytes().split_at_checked(19)?;
    let (date, time) = seconds.split_at_checked(10)?;
    let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2] = time else { return None };
    let is_usual = is_date(date)
        && number(&[h1, h2])? < 24
        && number(&[m1, m2])? < 60
        && number(&[s1, s2])? < 60;
    let fraction = rest.strip_suffix(b"Z")?;
    let fraction_is_usual = match fraction {
        [] => true,
        [b'.', milliseconds @ ..] => milliseconds.len() == 3 && number(milliseconds).is_some(),
        _ => false,
    };
    (is_usual && fraction_is_usual).then_some((seconds, fraction))
}

/// Returns `true` if the text has the form `YYYY-MM-DD` and is a valid date.
fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let (year, month, day) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    let is_in_every_month = (1..=12).contains(&month) && (1..=28).contains(&day);
    is_common(year.cast_signed())
        && (is_in_every_month || NaiveDate::from_ymd_opt(year.cast_signed(), month, day).is_some())
}

/// Parses up to four digits.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(push: fn(&str, &mut Vec<u8>) -> bool, text: &str) -> Option<String> {
        let mut out = Vec::new();
        let fits = push(text, &mut out);
        assert_eq!(fits, !out.is_empty(), "{text}");
        fits.then(|| String::from_utf8(out).unwrap().trim_matches('"').to_owned())
    }

    #[test]
    fn datetimes() {
        for (text, expected) in [
            ("2024-03-01T12:00:00Z", Some("2024-03-01T12:00:00+00:00")),
            ("2024-03-01T12:00:00.000Z", Some("2024-03-01T12:00:00+00:00")),
            ("2024-03-31T12:00:00.1Z", Some("2024-03-31T12:00:00.100000+00:00")),
            ("2024-03-01T12:00:00.123456789Z", Some("2024-03-01T12:00:00.123456+00:00")),
            ("2024-03-01T12:00:00+02:00", Some("2024-03-01T10:00:00+00:00")),
            ("2024-03-01T12:00:00+0200", Some("2024-03-01T10:00:00+00:00")),
            ("2024-03-01 12:00:00", Some("2024-03-01T12:00:00+00:00")),
            ("2024-03-01", Some("2024-03-01T00:00:00+00:00")),
            ("1709294400", Some("1970-01-20T18:48:14.400000+00:00")),
            ("0", Some("1970-01-01T00:00:00+00:00")),
            ("-1", Some("1969-12-31T23:59:59.999000+00:00")),
            ("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00+00:00")),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00+00:00")),
            ("9999-12-31T23:59:59.999Z", Some("9999-12-31T23:59:59.999000+00:00")),
            ("0000-01-01T00:00:00Z", None),
            ("-0001-01-01T00:00:00Z", None),
            ("10000-01-01T00:00:00Z", None),
            ("+10000-01-01T00:00:00Z", None),
            ("-62135596800001", None),
            ("253402300800000", None),
            ("-631152000000", Some("1950-01-01T00:00:00+00:00")),
            ("2024-02-30T12:00:00Z", None),
            ("2023-02-29T12:00:00Z", None),
            ("junk", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(pushed(push_datetime, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_was_sent_stays_if_it_exists() {
        for (text, expected) in [
            ("2024-03-01T12:00:00.123Z", Some("2024-03-01T12:00:00.123Z")),
            ("2024-03-01T12:00:00+02:00", Some("2024-03-01T12:00:00+02:00")),
            ("2024-03-01", Some("2024-03-01")),
            ("1709294400123", Some("1709294400123")),
            ("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00.000Z")),
            ("2017-01-01T00:59:60.500+01:00", Some("2017-01-01T00:00:00.500Z")),
            ("2024-02-29T24:00:00Z", Some("2024-03-01T00:00:00.000Z")),
            ("0000-01-01T00:00:00Z", None),
            ("+99999-01-01T00:00:00Z", None),
            ("2024-02-30T00:00:00Z", None),
            ("junk", None),
        ] {
            assert_eq!(pushed(push_sent_datetime, text).as_deref(), expected, "{text}");
            assert!(pushed(push_usual_as_sent, text).is_none_or(|usual| usual == text), "{text}");
        }
        for (text, expected) in
            [("2024-02-29", Some("2024-02-29")), ("0000-01-01", None), ("2023-02-29", None)]
        {
            assert_eq!(pushed(push_sent_date, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn q08_milliseconds_are_kept() {
        for text in ["1709294400123", "1709294400123.0", "2024-03-01T12:00:00.123Z"] {
            let expected = Some("2024-03-01T12:00:00.123000+00:00");
            assert_eq!(pushed(push_datetime, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn q09_digits_that_are_no_epoch_are_not_read_as_one() {
        for text in ["20240105", "202401", "2024"] {
            assert_eq!(pushed(push_datetime, text), None, "{text}");
            assert_eq!(pushed(push_date, text), None, "{text}");
        }
    }

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2024-01-05", Some("2024-01-05")),
            (" 2024-01-05 ", Some("2024-01-05")),
            ("2024-02-29", Some("2024-02-29")),
            ("2023-02-29", None),
            ("2024-01-05T10:00:00Z", Some("2024-01-05")),
            ("2024-01-05T23:30:00-05:00", Some("2024-01-05")),
            ("1704412800000", Some("2024-01-05")),
            ("0", Some("1970-01-01")),
            ("-86400000", Some("1969-12-31")),
            ("864000000", Some("1970-01-11")),
            ("6307200000", Some("1970-03-15")),
            ("2016-12-31T23:59:60Z", Some("2016-12-31")),
            ("0001-01-01", Some("0001-01-01")),
            ("0000-01-01", None),
            ("-0001-01-01", None),
            ("10000-01-01", None),
            ("99999-01-01", None),
            ("2024-13-05", None),
            ("soon", None),
        ] {
            assert_eq!(pushed(push_date, text).as_deref(), expected, "{text}");
        }
    }
}
