//! Definitions of the account's custom events.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Events, Item, Portal, iso};
use crate::refusal;
use crate::route::{Params, param};
use crate::routes::collection::Call;
use crate::routes::paging::flag;

const FIRST_TYPE: u64 = 7_730_011;

/// Returns the definitions that are not archived; archived events cannot be queried.
fn in_use(portal: &Portal) -> impl Iterator<Item = Item> {
    portal.events().definitions.items().filter(|item| item.archived_ms.is_none())
}

/// Returns the requested definitions in the requested order.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<Item>, Answer> {
    let Call { portal, request, .. } = *call;
    with_properties(request)?;
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
    Ok(found)
}

/// Returns `true` if the request asks for the properties.
pub(crate) fn with_properties(request: &Request) -> Result<bool, Answer> {
    flag(request, "includeProperties", false)
}

/// Returns the definition with the short or the full name in the path.
pub(crate) fn find(portal: &Portal, params: &Params) -> Option<Item> {
    let wanted = param(params, 0);
    in_use(portal).find(|item| {
        wanted == Events::custom_name(item.number) || wanted == portal.event_name(item.number)
    })
}

pub(crate) fn definition(portal: &Portal, item: &Item, with_properties: bool) -> Value {
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
