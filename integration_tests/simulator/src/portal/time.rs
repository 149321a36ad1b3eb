//! Calendar arithmetic in UTC on milliseconds since the epoch.

/// Calendar date and time of day of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) millisecond: u32,
}

impl Moment {
    /// Converts epoch milliseconds. Years before 0 are not supported.
    pub(crate) fn of(ms: i64) -> Self {
        let days = ms.div_euclid(86_400_000);
        let within = u32::try_from(ms.rem_euclid(86_400_000)).unwrap_or_default();
        // Eras of 400 years that start on the first of March, so that the leap day comes last.
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: u32::try_from(year).unwrap_or_default(),
            month: u32::try_from(month).unwrap_or_default(),
            day: u32::try_from(day).unwrap_or_default(),
            hour: within / 3_600_000,
            minute: within / 60_000 % 60,
            second: within / 1_000 % 60,
            millisecond: within % 1_000,
        }
    }
}

/// Parses epoch milliseconds, `YYYY-MM-DD` or RFC 3339.
pub(crate) fn parse_ms(text: &str) -> Option<i64> {
    if let Ok(ms) = text.parse::<i64>() {
        return Some(ms);
    }
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(instant.timestamp_millis());
    }
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::iso;

    #[test]
    fn reading_inverts_printing() {
        for ms in [0, 951_782_400_000, 1_762_070_400_123, 4_102_444_799_999] {
            assert_eq!(parse_ms(&iso(ms)), Some(ms));
        }
        assert_eq!(parse_ms("2026-11-02"), parse_ms("2026-11-02T00:00:00Z"));
        assert_eq!(parse_ms("yesterday"), None);
    }
}
