//! Keys of the configuration that the spec does not declare.

use std::collections::BTreeSet;

use serde_json::Value;

use super::credentials::{belongs_inside, is_credential, is_token_name};
use super::did_you_mean;

/// Maximum number of unknown keys that are reported.
const REPORTED: usize = 20;
/// Maximum length of a key that is shown.
const SHOWN: usize = 64;
/// Maximum number of digits in a key that is shown; a token or an id has more.
const DIGITS: usize = 4;

/// Keys that Airbyte's platform, its Python framework and its Python connector store in a
/// configuration, besides those that begin with `_`.
const OF_OTHERS: [&str; 4] = ["auth_type", "scopes", "token_expiry_date", "$schema"];

/// Returns a sentence for each key that is ignored because `schema` does not declare it.
pub(super) fn unknown_keys(config: &Value, schema: &Value) -> Vec<String> {
    let mut search = Search { root: schema, seen: BTreeSet::new(), sentences: Vec::new() };
    search.visit(config, schema, "", "");
    search.sentences
}

struct Search<'a> {
    root: &'a Value,
    /// Keys that were reported, without the positions in lists.
    seen: BTreeSet<String>,
    sentences: Vec<String>,
}

impl Search<'_> {
    /// Visits a value. `path` is its location; `place` is the same without positions in lists.
    fn visit(&mut self, value: &Value, schema: &Value, path: &str, place: &str) {
        let join = |path: &str, key: &str| match path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        };
        if let (Some(entries), Some(items)) = (value.as_array(), schema.get("items")) {
            for (position, entry) in entries.iter().enumerate() {
                self.visit(entry, items, &join(path, &position.to_string()), place);
            }
        }
        let known = declared_keys(schema);
        let Some(object) = value.as_object().filter(|_| !known.is_empty()) else { return };
        // Without the object, credentials at the top level are a violation.
        let has_credentials = object.contains_key("credentials");
        for (key, value) in object {
            if path.is_empty() && is_credential(key) && !has_credentials {
                continue;
            }
            if let Some((_, schema)) = known.iter().find(|(name, _)| name == key) {
                self.visit(value, schema, &join(path, key), &join(place, key));
            } else if !is_of_others(key)
                && self.sentences.len() < REPORTED
                && self.seen.insert(join(place, key))
            {
                let names = known.iter().map(|(name, _)| *name);
                let sentence = self.sentence(key, path, &names.collect::<Vec<_>>());
                self.sentences.push(sentence);
            }
        }
    }

    fn sentence(&self, key: &str, path: &str, known: &[&str]) -> String {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
        if path.is_empty() && is_credential(key) {
            return format!("`{key}` is ignored here: {}", belongs_inside(&[key]));
        }
        if declared_keys(self.root).iter().any(|(name, _)| *name == key) {
            return format!(
                "`{prefix}{key}` is ignored here: `{key}` belongs at the top level of the \
                 configuration"
            );
        }
        let meant = match known.iter().find(|name| **name == "access_token") {
            Some(name) if is_token_name(key) => format!(" (did you mean `{name}`?)"),
            _ => did_you_mean(&key.replace('-', "_"), known.iter().copied()),
        };
        let name = if is_shown(key) {
            format!("`{prefix}{key}`")
        } else {
            let of = if path.is_empty() { String::new() } else { format!(" of `{path}`") };
            format!("a key{of}, whose name is not shown because it could be a secret,")
        };
        format!("{name} is not a key of the configuration and is ignored{meant}")
    }
}

/// Returns the keys that a schema declares in any variant, with their schemas.
fn declared_keys(schema: &Value) -> Vec<(&str, &Value)> {
    let variants = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let objects = [schema].into_iter().chain(variants);
    let properties = objects.filter_map(|schema| schema.get("properties")?.as_object()).flatten();
    properties.map(|(name, schema)| (name.as_str(), schema)).collect()
}

fn is_of_others(key: &str) -> bool {
    key.starts_with('_') || OF_OTHERS.contains(&key)
}

/// Returns `true` unless the name of the key could itself be a secret.
fn is_shown(key: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let digits = key.chars().filter(char::is_ascii_digit).count();
    key.len() <= SHOWN
        && digits <= DIGITS
        && !key.is_empty()
        && key.chars().all(is_plain)
        && !key.to_ascii_lowercase().starts_with("pat-")
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_keys_are_named_with_what_was_meant() {
        let token = || json!({ "access_token": "pat-canary" });
        for (case, config, expected) in [
            ("none", json!({ "credentials": token(), "num_worker": 3 }), vec![]),
            (
                "a misspelled key",
                json!({ "startdate": "2024-01-01", "num-worker": 3, "Start_Date": "x" }),
                vec![
                    "`Start_Date` is not a key of the configuration and is ignored (did you mean \
                     `start_date`?)",
                    "`num-worker` is not a key of the configuration and is ignored (did you mean \
                     `num_worker`?)",
                    "`startdate` is not a key of the configuration and is ignored (did you mean \
                     `start_date`?)",
                ],
            ),
            (
                "a key like no other",
                json!({ "colour": "red" }),
                vec!["`colour` is not a key of the configuration and is ignored"],
            ),
            (
                "in the credentials",
                json!({ "credentials": { "access_token": "pat-canary", "token": "pat-canary",
                    "clientid": "canary", "start_date": "2024-01-01" } }),
                vec![
                    "`credentials.clientid` is not a key of the configuration and is ignored (did \
                     you mean `client_id`?)",
                    "`credentials.start_date` is ignored here: `start_date` belongs at the top \
                     level of the configuration",
                    "`credentials.token` is not a key of the configuration and is ignored (did you \
                     mean `access_token`?)",
                ],
            ),
            (
                "in the entries of lists, each once",
                json!({ "record_filters": [{ "object": "deals", "valeu": "x" }, { "valeu": "y" }],
                    "record_ids": [{ "id": ["1"] }], "association_streams": [{ "from": "deals" }] }),
                vec![
                    "`association_streams.0.from` is not a key of the configuration and is ignored",
                    "`record_filters.0.valeu` is not a key of the configuration and is ignored (did \
                     you mean `value`?)",
                    "`record_ids.0.id` is not a key of the configuration and is ignored (did you \
                     mean `ids`?)",
                ],
            ),
            (
                "a token outside of the credentials",
                json!({ "credentials": token(), "access_token": "pat-canary" }),
                vec![
                    "`access_token` is ignored here: `access_token` belongs inside `credentials`: \
                     {\"credentials\": {\"access_token\": \"pat-na1-…\"}}",
                ],
            ),
            (
                "keys that may be secrets",
                json!({ "pat-na1-canary": 1, "PAT-NA1-canary": 1, "canary 1": 1,
                    "0a1b2c3d-4e5f-canary": 1, "canary".repeat(11): 1 }),
                vec![
                    "a key, whose name is not shown because it could be a secret, is not a key of \
                     the configuration and is ignored";
                    5
                ],
            ),
            (
                "keys of the platform, its framework and the Python connector",
                json!({ "__airbyte_check_stream_names": [], "_limit": 5, "_page_size": 5,
                    "__injected_declarative_manifest": {}, "$schema": "x",
                    "credentials": { "client_id": "1", "client_secret": "2", "refresh_token": "3",
                        "access_token": "old", "scopes": [], "token_expiry_date": "x" } }),
                vec![],
            ),
            ("no object", json!([{ "x": 1 }]), vec![]),
        ] {
            let mut found = unknown_keys(&config, &schema());
            found.sort();
            assert_eq!(found, expected, "{case}");
            assert!(found.iter().all(|sentence| !sentence.contains("canary")), "{case}");
        }
    }

    #[test]
    fn their_number_is_limited() {
        let config: Value = (0..99).map(|number| (format!("x{number}"), json!(1))).collect();
        assert_eq!(unknown_keys(&config, &schema()).len(), REPORTED);
    }
}
