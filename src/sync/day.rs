//! The account's day of requests: what is left of it before a run, and when the next one begins.

use std::time::Duration;

use chrono::SecondsFormat;
use tokio::time::{Instant, timeout};

use super::session::Session;
use crate::config::Credentials;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::{self, Subject};

/// Long enough for a slow answer. What is asked here is not worth more.
const PATIENCE: Duration = Duration::from_secs(15);

/// Keeps all that follows to the configured share of the day, and asks what has been used of it,
/// unless headers have told already.
///
/// OAuth apps have no such limit. If HubSpot does not say, the headers of its answers will.
pub(super) async fn begin(session: &Session) {
    let day = session.client.day();
    day.keep_to(Some(session.config.daily_share));
    if day.told().is_some() || matches!(session.config.credentials, Credentials::OAuth { .. }) {
        return;
    }
    let meter = Meter::default();
    let subject = Subject { stream: "daily usage", scopes: &["oauth"] };
    match timeout(PATIENCE, hubspot::daily_usage(session.api(&meter, subject))).await {
        // Headers count to the request; these figures may be old.
        Ok(Ok(Some(usage))) if day.told().is_none() => day.observe(usage),
        Ok(Ok(_)) => {}
        Ok(Err(error)) => log::debug!("the use of the day is not known yet: {error}"),
        Err(_) => log::debug!("the use of the day is not known yet: no answer in time"),
    }
}

/// Adds to an early end when the day ends, if HubSpot says so.
pub(super) async fn with_reset(session: &Session, error: Error) -> Error {
    let Error::DayShare { used, limit, share, .. } = error else { return error };
    // This one request is left.
    session.client.day().keep_to(None);
    let meter = Meter::default();
    let subject = Subject { stream: "account_details", scopes: &["oauth"] };
    let account = timeout(PATIENCE, hubspot::account(session.api(&meter, subject))).await;
    let resets = account.ok().and_then(Result::ok).map(|account| {
        let now = session.client.clock().at(Instant::now());
        let midnight = account.midnight_after(now).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("midnight in {} ({midnight})", account.time_zone)
    });
    Error::DayShare { used, limit, share, resets }
}
