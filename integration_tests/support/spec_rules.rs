//! Rules for specifications from Airbyte's tests.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// JSON schema keywords that Airbyte's forms do not support.
const EXOTIC: [&str; 13] = [
    "not",
    "anyOf",
    "patternProperties",
    "prefixItems",
    "allOf",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "$ref",
    "$defs",
    "definitions",
];

/// Property names, or suffixes of them, that indicate a secret.
const SECRETS: [&str; 16] = [
    "access_token",
    "api_token",
    "certificate",
    "client_secret",
    "client_token",
    "credentials",
    "jwt",
    "key",
    "password",
    "refresh_token",
    "secret",
    "service_account",
    "service_account_info",
    "token",
    "tenant_id",
    "app_id",
];
const SECRET_ENDS: [&str; 8] = [
    "_token",
    "_secret",
    "password",
    "api_key",
    "apikey",
    "secret_key",
    "private_key",
    "access_key",
];

/// Returns all violations of Airbyte's rules in a spec.
pub(crate) fn objections(spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let schema = &spec["connectionSpecification"];
    if schema["$schema"] != "http://json-schema.org/draft-07/schema#" {
        found.push("it is no draft 7".to_owned());
    }
    object(schema, "", &mut found);
    groups(schema, &mut found);
    auth(spec, &mut found);
    found
}

/// Checks that every property of the top level is in a declared group, and each group in use.
fn groups(schema: &Value, found: &mut Vec<String>) {
    let declared = schema["groups"].as_array().into_iter().flatten();
    let declared: Vec<_> = declared.map(|group| (&group["id"], &group["title"])).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    let used: Vec<_> = properties.map(|(name, property)| (name, &property["group"])).collect();
    for (name, group) in &used {
        if !declared.iter().any(|(id, _)| id == group) {
            found.push(format!("/{name}: is in no group"));
        }
    }
    for (id, title) in declared {
        if !title.is_string() || !used.iter().any(|(_, group)| *group == id) {
            found.push(format!("the group {id} has no title or no property"));
        }
    }
}

/// Checks an object and each of its properties.
fn object(schema: &Value, path: &str, found: &mut Vec<String>) {
    let nothing = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&nothing);
    let options = schema["oneOf"].as_array();
    if properties.is_empty() && options.is_none() {
        found.push(format!("{path}: an object without properties"));
    }
    if schema["additionalProperties"] == false {
        found.push(format!("{path}: refuses other keys"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if !properties.contains_key(name.as_str().unwrap_or_default()) {
            found.push(format!("{path}: requires {name}, which is no property"));
        }
    }
    let orders: Vec<_> =
        properties.values().filter_map(|property| property["order"].as_u64()).collect();
    if orders.iter().collect::<BTreeSet<_>>().len() < orders.len() {
        found.push(format!("{path}: two properties have one order"));
    }
    if let Some(options) = options {
        choice(options, path, found);
    }
    for (name, schema) in properties {
        property(name, schema, &format!("{path}/{name}"), found);
    }
}

/// Checks a `oneOf`: its options must be objects with exactly one common constant, which identifies
/// them.
fn choice(options: &[Value], path: &str, found: &mut Vec<String>) {
    let constants = |option: &Value| -> BTreeSet<String> {
        let properties = option["properties"].as_object().into_iter().flatten();
        properties
            .filter(|(_, schema)| schema.get("const").is_some())
            .map(|(name, _)| name.clone())
            .collect()
    };
    let common =
        options.iter().map(constants).reduce(|one, other| &one & &other).unwrap_or_default();
    if common.len() != 1 {
        found.push(format!("{path}: its options have {} constants in common", common.len()));
    }
    for (place, option) in options.iter().enumerate() {
        let path = format!("{path}/{place}");
        if option["type"] != "object" {
            found.push(format!("{path}: an option that is no object"));
        }
        for name in &common {
            let schema = &option["properties"][name];
            let differs = |key: &str, expected: Value| {
                schema.get(key).is_some_and(|value| *value != expected)
            };
            let constant = schema["const"].clone();
            if differs("default", constant.clone()) || differs("enum", json!([constant])) {
                found.push(format!("{path}: {name} is not its constant"));
            }
            if !option["required"]
                .as_array()
                .is_some_and(|required| required.contains(&json!(name)))
            {
                found.push(format!("{path}: {name} is not required"));
            }
        }
        object(option, &path, found);
    }
}

/// Checks one property.
fn property(name: &str, schema: &Value, path: &str, found: &mut Vec<String>) {
    let mut object_to = |what: &str| found.push(format!("{path}: {what}"));
    for key in EXOTIC.iter().filter(|key| schema.get(**key).is_some()) {
        object_to(&format!("has {key}"));
    }
    if !["title", "description"].iter().all(|key| schema[*key].is_string())
        && !path.ends_with("/items")
    {
        object_to("lacks a title or a description");
    }
    let types = schema["type"].as_array().map(Vec::as_slice);
    let types = types.unwrap_or(std::slice::from_ref(&schema["type"]));
    if types.iter().filter(|name| name.is_string() && **name != "null").count() != 1 {
        object_to("is not of one type");
    }
    if schema.get("oneOf").is_some() && schema["type"] != "object" {
        object_to("is a choice and no object");
    }
    if schema.get("display_type").is_some() && schema.get("oneOf").is_none()
        || schema.get("group").is_some() && path.matches('/').count() > 1
    {
        object_to("is displayed in a way that is not known everywhere");
    }
    let options = schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
    if options.iter().map(Value::to_string).collect::<BTreeSet<_>>().len() < options.len() {
        object_to("lists an option twice");
    }
    if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains("{4}-"))
        && schema.get("format").is_none()
    {
        object_to("is a date without a format");
    }
    let is_plain = ["string", "integer", "number"].iter().any(|plain| schema["type"] == *plain);
    let is_secret = SECRETS.contains(&name) || SECRET_ENDS.iter().any(|end| name.ends_with(end));
    match schema.get("airbyte_secret") {
        None if is_secret && is_plain && schema.get("const").is_none() => {
            object_to("is a secret and not marked");
        }
        Some(Value::Bool(true)) if !is_plain || schema.get("const").is_some() => {
            object_to("cannot be a secret");
        }
        None | Some(Value::Bool(_)) => {}
        Some(_) => object_to("is marked by something else than a boolean"),
    }
    if schema["type"] == "object" {
        object(schema, path, found);
    }
    if schema["type"] == "array" {
        property(name, &schema["items"], &format!("{path}/items"), found);
    }
}

/// Checks the authentication settings: paths must exist, and OAuth must be the first option.
fn auth(spec: &Value, found: &mut Vec<String>) {
    let root = &spec["connectionSpecification"];
    let auth = &spec["advanced_auth"];
    let key = path(&auth["predicate_key"]);
    let first = &root["properties"]["credentials"]["oneOf"][0]["properties"];
    if key.first().is_none_or(|key| key != "credentials")
        || first[key.last().map_or("", String::as_str)]["const"] != auth["predicate_value"]
    {
        found.push("the first option is not the one that the predicate names".to_owned());
    }
    let blocks = auth["oauth_config_specification"].as_object().into_iter().flatten();
    for (_, block) in blocks {
        for (name, schema) in block["properties"].as_object().into_iter().flatten() {
            let Some(place) = schema.get("path_in_connector_config") else { continue };
            let exists = match path(place).as_slice() {
                [top, key] => top == "credentials" && first.get(key).is_some(),
                _ => false,
            };
            if !exists {
                found.push(format!("{name} leads to {place}, which is not there"));
            }
        }
    }
}

fn path(value: &Value) -> Vec<String> {
    let keys = value.as_array().into_iter().flatten();
    keys.filter_map(Value::as_str).map(str::to_owned).collect()
}
