//! Settings for undocumented behavior of HubSpot; a connector has to work with every value.

use serde::{Deserialize, Serialize};

/// All settings. The defaults are the values best supported by evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Handling of a `limit` above the maximum of a list.
    pub over_limit: OverLimit,
    /// Maximum length of a URL, including scheme and host; longer ones get a 414.
    pub url_limit: usize,
    /// The part of a search body that the 3,000-character limit applies to.
    pub search_body_limit: SearchBodyLimit,
    /// Interpretation of filters where HubSpot's documentation is ambiguous.
    pub doubtful_filters: DoubtfulFilters,
    /// Order of ids in a search that is sorted by id.
    pub search_order: IdOrder,
    /// Number of associations of one type in a listed record before inline paging starts.
    pub inline_associations_page: usize,
    /// Number of associations per input of a v4 batch read before that input is paged.
    pub associations_page: usize,
    /// Associations of archived records.
    pub archived_associations: ArchivedAssociations,
    /// v4 response for inputs without associations; v3 always returns 207.
    pub missing_associations: MissingAssociations,
    /// JSON type of `toObjectId` in v4 associations.
    pub to_object_id: IdForm,
    /// Number of versions retained per property, `None` for all.
    pub history_versions: Option<usize>,
    /// Number of versions retained per property of contacts, `None` for all.
    pub history_versions_contacts: Option<usize>,
    /// Format of `paging.next.after` of a list.
    pub list_cursor: ListCursor,
    /// Every nth list page holds fewer records than requested; zero for never.
    pub short_page_every: u32,
    /// Order of the results of a batch read.
    pub batch_order: BatchOrder,
    /// Bodies of the 429 of the search bucket.
    pub search_refusal: SearchRefusal,
    /// Seconds in `Retry-After` of a 429, `None` to omit the header.
    pub retry_after_s: Option<u64>,
    /// Maximum `limit` of the endpoints whose maximum is not documented.
    pub undocumented_limit: usize,
    /// Maximum number of entries on any page of a list or search, whatever `limit` is; `None` for
    /// no additional limit.
    pub page_cap: Option<usize>,
    /// Maximum `count` of the list search: 500 as documented, or 1,000 as used by other clients.
    pub lists_search_limit: usize,
    /// `includeStats` omits every nth marketing e-mail; zero for none.
    pub stats_leave_out_every: u64,
    /// A batch read of flows omits every nth flow, as if it had been deleted meanwhile; zero for
    /// none.
    pub flows_leave_out_every: u64,
    /// Meaning of `after` for form submissions.
    pub submission_cursor: SubmissionCursor,
    /// Minimum and maximum delay until an e-mail event is visible, in simulated milliseconds.
    pub email_event_lag_ms: (i64, i64),
    /// Validity of a page token of the subscription timeline, in simulated milliseconds.
    pub timeline_token_ms: i64,
    /// Response of `events/v3/events` to a request without an object.
    pub events_without_object: EventsWithoutObject,
    /// Bounds of the time range of an event query.
    pub event_bounds: EventBounds,
    /// Default order of events.
    pub event_order: EventOrder,
    /// Minimum and maximum delay until an event occurrence is visible, in simulated milliseconds.
    pub event_lag_ms: (i64, i64),
    /// Response to reads of an object type that is disabled in the account.
    pub disabled_object: DisabledObject,
    /// Minimum and maximum delay of the search index per change, in simulated milliseconds.
    pub index_lag_ms: (i64, i64),
    /// The account's time zone in the account details.
    pub time_zone: String,
    /// UTC offset of that time zone in milliseconds; the daily counter is reset at midnight there.
    pub utc_offset_ms: i64,
    /// `true` if the rolling windows and the daily limit are enforced.
    pub quota: bool,
    /// Maximum number of calls per day, `None` for that of the subscription.
    pub daily_limit: Option<u64>,
    /// Maximum number of calls per app in ten seconds, `None` for that of the account's tier.
    pub general_window: Option<usize>,
    /// Factor by which the rolling windows exceed the published limits, so that a long sync takes a
    /// fraction of its time.
    pub quota_factor: usize,
    /// Quota used by other apps of the account.
    pub other_apps: OtherApps,
    /// `true` if every use of a refresh token replaces it.
    pub rotate_refresh_token: bool,
    /// Error bodies of the token endpoint.
    pub token_refusal: TokenRefusal,
    /// Status for a wrong client id or secret.
    pub bad_client_status: u16,
    /// Response of the token information endpoints.
    pub token_info: TokenInfo,
    /// Maximum number of token requests per second, `None` for no limit.
    pub token_requests_per_second: Option<usize>,
    /// `true` if the app has been uninstalled, so that no refresh token belongs to an account.
    pub account_gone: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            over_limit: OverLimit::Refuse,
            url_limit: 16_200,
            search_body_limit: SearchBodyLimit::FiltersAndQuery,
            doubtful_filters: DoubtfulFilters::Wide,
            search_order: IdOrder::Number,
            inline_associations_page: 100,
            associations_page: 500,
            archived_associations: ArchivedAssociations::Gone,
            missing_associations: MissingAssociations::LeaveOut,
            to_object_id: IdForm::Number,
            history_versions: Some(20),
            history_versions_contacts: Some(45),
            list_cursor: ListCursor::NextId,
            short_page_every: 0,
            batch_order: BatchOrder::Shuffled,
            search_refusal: SearchRefusal::Alternate,
            retry_after_s: None,
            undocumented_limit: 100,
            page_cap: None,
            lists_search_limit: 500,
            stats_leave_out_every: 0,
            flows_leave_out_every: 0,
            submission_cursor: SubmissionCursor::Key,
            email_event_lag_ms: (1_000, 1_800_000),
            timeline_token_ms: 600_000,
            events_without_object: EventsWithoutObject::Refuse,
            event_bounds: EventBounds::Inclusive,
            event_order: EventOrder::Descending,
            event_lag_ms: (1_000, 120_000),
            disabled_object: DisabledObject::Forbidden,
            index_lag_ms: (1_000, 20_000),
            time_zone: "Europe/Berlin".to_owned(),
            utc_offset_ms: 3_600_000,
            quota: true,
            daily_limit: None,
            general_window: None,
            quota_factor: 1,
            other_apps: OtherApps::default(),
            rotate_refresh_token: false,
            token_refusal: TokenRefusal::Rfc6749,
            bad_client_status: 400,
            token_info: TokenInfo::Given,
            token_requests_per_second: None,
            account_gone: false,
        }
    }
}

/// Handling of a `limit` above the maximum of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    /// 400 `VALIDATION_ERROR`.
    Refuse,
    /// Treated as the maximum.
    Cap,
}

/// The part of a search body that the 3,000-character limit applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchBodyLimit {
    /// The filters and the query text.
    FiltersAndQuery,
    /// The whole body, including the list of properties.
    WholeBody,
    /// No limit.
    Off,
}

/// Interpretation of filters where HubSpot's documentation is ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtfulFilters {
    /// Records without a value match a negation, a value with several options matches each of them,
    /// text is ordered case-insensitively, and tokens match anywhere in a value.
    Wide,
    /// Records without a value do not match a negation, the whole value has to equal the option,
    /// text is ordered by bytes, and a token is a word delimited by spaces.
    Narrow,
}

/// Order of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdOrder {
    Number,
    /// `1000` before `99`.
    Text,
}

/// Associations of archived records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchivedAssociations {
    /// They are hidden while the record is archived.
    Gone,
    /// The archived record still shows them; the other side does not.
    Kept,
}

/// v4 response for inputs without associations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingAssociations {
    /// 200 without these inputs.
    LeaveOut,
    /// 207 with an error per input.
    MultiStatus,
}

/// JSON type of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    Number,
    Text,
}

/// Format of `paging.next.after` of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListCursor {
    /// The last id of the page plus one.
    NextId,
    /// An opaque token.
    Opaque,
}

/// Order of the results of a batch read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOrder {
    Shuffled,
    AsAsked,
}

/// Bodies of the 429 of the search bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchRefusal {
    /// The two forms in alternation.
    Alternate,
    /// Always the form with `policyName`.
    Policy,
    /// Always the form with `category` only.
    Category,
}

/// Meaning of `after` for form submissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionCursor {
    /// Key of the last submission on the page: new submissions do not shift the pages.
    Key,
    /// Number of submissions so far: new submissions shift the pages.
    Offset,
}

/// Response of `events/v3/events` to a request without an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventsWithoutObject {
    /// 400.
    Refuse,
    /// The events of the whole account.
    AccountWide,
}

/// Inclusion of the bounds of an event query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBounds {
    Inclusive,
    Exclusive,
}

/// Default order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    Ascending,
    Descending,
}

/// Response to reads of an object type that is disabled in the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledObject {
    /// 403 without a list of scopes.
    Forbidden,
    /// 400, as for a type that does not exist.
    Unknown,
}

/// Error bodies of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// `status`, `message` and `correlationId` only.
    Classic,
    /// `error` and `error_description` in addition.
    Rfc6749,
}

/// Response of the token information endpoints. It is not documented whether they support service
/// keys, or how long the undated version will be available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenInfo {
    Given,
    /// 404, as for an unknown path.
    NotThere,
    /// 401, as for an unknown token.
    Refused,
}

/// Calls that other apps of the account make per ten seconds, at a constant rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtherApps {
    /// Searches, which use up the account's search window.
    pub search: u32,
    /// Calls that count towards the account's daily limit.
    pub daily: u32,
    /// Calls made with the token of the tested app, which use up its ten-second window.
    pub general: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_object_means_the_defaults() {
        let settings: Settings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn a_misspelt_switch_is_refused() {
        assert!(serde_json::from_str::<Settings>(r#"{"url_limt": 8000}"#).is_err());
    }

    #[test]
    fn one_switch_leaves_the_others_alone() {
        let settings: Settings =
            serde_json::from_str(r#"{"list_cursor": "opaque", "other_apps": {"search": 20}}"#)
                .unwrap();
        assert_eq!(settings.list_cursor, ListCursor::Opaque);
        assert_eq!(settings.other_apps.search, 20);
        assert_eq!(settings.url_limit, 16_200);
    }
}
