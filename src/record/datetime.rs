//! Dates and times as the columns hold them.

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::time::parse_instant;

/// Appends an instant spelled `2024-03-01T12:00:00.123Z` or `2024-03-01T12:00:00Z`, as nearly all
/// are. `false`, and nothing appended, if it is spelled otherwise.
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

/// Appends `2024-03-01T12:00:00.123000+00:00`, quoted: six digits of fraction, or none if it is
/// zero. Reads any spelling; `false`, and nothing appended, if the text is no instant.
pub(super) fn push_datetime(text: &str, out: &mut Vec<u8>) -> bool {
    let Some(instant) = parse_instant(text).filter(|instant| (0..=9999).contains(&instant.year()))
    else {
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

/// Appends a date spelled `2024-03-01`. `false`, and nothing appended, if it is spelled otherwise.
pub(super) fn push_usual_date(text: &str, out: &mut Vec<u8>) -> bool {
    if !is_date(text.as_bytes()) {
        return false;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
    true
}

/// Appends `2024-03-01`, quoted. Reads any spelling; `false`, and nothing appended, if the text is
/// no date.
pub(super) fn push_date(text: &str, out: &mut Vec<u8>) -> bool {
    // An instant names the day it has in its own spelling, not in UTC.
    let date = parse_local_date(text)
        .or_else(|| parse_instant(text).map(|instant| instant.date_naive()))
        .filter(|date| (0..=9999).contains(&date.year()));
    let Some(date) = date else { return false };
    out.extend_from_slice(date.format("\"%Y-%m-%d\"").to_string().as_bytes());
    true
}

fn parse_local_date(text: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|instant| instant.date_naive())
}

/// Splits `2024-03-01T12:00:00.123Z` or `2024-03-01T12:00:00Z`, the spellings of nearly all
/// values, into seconds and fraction. Anything odd is left to the thorough way.
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

/// Is this `YYYY-MM-DD`, and a day that exists?
fn is_date(text: &[u8]) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return false };
    let (year, month, day) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else { return false };
    let is_in_every_month = (1..=12).contains(&month) && (1..=28).contains(&day);
    is_in_every_month || NaiveDate::from_ymd_opt(year.cast_signed(), month, day).is_some()
}

/// The value of up to four digits.
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
            ("1709294400", Some("2024-03-01T12:00:00+00:00")),
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
    fn q08_milliseconds_are_kept() {
        for text in ["1709294400123", "1709294400123.0", "2024-03-01T12:00:00.123Z"] {
            let expected = Some("2024-03-01T12:00:00.123000+00:00");
            assert_eq!(pushed(push_datetime, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn q09_digits_that_are_no_epoch_are_not_read_as_one() {
        for text in ["20240105", "2024", "-1", "0"] {
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
            ("1704412800", Some("2024-01-05")),
            ("2024-13-05", None),
            ("soon", None),
        ] {
            assert_eq!(pushed(push_date, text).as_deref(), expected, "{text}");
        }
    }
}
