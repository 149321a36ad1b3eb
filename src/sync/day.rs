//! The account's daily request quota: usage before a run, and the time of its reset.

use std::time::Duration;

use chrono::SecondsFormat;
use tokio::time::{Instant, timeout};

use super::session::Session;
use crate::config::Credentials;
use crate::error::Error;
use crate::http::RequestStats;
use crate::hubspot::{self, RequestContext};

/// Timeout for these requests: enough for a slow response, and no more than the result is worth.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same as long as there has been no response at all.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(30);

/// Limits all following requests to the configured share of the daily quota, and requests its
/// current usage unless headers have already reported it.
///
/// OAuth apps have no such limit. If HubSpot does not report the usage, the headers of later
/// responses will.
///
/// # Errors
/// If the host cannot be reached, or not securely. All other errors are left to the streams.
pub(super) async fn begin(session: &Session) -> Result<(), Error> {
    let day = session.client.daily_quota();
    day.set_limit(Some(session.config.daily_share));
    if day.usage().is_some() || matches!(session.config.credentials, Credentials::OAuth { .. }) {
        return Ok(());
    }
    let stats = RequestStats::default();
    let request_context = RequestContext { stream: "daily usage", scopes: &["oauth"] };
    // Without any response, the request has a shorter retry budget, and its error is returned.
    let patience = if session.client.is_reached() { PATIENCE } else { PATIENCE_AT_FIRST };
    match timeout(patience, hubspot::daily_usage(session.api(&stats, request_context))).await {
        // Headers are exact, while these figures may be outdated.
        Ok(Ok(Some(usage))) if day.usage().is_none() => day.observe(usage),
        Ok(Ok(_)) => {}
        Ok(Err(error)) if error.is_about_the_connection() => return Err(error),
        Ok(Err(error)) => log::debug!("the use of the day is not known yet: {error}"),
        Err(_) => log::debug!("the use of the day is not known yet: no answer in time"),
    }
    Ok(())
}

/// Adds the reset time of the daily quota to the error, if HubSpot reports the time zone.
pub(super) async fn with_reset(session: &Session, error: Error) -> Error {
    let Error::DayShare { used, limit, share, .. } = error else { return error };
    // The limit is lifted for this one request.
    session.client.daily_quota().set_limit(None);
    let stats = RequestStats::default();
    let request_context = RequestContext { stream: "account_details", scopes: &["oauth"] };
    let account = timeout(PATIENCE, hubspot::account(session.api(&stats, request_context))).await;
    let resets = account.ok().and_then(Result::ok).map(|account| {
        let now = session.client.clock().at(Instant::now());
        let midnight = account.midnight_after(now).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("midnight in {} ({midnight})", account.time_zone)
    });
    Error::DayShare { used, limit, share, resets }
}
