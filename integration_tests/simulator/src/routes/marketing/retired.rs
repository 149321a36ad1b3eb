//! Endpoints that HubSpot has switched off. They have rows of their own so that the journal names
//! whoever still calls them.

use http::Method;

use crate::refusal;
use crate::route::{Bucket, Route};
use crate::routes::no_scopes;

pub(crate) static ROUTES: &[Route] = &[
    // Gone since 1 November 2025.
    Route {
        name: "retired.marketing_emails_v1",
        method: Method::GET,
        paths: &[
            "/marketing-emails/v1/emails",
            "/marketing-emails/v1/emails/with-statistics",
            "/marketing-emails/v1/emails/{}",
            "/marketing-emails/v1/emails/with-statistics/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: no_scopes,
        handle: |_, _, _| refusal::unknown_path(),
    },
    // Gone since 30 April 2026.
    Route {
        name: "retired.lists_v1",
        method: Method::GET,
        paths: &[
            "/contacts/v1/lists",
            "/contacts/v1/lists/static",
            "/contacts/v1/lists/dynamic",
            "/contacts/v1/lists/{}",
            "/contacts/v1/lists/{}/contacts/all",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: no_scopes,
        handle: |_, _, _| refusal::unknown_path(),
    },
];
