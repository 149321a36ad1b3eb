//! Custom object definitions of a portal.

use bytes::Bytes;
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::properties::{Definition, usable};
use super::tolerant::{Readable, odd_as_default};
use crate::error::Error;
use crate::http::DecodeError;
use crate::strict;

/// A custom object with its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomObject {
    /// Short name, such as `boats`.
    pub name: String,
    /// Globally unique name, such as `p4455_boats`, used in paths.
    pub fully_qualified_name: String,
    /// Type id, such as `2-17`; newer objects have higher ones.
    pub object_type_id: Option<String>,
    pub properties: Vec<Definition>,
}

/// A custom object in the response format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectSchema {
    name: String,
    #[serde(default, deserialize_with = "odd_as_default")]
    fully_qualified_name: String,
    #[serde(default, deserialize_with = "odd_as_default")]
    object_type_id: Option<String>,
    #[serde(default, deserialize_with = "odd_as_default")]
    properties: Readable<Definition>,
}

/// Requests all custom objects, sorted by fully qualified name.
pub async fn custom_objects(api: Api<'_>) -> Result<Readable<CustomObject>, Error> {
    api.get(Endpoint::SCHEMAS, "?archived=false", decode).await
}

#[derive(Deserialize)]
struct SchemasResponse {
    #[serde(default)]
    results: Option<Readable<ObjectSchema>>,
}

pub(super) fn decode(body: &Bytes) -> Result<Readable<CustomObject>, DecodeError> {
    let SchemasResponse { results } = serde_json::from_slice(&strict::strict(body))?;
    let Readable { entries, unreadable } =
        results.ok_or_else(|| DecodeError::Incomplete("it has no `results`".to_owned()))?;
    let mut entries: Vec<_> = entries.into_iter().map(CustomObject::from).collect();
    entries.sort_by(|one, other| one.fully_qualified_name.cmp(&other.fully_qualified_name));
    Ok(Readable { entries, unreadable })
}

impl From<ObjectSchema> for CustomObject {
    fn from(schema: ObjectSchema) -> Self {
        let ObjectSchema { name, mut fully_qualified_name, object_type_id, properties } = schema;
        if fully_qualified_name.is_empty() {
            fully_qualified_name = format!("p_{name}");
        }
        let properties = usable(&name, properties);
        Self { name, fully_qualified_name, object_type_id, properties }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_full_name_is_made_from_the_short_one() {
        let body =
            r#"{"results":[{"name":"cars"},{"name":"boats","fullyQualifiedName":"p4_boats"}]}"#;
        let found = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let names: Vec<_> =
            found.entries.iter().map(|object| object.fully_qualified_name.as_str()).collect();
        assert_eq!(names, ["p4_boats", "p_cars"]);
    }

    #[test]
    fn an_object_that_cannot_be_read_costs_no_other() {
        let body = r#"{"results":[
            {"name":"boats","fullyQualifiedName":null,"properties":null},
            {"name":"cars","fullyQualifiedName":"p4_cars","properties":[
                {"name":"x","fieldType":null},{"name":null}]},
            {"name":null,"fullyQualifiedName":"p4_planes","properties":[]},
            {"name":"vans","properties":7}]}"#;
        let found = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let objects: Vec<_> = found
            .entries
            .iter()
            .map(|object| (object.fully_qualified_name.as_str(), object.properties.len()))
            .collect();
        assert_eq!(objects, [("p4_cars", 1), ("p_boats", 0), ("p_vans", 0)]);
        assert!(found.unreadable.len() == 1 && found.unreadable[0].contains("`p4_planes`"));
    }
}
