//! Compatibility of a published specification or catalog with a new one: existing connections must
//! keep working.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Returns the incompatible changes to a published `connectionSpecification`.
pub(crate) fn broken_in_spec(old: &Value, new: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    compare_form(old, new, "", &mut broken);
    broken
}

/// Returns the incompatible changes to a published catalog.
pub(crate) fn broken_in_catalog(old: &Value, new: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for old in list(&old["streams"]) {
        let name = old["name"].as_str().expect("a name");
        let Some(new) = list(&new["streams"]).iter().find(|stream| stream["name"] == name) else {
            broken.push(format!("{name} is gone"));
            continue;
        };
        for key in ["default_cursor_field", "source_defined_primary_key", "source_defined_cursor"] {
            if old[key] != new[key] {
                broken.push(format!("{name}: {key} is {} instead of {}", new[key], old[key]));
            }
        }
        for mode in lacking(list(&old["supported_sync_modes"]), list(&new["supported_sync_modes"]))
        {
            broken.push(format!("{name}: the mode {mode} is gone"));
        }
        compare_columns(&old["json_schema"], &new["json_schema"], name, &mut broken);
    }
    broken
}

/// Checks that a configuration that is valid for the old form is valid for the new one.
fn compare_form(old: &Value, new: &Value, place: &str, broken: &mut Vec<String>) {
    let mut say = |what: String| broken.push(format!("{place}: {what}"));
    for name in lacking(list(&new["required"]), list(&old["required"])) {
        say(format!("{name} is required"));
    }
    let (old_types, new_types) = (types(old), types(new));
    if !new_types.is_empty() && !old_types.iter().all(|kind| accepts(&new_types, kind)) {
        say(format!("the type is {new_types:?} instead of {old_types:?}"));
    }
    if new["enum"].is_array() {
        for value in lacking(list(&old["enum"]), list(&new["enum"])) {
            say(format!("{value} is no choice any more"));
        }
        if !old["enum"].is_array() {
            say("not every value is allowed any more".to_owned());
        }
    }
    for key in ["const", "pattern"] {
        if !new[key].is_null() && new[key] != old[key] {
            say(format!("{key} is {} instead of {}", new[key], old[key]));
        }
    }
    for (key, sign) in
        [("minimum", 1.0), ("maximum", -1.0), ("minLength", 1.0), ("maxLength", -1.0)]
    {
        let bound = |schema: &Value| schema[key].as_f64().map(|bound| bound * sign);
        if bound(new) > bound(old).or(Some(f64::NEG_INFINITY)).filter(|_| bound(new).is_some()) {
            say(format!("{key} is {} instead of {}", new[key], old[key]));
        }
    }
    if old["airbyte_secret"] == true && new["airbyte_secret"] != true {
        say("it is no secret any more".to_owned());
    }
    for (name, old) in fields(old) {
        let place = format!("{place}/{name}");
        match new["properties"].get(name) {
            Some(new) => compare_form(old, new, &place, broken),
            None => broken.push(format!("{place} is gone")),
        }
    }
    for old in list(&old["oneOf"]) {
        let place = format!("{place}/{}", choice(old));
        match list(&new["oneOf"]).iter().find(|new| choice(new) == choice(old)) {
            Some(new) => compare_form(old, new, &place, broken),
            None => broken.push(format!("{place} is gone")),
        }
    }
    if old["items"].is_object() {
        compare_form(&old["items"], &new["items"], &format!("{place}/items"), broken);
    }
}

/// Checks that the type of an existing destination column does not change; it may become nullable.
fn compare_columns(old: &Value, new: &Value, place: &str, broken: &mut Vec<String>) {
    let named = |schema: &Value| types(schema).into_iter().filter(|kind| kind != "null").collect();
    let (old_types, new_types): (BTreeSet<String>, BTreeSet<String>) = (named(old), named(new));
    if old_types != new_types {
        broken.push(format!("{place}: the type is {new_types:?} instead of {old_types:?}"));
    }
    for key in ["format", "airbyte_type"] {
        if old[key] != new[key] {
            broken.push(format!("{place}: {key} is {} instead of {}", new[key], old[key]));
        }
    }
    for (name, old) in fields(old) {
        let place = format!("{place}.{name}");
        match new["properties"].get(name) {
            Some(new) => compare_columns(old, new, &place, broken),
            None => broken.push(format!("{place} is gone")),
        }
    }
    if old["items"].is_object() {
        compare_columns(&old["items"], &new["items"], &format!("{place}[]"), broken);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn types(schema: &Value) -> BTreeSet<String> {
    let types = list(&schema["type"]).iter().chain([&schema["type"]]);
    types.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn accepts(types: &BTreeSet<String>, kind: &str) -> bool {
    types.contains(kind) || kind == "integer" && types.contains("number")
}

/// Returns the values of `these` that are not in `others`.
fn lacking<'a>(these: &'a [Value], others: &[Value]) -> Vec<&'a Value> {
    these.iter().filter(|value| !others.contains(value)).collect()
}

/// Returns the constant that identifies an option.
fn choice(option: &Value) -> &str {
    fields(option).find_map(|(_, field)| field["const"].as_str()).unwrap_or_default()
}
