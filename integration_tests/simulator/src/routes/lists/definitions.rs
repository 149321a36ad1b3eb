//! Definitions of lists, and the mapping from legacy ids.

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{List, Portal, iso};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::collection::Call;
use crate::routes::paging::flag;

/// Maximum number of legacy ids in one mapping request.
const MAX_LEGACY_IDS: usize = 10_000;

/// Paths of the id mapping: of one list by GET, of several by POST.
const ID_MAPPING_PATHS: &[&str] =
    &["/crm/v3/lists/idmapping", "/crm/lists/2026-03/idmapping", "/crm/lists/2026-09/idmapping"];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "lists.by_name",
        method: Method::GET,
        paths: &[
            "/crm/v3/lists/object-type-id/{}/name/{}",
            "/crm/lists/2026-03/object-type-id/{}/name/{}",
            "/crm/lists/2026-09/object-type-id/{}/name/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(by_name),
    },
    Route {
        name: "lists.id_mapping",
        method: Method::GET,
        paths: ID_MAPPING_PATHS,
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, _, request| mapped(portal, request)),
    },
    Route {
        name: "lists.id_mappings",
        method: Method::POST,
        paths: ID_MAPPING_PATHS,
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
        handler: Handler::Function(|portal, _, request| all_mapped(portal, request)),
    },
];

/// Returns the list whose id is in the path.
pub(crate) fn list_of<'a>(portal: &'a Portal, params: &Params) -> Result<List<'a>, Answer> {
    let id = param(params, 0);
    let number =
        id.parse().map_err(|_| refusal::validation(&format!("Invalid input: listId {id}")))?;
    portal.list(number).ok_or_else(|| refusal::no_list(id))
}

/// Returns the fields common to all representations of a list.
pub(crate) fn describe(list: &List<'_>) -> Map<String, Value> {
    let item = &list.item;
    let mut fields = Map::new();
    let user = 771 + item.number % 9;
    for (name, value) in [
        ("listId", list.id().to_string().into()),
        ("listVersion", (item.edits + 1).into()),
        ("name", list.name().into()),
        ("objectTypeId", list.object.id.clone().into()),
        ("processingType", list.processing().into()),
        ("processingStatus", "COMPLETE".into()),
        ("createdAt", iso(item.created_ms).into()),
        ("createdById", user.to_string().into()),
    ] {
        fields.insert(name.to_owned(), value);
    }
    // HubSpot: a list that was never edited has no `updatedAt`.
    if item.edits > 0 {
        fields.insert("updatedAt".to_owned(), iso(item.updated_ms).into());
        fields.insert("updatedById".to_owned(), user.to_string().into());
    }
    if list.processing() != "MANUAL" {
        fields.insert("filtersUpdatedAt".to_owned(), iso(item.updated_ms).into());
    }
    fields
}

/// Returns a list as returned by endpoints other than the search.
fn whole(list: &List<'_>, filters: bool) -> Value {
    let mut fields = describe(list);
    fields.insert("size".to_owned(), list.members().total().into());
    if filters && list.processing() != "MANUAL" {
        let branch = json!({
            "filterBranchType": "OR", "filterBranchOperator": "OR", "filters": [],
            "filterBranches": [{
                "filterBranchType": "AND", "filterBranchOperator": "AND", "filterBranches": [],
                "filters": [{
                    "filterType": "PROPERTY", "property": list.object.created,
                    "operation": {
                        "operationType": "ALL_PROPERTY", "operator": "IS_KNOWN",
                        "includeObjectsWithNoValueSet": false,
                    },
                }],
            }],
        });
        fields.insert("filterBranch".to_owned(), branch);
    }
    fields.into()
}

/// Returns the lists with the requested ids.
pub(crate) fn several(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let Call { portal, request, .. } = *call;
    let filters = flag(request, "includeFilters", false)?;
    let ids = request.query_list("listIds");
    let lists = ids.filter_map(|id| portal.list(id.parse().ok()?));
    Ok(lists.map(|list| whole(&list, filters)).collect())
}

/// Returns the list with the id in the path.
pub(crate) fn get(call: &Call<'_>) -> Result<Value, Answer> {
    let list = list_of(call.portal, call.params)?;
    let filters = flag(call.request, "includeFilters", false)?;
    Ok(json!({ "list": whole(&list, filters) }))
}

fn by_name(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let filters = flag(request, "includeFilters", false)?;
    let (object, name) = (param(params, 0), param(params, 1));
    let mut lists = portal.lists();
    let found =
        lists.find(|list| list.object.id == object && list.name().eq_ignore_ascii_case(name));
    let list = found.ok_or_else(|| refusal::no_list(name))?;
    Ok(Answer::json(200, json!({ "list": whole(&list, filters) }).to_string()))
}

/// Returns the current id of a list by its id in the Lists v1 API.
fn present_id(portal: &Portal, legacy: &str) -> Option<String> {
    let legacy = legacy.parse().ok()?;
    let list = portal.lists().find(|list| list.legacy_id() == Some(legacy))?;
    Some(list.id().to_string())
}

fn mapped(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let legacy = request.query("legacyListId").unwrap_or_default();
    let id = present_id(portal, legacy).ok_or_else(|| refusal::no_list(legacy))?;
    Ok(Answer::json(200, json!({ "legacyListId": legacy, "listId": id }).to_string()))
}

fn all_mapped(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let legacy: Vec<String> =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    if legacy.len() > MAX_LEGACY_IDS {
        return Err(refusal::validation(&format!(
            "The maximum number of ids is {MAX_LEGACY_IDS}. Received {}.",
            legacy.len()
        )));
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for legacy in legacy {
        match present_id(portal, &legacy) {
            Some(id) => found.push(json!({ "legacyListId": legacy, "listId": id })),
            None => missing.push(legacy),
        }
    }
    let body = json!({ "legacyListIdsToIdsMapping": found, "missingLegacyListIds": missing });
    Ok(Answer::json(200, body.to_string()))
}
