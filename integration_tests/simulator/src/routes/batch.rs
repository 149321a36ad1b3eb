//! Batch reads of records by id.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, View, iso, mix2};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route};
use crate::routes::object_types::{object_scopes, store_of};
use crate::routes::objects::find_by;
use crate::routes::paging::flag;
use crate::routes::record::Shape;
use crate::settings::BatchOrder;

const MAX_INPUTS: usize = 100;
/// Maximum number of inputs if property history is requested.
const MAX_INPUTS_WITH_HISTORY: usize = 50;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "objects.batch_read",
    method: Method::POST,
    paths: &[
        "/crm/v3/objects/{}/batch/read",
        "/crm/objects/2026-03/{}/batch/read",
        "/crm/objects/2026-09/{}/batch/read",
    ],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::OfPath(object_scopes),
    handler: Handler::Function(batch_read),
}];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    inputs: Vec<Input>,
    #[serde(default)]
    properties: Option<Vec<String>>,
    #[serde(default)]
    properties_with_history: Option<Vec<String>>,
    #[serde(default)]
    id_property: Option<String>,
}

#[derive(Deserialize)]
struct Input {
    id: Id,
}

/// A record id in JSON: a string or a number.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Id(String);

impl TryFrom<Value> for Id {
    type Error = &'static str;

    fn try_from(id: Value) -> Result<Self, Self::Error> {
        match id {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err("an id is text or a number")
            }
        }
    }
}

impl Id {
    pub(crate) fn text(&self) -> String {
        self.0.clone()
    }
}

fn batch_read(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let store = store_of(portal, params, 0)?;
    let archived = flag(request, "archived", false)?;
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    let properties = body.properties.unwrap_or_default();
    let history = body.properties_with_history.unwrap_or_default();
    let max = if history.is_empty() { MAX_INPUTS } else { MAX_INPUTS_WITH_HISTORY };
    if body.inputs.len() > max {
        return Err(refusal::too_many_inputs(max, body.inputs.len()));
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for input in &body.inputs {
        let text = input.id.text();
        // HubSpot: unlike a single read, a batch read does not follow merges.
        let view = match &body.id_property {
            Some(property) => find_by(store, property, &text)?,
            None => text.parse().ok().and_then(|id| store.get(id)),
        };
        let shown = |view: &View<'_>| {
            view.archived_ms.is_some() == archived && !view.expired(request.now_ms)
        };
        match view.filter(shown) {
            Some(view) => found.push(view),
            None => missing.push(text),
        }
    }
    found.sort_by_key(|view| view.id);
    found.dedup_by_key(|view| view.id);
    if portal.settings.batch_order == BatchOrder::Shuffled {
        let salt = portal.spec().seed;
        found.sort_by_key(|view| mix2(salt, view.id));
    } else {
        let asked = |id: u64| {
            let id = id.to_string();
            body.inputs.iter().position(|input| input.id.text() == id)
        };
        found.sort_by_key(|view| asked(view.id));
    }
    let names = properties.iter().map(String::as_str);
    let history = history.iter().map(String::as_str);
    let shape = Shape::new(portal, store, names, history).at(request.now_ms);
    let mut out = Vec::with_capacity(found.len() * shape.record_size());
    out.extend_from_slice(b"{\"status\":\"COMPLETE\",\"results\":[");
    for (number, view) in found.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        shape.push(&mut out, view, false);
    }
    out.push(b']');
    if !missing.is_empty() {
        let kind = store.object.singular.to_uppercase();
        let errors = json!([{
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": format!(
                "Could not get some {kind} objects, they may be deleted or not exist. \
                 Check that ids are valid."
            ),
            "context": { "ids": missing },
        }]);
        out.extend_from_slice(format!(",\"numErrors\":1,\"errors\":{errors}").as_bytes());
    }
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(if missing.is_empty() { 200 } else { 207 }, out))
}

/// Appends the start and end times of a batch and closes the response.
pub(crate) fn push_times(out: &mut Vec<u8>, now_ms: i64) {
    let times =
        format!(",\"startedAt\":\"{}\",\"completedAt\":\"{}\"}}", iso(now_ms), iso(now_ms + 12));
    out.extend_from_slice(times.as_bytes());
}
