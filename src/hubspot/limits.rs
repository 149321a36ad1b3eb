//! Limits imposed by HubSpot, each with its unit, source and the date it was read. Those on the
//! number of requests are in `http/quota.rs`.

use std::time::Duration;

/// Records per list page.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11. The
/// simulator enforces it.
pub const LIST_PAGE: usize = 100;

/// Event occurrences per list page. HubSpot documents no limit; this is the limit of other lists.
pub const EVENT_OCCURRENCES_PAGE: usize = 100;

/// Hits per search page.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_PAGE: usize = 200;

/// Characters of property names that are safe in a search. 3,000 are documented for the filters of
/// a request. Whether the names count is unknown, so a search with more is tried first, and
/// repeated without names if it is refused: `docs/hubspot.md` note 43. The simulator can do either.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11.
pub const SEARCH_CHARACTERS: usize = 2_500;

/// User-defined conditions per search: a filter group holds six filters, and four of them select
/// the time window and the id range.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_CONDITIONS: usize = 2;

/// Characters of user-defined conditions per search, out of the 3,000 documented for all filters.
///
/// <https://developers.hubspot.com/docs/api-reference/search/guide>, read 2026-11. The simulator
/// enforces it.
pub const SEARCH_FILTER_CHARACTERS: usize = 2_000;

/// Ids per batch read of records.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11. The
/// simulator enforces it.
pub const BATCH_READ: usize = 100;

/// Records per list page, and ids per batch read, when requested with property history.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide>, read 2026-11. The
/// simulator enforces it.
pub const HISTORY_PAGE: usize = 50;

/// Ids per batch read of associations, since February 2025.
///
/// <https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide>, read 2026-11. The
/// simulator enforces it.
pub const ASSOCIATIONS_READ: usize = 1000;

/// Ids per batch read of flows. HubSpot documents no limit; this is the limit of other batch reads:
/// `docs/hubspot.md` note 42. The simulator enforces it.
pub const FLOWS_READ: usize = 100;

/// Characters of property names that are safe in a URL. HubSpot returns 414 for URLs from about
/// 16,200 characters on.
///
/// Found by trial, `docs/hubspot.md` note 4. The simulator enforces 16,200.
pub const URL_CHARACTERS: usize = 12_000;

/// Usual lag of the search index behind the records. "A few moments" according to HubSpot, minutes
/// in production: `docs/hubspot.md` note 1.
pub const INDEX_LAG: Duration = Duration::from_mins(5);

/// Longest reported lag of the search index: `docs/hubspot.md` note 1. Changes within this time
/// before a window's end are searched again once it has passed.
pub const WORST_INDEX_LAG: Duration = Duration::from_hours(1);

/// Maximum delay until an event appears in an event log. HubSpot only says that the newest minutes
/// are incomplete; one hour is a safety margin. The simulator delays events.
pub const LATE_EVENTS: Duration = Duration::from_hours(1);

/// Events per page of an event log.
///
/// <https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide>, read 2026-11.
/// The simulator enforces it.
pub const EVENTS_PAGE: usize = 1000;

/// Engagements per page of the list of all.
///
/// <https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide>, read 2026-11.
/// The simulator enforces it.
pub const ENGAGEMENTS_PAGE: usize = 250;

/// Engagements per page of the list of recently modified ones.
///
/// <https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide>, read 2026-11.
/// The simulator enforces it.
pub const RECENT_ENGAGEMENTS_PAGE: usize = 100;

/// Engagements that the list of recently modified ones can return.
///
/// <https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide>, read 2026-11.
/// The simulator enforces it.
pub const RECENT_ENGAGEMENTS: u64 = 10_000;

/// Minimum distance of a window's end from the present: the current second is incomplete, and
/// `Date` headers are truncated to whole seconds.
pub const UNFINISHED: Duration = Duration::from_secs(3);
