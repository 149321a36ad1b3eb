//! What HubSpot leaves undocumented, as switches: a connector has to work under every position.

use serde::{Deserialize, Serialize};

/// Every switch with the position that the evidence favours as its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What a list does with a `limit` over its maximum.
    pub over_limit: OverLimit,
    /// Longest URL, scheme and host included, before the answer is 414.
    pub url_limit: usize,
    /// Which part of a search body the 3,000-character rule measures.
    pub search_body_limit: SearchBodyLimit,
    /// How filters are understood where HubSpot's pages leave it open.
    pub doubtful_filters: DoubtfulFilters,
    /// How a search that is sorted by id puts the ids in order.
    pub search_order: IdOrder,
    /// Associations of one type shown inside a listed record before its inner paging starts.
    pub inline_associations_page: usize,
    /// Associations per input of a v4 batch read before that input is paged.
    pub associations_page: usize,
    /// What becomes of the associations of a record that is archived.
    pub archived_associations: ArchivedAssociations,
    /// What v4 says about inputs without associations; v3 always answers 207.
    pub missing_associations: MissingAssociations,
    /// How `toObjectId` of the v4 associations is written.
    pub to_object_id: IdForm,
    /// Versions kept per property, `None` for all.
    pub history_versions: Option<usize>,
    /// The same for contacts.
    pub history_versions_contacts: Option<usize>,
    /// What `paging.next.after` of a list looks like.
    pub list_cursor: ListCursor,
    /// Every nth list page holds fewer records than asked for; zero for never.
    pub short_page_every: u32,
    /// The order in which a batch read returns what it found.
    pub batch_order: BatchOrder,
    /// Bodies of the 429 of the search bucket.
    pub search_refusal: SearchRefusal,
    /// Seconds in `Retry-After` of a 429, `None` for no such header.
    pub retry_after_s: Option<u64>,
    /// Largest `limit` of the endpoints whose maximum nobody knows.
    pub undocumented_limit: usize,
    /// Most entries of a page of anything that is listed or searched, whatever `limit` asks for; `None`
    /// for as many as it asks for.
    pub page_cap: Option<usize>,
    /// Largest `count` of the list search: 500 as documented, 1,000 as others ask for.
    pub lists_search_limit: usize,
    /// `includeStats` leaves out every nth marketing e-mail; zero for none.
    pub stats_leave_out_every: u64,
    /// A batch read of flows leaves out every nth flow, as if it had gone meanwhile; zero for none.
    pub flows_leave_out_every: u64,
    /// What `after` of the form submissions stands for.
    pub submission_cursor: SubmissionCursor,
    /// Shortest and longest time before an e-mail event shows, in simulated milliseconds.
    pub email_event_lag_ms: (i64, i64),
    /// How long a page token of the subscription timeline is good for, in simulated milliseconds.
    pub timeline_token_ms: i64,
    /// What `events/v3/events` does without an object.
    pub events_without_object: EventsWithoutObject,
    /// Are the bounds of an event query inside it?
    pub event_bounds: EventBounds,
    /// The order of events if a query asks for none.
    pub event_order: EventOrder,
    /// Shortest and longest time before an event occurrence shows, in simulated milliseconds.
    pub event_lag_ms: (i64, i64),
    /// What reads of an object type that the account has switched off are told.
    pub disabled_object: DisabledObject,
    /// Shortest and longest delay of the search index in simulated milliseconds, per change.
    pub index_lag_ms: (i64, i64),
    /// The account's time zone as its details name it.
    pub time_zone: String,
    /// The offset of that time zone: midnight there resets the daily counter.
    pub utc_offset_ms: i64,
    /// Are the rolling windows and the daily counter enforced?
    pub quota: bool,
    /// Calls of a day, `None` for what the subscription allows.
    pub daily_limit: Option<u64>,
    /// Calls of an app in ten seconds, `None` for what the account's tier grants.
    pub general_window: Option<usize>,
    /// How many times larger than published the rolling windows are, so that a long sync can be
    /// run in a fraction of its time.
    pub quota_factor: usize,
    /// What other apps of the account take out of the quotas.
    pub other_apps: OtherApps,
    /// Does every use of a refresh token replace it?
    pub rotate_refresh_token: bool,
    /// Bodies of the refusals of the token endpoint.
    pub token_refusal: TokenRefusal,
    /// Status for a wrong client id or secret.
    pub bad_client_status: u16,
    /// What whoever asks for the scopes of a token is told.
    pub token_info: TokenInfo,
    /// Token requests per second, `None` for no limit.
    pub token_requests_per_second: Option<usize>,
    /// Has the app been uninstalled, so that no refresh token leads to an account?
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

/// What a list does with a `limit` over its maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    /// 400 `VALIDATION_ERROR`.
    Refuse,
    /// As if the maximum had been asked for.
    Cap,
}

/// Which part of a search body the 3,000-character rule measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchBodyLimit {
    /// The filters and the query text.
    FiltersAndQuery,
    /// The whole body, the list of properties included.
    WholeBody,
    /// Nothing.
    Off,
}

/// How filters are understood where HubSpot's pages leave it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtfulFilters {
    /// Records without a value fit a negation, a value with several options fits each of them, text
    /// is put in order without regard to case, and tokens are found anywhere in a value.
    Wide,
    /// They do not; the value as a whole has to be the option; text is put in order byte by byte;
    /// and a token is a word between blanks.
    Narrow,
}

/// How ids are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdOrder {
    Number,
    /// `1000` before `99`.
    Text,
}

/// What becomes of the associations of a record that is archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArchivedAssociations {
    /// They are not shown while it is archived.
    Gone,
    /// It shows them as before; the other side does not.
    Kept,
}

/// What v4 says about inputs without associations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingAssociations {
    /// 200 without them.
    LeaveOut,
    /// 207 with an error per input.
    MultiStatus,
}

/// How a JSON id is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdForm {
    Number,
    Text,
}

/// What `paging.next.after` of a list looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListCursor {
    /// The last id of the page plus one.
    NextId,
    /// A token that only the server understands.
    Opaque,
}

/// The order in which a batch read returns what it found.
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
    /// The two forms in turn.
    Alternate,
    /// Always the form with `policyName`.
    Policy,
    /// Always the form with `category` only.
    Category,
}

/// What `after` of the form submissions stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionCursor {
    /// The last submission seen: a new one shifts nothing.
    Key,
    /// How many were seen: a new one shifts the pages.
    Offset,
}

/// What `events/v3/events` does without an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventsWithoutObject {
    /// 400.
    Refuse,
    /// The events of the whole account.
    AccountWide,
}

/// Are the bounds of an event query inside it?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBounds {
    Inclusive,
    Exclusive,
}

/// The order of events if a query asks for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    Ascending,
    Descending,
}

/// What reads of an object type that the account has switched off are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledObject {
    /// 403 without a list of scopes.
    Forbidden,
    /// 400, as for a type that does not exist.
    Unknown,
}

/// Bodies of the refusals of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenRefusal {
    /// `status`, `message` and `correlationId` only.
    Classic,
    /// The same with `error` and `error_description`.
    Rfc6749,
}

/// What whoever asks for the scopes of a token is told. Nobody says whether the endpoints answer
/// for service keys, nor how long the undated one will be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenInfo {
    Given,
    /// 404, as of a path that is not there.
    NotThere,
    /// 401, as of a token that is not known.
    Refused,
}

/// Calls that other apps of the account make in every ten seconds, evenly spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OtherApps {
    /// Searches: they fill the account's search window.
    pub search: u32,
    /// Calls that count towards the account's day.
    pub daily: u32,
    /// Calls made with our own app's token: they fill its ten-second window.
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
