//! Search of lists.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{List, Portal};
use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::lists::definitions::describe;
use crate::settings::OverLimit;

const DEFAULT_COUNT: usize = 20;
/// Properties returned by default.
const DEFAULTS: &[&str] = &[
    "hs_list_size",
    "hs_last_record_added_at",
    "hs_last_record_removed_at",
    "hs_folder_name",
    "hs_list_reference_count",
];
const PROCESSING: &[&str] = &["MANUAL", "DYNAMIC", "SNAPSHOT"];

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "lists.search",
    method: Method::POST,
    paths: &["/crm/v3/lists/search", "/crm/lists/2026-03/search", "/crm/lists/2026-09/search"],
    // HubSpot: this is not a CRM search; it counts against the general window.
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["crm.lists.read"]),
    handler: Handler::Function(|portal, _, request| search(portal, request)),
}];

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    query: Option<String>,
    offset: Option<usize>,
    count: Option<usize>,
    processing_types: Option<Vec<String>>,
    list_ids: Option<Vec<String>>,
    object_type_id: Option<String>,
    sort: Option<String>,
    additional_properties: Option<Vec<String>>,
}

impl Body {
    fn count(&self, portal: &Portal) -> Result<usize, Answer> {
        let max = portal.settings.lists_search_limit;
        match self.count {
            None => Ok(DEFAULT_COUNT),
            Some(count) if (1..=max).contains(&count) => Ok(count),
            Some(count) if count > max && portal.settings.over_limit == OverLimit::Cap => Ok(max),
            Some(count) => {
                let message = format!("Invalid input: count {count}, the maximum is {max}");
                Err(refusal::validation(&message))
            }
        }
    }

    fn wants(&self, list: &List<'_>) -> bool {
        let query = self.query.as_deref().unwrap_or_default().to_lowercase();
        let id = list.id().to_string();
        list.name().to_lowercase().contains(&query)
            && self.object_type_id.as_ref().is_none_or(|wanted| *wanted == list.object.id)
            && chosen(self.processing_types.as_deref(), list.processing())
            && chosen(self.list_ids.as_deref(), &id)
    }
}

/// Returns `true` if the value is selected; an empty selection selects everything.
fn chosen(wanted: Option<&[String]>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.is_empty() || wanted.iter().any(|one| one == value))
}

fn search(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    let count = body.count(portal)?;
    for processing in body.processing_types.iter().flatten() {
        if !PROCESSING.contains(&processing.as_str()) {
            return Err(refusal::validation(&format!("Invalid processing type {processing}")));
        }
    }
    let mut lists: Vec<List<'_>> = portal.lists().filter(|list| body.wants(list)).collect();
    sort(&mut lists, body.sort.as_deref())?;
    let total = lists.len();
    let offset = body.offset.unwrap_or(0);
    let extra = body.additional_properties.as_deref().unwrap_or_default();
    let page: Vec<Value> =
        lists.iter().skip(offset).take(count).map(|list| hit(list, extra)).collect();
    let end = offset.saturating_add(page.len());
    let answer = json!({
        "lists": page, "offset": end, "hasMore": end < total, "total": total,
    });
    Ok(Answer::json(200, answer.to_string()))
}

/// Sorts by a field, descending after a minus sign. The default is descending by id.
fn sort(lists: &mut [List<'_>], sort: Option<&str>) -> Result<(), Answer> {
    let sort = sort.unwrap_or("-HS_LIST_ID");
    let field = sort.trim_start_matches('-').to_ascii_uppercase();
    match field.as_str() {
        "HS_LIST_ID" => lists.sort_by_key(List::id),
        "HS_NAME" => lists.sort_by_key(List::name),
        "HS_CREATEDATE" => lists.sort_by_key(|list| list.item.created_ms),
        "HS_UPDATED_AT" => lists.sort_by_key(|list| list.item.updated_ms),
        "HS_LIST_SIZE" => lists.sort_by_cached_key(|list| list.members().total()),
        _ => return Err(refusal::validation(&format!("Invalid sort: {sort}"))),
    }
    if sort.starts_with('-') {
        lists.reverse();
    }
    Ok(())
}

fn hit(list: &List<'_>, extra: &[String]) -> Value {
    let mut fields = describe(list);
    let mut properties = Map::new();
    for name in DEFAULTS.iter().copied().chain(extra.iter().map(String::as_str)) {
        match property(list, name) {
            Some(value) => properties.insert(name.to_owned(), value.into()),
            // HubSpot: a property without a value is sometimes null, sometimes omitted.
            None if list.item.number.is_multiple_of(2) && DEFAULTS.contains(&name) => {
                properties.insert(name.to_owned(), Value::Null)
            }
            None => None,
        };
    }
    fields.insert("additionalProperties".to_owned(), properties.into());
    fields.into()
}

/// Returns a property as text.
fn property(list: &List<'_>, name: &str) -> Option<String> {
    let edits = list.edits();
    match name {
        "hs_list_size" => Some(list.members().total().to_string()),
        "hs_last_record_added_at" => {
            let added = edits.and_then(|edits| edits.last_added_ms);
            added.or_else(|| list.members().last_joined_ms()).map(|at_ms| at_ms.to_string())
        }
        "hs_last_record_removed_at" => edits?.last_removed_ms.map(|at_ms| at_ms.to_string()),
        "hs_folder_name" => list.item.number.is_multiple_of(6).then(|| "Campaigns".to_owned()),
        "hs_list_reference_count" => Some((list.item.number % 4).to_string()),
        "hs_list_name" => Some(list.name()),
        _ => None,
    }
}
