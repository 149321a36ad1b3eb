//! The allow-list of requests, which keeps the connector read-only.

use http::Method;

/// A kind of request that only reads, by method and by start and end of its path.
#[derive(Debug)]
pub struct ReadRequest {
    pub method: Method,
    pub start: &'static str,
    pub end: &'static str,
    pub purpose: &'static str,
}

/// All requests that may be sent; others are blocked. `SECURITY.md` lists them too.
pub const READ_REQUESTS: &[ReadRequest] = &[
    ReadRequest {
        method: Method::GET,
        start: "/",
        end: "",
        purpose: "lists, single records, definitions, the account",
    },
    ReadRequest {
        method: Method::POST,
        start: "/crm/",
        end: "/search",
        purpose: "records and lists that meet a condition",
    },
    ReadRequest {
        method: Method::POST,
        start: "/crm/",
        end: "/batch/read",
        purpose: "records and associations by id",
    },
    ReadRequest {
        method: Method::POST,
        start: "/automation/",
        end: "/flows/batch/read",
        purpose: "flows by id",
    },
    ReadRequest {
        method: Method::POST,
        start: "/oauth/",
        end: "/token",
        purpose: "an access token for a refresh token",
    },
    ReadRequest {
        method: Method::POST,
        start: "/oauth/",
        end: "/token/introspect",
        purpose: "the scopes of an OAuth app's token",
    },
    ReadRequest {
        method: Method::POST,
        start: "/oauth/",
        end: "/private-apps/get/access-token-info",
        purpose: "the scopes of a private app's token",
    },
];

/// Returns `true` if the request only reads. Other requests are never sent.
pub fn is_read_only(method: &Method, path: &str) -> bool {
    is_plain(path)
        && READ_REQUESTS.iter().any(|read| {
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
            assert_eq!(is_read_only(&method, path), expected, "{method} {path}");
        }
    }
}
