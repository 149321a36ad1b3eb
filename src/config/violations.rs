//! Messages for violations of the spec. They contain no values of the configuration.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::credentials::{MISSING, SHAPE, TITLES, belongs_inside, is_credential};
use super::did_you_mean;
use crate::input::type_name;

/// Maximum number of allowed values that a message lists even if one of them was probably meant.
const SHORT: usize = 15;

/// Other spellings of the operators of HubSpot's search.
const OPERATORS: [(&str, &str); 14] = [
    ("=", "EQ"),
    ("==", "EQ"),
    ("!=", "NEQ"),
    ("<>", "NEQ"),
    ("<", "LT"),
    ("<=", "LTE"),
    (">", "GT"),
    (">=", "GTE"),
    ("EQUALS", "EQ"),
    ("GREATER", "GT"),
    ("LESS", "LT"),
    ("LIKE", "CONTAINS_TOKEN"),
    ("CONTAINS", "CONTAINS_TOKEN"),
    ("EXISTS", "HAS_PROPERTY"),
];

/// Returns a message for each violation of `schema` by `config`.
pub(super) fn violations(config: &Value, schema: &Value) -> Vec<String> {
    if !config.is_object() {
        return vec![format!("it must be a JSON object {{…}}, not {}", type_name(config))];
    }
    // `start_date` accepts more formats than the spec declares.
    let validator = jsonschema::options()
        .should_validate_formats(false)
        .build(schema)
        .expect("spec.json holds a schema");
    let mut messages: Vec<String> = Vec::new();
    for message in validator.iter_errors(config).flat_map(|error| in_words(&error, schema)) {
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages
}

fn in_words(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let ValidationErrorKind::OneOfNotValid { context } = error.kind() else {
        return vec![sentence(error, schema)];
    };
    let Some(credentials) = error.instance().as_object() else {
        // The type is another violation.
        return Vec::new();
    };
    if !credentials.contains_key("credentials_title") {
        return vec![MISSING.to_owned()];
    }
    // The intended variant is the one whose constant matches.
    let meant = context.iter().find(|variant| {
        variant.iter().all(|error| !error.instance_path().as_str().ends_with("/credentials_title"))
    });
    match meant {
        Some(errors) => errors.iter().flat_map(|error| in_words(error, schema)).collect(),
        None => vec![format!("`credentials.credentials_title` must be {TITLES}, or be left out")],
    }
}

fn sentence(error: &ValidationError<'_>, schema: &Value) -> String {
    let path = error.instance_path().as_str().trim_start_matches('/').replace('/', ".");
    if let ValidationErrorKind::Required { property } = error.kind() {
        return missing(&path, property.as_str().unwrap_or_default(), error.instance());
    }
    let declared = declared(schema, &path).unwrap_or(&Value::Null);
    if matches!(error.kind(), ValidationErrorKind::Type { .. }) {
        return wrong_type(&path, error.instance(), declared);
    }
    if let ValidationErrorKind::Enum { options } = error.kind() {
        let options = options.as_array().into_iter().flatten().filter_map(Value::as_str);
        return not_an_option(&path, error.instance(), &options.collect::<Vec<_>>());
    }
    if matches!(error.kind(), ValidationErrorKind::Minimum { .. }) {
        return format!("`{path}` is too small; write {}", needed(declared));
    }
    if matches!(error.kind(), ValidationErrorKind::Maximum { .. }) {
        return format!("`{path}` is too large; write {}", needed(declared));
    }
    if matches!(error.kind(), ValidationErrorKind::Pattern { .. }) {
        return format!("`{path}` is not an id; write its digits, at most 19, in quotes");
    }
    format!("`{path}`: {}", error.masked_with("the value"))
}

/// Describes a missing key, and where it is instead, if the key is somewhere else.
fn missing(path: &str, key: &str, instance: &Value) -> String {
    let elsewhere = instance.as_object().into_iter().flatten().map(|(key, _)| key.as_str());
    let elsewhere: Vec<_> = elsewhere.filter(|key| is_credential(key)).collect();
    match path {
        "" if key == "credentials" && !elsewhere.is_empty() => belongs_inside(&elsewhere),
        "" => format!("`{key}` is missing"),
        path => format!("`{path}.{key}` is missing"),
    }
}

fn wrong_type(path: &str, found: &Value, declared: &Value) -> String {
    let declared_type = declared.get("type").and_then(Value::as_str).unwrap_or_default();
    let is_number = declared_type == "integer";
    let is_unquoted = is_number || declared_type == "boolean";
    let found_type =
        if found.is_number() && is_number { "a number with a fraction" } else { type_name(found) };
    let advice = if found.is_string() && is_unquoted {
        " without quotes"
    } else if found.is_null() && path != "credentials" {
        ", or leave the key out"
    } else {
        ""
    };
    format!("`{path}` is {found_type}; write {}{advice}", needed(declared))
}

fn not_an_option(path: &str, found: &Value, options: &[&str]) -> String {
    let found = found.as_str().unwrap_or_default().trim();
    let alias = OPERATORS.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(found));
    let alias = alias.filter(|(_, operator)| options.contains(operator));
    let meant = match alias {
        Some((_, operator)) => format!(" (did you mean `{operator}`?)"),
        None => did_you_mean(&found.replace([' ', '-'], "_"), options.iter().copied()),
    };
    if !meant.is_empty() && options.len() > SHORT {
        return format!("`{path}` has an unknown value{meant}");
    }
    format!("`{path}` has an unknown value{meant}; write one of {}", options.join(", "))
}

/// Describes the value that a key takes.
fn needed(declared: &Value) -> String {
    let bound = |key: &str| declared.get(key).and_then(Value::as_i64);
    match declared.get("type").and_then(Value::as_str).unwrap_or_default() {
        "integer" => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            (Some(_) | None, Some(_) | None) => "a whole number".to_owned(),
        },
        "boolean" => "true or false".to_owned(),
        "array" => {
            let examples = declared.get("examples").and_then(Value::as_array);
            let example = examples.and_then(|examples| examples.first());
            let required = declared.pointer("/items/required").and_then(Value::as_array);
            let required = required.into_iter().flatten();
            let keys: Vec<_> = required.map(|key| format!("{key}: …")).collect();
            match example {
                Some(example) => format!("a list such as {example}"),
                None if keys.is_empty() => "a list […]".to_owned(),
                None => format!("a list of objects [{{{}}}]", keys.join(", ")),
            }
        }
        "object" if declared.get("oneOf").is_some() => format!("an object: {SHAPE}"),
        "object" => "an object {…}".to_owned(),
        _ => "a text in double quotes".to_owned(),
    }
}

/// Returns the part of the schema that applies to a path of the configuration.
fn declared<'a>(schema: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(schema, |schema, key| {
        if key.bytes().all(|byte| byte.is_ascii_digit()) {
            return schema.get("items");
        }
        let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let mut all = [schema].into_iter().chain(variants);
        all.find_map(|schema| schema.get("properties")?.get(key))
    })
}
