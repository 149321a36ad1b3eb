//! Custom events of a portal.

use bytes::Bytes;
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{Link, Paging};
use super::pages::endless_list;
use super::properties::Definition;
use crate::error::Error;
use crate::http::Undecodable;
use crate::page_guard::PageGuard;
use crate::strict;

/// A custom event with its properties.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventDefinition {
    /// Short name, such as `demo_booked`.
    pub name: String,
    /// Name within all of HubSpot, such as `pe4455_demo_booked`: what occurrences carry.
    pub fully_qualified_name: String,
    /// The object type that the event happens to, as its type id; contacts if it is not said.
    #[serde(default = "contact")]
    pub primary_object_id: String,
    #[serde(default)]
    pub archived: bool,
    #[serde(default)]
    pub properties: Vec<Definition>,
}

fn contact() -> String {
    "0-1".into()
}

/// Asks for all custom events that are not archived, by name.
pub async fn event_definitions(api: Api<'_>) -> Result<Vec<EventDefinition>, Error> {
    let mut found = Vec::new();
    let (mut after, mut guard) = (None::<Link>, PageGuard::default());
    loop {
        let paging = after.map(|link| format!("&after={}", link.encoded())).unwrap_or_default();
        let tail = format!("?includeProperties=true&limit=100{paging}");
        let (definitions, next) = api.get(Endpoint::EventDefinitions, &tail, decode).await?;
        let count = definitions.len();
        found.extend(definitions);
        let Some(link) = next else { break };
        let followed = guard.follow(link.as_str(), count);
        followed.map_err(|endless| endless_list(api.subject.stream, endless))?;
        after = Some(link);
    }
    found.sort_by(|one, other| one.fully_qualified_name.cmp(&other.fully_qualified_name));
    found.dedup_by(|one, other| one.fully_qualified_name == other.fully_qualified_name);
    Ok(found)
}

#[derive(Deserialize)]
struct Answer<'body> {
    results: Vec<EventDefinition>,
    #[serde(borrow, default)]
    paging: Option<Paging<'body>>,
}

pub(super) fn decode(body: &Bytes) -> Result<(Vec<EventDefinition>, Option<Link>), Undecodable> {
    let body = strict::strict(body);
    let Answer { mut results, paging } = serde_json::from_slice(&body)?;
    results.retain(|definition| !definition.archived);
    for definition in &mut results {
        definition.properties.sort_by(|one, other| one.name.cmp(&other.name));
        definition.properties.dedup_by(|one, other| one.name == other.name);
    }
    Ok((results, paging.and_then(Paging::into_link)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archived_events_are_left_out() {
        let body = r#"{"results":[
            {"name":"demo","fullyQualifiedName":"pe4_demo","primaryObjectId":"0-2","archived":false,
             "properties":[{"name":"room","type":"string"},{"name":"cost","type":"number"}]},
            {"name":"old","fullyQualifiedName":"pe4_old","archived":true}],
            "paging":{"next":{"after":"x"}}}"#;
        let (found, next) = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        assert_eq!(next, Some(Link::new("x")));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].primary_object_id.as_str()), ("demo", "0-2"));
        assert_eq!(found[0].properties[0].name, "cost");
    }
}
