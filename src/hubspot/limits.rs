//! Numbers that HubSpot imposes. Each says its unit, its source and when it was read there.

use std::time::Duration;

/// Records of one list page.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11.
/// The simulator enforces it.
pub const LIST_PAGE: usize = 100;

/// Hits of one search page.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_PAGE: usize = 200;

/// Characters of property names that are safe in a search. 3,000 are documented for a request's
/// filters; whether the names count is unknown, so a search with more is tried, and repeated without
/// names if it is refused: `docs/hubspot.md` note 43. The simulator does either.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11.
pub const SEARCH_CHARACTERS: usize = 2_500;

/// Conditions of the user's that a search has room for: a group of filters holds six, and four of
/// them say which window and which ids are read.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_CONDITIONS: usize = 2;

/// Characters that those may take, of the 3,000 that are documented for all filters of a search.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_FILTER_CHARACTERS: usize = 2_000;

/// Ids of one batch read of records.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11. The
/// simulator enforces it.
pub const BATCH_READ: usize = 100;

/// Records of one list page, and ids of one batch read, once they come with property history.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11. The
/// simulator enforces it.
pub const HISTORY_PAGE: usize = 50;

/// Ids of one batch read of associations, since February 2025.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide>, read 2026-11.
/// The simulator enforces it.
pub const ASSOCIATIONS_READ: usize = 1000;

/// Ids of one batch read of flows. HubSpot gives no figure, this is the one of other batch reads:
/// `docs/hubspot.md` note 42. The simulator enforces it.
pub const FLOWS_READ: usize = 100;

/// Characters of a URL that are safe to send. Answers are 414 from about 16,200 on.
///
/// Found by trial, `docs/hubspot.md` note 4. The simulator enforces 16,200.
pub const URL_CHARACTERS: usize = 12_000;

/// Requests of the general window before an answer has told the account's own size: the smallest
/// that exists, so that a first burst never overruns it.
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read
/// 2026-11. The simulator enforces it by tier.
pub const GENERAL_WINDOW: (u32, Duration) = (100, Duration::from_secs(10));

/// Searches an account may send; the answers carry no headers to correct it by.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_WINDOW: (u32, Duration) = (5, Duration::from_secs(1));

/// Association batch reads, by the smallest tier; the answers carry no headers to correct it by,
/// but see [`associations_size`].
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read
/// 2026-11. The simulator enforces it by tier.
pub const ASSOCIATIONS_WINDOW: (u32, Duration) = (100, Duration::from_secs(10));

/// The associations window of an account whose general window has this size, where the one tells
/// the other: an OAuth app has 110 whatever the account's subscription.
///
/// <https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines>, read
/// 2026-11. The simulator enforces it by tier.
pub fn associations_size(general: u32) -> Option<u32> {
    match general {
        100 => Some(100),
        190 => Some(150),
        250 => Some(200),
        _ => None,
    }
}

/// How far search may lag behind the records. "A few moments" in HubSpot's words, minutes in
/// production: `docs/hubspot.md` note 1.
pub const INDEX_LAG: Duration = Duration::from_mins(5);

/// How far search lags behind at worst, as reported: `docs/hubspot.md` note 1. What changed within
/// so much of a window's end is searched for once more when that time has passed.
pub const WORST_INDEX_LAG: Duration = Duration::from_hours(1);

/// How late an event may show up in a log of events. HubSpot gives no figure, only that the newest
/// minutes are incomplete; an hour is a margin of our own. The simulator lets events arrive late.
pub const LATE_EVENTS: Duration = Duration::from_hours(1);

/// Engagements that the list of recently modified ones can give.
///
/// <https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide>, read 2026-11.
/// The simulator enforces it.
pub const RECENT_ENGAGEMENTS: u64 = 10_000;

/// How close to the present a window may end: the present second is unfinished, and `Date`
/// headers are cut to whole seconds.
pub const UNFINISHED: Duration = Duration::from_secs(3);
