//! Associations: batch reads, reads of one record, and association types.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Link, Portal, Store, push_string, push_u64};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, Scopes, param};
use crate::routes::batch::{Id, push_times};
use crate::routes::cursor;
use crate::routes::inputs::inputs;
use crate::routes::object_types::store_of;
use crate::routes::paging::{after, limit, push_paging};
use crate::settings::{IdForm, MissingAssociations, OverLimit};

const MAX_INPUTS: usize = 1_000;
const PAGE: usize = 500;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "associations.batch_read",
        method: Method::POST,
        paths: &[
            "/crm/v4/associations/{}/{}/batch/read",
            "/crm/associations/2026-03/{}/{}/batch/read",
            "/crm/associations/2026-09/{}/{}/batch/read",
        ],
        bucket: Bucket::Associations,
        authenticated: true,
        scopes: RequiredScopes::OfPath(pair_scopes),
        handler: Handler::Function(batch_read),
    },
    Route {
        name: "associations.batch_read_v3",
        method: Method::POST,
        paths: &["/crm/v3/associations/{}/{}/batch/read"],
        bucket: Bucket::Associations,
        authenticated: true,
        scopes: RequiredScopes::OfPath(pair_scopes),
        handler: Handler::Function(batch_read_v3),
    },
    Route {
        name: "associations.of_record",
        method: Method::GET,
        paths: &[
            "/crm/v4/objects/{}/{}/associations/{}",
            "/crm/objects/2026-03/{}/{}/associations/{}",
            "/crm/objects/2026-09/{}/{}/associations/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::OfPath(|portal, params| {
            Ok(both(store_of(portal, params, 0)?, store_of(portal, params, 2)?))
        }),
        handler: Handler::Function(of_record),
    },
    Route {
        name: "associations.labels",
        method: Method::GET,
        paths: &[
            "/crm/v4/associations/{}/{}/labels",
            "/crm/associations/v4/{}/{}/labels",
            "/crm/associations/2026-03/{}/{}/labels",
            "/crm/associations/2026-09/{}/{}/labels",
        ],
        bucket: Bucket::Associations,
        authenticated: true,
        scopes: RequiredScopes::OfPath(pair_scopes),
        handler: Handler::Function(|portal, params, _| labels(portal, params)),
    },
];

#[derive(Deserialize)]
struct Input {
    id: Id,
    #[serde(default)]
    after: Option<String>,
}

fn pair_scopes(portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
    Ok(both(store_of(portal, params, 0)?, store_of(portal, params, 1)?))
}

/// Returns the scopes for reading both sides: every alternative of one combined with every
/// alternative of the other.
fn both(from: &Store, to: &Store) -> Scopes {
    let mut scopes = Scopes::new();
    for one in &from.object.scopes {
        for other in &to.object.scopes {
            let mut all = one.clone();
            all.extend(other.iter().filter(|scope| !one.contains(scope)).cloned());
            scopes.push(all);
        }
    }
    scopes
}

/// Returns the indices of the two types in the path.
fn places(portal: &Portal, from: &str, to: &str) -> Result<(usize, usize), Answer> {
    let place = |name: &str| portal.place(name).ok_or_else(|| refusal::unknown_type(name));
    Ok((place(from)?, place(to)?))
}

fn batch_read(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let (from, to) = places(portal, param(params, 0), param(params, 1))?;
    let page = portal.settings.associations_page;
    let mut out = Vec::with_capacity(4_096);
    out.extend_from_slice(b"{\"status\":\"COMPLETE\",\"results\":[");
    let mut written = false;
    let mut missing = Vec::new();
    for input in inputs::<Input>(request, MAX_INPUTS)? {
        let text = input.id.text();
        let start = input.after.as_deref().map_or(Some(0), cursor::read);
        let start = start.ok_or_else(|| refusal::validation("Invalid input: after"))?;
        let links = text.parse().map_or_else(|_| Vec::new(), |id| portal.links(from, id, to));
        let links = links.get(links.partition_point(|link| link.to_id < start)..);
        let links = links.unwrap_or_default();
        if links.is_empty() {
            missing.push(text);
            continue;
        }
        if written {
            out.push(b',');
        }
        written = true;
        out.extend_from_slice(b"{\"from\":{\"id\":");
        push_string(&mut out, &text);
        out.extend_from_slice(b"},\"to\":");
        push_links(&mut out, portal, from, to, links.get(..page).unwrap_or(links));
        if let Some(next) = links.get(page) {
            let link = format!("https://api.hubapi.com{}", request.path);
            push_paging(&mut out, &cursor::opaque(next.to_id), Some(&link));
        }
        out.push(b'}');
    }
    out.push(b']');
    let report = portal.settings.missing_associations == MissingAssociations::MultiStatus;
    let status = if report { push_missing(&mut out, &missing, params) } else { 200 };
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(status, out))
}

fn batch_read_v3(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let (from, to) = places(portal, param(params, 0), param(params, 1))?;
    let name = |place: usize| portal.stores().get(place).map_or("", |store| &store.object.singular);
    let kind = format!("{}_to_{}", name(from), name(to));
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for input in inputs::<Input>(request, MAX_INPUTS)? {
        let text = input.id.text();
        let links = text.parse().map_or_else(|_| Vec::new(), |id| portal.links(from, id, to));
        if links.is_empty() {
            missing.push(text);
            continue;
        }
        let to: Vec<Value> = links
            .iter()
            .map(|link| json!({ "id": link.to_id.to_string(), "type": kind }))
            .collect();
        results.push(json!({ "from": { "id": text }, "to": to }));
    }
    let results = Value::from(results).to_string();
    let mut out = format!("{{\"status\":\"COMPLETE\",\"results\":{results}").into_bytes();
    let status = push_missing(&mut out, &missing, params);
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(status, out))
}

/// Appends an error for each input without links and returns the status of the response.
fn push_missing(out: &mut Vec<u8>, missing: &[String], params: &Params) -> u16 {
    if missing.is_empty() {
        return 200;
    }
    let (from, to) = (param(params, 0), param(params, 1));
    let errors: Vec<Value> = missing
        .iter()
        .map(|id| {
            json!({
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": format!("No {to} is associated with {from} {id}."),
                "context": {
                    "fromObjectId": [id], "fromObjectType": [from], "toObjectType": [to],
                },
            })
        })
        .collect();
    let count = errors.len();
    let errors = Value::from(errors);
    out.extend_from_slice(format!(",\"numErrors\":{count},\"errors\":{errors}").as_bytes());
    207
}

fn of_record(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let (from, to) = places(portal, param(params, 0), param(params, 2))?;
    let text = param(params, 1);
    let id = text.parse().map_err(|_| refusal::invalid_id(text))?;
    let store = store_of(portal, params, 0)?;
    if !store.is_live(id) {
        return Err(refusal::no_record(text));
    }
    let page = limit(request, PAGE, PAGE, OverLimit::Refuse)?;
    let start = after(request)?;
    let links = portal.links(from, id, to);
    let links = links.get(links.partition_point(|link| link.to_id < start)..).unwrap_or_default();
    let mut out = b"{\"results\":".to_vec();
    push_links(&mut out, portal, from, to, links.get(..page).unwrap_or(links));
    if let Some(next) = links.get(page) {
        let token = next.to_id.to_string();
        let link = format!("https://api.hubapi.com{}?limit={page}&after={token}", request.path);
        push_paging(&mut out, &token, Some(&link));
    }
    out.push(b'}');
    Ok(Answer::json(200, out))
}

/// Appends links in the v4 format.
fn push_links(out: &mut Vec<u8>, portal: &Portal, from: usize, to: usize, links: &[Link]) {
    let types = portal.link_types(from, to);
    let quote: &[u8] = match portal.settings.to_object_id {
        IdForm::Number => b"",
        IdForm::Text => b"\"",
    };
    out.push(b'[');
    for (number, link) in links.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"toObjectId\":");
        out.extend_from_slice(quote);
        push_u64(out, link.to_id);
        out.extend_from_slice(quote);
        out.extend_from_slice(b",\"associationTypes\":[");
        let mut first = true;
        for kind in &types {
            let user = kind.category == "USER_DEFINED";
            let label = match &kind.label {
                None => None,
                Some(_) if user && link.label.is_some() => link.label.as_deref(),
                Some(label) if !user && link.primary => Some(label.as_str()),
                Some(_) => continue,
            };
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(b"{\"category\":");
            push_string(out, kind.category);
            out.extend_from_slice(b",\"typeId\":");
            push_u64(out, kind.type_id);
            out.extend_from_slice(b",\"label\":");
            match label {
                Some(label) => push_string(out, label),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

fn labels(portal: &Portal, params: &Params) -> Result<Answer, Answer> {
    let (from, to) = places(portal, param(params, 0), param(params, 1))?;
    let labels: Vec<Value> = portal
        .link_types(from, to)
        .into_iter()
        .map(|kind| {
            json!({ "category": kind.category, "typeId": kind.type_id, "label": kind.label })
        })
        .collect();
    Ok(Answer::json(200, json!({ "results": labels }).to_string()))
}
