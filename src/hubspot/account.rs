//! The HubSpot account of the access token.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::tolerant::{Readable, number, odd_as_default};
use crate::error::Error;
use crate::http::{DailyQuotaUsage, DecodeError};

/// Identity and time zone of an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    #[serde(deserialize_with = "number")]
    pub portal_id: u64,
    /// Name of the account's time zone, such as `Europe/Berlin`.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub time_zone: String,
    /// Current offset of the time zone from UTC.
    #[serde(default, deserialize_with = "odd_as_default")]
    pub utc_offset_milliseconds: i64,
}

impl Account {
    /// Returns the end of the account's day that contains `now`.
    ///
    /// HubSpot: the daily quota resets at midnight in the account's time zone, `docs/hubspot.md`
    /// note 26.
    pub fn midnight_after(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        const DAY_MS: i64 = 86_400_000;
        let local_ms = now.timestamp_millis().saturating_add(self.utc_offset_milliseconds);
        now + TimeDelta::milliseconds(DAY_MS - local_ms.rem_euclid(DAY_MS))
    }
}

/// Requests the account. This is the cheapest request that every valid token may send.
pub async fn account(api: Api<'_>) -> Result<Account, Error> {
    api.get(Endpoint::ACCOUNT, "", decode).await
}

pub(super) fn decode(body: &Bytes) -> Result<Account, DecodeError> {
    Ok(serde_json::from_slice(body)?)
}

/// Daily quota usage of all private apps of the account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DailyUsage {
    #[serde(deserialize_with = "number")]
    usage_limit: u64,
    #[serde(deserialize_with = "number")]
    current_usage: u64,
}

#[derive(Debug, Deserialize)]
struct DailyUsages {
    #[serde(default)]
    results: Readable<DailyUsage>,
}

/// Requests the daily quota usage of private apps. Returns `None` if HubSpot does not report it.
///
/// HubSpot: these figures may be minutes old, unlike those in headers.
pub async fn daily_usage(api: Api<'_>) -> Result<Option<DailyQuotaUsage>, Error> {
    api.get(Endpoint::DAILY_USAGE, "", decode_usage).await
}

pub(super) fn decode_usage(body: &Bytes) -> Result<Option<DailyQuotaUsage>, DecodeError> {
    let usages: DailyUsages = serde_json::from_slice(body)?;
    let newest = usages.results.entries.into_iter().next_back();
    Ok(newest.map(|usage| DailyQuotaUsage { used: usage.current_usage, limit: usage.usage_limit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_of_the_account() {
        for (hours, now, expected) in [
            (0, "2026-11-21T08:00:00Z", "2026-11-22T00:00:00+00:00"),
            (1, "2026-11-21T08:00:00Z", "2026-11-21T23:00:00+00:00"),
            (1, "2026-11-21T23:00:00Z", "2026-11-22T23:00:00+00:00"),
            (-8, "2026-11-21T07:59:59.5Z", "2026-11-21T08:00:00+00:00"),
        ] {
            let account = Account {
                portal_id: 1,
                time_zone: String::new(),
                utc_offset_milliseconds: hours * 3_600_000,
            };
            let now = DateTime::parse_from_rfc3339(now).unwrap().to_utc();
            assert_eq!(account.midnight_after(now).to_rfc3339(), expected, "{hours} at {now}");
        }
    }

    #[test]
    fn only_the_id_has_to_be_there() {
        for (body, expected) in [
            (r#"{"portalId":7,"timeZone":null,"utcOffsetMilliseconds":null}"#, Some(7)),
            (r#"{"portalId":"7","timeZone":{},"utcOffsetMilliseconds":"x"}"#, Some(7)),
            (r#"{"portalId":null}"#, None),
            ("{}", None),
        ] {
            let account = decode(&Bytes::from_static(body.as_bytes())).ok();
            assert_eq!(account.map(|account| account.portal_id), expected, "{body}");
        }
        let usage =
            |body: &'static str| decode_usage(&Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(usage(r#"{"results":null}"#), None);
        let usage =
            usage(r#"{"results":[{"usageLimit":9,"currentUsage":"3"},{"usageLimit":null}]}"#);
        assert_eq!(usage, Some(DailyQuotaUsage { used: 3, limit: 9 }));
    }
}
