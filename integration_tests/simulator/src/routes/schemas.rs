//! Schemas of the custom object types.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, Store, iso};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::paging::flag;
use crate::routes::properties::describe;
use crate::routes::{any_of, param};

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "schemas.list",
        method: Method::GET,
        paths: &[
            "/crm/v3/schemas",
            "/crm-object-schemas/v3/schemas",
            "/crm-object-schemas/2026-03/schemas",
            "/crm-object-schemas/2026-09/schemas",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: schema_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "schemas.get",
        method: Method::GET,
        paths: &[
            "/crm/v3/schemas/{}",
            "/crm-object-schemas/v3/schemas/{}",
            "/crm-object-schemas/2026-03/schemas/{}",
            "/crm-object-schemas/2026-09/schemas/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: schema_scopes,
        handle: |portal, params, _| {
            let store = portal.store(param(params, 0)).filter(|store| store.object.custom);
            match store {
                Some(store) => Answer::json(200, schema(portal, store, true, true).to_string()),
                None => refusal::not_found(),
            }
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn schema_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["crm.schemas.custom.read", "crm.objects.custom.read"]))
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let properties = flag(request, "includePropertyDefinitions", true)?;
    let associations = flag(request, "includeAssociationDefinitions", true)?;
    let results: Vec<Value> = portal
        .stores()
        .iter()
        .filter(|store| store.object.custom && !archived)
        .map(|store| schema(portal, store, properties, associations))
        .collect();
    Ok(Answer::json(200, json!({ "results": results }).to_string()))
}

fn schema(portal: &Portal, store: &Store, properties: bool, associations: bool) -> Value {
    let object = &store.object;
    let number = object.id.trim_start_matches("2-");
    let created = iso(portal.start_ms - portal.start_ms % 3_600_000 - 86_400_000 * 1_480);
    let mut schema = json!({
        "id": number,
        "objectTypeId": object.id,
        "fullyQualifiedName": object.full_name,
        "name": object.plural,
        "labels": { "singular": object.label(false), "plural": object.label(true) },
        "primaryDisplayProperty": "display_name",
        "requiredProperties": ["display_name"],
        "searchableProperties": ["display_name", "serial_no"],
        "secondaryDisplayProperties": [],
        "allowsSensitiveProperties": false,
        "createdByUserId": 771,
        "updatedByUserId": 771,
        "archived": false,
        "createdAt": created,
        "updatedAt": created,
    });
    let Some(fields) = schema.as_object_mut() else { return schema };
    if properties {
        let definitions = store.definitions.iter().filter(|definition| !definition.archived);
        let definitions: Vec<Value> =
            definitions.map(|definition| describe(portal, store, definition)).collect();
        fields.insert("properties".to_owned(), definitions.into());
    }
    if associations {
        let link = json!([{
            "id": format!("{number}1"),
            "fromObjectTypeId": object.id,
            "toObjectTypeId": "0-1",
            "name": format!("{}_to_contact", object.singular),
        }]);
        fields.insert("associations".to_owned(), link);
    }
    schema
}
