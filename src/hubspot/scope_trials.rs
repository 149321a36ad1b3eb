//! Scopes of the token, determined by trial requests where HubSpot does not list them.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::api::Api;
use super::endpoint::Endpoint;
use super::request_context::RequestContext;
use super::scopes::GrantedScopes;
use crate::error::Error;

/// The cheapest request for each of the scopes that most streams require. Scopes without a trial
/// stay unknown: `check` should finish within a second, which this many concurrent requests take.
const TRIALS: &[(&str, Endpoint, &str)] = &[
    ("automation", Endpoint::FLOWS, "?limit=1"),
    ("content", Endpoint::EMAIL_CAMPAIGNS, "?limit=1"),
    ("crm.objects.companies.read", Endpoint::OBJECTS, "/companies?limit=1"),
    ("crm.objects.contacts.read", Endpoint::OBJECTS, "/contacts?limit=1"),
    ("crm.objects.deals.read", Endpoint::OBJECTS, "/deals?limit=1"),
    ("crm.objects.line_items.read", Endpoint::OBJECTS, "/line_items?limit=1"),
    ("crm.objects.owners.read", Endpoint::OWNERS, "?limit=1"),
    ("crm.objects.products.read", Endpoint::OBJECTS, "/products?limit=1"),
    ("forms", Endpoint::FORMS, "?limit=1"),
    ("tickets", Endpoint::OBJECTS, "/tickets?limit=1"),
];

/// Determines scopes by trial, with one cheap request for each, all at once.
///
/// Only a refusal that names scopes counts; after any other failure the scope stays unknown.
pub async fn tried_scopes(api: Api<'_>) -> GrantedScopes {
    let trials = TRIALS.iter().map(async |&(scope, endpoint, tail)| {
        let request_context = RequestContext { stream: "a trial of scopes", scopes: &[] };
        (scope, Api { request_context, ..api }.get(endpoint, tail, |_| Ok(())).await)
    });
    let (mut open, mut shut) = (BTreeSet::new(), BTreeSet::new());
    for (scope, answer) in join_all(trials).await {
        match answer {
            Ok(()) => open.insert(scope),
            Err(Error::MissingScope { needed, .. }) if !needed.is_unnamed() => shut.insert(scope),
            Err(error) => {
                log::debug!("whether the token has the scope {scope} is not known: {error}");
                false
            }
        };
    }
    GrantedScopes::Tried { open, shut }
}
