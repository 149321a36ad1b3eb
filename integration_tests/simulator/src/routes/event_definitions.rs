//! Definitions of the account's custom events.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Events, Item, Portal, iso};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::{by_offset, flag, limit};
use crate::routes::{any_of, param};

const DEFAULT_LIMIT: usize = 20;
const FIRST_TYPE: u64 = 7_730_011;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "event_definitions.list",
        method: Method::GET,
        paths: &[
            "/events/v3/event-definitions",
            "/events/2026-03/event-definitions",
            "/events/custom/2026-09/event-definitions",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: definition_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "event_definitions.get",
        method: Method::GET,
        paths: &[
            "/events/v3/event-definitions/{}",
            "/events/2026-03/event-definitions/{}",
            "/events/custom/2026-09/event-definitions/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: definition_scopes,
        handle: |portal, params, _| get(portal, params).unwrap_or_else(|refusal| refusal),
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn definition_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["behavioral_events.event_definitions.read_write"]))
}

/// Returns the definitions that are not archived; archived events cannot be queried.
fn in_use(portal: &Portal) -> impl Iterator<Item = Item> {
    portal.events().definitions.items().filter(|item| item.archived_ms.is_none())
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let properties = flag(request, "includeProperties", false)?;
    let wanted = request.query("searchString").unwrap_or_default().to_lowercase();
    let mut found: Vec<Item> =
        in_use(portal).filter(|item| Events::custom_name(item.number).contains(&wanted)).collect();
    found.sort_by_key(|item| Events::custom_name(item.number));
    match request.query("sortOrder") {
        None | Some("ASC" | "asc") => {}
        Some("DESC" | "desc") => found.reverse(),
        Some(other) => {
            return Err(refusal::validation(&format!("Invalid input: sortOrder {other}")));
        }
    }
    by_offset(request, &found, limit, true, |item| definition(portal, item, properties))
}

fn get(portal: &Portal, params: &Params) -> Result<Answer, Answer> {
    let wanted = param(params, 0);
    let found = in_use(portal).find(|item| {
        wanted == Events::custom_name(item.number) || wanted == portal.event_name(item.number)
    });
    let item = found.ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, definition(portal, &item, true).to_string()))
}

fn definition(portal: &Portal, item: &Item, with_properties: bool) -> Value {
    let name = Events::custom_name(item.number);
    let type_id = FIRST_TYPE + item.number * 3;
    let property = |name: &str, kind: &str, field: &str| {
        let own = name.starts_with("hs_");
        let options: &[&str] = if kind == "enumeration" { &["gold", "silver"] } else { &[] };
        let options = options.iter().enumerate().map(|(place, option)| {
            json!({ "label": option, "value": option, "displayOrder": place, "hidden": false })
        });
        json!({
            "name": name, "label": name, "description": "", "type": kind, "fieldType": field,
            "groupName": "eventinformation", "options": options.collect::<Value>(),
            "displayOrder": -1, "archived": false, "calculated": false, "externalOptions": false,
            "formField": false, "hasUniqueValue": false, "hidden": false, "hubspotDefined": own,
            "createdUserId": "771", "updatedUserId": "771", "dataSensitivity": "non_sensitive",
            "createdAt": iso(item.created_ms), "updatedAt": iso(item.updated_ms),
            "modificationMetadata": {
                "archivable": !own, "readOnlyDefinition": own, "readOnlyValue": own,
            },
        })
    };
    let properties = if with_properties {
        vec![
            property("amount", "number", "number"),
            property("plan", "enumeration", "select"),
            property("hs_tracking_name", "string", "text"),
        ]
    } else {
        Vec::new()
    };
    json!({
        "id": type_id.to_string(),
        "name": name,
        "fullyQualifiedName": portal.event_name(item.number),
        "labels": { "singular": name.replace('_', " ") },
        "objectTypeId": format!("6-{type_id}"),
        "primaryObject": "CONTACT",
        "primaryObjectId": "0-1",
        "trackingType": "MANUAL",
        "archived": false,
        "createdAt": iso(item.created_ms),
        "updatedAt": iso(item.updated_ms),
        "createdUserId": 771,
        "updatedUserId": 771,
        "description": "",
        "properties": properties,
        "associations": [],
    })
}
