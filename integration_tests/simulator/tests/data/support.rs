//! Calls of endpoints without the HTTP server.

use http::Method;
use hubspot_simulator::message::Request;
use hubspot_simulator::{Change, Portal, PortalSpec, Settings, routes};
use serde_json::Value;

pub(crate) const START_MS: i64 = 1_790_000_000_000;

pub(crate) fn portal(spec: PortalSpec, settings: Settings) -> Portal {
    Portal::new(spec, settings, START_MS)
}

pub(crate) fn small() -> Portal {
    portal(PortalSpec::default(), Settings { index_lag_ms: (0, 0), ..Settings::default() })
}

pub(crate) fn call(
    portal: &Portal,
    method: Method,
    url: &str,
    body: &Value,
    now_ms: i64,
) -> (u16, Value) {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let (route, params) = routes::find(&method, path).expect("an endpoint");
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        method,
        path: path.to_owned(),
        query: pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        body: body.to_string().into(),
        now_ms,
    };
    let answer = match route.required_scopes(portal, &params) {
        Ok(_) => route.answer(portal, &params, &request),
        Err(refusal) => refusal,
    };
    (answer.status, serde_json::from_slice(&answer.body).expect("a JSON body"))
}

pub(crate) fn get(portal: &Portal, url: &str) -> (u16, Value) {
    call(portal, Method::GET, url, &Value::Null, START_MS)
}

pub(crate) fn post(portal: &Portal, url: &str, body: &Value) -> (u16, Value) {
    call(portal, Method::POST, url, body, START_MS)
}

pub(crate) fn ids(answer: &Value) -> Vec<u64> {
    let results = answer.get("results").and_then(Value::as_array).expect("results");
    let id = |record: &Value| record.get("id")?.as_str()?.parse().ok();
    results.iter().map(|record| id(record).expect("an id")).collect()
}

/// Returns the ids on all pages of a list.
pub(crate) fn scan(portal: &Portal, url: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = get(portal, &format!("{url}{after}"));
        assert_eq!(status, 200, "{page}");
        found.extend(ids(&page));
        match page.pointer("/paging/next/after").and_then(Value::as_str) {
            Some(token) => after = format!("&after={token}"),
            None => return found,
        }
    }
}

pub(crate) fn apply(portal: &mut Portal, change: Value, now_ms: i64) {
    let change: Change = serde_json::from_value(change).expect("a change");
    portal.apply(&change, now_ms).expect("the change fits");
}
