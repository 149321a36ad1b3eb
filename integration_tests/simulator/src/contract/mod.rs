//! HubSpot's own description of its API: the requests it accepts and the responses it returns.
//!
//! `contract.json` is generated from HubSpot's `OpenAPI` documents (`integration_tests/contract/`).
//! [`check`] validates a value against a schema, [`judge`] validates requests and responses against
//! an operation.

pub mod check;
pub mod judge;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// The part of HubSpot's API documents that the connector's requests use.
#[derive(Debug, Deserialize)]
pub struct Contract {
    pub operations: Vec<Operation>,
    /// Endpoints that no document describes.
    pub undocumented: Vec<Undocumented>,
    /// Schemas by the names used in `$ref`.
    pub schemas: BTreeMap<String, Value>,
}

/// One method of one path.
#[derive(Debug, Deserialize)]
pub struct Operation {
    pub method: String,
    /// Path template with `{name}` for each variable segment.
    pub path: String,
    /// The document that describes the operation.
    pub document: String,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    /// Response schemas by status; `default` is the schema of every error response.
    pub answers: BTreeMap<String, Value>,
}

/// A parameter of a path or a query.
#[derive(Debug, Deserialize)]
pub struct Parameter {
    pub name: String,
    #[serde(rename = "in")]
    pub place: String,
    #[serde(default)]
    pub required: bool,
    pub schema: Value,
}

/// Body of a request.
#[derive(Debug, Deserialize)]
pub struct Body {
    pub media: String,
    pub schema: Value,
}

/// An endpoint without a document.
#[derive(Debug, Deserialize)]
pub struct Undocumented {
    pub method: String,
    pub path: String,
}

impl Contract {
    /// Returns the contract checked into the repository.
    ///
    /// # Panics
    ///
    /// If the file is not in the format that `generate.py` writes.
    pub fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| {
            let text = include_str!("../../../contract/contract.json");
            serde_json::from_str(text).unwrap_or_else(|error| panic!("contract.json: {error}"))
        })
    }

    /// Returns the operation for a method and a path. If several templates match, returns the one
    /// with the fewest variable segments.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let fits = |one: &&Operation| one.method == method && covers(&one.path, path);
        self.operations.iter().filter(fits).min_by_key(|one| one.path.matches('{').count())
    }

    /// Returns `true` if the request goes to a known endpoint that no document describes.
    pub fn is_undocumented(&self, method: &str, path: &str) -> bool {
        self.undocumented.iter().any(|one| one.method == method && covers(&one.path, path))
    }

    /// Resolves a `$ref`. Returns the schema itself if it is not a reference.
    pub fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str);
        name.and_then(|name| self.schemas.get(name)).unwrap_or(schema)
    }
}

impl Operation {
    /// Returns the schema of a response with this status.
    pub fn answer(&self, status: u16) -> Option<&Value> {
        let named = self.answers.get(&status.to_string());
        named.or_else(|| self.answers.get("default").filter(|_| status >= 400))
    }

    /// Returns the declared query parameter with this name. `objectProperty.{name}` matches any
    /// name.
    pub fn query(&self, name: &str) -> Option<&Parameter> {
        let mut parameters = self.parameters.iter().filter(|one| one.place == "query");
        parameters.find(|one| {
            let open = one.name.split_once('{').map(|(start, _)| start);
            one.name == name || open.is_some_and(|start| name.starts_with(start))
        })
    }
}

/// Returns `true` if the path matches the template.
fn covers(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let fits = template.split('/').all(|expected| {
        parts.next().is_some_and(|part| {
            if expected.starts_with('{') { !part.is_empty() } else { part == expected }
        })
    });
    fits && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_operation_with_the_fewest_open_segments() {
        let contract = Contract::get();
        for (method, path, expected) in [
            ("GET", "/crm/objects/2026-09/0-1", Some("/crm/objects/2026-09/{objectType}")),
            ("POST", "/crm/v3/objects/deals/search", Some("/crm/v3/objects/{objectType}/search")),
            ("GET", "/marketing/v3/campaigns/a-b", Some("/marketing/v3/campaigns/{campaignGuid}")),
            ("DELETE", "/crm/objects/2026-09/0-1", None),
            ("GET", "/crm/objects/2026-09/0-1/7/more", None),
            ("GET", "/crm/objects/2026-09/", None),
        ] {
            let found = contract.operation(method, path).map(|one| one.path.as_str());
            assert_eq!(found, expected, "{method} {path}");
        }
        assert!(contract.is_undocumented("GET", "/engagements/v1/engagements/paged"));
        assert!(!contract.is_undocumented("POST", "/engagements/v1/engagements/paged"));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(contract: &Contract, schema: &Value) {
            if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
                assert!(contract.schemas.contains_key(name), "{name}");
            }
            match schema {
                Value::Array(all) => all.iter().for_each(|one| walk(contract, one)),
                Value::Object(all) => all.values().for_each(|one| walk(contract, one)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let contract = Contract::get();
        contract.schemas.values().for_each(|schema| walk(contract, schema));
        for operation in &contract.operations {
            operation.answers.values().for_each(|schema| walk(contract, schema));
            operation.body.iter().for_each(|body| walk(contract, &body.schema));
        }
    }
}
