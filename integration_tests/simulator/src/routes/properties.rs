//! Property definitions, in the current and in the v2 format.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Definition, Kind, Portal, Role, Store, iso};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, Scopes, param};
use crate::routes::collection::Call;
use crate::routes::object_types::store_of;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "properties.batch_read",
    method: Method::POST,
    paths: &[
        "/crm/v3/properties/{}/batch/read",
        "/crm/properties/2026-03/{}/batch/read",
        "/crm/properties/2026-09/{}/batch/read",
    ],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::OfPath(definition_scopes),
    handler: Handler::Function(batch_read),
}];

/// HubSpot: forms are an object type in v2. The simulator returns one property for it.
const FORM: &str = "form";

/// Returns alternatives: the scope for the records or the one for their schema.
pub(crate) fn definition_scopes(portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
    let object = &store_of(portal, params, 0)?.object;
    let mut scopes: Scopes =
        object.scopes.iter().flatten().map(|scope| vec![scope.clone()]).collect();
    let name = if object.custom { "custom" } else { object.plural.as_str() };
    scopes.push(vec![format!("crm.schemas.{name}.read")]);
    Ok(scopes)
}

/// Returns the scopes of the v2 format, which needs none for forms.
pub(crate) fn definition_scopes_v2(portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
    if param(params, 0) == FORM { Ok(Scopes::new()) } else { definition_scopes(portal, params) }
}

/// Returns the definitions of the object type in the path.
pub(crate) fn list(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let Call { portal, params, request, archived } = *call;
    let store = store_of(portal, params, 0)?;
    // None of the simulator's properties is sensitive.
    let plain = request.query("dataSensitivity").is_none_or(|level| level == "non_sensitive");
    let definitions = store.definitions.iter();
    Ok(definitions
        .filter(|definition| plain && definition.archived == archived)
        .map(|definition| describe(portal, store, definition))
        .collect())
}

/// Returns the definition with the name in the path.
pub(crate) fn get(call: &Call<'_>) -> Result<Value, Answer> {
    let Call { portal, params, .. } = *call;
    let store = store_of(portal, params, 0)?;
    let name = param(params, 1);
    let (_, definition) = store
        .definition(name)
        .ok_or_else(|| refusal::unknown_definition(&store.object.singular, name))?;
    Ok(describe(portal, store, definition))
}

/// Returns the property groups of the object type in the path.
pub(crate) fn groups(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let store = store_of(call.portal, call.params, 0)?;
    let label = format!("{} information", store.object.label(false));
    let group = group(store);
    Ok(vec![json!({ "name": group, "label": label, "displayOrder": 0, "archived": false })])
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    archived: bool,
    #[serde(default, rename = "dataSensitivity")]
    _data_sensitivity: Option<String>,
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    name: String,
}

fn batch_read(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let store = store_of(portal, params, 0)?;
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for input in &body.inputs {
        let place = store.by_name.get(&input.name);
        let definition = place.and_then(|place| store.definitions.get(*place));
        match definition.filter(|definition| definition.archived == body.archived) {
            Some(definition) => results.push(describe(portal, store, definition)),
            None => missing.push(input.name.as_str()),
        }
    }
    let now = iso(request.now_ms);
    let mut answer = json!({
        "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now,
    });
    let mut status = 200;
    if !missing.is_empty()
        && let Some(fields) = answer.as_object_mut()
    {
        status = 207;
        fields.insert("numErrors".to_owned(), 1.into());
        let errors = json!([{
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": "Some properties do not exist.", "context": { "name": missing },
        }]);
        fields.insert("errors".to_owned(), errors);
    }
    Ok(Answer::json(status, answer.to_string()))
}

/// Returns the definitions of the object type in the path, in the v2 format.
pub(crate) fn list_v2(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    if param(call.params, 0) == FORM {
        let id = json!({ "name": "hs_object_id", "label": "Record ID", "type": "number" });
        return Ok(vec![id]);
    }
    let store = store_of(call.portal, call.params, 0)?;
    let definitions = store.definitions.iter();
    Ok(definitions
        .filter(|definition| !definition.archived)
        .map(|definition| {
            json!({
                "name": definition.name,
                "label": definition.label(),
                "type": definition.kind.type_name(),
                "fieldType": definition.kind.field_type(),
                "groupName": group(store),
                "description": definition.description(),
                "options": options(definition),
                "displayOrder": -1,
                "hidden": false,
                "formField": !definition.built_in(),
                "calculated": definition.calculated,
                "hubspotDefined": definition.built_in(),
                "readOnlyValue": read_only(definition),
                "deleted": false,
            })
        })
        .collect())
}

/// Returns a definition in the format of v3 and the dated versions.
pub(crate) fn describe(portal: &Portal, store: &Store, definition: &Definition) -> Value {
    let random = definition.salt;
    let before = portal.start_ms - portal.start_ms % 86_400_000 - 86_400_000 * 1_500;
    let before = before + i64::try_from(random % 40_000_000_000).unwrap_or_default();
    let created_ms = definition.defined_ms.unwrap_or(before);
    let mut described = json!({
        "name": definition.name,
        "label": definition.label(),
        "type": definition.kind.type_name(),
        "fieldType": if definition.calculated { "calculation_equation" } else { definition.kind.field_type() },
        "groupName": group(store),
        "description": definition.description(),
        "options": options(definition),
        "displayOrder": -1,
        "hasUniqueValue": matches!(definition.role, Role::Id | Role::Email),
        "hidden": false,
        "formField": !definition.built_in(),
        "calculated": definition.calculated,
        "externalOptions": false,
        "dataSensitivity": "non_sensitive",
        "archived": definition.archived,
        "modificationMetadata": {
            "archivable": !definition.built_in(),
            "readOnlyDefinition": definition.built_in(),
            "readOnlyValue": read_only(definition),
        },
    });
    let Some(fields) = described.as_object_mut() else { return described };
    // HubSpot: some of its own definitions have no dates, and fields that do not apply are omitted.
    if !(definition.built_in() && random.is_multiple_of(8)) {
        fields.insert("createdAt".to_owned(), iso(created_ms).into());
        fields.insert("updatedAt".to_owned(), iso(created_ms + 3_000_123).into());
    }
    if definition.built_in() {
        fields.insert("hubspotDefined".to_owned(), true.into());
    } else {
        fields.insert("createdUserId".to_owned(), "771".into());
        fields.insert("updatedUserId".to_owned(), "772".into());
    }
    if definition.calculated {
        let formula = format!("if is_known({0}) then {0} else 0", definition.name);
        fields.insert("calculationFormula".to_owned(), formula.into());
    }
    for (kind, name, value) in [
        (Kind::Money, "showCurrencySymbol", json!(true)),
        (Kind::Owner, "referencedObjectType", json!("OWNER")),
        (Kind::DateTime, "dateDisplayHint", json!("absolute")),
    ] {
        if definition.kind == kind {
            fields.insert(name.to_owned(), value);
        }
    }
    if definition.archived {
        fields.insert("archivedAt".to_owned(), iso(portal.start_ms).into());
    }
    described
}

fn group(store: &Store) -> String {
    format!("{}information", store.object.singular.replace('_', ""))
}

fn read_only(definition: &Definition) -> bool {
    definition.calculated || !matches!(definition.role, Role::Plain | Role::Email)
}

fn options(definition: &Definition) -> Vec<Value> {
    let options = definition.kind.options().iter().enumerate();
    options
        .map(|(place, option)| {
            let mut shown =
                json!({ "label": option, "value": option, "displayOrder": place, "hidden": false });
            if definition.salt.wrapping_add(place as u64).is_multiple_of(14)
                && let Some(fields) = shown.as_object_mut()
            {
                fields.insert("description".to_owned(), "Chosen by hand".into());
            }
            shown
        })
        .collect()
}
