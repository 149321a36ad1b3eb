//! Route table of the simulator, one row per endpoint.

mod account;
mod associations;
mod automation;
mod batch;
mod collection;
mod collections;
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
mod object_types;
mod objects;
mod paging;
mod people;
mod pipelines;
mod properties;
mod rank;
mod record;
mod schemas;
mod search;

use std::sync::LazyLock;

use http::Method;

use crate::route::{Params, Route};

/// Endpoints with a function of their own, by area.
static FUNCTIONS: &[&[Route]] = &[
    objects::ROUTES,
    search::ROUTES,
    batch::ROUTES,
    associations::ROUTES,
    properties::ROUTES,
    lists::ROUTES,
    lists::SEARCH,
    lists::MEMBERS,
    marketing::SUBMISSIONS,
    marketing::EMAIL_STATISTICS,
    marketing::CAMPAIGNS,
    marketing::EMAIL_EVENTS,
    marketing::SUBSCRIPTIONS,
    marketing::RETIRED,
    account::ROUTES,
    object_library::ROUTES,
    deal_splits::ROUTES,
    engagements::ROUTES,
    events::ROUTES,
    automation::FLOWS,
    automation::MAPPINGS,
    currencies::ROUTES,
];

/// All data endpoints.
pub static TABLE: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let functions = FUNCTIONS.iter().copied().flatten().cloned();
    functions.chain(collections::ROWS.iter().flat_map(|row| row.routes())).collect()
});

/// Returns all data endpoints.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    TABLE.iter()
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
