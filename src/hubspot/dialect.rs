//! What the HTTP client must be told about HubSpot.

use http::Method;

use super::{limits, refusal};
use crate::http::Dialect;

/// HubSpot's ways, as values.
pub const DIALECT: Dialect = Dialect {
    is_read,
    reading: refusal::reading,
    limit_header: "x-hubspot-ratelimit-max",
    remaining_header: "x-hubspot-ratelimit-remaining",
    daily_limit_header: "x-hubspot-ratelimit-daily",
    daily_remaining_header: "x-hubspot-ratelimit-daily-remaining",
    associations_size: limits::associations_size,
    correlation_header: "x-hubspot-correlation-id",
};

/// The POSTs that only read, by beginning and end of their path. Everything else that is not a
/// GET stays inside.
const POST_READS: &[(&str, &str)] = &[
    ("/crm/", "/search"),
    ("/crm/", "/batch/read"),
    ("/automation/", "/flows/batch/read"),
    ("/oauth/", "/token"),
    ("/oauth/", "/token/introspect"),
    ("/oauth/", "/private-apps/get/access-token-info"),
];

fn is_read(method: &Method, path: &str) -> bool {
    *method == Method::GET
        || *method == Method::POST
            && POST_READS.iter().any(|(start, end)| path.starts_with(start) && path.ends_with(end))
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
        ] {
            assert_eq!(is_read(&method, path), expected, "{method} {path}");
        }
    }
}
