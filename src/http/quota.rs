//! HubSpot's request quotas: which requests each of them counts, and their sizes.

use std::time::Duration;

/// A request quota. Each has a window of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    General,
    Search,
    Associations,
    /// Token endpoints, which have no published limit.
    Unlimited,
}

/// A sliding window: at most `requests` within any period of `length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaWindow {
    pub(crate) requests: u32,
    pub(crate) length: Duration,
}

/// General window until a response reports the account's own size. This is the smallest size that
/// exists, so that the first burst never exceeds it.
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read 2026-11.
/// The simulator enforces it by tier.
pub(super) const GENERAL_WINDOW: QuotaWindow =
    QuotaWindow { requests: 100, length: Duration::from_secs(10) };

/// Search window of an account. Responses carry no headers to correct it.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub(super) const SEARCH_WINDOW: QuotaWindow =
    QuotaWindow { requests: 5, length: Duration::from_secs(1) };

/// Window for batch reads of associations, for the smallest tier. Responses carry no headers to
/// correct it, but see [`associations_window_size`].
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read 2026-11.
/// The simulator enforces it by tier.
pub(super) const ASSOCIATIONS_WINDOW: QuotaWindow =
    QuotaWindow { requests: 100, length: Duration::from_secs(10) };

/// Returns the requests in the associations window of an account by those in its general window, or
/// `None` if they cannot be derived: an OAuth app has 110 regardless of the account's subscription.
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read 2026-11.
/// The simulator enforces it by tier.
pub(super) fn associations_window_size(general: u32) -> Option<u32> {
    match general {
        100 => Some(100),
        190 => Some(150),
        250 => Some(200),
        _ => None,
    }
}
