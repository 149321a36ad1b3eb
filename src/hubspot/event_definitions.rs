//! Custom event definitions of a portal.

use bytes::Bytes;
use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{PageToken, Paging};
use super::pages::endless_list;
use super::properties::{Definition, usable};
use super::tolerant::{Readable, odd_as_default, text};
use crate::error::Error;
use crate::http::DecodeError;
use crate::page_guard::PageGuard;
use crate::strict;

/// A custom event with its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDefinition {
    /// Short name, such as `demo_booked`.
    pub name: String,
    /// Globally unique name, such as `pe4455_demo_booked`, used by occurrences.
    pub fully_qualified_name: String,
    /// Type id of the object type that the event belongs to; contacts if it is missing.
    pub primary_object_id: String,
    pub properties: Vec<Definition>,
}

/// A custom event in the response format.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SentDefinition {
    #[serde(default, deserialize_with = "odd_as_default")]
    name: String,
    fully_qualified_name: String,
    #[serde(default, deserialize_with = "text")]
    primary_object_id: String,
    #[serde(default, deserialize_with = "odd_as_default")]
    archived: bool,
    #[serde(default, deserialize_with = "odd_as_default")]
    properties: Readable<Definition>,
}

impl From<SentDefinition> for EventDefinition {
    fn from(sent: SentDefinition) -> Self {
        let SentDefinition {
            mut name,
            fully_qualified_name,
            mut primary_object_id,
            properties,
            ..
        } = sent;
        if name.is_empty() {
            name.clone_from(&fully_qualified_name);
        }
        if primary_object_id.is_empty() {
            "0-1".clone_into(&mut primary_object_id);
        }
        let properties = usable(&name, properties);
        Self { name, fully_qualified_name, primary_object_id, properties }
    }
}

/// Requests all custom events that are not archived, sorted by fully qualified name.
pub async fn event_definitions(api: Api<'_>) -> Result<Readable<EventDefinition>, Error> {
    let mut found = Readable::default();
    let (mut after, mut guard) = (None::<PageToken>, PageGuard::default());
    loop {
        let paging =
            after.map(|page_token| format!("&after={}", page_token.encoded())).unwrap_or_default();
        let tail = format!("?includeProperties=true&limit=100{paging}");
        let (page, next) = api.get(Endpoint::EVENT_DEFINITIONS, &tail, decode).await?;
        let count = page.entries.len() + page.unreadable.len();
        found.entries.extend(page.entries);
        found.unreadable.extend(page.unreadable);
        let Some(page_token) = next else { break };
        let followed = guard.follow(page_token.as_str(), count);
        followed.map_err(|endless| endless_list(api.request_context.stream, endless))?;
        after = Some(page_token);
    }
    found.entries.sort_by(|one, other| one.fully_qualified_name.cmp(&other.fully_qualified_name));
    found.entries.dedup_by(|one, other| one.fully_qualified_name == other.fully_qualified_name);
    Ok(found)
}

#[derive(Deserialize)]
struct DefinitionsResponse<'body> {
    #[serde(default)]
    results: Option<Readable<SentDefinition>>,
    #[serde(borrow, default)]
    paging: Option<Paging<'body>>,
}

/// The definitions of a page, and the token for the next page.
type Decoded = (Readable<EventDefinition>, Option<PageToken>);

pub(super) fn decode(body: &Bytes) -> Result<Decoded, DecodeError> {
    let body = strict::strict(body);
    let DefinitionsResponse { results, paging } = serde_json::from_slice(&body)?;
    let Readable { entries, unreadable } =
        results.ok_or_else(|| DecodeError::Incomplete("it has no `results`".to_owned()))?;
    let entries = entries.into_iter().filter(|sent| !sent.archived).map(EventDefinition::from);
    let found = Readable { entries: entries.collect(), unreadable };
    Ok((found, paging.and_then(Paging::into_link)))
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
        assert_eq!(next, Some(PageToken::new("x")));
        let found = found.entries;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].primary_object_id.as_str()), ("demo", "0-2"));
        assert_eq!(found[0].properties[0].name, "cost");
    }

    #[test]
    fn an_event_that_cannot_be_read_costs_no_other() {
        let body = r#"{"results":[
            {"name":null,"fullyQualifiedName":"pe4_a","primaryObjectId":null,"archived":null,"properties":null},
            {"name":"b","fullyQualifiedName":null},
            {"name":"c","fullyQualifiedName":"pe4_c","archived":"no","properties":[{"name":null}]}],
            "paging":{"next":{"after":null}}}"#;
        let (found, next) = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        let names: Vec<_> = found
            .entries
            .iter()
            .map(|event| (event.name.as_str(), event.primary_object_id.as_str()))
            .collect();
        assert_eq!((names, next), (vec![("pe4_a", "0-1"), ("c", "0-1")], None));
        assert!(found.unreadable.len() == 1 && found.unreadable[0].contains("`b`"));
    }
}
