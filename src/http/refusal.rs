//! An error response, parsed once where it arrives, and its meaning.

use std::time::Duration;

use http::Method;

use super::error_body::ErrorBody;
use super::quota::Bucket;

/// An error response. Its body contains no secrets.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub body: ErrorBody,
    /// Minimum wait before a retry, if the response states one.
    pub retry_after: Option<Duration>,
    /// Id of the response, for support requests.
    pub correlation_id: Option<String>,
    pub method: Method,
    /// Path of the request, without the query.
    pub path: String,
}

/// Quota that a 429 reports as exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExhaustedQuota {
    /// The daily quota. No wait within a run restores it.
    Daily,
    /// The window of a bucket; `None` if the response does not name it, which then is the bucket
    /// of the request.
    Window(Option<Bucket>),
}

impl Refusal {
    /// Returns `true` if the token has expired. A new token, or a retry with the same one, may
    /// succeed. Some responses say so only in the message.
    ///
    /// HubSpot: `docs/hubspot.md` note 27.
    pub fn is_token_expired(&self) -> bool {
        self.status == 401
            && (self.body.is_category("EXPIRED_AUTHENTICATION")
                || self.body.lowercase_message().contains("expired"))
    }

    /// Returns `true` for a 403 that does not come from HubSpot itself, but for example from a
    /// proxy.
    pub fn is_from_intermediary(&self) -> bool {
        self.status == 403 && !self.body.is_from_hubspot()
    }

    /// Returns the quota that a 429 names: by its group, which is exact, otherwise by its policy or
    /// its message.
    ///
    /// HubSpot: `docs/hubspot.md` note 25.
    pub fn exhausted_quota(&self) -> ExhaustedQuota {
        let group = self.body.group_name.as_deref().unwrap_or_default();
        let is_daily = match self.body.policy_name.as_deref() {
            Some(policy) => policy.eq_ignore_ascii_case("DAILY"),
            None => group.is_empty() && self.body.lowercase_message().contains("daily limit"),
        };
        let buckets = [
            ("crm:search", Bucket::Search),
            ("associations", Bucket::Associations),
            ("api-calls-ten-secondly", Bucket::General),
        ];
        if is_daily {
            return ExhaustedQuota::Daily;
        }
        // Two quotas are per ten seconds, and the token endpoint has one per second too. The policy
        // alone is ambiguous, so without a group the bucket of the request decides.
        let named = buckets.into_iter().find(|(part, _)| group.contains(part));
        ExhaustedQuota::Window(named.map(|(_, bucket)| bucket))
    }

    /// Returns `true` if the path itself does not exist, or no longer exists, as opposed to the
    /// object it names.
    ///
    /// HubSpot sends JSON for a missing record or definition; for an unknown path, the gateway in
    /// front of it responds, in any format.
    pub fn is_unknown_path(&self) -> bool {
        match self.status {
            404 => !self.body.is_object(),
            410 => !self.body.is_category("OBJECT_NOT_FOUND"),
            _ => false,
        }
    }

    /// Returns `true` if the object named by the path permanently has no entries.
    ///
    /// This is a record deleted since it was listed, or a list of an object type whose lists
    /// HubSpot does not expose.
    pub fn has_no_entries(&self) -> bool {
        const UNREADABLE_LIST: &str = "ListError.INVALID_OBJECT_TYPE_FOR_LIST";
        match self.status {
            404 | 410 => self.body.is_object(),
            400 => self.body.sub_category.as_deref() == Some(UNREADABLE_LIST),
            _ => false,
        }
    }

    /// Returns `true` if the scopes of the token help to explain the refusal.
    pub fn is_about_scopes(&self) -> bool {
        self.status == 403 && self.body.is_about_scopes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Creates an error response to a request for deals.
    pub(in crate::http) fn refusal(status: u16, body: &str) -> Refusal {
        Refusal {
            status,
            body: ErrorBody::parse(body.as_bytes()),
            retry_after: None,
            correlation_id: None,
            method: Method::GET,
            path: "/crm/objects/2026-09/deals".into(),
        }
    }

    #[test]
    fn a_429_names_its_quota() {
        const DAILY: &str = r#"{"status":"error","policyName":"DAILY","errors":null}"#;
        const DAILY_IN_WORDS: &str =
            r#"{"message":"You have reached your daily limit.","errorType":"RATE_LIMIT"}"#;
        const APP: &str = r#"{"policyName":"TEN_SECONDLY_ROLLING","groupName":
            "publicapi:private_app-api-calls-ten-secondly:1:2"}"#;
        const SEARCH: &str =
            r#"{"policyName":"SECONDLY","groupName":"publicapi:crm:search:oauth:1:2"}"#;
        const ASSOCIATIONS: &str = r#"{"groupName":"publicapi:crm:associations:1:2"}"#;
        const SECONDLY: &str =
            r#"{"message":"daily limit? no: secondly limit","policyName":"SECONDLY"}"#;
        let window = ExhaustedQuota::Window;
        for (case, body, expected) in [
            ("the daily quota", DAILY, ExhaustedQuota::Daily),
            ("the daily quota, in the message", DAILY_IN_WORDS, ExhaustedQuota::Daily),
            ("another policy", SECONDLY, window(None)),
            ("a burst", r#"{"policyName":"TEN_SECONDLY_ROLLING"}"#, window(None)),
            ("a burst of the app", APP, window(Some(Bucket::General))),
            ("too many searches", SEARCH, window(Some(Bucket::Search))),
            ("too many associations", ASSOCIATIONS, window(Some(Bucket::Associations))),
            ("a burst without a policy", r#"{"category":"RATE_LIMITS"}"#, window(None)),
            ("a page of the edge", "<html>", window(None)),
        ] {
            assert_eq!(refusal(429, body).exhausted_quota(), expected, "{case}");
        }
    }

    #[test]
    fn an_expired_token_is_not_an_unknown_one() {
        for (status, body, expected) in [
            (401, r#"{"status":"error","category":"EXPIRED_AUTHENTICATION"}"#, true),
            (401, r#"{"message":"This oauth-token is expired! expiresAt: 1, now: 2"}"#, true),
            (401, r#"{"category":"INVALID_AUTHENTICATION"}"#, false),
            (401, r#"{"category":7,"errors":{}}"#, false),
            (403, r#"{"category":"EXPIRED_AUTHENTICATION"}"#, false),
        ] {
            assert_eq!(refusal(status, body).is_token_expired(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_403_is_hubspots_if_its_body_is() {
        for (case, body, expected) in [
            ("a missing scope", r#"{"category":"MISSING_SCOPES"}"#, false),
            ("an error without a category", r#"{"status":"error"}"#, false),
            ("one that is cut", r#"{"status":"error","message":"no"#, false),
            ("a page of the edge", "<html>", true),
            ("nothing", "", true),
            ("a gateway's JSON", r#"{"message":"Forbidden"}"#, true),
            ("JSON of no object", r#"["error"]"#, true),
        ] {
            assert_eq!(refusal(403, body).is_from_intermediary(), expected, "{case}");
        }
        assert!(!refusal(502, "<html>").is_from_intermediary());
    }

    #[test]
    fn only_a_refusal_of_the_entries_means_that_there_are_none() {
        const LIST: &str = r#"{"subCategory":"ListError.INVALID_OBJECT_TYPE_FOR_LIST"}"#;
        for (status, body, expected) in [
            (400, LIST, true),
            (400, r#"{"subCategory":"ListError.OTHER"}"#, false),
            (403, LIST, false),
            (404, r#"{"message":"no such form"}"#, true),
            (404, "<html>", false),
        ] {
            assert_eq!(refusal(status, body).has_no_entries(), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_missing_path_is_not_a_missing_record() {
        for (status, body, expected) in [
            (404, "<html>", true),
            (410, "", true),
            (410, r#"{"category":"OBJECT_NOT_FOUND"}"#, false),
            (404, r#"{"status":"error","message":"resource not found"}"#, false),
            (400, "<html>", false),
        ] {
            assert_eq!(refusal(status, body).is_unknown_path(), expected, "{status} {body}");
        }
    }
}
