//! Members of a list, and lists that a record is a member of.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Order, Portal, Start, iso};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::batch::{Id, push_times};
use crate::routes::cursor::{seal, unseal};
use crate::routes::inputs::inputs;
use crate::routes::lists::definitions::list_of;
use crate::routes::paging::{limit, link};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 250;
/// Maximum number of records in one batch.
const MAX_INPUTS: usize = 1_000;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "lists.members",
        method: Method::GET,
        paths: &[
            "/crm/v3/lists/{}/memberships",
            "/crm/lists/2026-03/{}/memberships",
            "/crm/lists/2026-09/{}/memberships",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, params, request| {
            members(portal, params, request, Order::ById)
        }),
    },
    Route {
        name: "lists.members_by_joining",
        method: Method::GET,
        paths: &[
            "/crm/v3/lists/{}/memberships/join-order",
            "/crm/lists/2026-03/{}/memberships/join-order",
            "/crm/lists/2026-09/{}/memberships/join-order",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, params, request| {
            members(portal, params, request, Order::ByJoining)
        }),
    },
    Route {
        name: "lists.of_record",
        method: Method::GET,
        paths: &[
            "/crm/v3/lists/records/{}/{}/memberships",
            "/crm/lists/2026-03/records/{}/{}/memberships",
            "/crm/lists/2026-09/records/{}/{}/memberships",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, params, _| of_record(portal, params)),
    },
    Route {
        name: "lists.of_records",
        method: Method::POST,
        paths: &[
            "/crm/v3/lists/records/memberships/batch/read",
            "/crm/lists/2026-03/records/memberships/batch/read",
            "/crm/lists/2026-09/records/memberships/batch/read",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, _, request| of_records(portal, request)),
    },
];

fn members(
    portal: &Portal,
    params: &Params,
    request: &Request,
    order: Order,
) -> Result<Answer, Answer> {
    let list = list_of(portal, params)?;
    // HubSpot: members of lists of some types, such as leads, cannot be read.
    if !list.shows_members() {
        return Err(refusal::list_without_members(&list.object.id));
    }
    let limit = limit(request, DEFAULT_LIMIT, MAX_LIMIT, portal.settings.over_limit)?;
    let start = match (key(request, "after")?, key(request, "before")?) {
        (Some(key), _) => Start::At(key),
        (None, Some(key)) => Start::Below(key),
        (None, None) => Start::At((i64::MIN, 0)),
    };
    let members = list.members();
    let mut page = members.page(order, start, limit + 1);
    let more = page.len() > limit;
    page.truncate(limit);
    let results: Vec<Value> = page
        .iter()
        .map(|member| {
            json!({
                "recordId": member.id.to_string(), "membershipTimestamp": iso(member.joined_ms),
            })
        })
        .collect();
    let keys: Vec<(i64, u64)> = page.iter().map(|member| member.key(order)).collect();
    let (lowest, highest) = (keys.iter().min(), keys.iter().max());
    let backwards = matches!(start, Start::Below(_));
    let (before, after) = if backwards { (more, true) } else { (key_given(request), more) };
    let mut paging = Map::new();
    if let Some((ms, id)) = highest.filter(|_| after) {
        paging.insert("next".to_owned(), turn(request, "after", &token(*ms, id + 1)));
    }
    if let Some((ms, id)) = lowest.filter(|_| before) {
        paging.insert("prev".to_owned(), turn(request, "before", &token(*ms, *id)));
    }
    let mut answer = Map::new();
    answer.insert("results".to_owned(), results.into());
    answer.insert("total".to_owned(), members.total().into());
    if !paging.is_empty() {
        answer.insert("paging".to_owned(), paging.into());
    }
    Ok(Answer::json(200, Value::Object(answer).to_string()))
}

/// Returns `true` if the request continues a previous page.
fn key_given(request: &Request) -> bool {
    request.query("after").is_some()
}

fn turn(request: &Request, name: &str, token: &str) -> Value {
    json!({ name: token, "link": link(request, &["after", "before"], name, token) })
}

fn token(ms: i64, id: u64) -> String {
    seal(&format!("{ms}:{id}"))
}

fn key(request: &Request, name: &str) -> Result<Option<(i64, u64)>, Answer> {
    let Some(token) = request.query(name) else { return Ok(None) };
    let text = unseal(token);
    let key = text.as_deref().and_then(|text| text.split_once(':'));
    let key = key.and_then(|(ms, id)| Some((ms.parse().ok()?, id.parse().ok()?)));
    let refused = || refusal::validation(&format!("Invalid input: {name} {token}"));
    key.map(Some).ok_or_else(refused)
}

/// Returns the lists that a live record is a member of; `None` if the record does not exist.
fn lists_with(portal: &Portal, object: &str, id: u64) -> Option<Vec<Value>> {
    let store = portal.store(object).filter(|store| store.is_live(id))?;
    let lists = portal.lists().filter(|list| list.object.id == store.object.id);
    Some(
        lists
            .filter_map(|list| {
                let (first_ms, last_ms) = list.members().joined(id)?;
                Some(json!({
                    "listId": list.id().to_string(),
                    "listVersion": list.item.edits + 1,
                    "firstAddedTimestamp": iso(first_ms),
                    "lastAddedTimestamp": iso(last_ms),
                    "isPublicList": list.item.number.is_multiple_of(2),
                }))
            })
            .collect(),
    )
}

fn of_record(portal: &Portal, params: &Params) -> Result<Answer, Answer> {
    let (object, id) = (param(params, 0), param(params, 1));
    portal.store(object).ok_or_else(|| refusal::unknown_type(object))?;
    let number = id.parse().map_err(|_| refusal::invalid_id(id))?;
    let lists = lists_with(portal, object, number).ok_or_else(refusal::not_found)?;
    let body = json!({ "total": lists.len(), "results": lists });
    Ok(Answer::json(200, body.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    object_type_id: String,
    record_id: Id,
}

fn of_records(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for Input { object_type_id, record_id } in &inputs {
        portal.store(object_type_id).ok_or_else(|| refusal::unknown_type(object_type_id))?;
        let id = record_id.text();
        let lists = id.parse().ok().and_then(|id| lists_with(portal, object_type_id, id));
        match lists {
            Some(lists) => results.push(json!({
                "objectTypeId": object_type_id, "recordId": id, "recordListMemberships": lists,
            })),
            None => missing.push(id),
        }
    }
    let results = Value::from(results);
    let mut out = format!("{{\"status\":\"COMPLETE\",\"results\":{results}").into_bytes();
    if !missing.is_empty() {
        let errors = json!([{
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Some records do not exist.",
            "context": { "ids": missing },
        }]);
        out.extend_from_slice(format!(",\"numErrors\":1,\"errors\":{errors}").as_bytes());
    }
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(if missing.is_empty() { 200 } else { 207 }, out))
}
