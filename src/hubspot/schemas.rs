//! Custom objects of a portal.

use bytes::Bytes;
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::properties::Definition;
use crate::error::Error;
use crate::http::Undecodable;
use crate::strict;

/// A custom object with its properties.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomObject {
    /// Short name, such as `boats`.
    pub name: String,
    /// Name within all of HubSpot, such as `p4455_boats`: what paths take.
    #[serde(default)]
    pub fully_qualified_name: String,
    /// Id of the type, such as `2-17`; a later object has a higher one.
    #[serde(default)]
    pub object_type_id: Option<String>,
    #[serde(default)]
    pub properties: Vec<Definition>,
}

/// Asks for all custom objects, by name.
pub async fn custom_objects(api: Api<'_>) -> Result<Vec<CustomObject>, Error> {
    api.get(Endpoint::Schemas, "?archived=false", decode).await
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<CustomObject>,
}

pub(super) fn decode(body: &Bytes) -> Result<Vec<CustomObject>, Undecodable> {
    let Answer { mut results } = serde_json::from_slice(&strict::strict(body))?;
    for object in &mut results {
        if object.fully_qualified_name.is_empty() {
            object.fully_qualified_name = format!("p_{}", object.name);
        }
        object.properties.sort_by(|one, other| one.name.cmp(&other.name));
        object.properties.dedup_by(|one, other| one.name == other.name);
    }
    results.sort_by(|one, other| one.fully_qualified_name.cmp(&other.fully_qualified_name));
    Ok(results)
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
            found.iter().map(|object| object.fully_qualified_name.as_str()).collect();
        assert_eq!(names, ["p4_boats", "p_cars"]);
    }
}
