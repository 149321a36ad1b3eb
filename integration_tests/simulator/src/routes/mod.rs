//! Route table of the simulator, one row per endpoint.

mod account;
mod associations;
mod automation;
mod batch;
mod currencies;
mod cursor;
mod deal_splits;
mod engagements;
mod event_definitions;
mod events;
mod filter;
mod inputs;
mod lists;
mod marketing;
pub mod oauth;
mod object_library;
mod objects;
mod owners;
mod paging;
mod pipelines;
mod properties;
mod rank;
mod record;
mod schemas;
mod search;
mod teams;
mod users;

use http::Method;

use crate::message::Answer;
use crate::portal::{Portal, Store};
use crate::refusal;
use crate::route::{Params, Route, Scopes};
use crate::settings::DisabledObject;

/// All data endpoints, by area.
pub static ROUTES: &[&[Route]] = &[
    objects::ROUTES,
    search::ROUTES,
    batch::ROUTES,
    associations::ROUTES,
    properties::ROUTES,
    schemas::ROUTES,
    owners::ROUTES,
    pipelines::ROUTES,
    lists::ROUTES,
    lists::SEARCH,
    lists::MEMBERS,
    marketing::FORMS,
    marketing::SUBMISSIONS,
    marketing::EMAILS,
    marketing::EMAIL_STATISTICS,
    marketing::CAMPAIGNS,
    marketing::EMAIL_CAMPAIGNS,
    marketing::EMAIL_EVENTS,
    marketing::SUBSCRIPTIONS,
    marketing::RETIRED,
    account::ROUTES,
    object_library::ROUTES,
    deal_splits::ROUTES,
    engagements::ROUTES,
    events::ROUTES,
    event_definitions::ROUTES,
    automation::WORKFLOWS,
    automation::FLOWS,
    automation::MAPPINGS,
    users::ROUTES,
    teams::ROUTES,
    currencies::ROUTES,
];

/// Returns all data endpoints.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().flatten()
}

/// Returns the endpoint for a path and the values of its variable segments. If several patterns
/// match, the one with the fewest variable segments wins.
pub fn find(method: &Method, path: &str) -> Option<(&'static Route, Params)> {
    let mut best: Option<(&'static Route, Params)> = None;
    for route in routes().filter(|route| route.method == *method) {
        for pattern in route.paths {
            let Some(params) = fit(pattern, path) else { continue };
            if best.as_ref().is_none_or(|(_, kept)| params.len() < kept.len()) {
                best = Some((route, params));
            }
        }
    }
    best
}

fn fit(pattern: &str, path: &str) -> Option<Params> {
    let fixed = pattern.find("{}").unwrap_or(pattern.len());
    if path.as_bytes().get(..fixed)? != pattern.as_bytes().get(..fixed)? {
        return None;
    }
    let mut params = Params::new();
    let mut parts = path.trim_end_matches('/').split('/');
    for expected in pattern.split('/') {
        let part = parts.next()?;
        if expected == "{}" && !part.is_empty() {
            params.push(part.to_owned());
        } else if expected != part {
            return None;
        }
    }
    parts.next().is_none().then_some(params)
}

/// Returns the value of a variable segment of the path.
fn param(params: &Params, place: usize) -> &str {
    params.get(place).map_or("", String::as_str)
}

/// Returns the object type named in a segment of the path.
fn store_of<'a>(portal: &'a Portal, params: &Params, place: usize) -> Result<&'a Store, Answer> {
    named_store(portal, param(params, place))
}

/// Returns the object type with a name, or an error if it is unknown or disabled in the account.
fn named_store<'a>(portal: &'a Portal, name: &str) -> Result<&'a Store, Answer> {
    let store = portal.store(name).ok_or_else(|| refusal::unknown_type(name))?;
    if !portal.is_disabled(name) {
        return Ok(store);
    }
    Err(match portal.settings.disabled_object {
        DisabledObject::Forbidden => refusal::disabled_type(&store.object.plural),
        DisabledObject::Unknown => refusal::unknown_type(name),
    })
}

/// Returns the scopes for reading records of the first type in the path.
fn object_scopes(portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
    store_of(portal, params, 0).map(|store| store.object.scopes.clone())
}

/// Returns no required scopes: any valid token is accepted.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn no_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(Scopes::new())
}

/// Returns one alternative per scope.
fn any_of(scopes: &[&str]) -> Scopes {
    scopes.iter().map(|scope| vec![(*scope).to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn paths_lead_to_the_most_specific_endpoint() {
        for (case, method, path, expected) in [
            ("classic list", Method::GET, "/crm/v3/objects/contacts", Some("objects.list")),
            ("dated list", Method::GET, "/crm/objects/2026-09/0-1", Some("objects.list")),
            ("one record", Method::GET, "/crm/v3/objects/contacts/51", Some("objects.get")),
            ("search", Method::POST, "/crm/v3/objects/deals/search", Some("objects.search")),
            ("batch", Method::POST, "/crm/v3/objects/deals/batch/read", Some("objects.batch_read")),
            ("wrong method", Method::DELETE, "/crm/v3/objects/deals/51", None),
            ("too long", Method::GET, "/crm/v3/objects/contacts/51/more", None),
            (
                "groups, no name",
                Method::GET,
                "/crm/v3/properties/deals/groups",
                Some("properties.groups"),
            ),
            ("elsewhere", Method::GET, "/", None),
        ] {
            assert_eq!(find(&method, path).map(|(route, _)| route.name), expected, "{case}");
        }
    }

    #[test]
    fn names_and_paths_are_unique() {
        let names: HashSet<&str> = routes().map(|route| route.name).collect();
        assert_eq!(names.len(), routes().count());
        let mut paths = HashSet::new();
        for route in routes() {
            for path in route.paths {
                assert!(paths.insert((route.method.clone(), *path)), "{path} is served twice");
            }
        }
    }
}
