//! The current time, and parsing of all instant formats that HubSpot or a state file uses.
//!
//! ISO 8601 is parsed here because no library accepts all of it and nothing else: `jiff`, `time` and
//! chrono's own parsers refuse months, years or the hour 24, count a leap second as the one before it,
//! or accept offsets beyond a day. chrono still parses and checks the fields of each layout.

use std::fmt;
use std::time::Duration;

use chrono::{
    DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Timelike, Utc,
};
use serde::Serialize;

/// An instant in whole milliseconds since the Unix epoch, the unit of `emitted_at` and of HubSpot's
/// search filters.
///
/// Serialized and displayed as the number. Distances between instants are [`Duration`]s.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Millis(i64);

impl Millis {
    /// Earlier than every other instant: the start of a window without a start.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than every other instant: the end of a window without an end.
    pub const MAX: Self = Self(i64::MAX);
    /// 1970-01-01T00:00:00Z, also the default.
    pub const EPOCH: Self = Self(0);

    /// Creates the instant that lies this number of milliseconds after the epoch.
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the number of milliseconds since the epoch.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns the instant with its calendar date, or the epoch if the instant is outside of
    /// chrono's calendar.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// Returns the instant a duration later, at most [`Millis::MAX`]. Fractions of a millisecond
    /// are dropped.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add_unsigned(whole_millis(duration)))
    }

    /// Returns the instant a duration earlier, at least [`Millis::MIN`]. Fractions of a millisecond
    /// are dropped.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub_unsigned(whole_millis(duration)))
    }

    /// Returns the instant one millisecond later, at most [`Millis::MAX`].
    #[must_use]
    pub const fn following(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Returns the instant one millisecond earlier, at least [`Millis::MIN`].
    #[must_use]
    pub const fn preceding(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Returns the time since an earlier instant, or zero if that instant is later.
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.max(earlier).0.abs_diff(earlier.0))
    }
}

/// Returns the number of whole milliseconds in a duration, at most `u64::MAX`.
fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<DateTime<Utc>> for Millis {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant.timestamp_millis())
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The bare number, as in the other formats.
impl fmt::Debug for Millis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// Time window; start inclusive, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    pub from: Millis,
    pub to: Millis,
}

/// Returns the current time of the local clock. Nothing else reads that clock.
///
/// It may be wrong by minutes, so cursors use HubSpot's `Date` header instead
/// ([`crate::http::ServerClock`]).
#[expect(clippy::disallowed_methods, reason = "this is the one place that owns the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// [`now`] in milliseconds.
pub fn now_ms() -> Millis {
    now().into()
}

/// Formats an instant as `2026-11-20T10:00:00.000Z`.
pub fn write_instant(instant: Millis) -> String {
    instant.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Parses an instant in any format that HubSpot uses.
///
/// Supported are ISO 8601 with `T` or a space, any fraction, `Z`, an offset or neither (then UTC);
/// a date alone (midnight UTC); and a number of milliseconds since 1970, with any number of digits
/// and an optional fraction or exponent. HubSpot does not use seconds. Returns `None` for digits
/// that are also a date, such as `20240105` and `2024`, because they are ambiguous.
///
/// A leap second becomes the first second of the next minute, as in Unix time, and `24:00:00` is
/// the midnight at the end of the day.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Some(instant) = parse_epoch(text) {
        return Some(instant);
    }
    if let Some(instant) = parse_calendar(text) {
        return Some(without_leap_second(instant));
    }
    // ISO 8601 allows the end of a day to be written as hour 24.
    let (date, rest) = text.split_at_checked(11)?;
    let midnight = rest.strip_prefix("24:00:00").filter(|rest| !has_fraction(rest))?;
    parse_calendar(&format!("{date}00:00:00{midnight}"))?.checked_add_days(Days::new(1))
}

/// Returns `true` if the text starts with a nonzero fraction.
fn has_fraction(text: &str) -> bool {
    let digits = text.strip_prefix('.').unwrap_or_default();
    digits.bytes().take_while(u8::is_ascii_digit).any(|digit| digit != b'0')
}

/// Converts chrono's representation of a leap second to the same number of microseconds since 1970.
fn without_leap_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    if instant.nanosecond() < 1_000_000_000 {
        return instant;
    }
    DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant)
}

fn parse_calendar(text: &str) -> Option<DateTime<Utc>> {
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

/// Parses an instant in any format of [`parse_instant`] or ISO 8601: a week date, an ordinal date,
/// the basic format, a year or a month alone (its first day), hours or minutes alone, a comma as
/// the decimal separator. Without an offset, the instant is in UTC.
///
/// This is for user input; values of records are parsed by [`parse_instant`], which does not accept
/// `20240105` as a date.
pub fn parse_iso(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Some(instant) = parse_instant(text) {
        return Some(instant);
    }
    let (date, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, ""));
    let (time, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(place) => rest.split_at(place),
        None => (rest, ""),
    };
    let instant = iso_date(date)?.and_time(iso_time(time.trim_end())?);
    Some(DateTime::from_naive_utc_and_offset(instant - iso_offset(offset)?, Utc))
}

/// Returns the text with every digit replaced by `0`.
fn layout(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    let (completed, format) = match layout(text).as_str() {
        "0000-00-00" => ("", "%Y-%m-%d"),
        "00000000" => ("", "%Y%m%d"),
        "0000-000" => ("", "%Y-%j"),
        "0000000" => ("", "%Y%j"),
        "0000-W00-0" => ("", "%G-W%V-%u"),
        "0000W000" => ("", "%GW%V%u"),
        "0000-W00" => ("-1", "%G-W%V-%u"),
        "0000W00" => ("1", "%GW%V%u"),
        "0000-00" => ("-01", "%Y-%m-%d"),
        "0000" => ("-01-01", "%Y-%m-%d"),
        _ => return None,
    };
    NaiveDate::parse_from_str(&format!("{text}{completed}"), format).ok()
}

fn iso_time(text: &str) -> Option<NaiveTime> {
    let text = text.replace(',', ".");
    let whole = text.split('.').next().unwrap_or_default();
    let (completed, format) = match layout(whole).as_str() {
        "" | "00" | "00:00" | "0000" if whole.len() < text.len() => return None,
        "" => ("00:00:00", "%H:%M:%S"),
        "00" => (":00:00", "%H:%M:%S"),
        "00:00" => (":00", "%H:%M:%S"),
        "0000" => ("00", "%H%M%S"),
        "00:00:00" => ("", "%H:%M:%S%.f"),
        "000000" => ("", "%H%M%S%.f"),
        _ => return None,
    };
    NaiveTime::parse_from_str(&format!("{text}{completed}"), format).ok()
}

fn iso_offset(text: &str) -> Option<TimeDelta> {
    let digits = text.get(1..).unwrap_or_default().replace(':', "");
    let minutes = match layout(&digits).as_str() {
        "" if matches!(text, "" | "Z" | "z") => 0,
        "00" => digits.parse::<i64>().ok()? * 60,
        "0000" => {
            let number = digits.parse::<i64>().ok()?;
            number / 100 * 60 + number % 100
        }
        _ => return None,
    };
    let is_west = text.starts_with('-');
    (minutes < 24 * 60).then(|| TimeDelta::minutes(if is_west { -minutes } else { minutes }))
}

/// Parses milliseconds since 1970, written as a JSON number.
fn parse_epoch(text: &str) -> Option<DateTime<Utc>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) || is_basic_date(text) {
        return None;
    }
    let (whole, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
    let sign = if digits.len() == text.len() { 1 } else { -1 };
    let is_fraction = |fraction: &str| fraction.bytes().all(|byte| byte.is_ascii_digit());
    if rest.is_empty() || rest.strip_prefix('.').is_some_and(is_fraction) {
        return DateTime::from_timestamp_millis(sign * whole.parse::<i64>().ok()?);
    }
    if !rest.contains(['e', 'E']) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    // Exact up to 2^53, far beyond the range of the calendar.
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked first")]
    let millis = (number.abs() <= 9e15).then(|| number.trunc() as i64)?;
    DateTime::from_timestamp_millis(millis)
}

/// Returns `true` for digits that are also a year, a month, a day or an ordinal date.
fn is_basic_date(text: &str) -> bool {
    let is_month = |text: &str| {
        let (year, month) = text.split_at_checked(4).unwrap_or_default();
        text.len() == 6 && iso_date(&format!("{year}-{month}")).is_some()
    };
    !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (iso_date(text).is_some() || is_month(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_stops_at_the_limits() {
        let ms = Duration::from_millis;
        for (case, found, expected) in [
            ("later", Millis::new(-3).saturating_add(ms(5)), Millis::new(2)),
            ("earlier", Millis::new(2).saturating_sub(ms(5)), Millis::new(-3)),
            (
                "a fraction",
                Millis::new(2).saturating_sub(Duration::from_micros(1_900)),
                Millis::new(1),
            ),
            ("from the first", Millis::MIN.saturating_add(ms(u64::MAX)), Millis::MAX),
            ("before the first", Millis::MIN.saturating_sub(ms(1)), Millis::MIN),
            ("after the last", Millis::MAX.saturating_add(Duration::MAX), Millis::MAX),
            ("one before the first", Millis::MIN.preceding(), Millis::MIN),
            ("one after the last", Millis::MAX.following(), Millis::MAX),
        ] {
            assert_eq!(found, expected, "{case}");
        }
        for (later, earlier, expected) in [
            (Millis::new(7), Millis::new(-2), ms(9)),
            (Millis::new(-2), Millis::new(7), Duration::ZERO),
            (Millis::MAX, Millis::MIN, ms(u64::MAX)),
        ] {
            assert_eq!(later.saturating_duration_since(earlier), expected, "{later} {earlier}");
        }
    }

    #[test]
    fn an_instant_is_written_as_its_number() {
        let instant = Millis::new(-1_500);
        let json = serde_json::to_string(&instant).unwrap();
        let texts = [instant.to_string(), format!("{:?}", Some(instant)), json];
        assert_eq!(texts, ["-1500", "Some(-1500)", "-1500"]);
    }

    #[test]
    fn q09_numbers_are_milliseconds_however_few_digits_they_have() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("7", Some(7)),
            ("-1", Some(-1)),
            ("86400000", Some(86_400_000)),
            ("-86400000", Some(-86_400_000)),
            ("864000000", Some(864_000_000)),
            ("1709294400", Some(1_709_294_400)),
            ("-1709294400", Some(-1_709_294_400)),
            ("1709294400123", Some(1_709_294_400_123)),
            ("1709294400123.0", Some(1_709_294_400_123)),
            ("1709294400123.9", Some(1_709_294_400_123)),
            ("1.709294400123E12", Some(1_709_294_400_123)),
            ("-1.5e12", Some(-1_500_000_000_000)),
            ("253402300800000", Some(253_402_300_800_000)),
            ("99999999999999999", None),
            ("9223372036854775808", None),
            ("1e400", None),
            ("1e", None),
            ("1.2.3", None),
            ("--1", None),
            ("", None),
            ("-", None),
        ] {
            let found = parse_instant(text).map(|instant| instant.timestamp_millis());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn digits_that_are_also_a_date_are_ambiguous() {
        for text in ["20240105", "19991231", "2024366", "202401", "2024"] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
        for text in [
            "20241305",
            "20240230",
            "2023366",
            "202413",
            "0999",
            "-2024",
            "-20240105",
            "20240105.0",
        ] {
            assert!(parse_instant(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_leap_second_and_the_hour_24_are_the_instant_after() {
        for (text, expected) in [
            ("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00.000Z")),
            ("2016-12-31T23:59:60.250Z", Some("2017-01-01T00:00:00.250Z")),
            ("2017-01-01T00:59:60+01:00", Some("2017-01-01T00:00:00.000Z")),
            ("2016-12-31 23:59:60", Some("2017-01-01T00:00:00.000Z")),
            ("2024-02-29T24:00:00Z", Some("2024-03-01T00:00:00.000Z")),
            ("2024-12-31 24:00:00.000", Some("2025-01-01T00:00:00.000Z")),
            ("2024-02-29T24:00:00.001Z", None),
            ("2024-02-29T24:01:00Z", None),
            ("2024-02-29T23:59:61Z", None),
            ("2024-02-30T24:00:00Z", None),
        ] {
            let found = parse_instant(text).map(|instant| write_instant(instant.into()));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn all_iso_8601_formats_are_parsed() {
        for (text, expected) in [
            ("2017-01-25T00:00:00Z", Some("2017-01-25T00:00:00.000Z")),
            (" 2017-01-25 ", Some("2017-01-25T00:00:00.000Z")),
            ("2017-01-25 10:11:12", Some("2017-01-25T10:11:12.000Z")),
            ("2017-01-25t10:11:12z", Some("2017-01-25T10:11:12.000Z")),
            ("2017-01-25T10:11:12.5+02:00", Some("2017-01-25T08:11:12.500Z")),
            ("2017-01-25T10:11:12,25Z", Some("2017-01-25T10:11:12.250Z")),
            ("2017-01-25T10:11:12.123456789-0530", Some("2017-01-25T15:41:12.123Z")),
            ("2017-01-25T10:11+01", Some("2017-01-25T09:11:00.000Z")),
            ("2017-01-25T10:11Z", Some("2017-01-25T10:11:00.000Z")),
            ("2017-01-25 10:11 +01:00", Some("2017-01-25T09:11:00.000Z")),
            ("2017-01-25T10", Some("2017-01-25T10:00:00.000Z")),
            ("20170125", Some("2017-01-25T00:00:00.000Z")),
            ("20170125T101112Z", Some("2017-01-25T10:11:12.000Z")),
            ("20170125T1011", Some("2017-01-25T10:11:00.000Z")),
            ("2017-W04-3", Some("2017-01-25T00:00:00.000Z")),
            ("2017W043T10", Some("2017-01-25T10:00:00.000Z")),
            ("2017-W04", Some("2017-01-23T00:00:00.000Z")),
            ("2017-025", Some("2017-01-25T00:00:00.000Z")),
            ("2017025", Some("2017-01-25T00:00:00.000Z")),
            ("2017-01", Some("2017-01-01T00:00:00.000Z")),
            ("2017", Some("2017-01-01T00:00:00.000Z")),
            ("1485302400000", Some("2017-01-25T00:00:00.000Z")),
            ("2017-02-30", None),
            ("2017-13", None),
            ("2017-366", None),
            ("2017-W53-1", None),
            ("2017-01-25T25:00:00Z", None),
            ("2017-01-25T10:11:12+25:00", None),
            ("2017-01-25T10.5", None),
            ("25.01.2017", None),
            ("yesterday", None),
            ("", None),
        ] {
            let found = parse_iso(text).map(|instant| write_instant(instant.into()));
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
