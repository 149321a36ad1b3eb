//! Endpoints that HubSpot has shut down. They have their own routes so that the journal names
//! requests to them.

use http::Method;

use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};

pub(crate) static ROUTES: &[Route] = &[
    // Shut down on 1 November 2025.
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
        scopes: RequiredScopes::None,
        handler: Handler::Function(|_, _, _| Ok(refusal::unknown_path())),
    },
    // Shut down on 30 April 2026.
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
        scopes: RequiredScopes::None,
        handler: Handler::Function(|_, _, _| Ok(refusal::unknown_path())),
    },
];
