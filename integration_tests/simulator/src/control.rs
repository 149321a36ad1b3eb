//! Control endpoints for tests: contents of the portal, changes, clock, faults. They are not part
//! of HubSpot's API and are never counted, delayed or affected by faults.

use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::expected;
use crate::fault::Fault;
use crate::message::{Answer, Request};
use crate::portal::Change;
use crate::server_state::ServerState;
use crate::sync::{lock, read};

/// Path prefix of the control endpoints.
pub(crate) const PREFIX: &str = "/_simulator/";

/// Answers a request to the path [`PREFIX`] + `rest`.
pub(crate) fn answer(state: &ServerState, rest: &str, request: &Request) -> Answer {
    let result = match (&request.method, rest) {
        (&Method::GET, "journal") => Ok(journal(state, request)),
        (&Method::DELETE, "journal") => {
            lock(&state.journal).clear();
            Ok(json!({}))
        }
        (&Method::GET, "portal") => Ok(portal(state)),
        (&Method::GET, "records") => records(state, request),
        (&Method::GET, "keys") => Ok(expected::keys(&read(&state.portal), state.clock.now_ms())),
        (&Method::GET, "clock") => Ok(json!({"now_ms": state.clock.now_ms()})),
        (&Method::POST, "clock") => parse(request).map(|order: ClockOrder| clock(state, &order)),
        (&Method::POST, "faults") => parse(request).map(|faults: Vec<Fault>| {
            lock(&state.faults).extend(faults);
            json!({})
        }),
        (&Method::DELETE, "faults") => {
            lock(&state.faults).clear();
            Ok(json!({}))
        }
        (&Method::POST, "changes") => {
            parse(request).and_then(|changes: Vec<Change>| apply(state, &changes))
        }
        _ => {
            return Answer::json(404, json!({"error": "no such control endpoint"}).to_string());
        }
    };
    match result {
        Ok(body) => Answer::json(200, body.to_string()),
        Err(error) => Answer::json(400, json!({"error": error}).to_string()),
    }
}

fn parse<'a, T: Deserialize<'a>>(request: &'a Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn journal(state: &ServerState, request: &Request) -> Value {
    let journal = lock(&state.journal);
    let mut body = json!({"summary": journal.summary()});
    if request.query("entries") == Some("true")
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("entries".to_owned(), json!(journal.entries()));
    }
    body
}

/// Number of live records per object type, by plural or full name. Types without records appear
/// only in `objects`.
fn portal(state: &ServerState) -> Value {
    let portal = read(&state.portal);
    let counts: serde_json::Map<String, Value> = portal
        .stores()
        .iter()
        .filter(|store| store.live() > 0)
        .map(|store| (store.object.full_name.clone(), store.live().into()))
        .collect();
    let objects: Vec<&str> =
        portal.stores().iter().map(|store| store.object.plural.as_str()).collect();
    json!({
        "portal_id": portal.portal_id(),
        "now_ms": state.clock.now_ms(),
        "counts": counts,
        "objects": objects,
    })
}

/// Live records of the object type given in the query, or its archived ones.
fn records(state: &ServerState, request: &Request) -> Result<Value, String> {
    let object = request.query("object").ok_or("the query needs `object`")?;
    expected::records(&read(&state.portal), object, request.query("archived") == Some("true"))
}

/// A change to the clock: advance it, change its speed, or both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockOrder {
    #[serde(default)]
    advance_ms: u64,
    speed: Option<f64>,
}

fn clock(state: &ServerState, order: &ClockOrder) -> Value {
    state.clock.advance(Duration::from_millis(order.advance_ms));
    if let Some(speed) = order.speed {
        state.clock.set_speed(speed);
    }
    json!({"now_ms": state.clock.now_ms()})
}

/// Applies changes in order and stops at the first that cannot be applied.
fn apply(state: &ServerState, changes: &[Change]) -> Result<Value, String> {
    let count = changes.len();
    for (place, change) in changes.iter().enumerate() {
        state.change(change).map_err(|error| format!("change {place}: {error}"))?;
    }
    Ok(json!({"applied": count}))
}
