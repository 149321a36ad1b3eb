//! Schemas of the custom object types.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, Store, iso};
use crate::route::{Params, param};
use crate::routes::collection::Call;
use crate::routes::paging::flag;
use crate::routes::properties::describe;

/// Returns the indices of the custom object types. None is archived.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<usize>, Answer> {
    Parts::of(call.request)?;
    let stores = call.portal.stores().iter().enumerate();
    let custom = stores.filter(|(_, store)| store.object.custom && !call.archived);
    Ok(custom.map(|(place, _)| place).collect())
}

/// Returns the index of the custom object type in the path.
pub(crate) fn find(portal: &Portal, params: &Params) -> Option<usize> {
    let place = portal.place(param(params, 0))?;
    portal.stores().get(place).is_some_and(|store| store.object.custom).then_some(place)
}

/// Optional parts of a schema.
#[derive(Clone, Copy)]
pub(crate) struct Parts {
    properties: bool,
    associations: bool,
}

impl Parts {
    pub(crate) const ALL: Self = Self { properties: true, associations: true };

    pub(crate) fn of(request: &Request) -> Result<Self, Answer> {
        Ok(Self {
            properties: flag(request, "includePropertyDefinitions", true)?,
            associations: flag(request, "includeAssociationDefinitions", true)?,
        })
    }
}

/// Returns the schema of the object type with an index.
pub(crate) fn schema(portal: &Portal, place: usize, parts: Parts) -> Value {
    portal.stores().get(place).map_or(Value::Null, |store| of_store(portal, store, parts))
}

fn of_store(portal: &Portal, store: &Store, parts: Parts) -> Value {
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
    if parts.properties {
        let definitions = store.definitions.iter().filter(|definition| !definition.archived);
        let definitions: Vec<Value> =
            definitions.map(|definition| describe(portal, store, definition)).collect();
        fields.insert("properties".to_owned(), definitions.into());
    }
    if parts.associations {
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
