//! What the HTTP client must be told about HubSpot.

use http::Method;

use super::{limits, refusal};
use crate::http::Dialect;

/// HubSpot's ways, as values.
pub const DIALECT: Dialect = Dialect {
    is_read,
    reading: refusal::reading,
    said_in_success: refusal::said_in_success,
    limit_header: "x-hubspot-ratelimit-max",
    remaining_header: "x-hubspot-ratelimit-remaining",
    daily_limit_header: "x-hubspot-ratelimit-daily",
    daily_remaining_header: "x-hubspot-ratelimit-daily-remaining",
    associations_size: limits::associations_size,
    correlation_header: "x-hubspot-correlation-id",
};

/// Requests that only read, by method and by beginning and end of their path.
#[derive(Debug)]
pub struct Read {
    pub method: Method,
    pub start: &'static str,
    pub end: &'static str,
    pub what: &'static str,
}

/// Everything that may be sent. All else stays inside.
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

/// Is the path sent as it stands here? A URL parser drops some characters, takes others for
/// slashes, and resolves dots: what it made of the path would not have been looked at.
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
