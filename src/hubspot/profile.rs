//! Profile of HubSpot for the HTTP client.

use http::Method;

use super::{limits, refusal};
use crate::http::ServiceProfile;

/// The profile of HubSpot.
pub const PROFILE: ServiceProfile = ServiceProfile {
    is_read,
    refusal_kind: refusal::refusal_kind,
    said_in_success: refusal::said_in_success,
    limit_header: "x-hubspot-ratelimit-max",
    remaining_header: "x-hubspot-ratelimit-remaining",
    daily_limit_header: "x-hubspot-ratelimit-daily",
    daily_remaining_header: "x-hubspot-ratelimit-daily-remaining",
    associations_size: limits::associations_size,
    correlation_header: "x-hubspot-correlation-id",
};

/// A kind of read-only request, by method and by start and end of its path.
#[derive(Debug)]
pub struct Read {
    pub method: Method,
    pub start: &'static str,
    pub end: &'static str,
    pub what: &'static str,
}

/// All requests that may be sent; others are blocked.
pub const READS: &[Read] = &[
    Read {
        method: Method::GET,
        start: "/",
        end: "",
        what: "lists, single records, definitions, the account",
    },
    Read {
        method: Method::POST,
        start: "/crm/",
        end: "/search",
        what: "records and lists that meet a condition",
    },
    Read {
        method: Method::POST,
        start: "/crm/",
        end: "/batch/read",
        what: "records and associations by id",
    },
    Read {
        method: Method::POST,
        start: "/automation/",
        end: "/flows/batch/read",
        what: "flows by id",
    },
    Read {
        method: Method::POST,
        start: "/oauth/",
        end: "/token",
        what: "an access token for a refresh token",
    },
    Read {
        method: Method::POST,
        start: "/oauth/",
        end: "/token/introspect",
        what: "the scopes of an OAuth app's token",
    },
    Read {
        method: Method::POST,
        start: "/oauth/",
        end: "/private-apps/get/access-token-info",
        what: "the scopes of a private app's token",
    },
];

fn is_read(method: &Method, path: &str) -> bool {
    is_plain(path)
        && READS.iter().any(|read| {
            read.method == *method && path.starts_with(read.start) && path.ends_with(read.end)
        })
}

/// Returns `true` if the path is sent unchanged. A URL parser removes some characters, treats
/// others as slashes, and resolves dot segments, so the resulting path would differ from the one
/// checked.
fn is_plain(path: &str) -> bool {
    let is_dots = |segment: &str| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    path.starts_with('/')
        && !path.contains(|c: char| c.is_ascii_control() || " \\#?".contains(c))
        && !path.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_reads_through_and_nothing_else() {
        for (method, path, expected) in [
            (Method::GET, "/crm/objects/2026-09/deals", true),
            (Method::POST, "/crm/objects/2026-09/deals/search", true),
            (Method::POST, "/crm/v3/objects/deals/batch/read", true),
            (Method::POST, "/crm/v4/associations/deals/contacts/batch/read", true),
            (Method::POST, "/oauth/2026-09/token", true),
            (Method::POST, "/automation/2026-09-beta/flows/batch/read", true),
            (Method::POST, "/automation/v4/flows/batch/read", true),
            (Method::POST, "/automation/v4/flows", false),
            (Method::POST, "/automation/v4/workflow-id-mappings/batch/read", false),
            (Method::POST, "/crm/v3/objects/deals", false),
            (Method::POST, "/crm/v3/objects/deals/batch/archive", false),
            (Method::POST, "/crm/v3/objects/deals/merge", false),
            (Method::POST, "/oauth/2026-09/token/introspect", true),
            (Method::POST, "/oauth/v2/private-apps/get/access-token-info", true),
            (Method::POST, "/oauth/2026-09/token/revoke", false),
            (Method::PATCH, "/crm/v3/objects/deals/1", false),
            (Method::PUT, "/crm/v3/lists/1/memberships/add", false),
            (Method::DELETE, "/crm/v3/objects/deals/1", false),
            (Method::GET, "crm/objects/2026-09/deals", false),
            (Method::GET, "/crm/v3/objects/../../oauth", false),
            (Method::POST, "/crm/v3/objects/deals/batch/archive/%2E%2e/search", false),
            (Method::POST, "/crm/v3/objects/deals/batch/archive/.\t./read/search", false),
            (Method::POST, "/crm/v3/objects/deals/batch/archive\\..\\batch/read", false),
            (Method::POST, "/crm/v3/objects/deals/merge#/search", false),
        ] {
            assert_eq!(is_read(&method, path), expected, "{method} {path}");
        }
    }
}
