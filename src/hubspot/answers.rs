//! All response decoders, for fuzzing with arbitrary bytes.

use bytes::Bytes;

use super::associations::{self, inline_associations};
use super::page::{Page, PageLayout, PagingKind};
use super::{account, event_definitions, object_library, properties, schemas};
use crate::http::DecodeError;

/// Decodes a response and discards the result.
pub type Reader = fn(&Bytes) -> Result<(), DecodeError>;

/// All decoders of success responses except those for tokens, by name.
pub const ANSWERS: &[(&str, Reader)] = &[
    ("account", |body| account::decode(body).map(drop)),
    ("daily usage", |body| account::decode_usage(body).map(drop)),
    ("associations", |body| associations::read_each(body)),
    ("inline associations", |body| {
        let text = str::from_utf8(body).unwrap_or_default();
        inline_associations(text).map(drop).map_err(DecodeError::from)
    }),
    ("event definitions", |body| event_definitions::decode(body).map(drop)),
    ("object library", |body| object_library::decode(body).map(drop)),
    ("properties", |body| properties::decode(body).map(drop)),
    ("custom objects", |body| schemas::decode(body).map(drop)),
];

/// Names of the record lists in all page layouts; empty if the body itself is the list.
const LISTS: &[&str] =
    &["", "campaigns", "events", "lists", "results", "subscriptionDefinitions", "timeline"];

/// Decodes a body with every page layout and returns those that succeed.
pub fn pages(body: &Bytes) -> Vec<Page> {
    let kinds = [PagingKind::None, PagingKind::PageToken, PagingKind::Offset];
    let layouts =
        LISTS.iter().flat_map(|&records| kinds.map(|paging| PageLayout { records, paging }));
    let lists = layouts.filter_map(|shape| Page::decode_as(shape, body).ok());
    lists.chain(Page::single(body)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Returns a response of each kind with all fields, and the JSON pointers of the required ones.
    fn full() -> Vec<(&'static str, Value, &'static [&'static str])> {
        let definition = json!({ "name": "n", "type": "number", "fieldType": "number", "createdAt": "2024-01-01T00:00:00Z", "archived": false });
        let paging = json!({ "next": { "after": "7", "link": "l" } });
        vec![
            (
                "account",
                json!({ "portalId": 7, "timeZone": "Europe/Berlin", "utcOffsetMilliseconds": 1, "currency": "EUR" }),
                &["/portalId"],
            ),
            (
                "daily usage",
                json!({ "results": [{ "name": "n", "usageLimit": 9, "currentUsage": 3, "collectedAt": "x" }] }),
                &[],
            ),
            (
                "associations",
                json!({ "status": "COMPLETE", "numErrors": 1, "results": [{ "from": { "id": "1" }, "paging": paging, "to": [
                    { "toObjectId": 5, "associationTypes": [{ "typeId": 1, "category": "c", "label": "l" }] },
                ] }], "errors": [{ "status": "error", "category": "OBJECT_NOT_FOUND", "message": "m", "context": { "id": ["7"] } }] }),
                &[
                    "/results",
                    "/results/0",
                    "/results/0/from",
                    "/results/0/from/id",
                    "/results/0/to/0",
                    "/results/0/to/0/toObjectId",
                    "/results/0/to/0/associationTypes/0",
                    "/results/0/to/0/associationTypes/0/typeId",
                ],
            ),
            (
                "inline associations",
                json!({ "deals": { "paging": paging, "results": [{ "id": "5", "type": "t" }] } }),
                &["/deals/results/0/id"],
            ),
            (
                "event definitions",
                json!({ "results": [{ "name": "e", "fullyQualifiedName": "pe1_e", "primaryObjectId": "0-1", "archived": false,
                    "properties": [definition] }], "paging": paging }),
                &["/results"],
            ),
            ("object library", json!({ "enablementByObjectTypeId": { "0-1": true } }), &[]),
            ("properties", json!({ "results": [definition] }), &["/results"]),
            (
                "custom objects",
                json!({ "results": [{ "name": "o", "fullyQualifiedName": "p1_o", "properties": [definition] }] }),
                &["/results"],
            ),
        ]
    }

    /// Collects the JSON pointers of everything inside a value.
    fn places(value: &Value, at: &str, into: &mut Vec<String>) {
        let inside: Vec<(String, &Value)> = match value {
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect()
            }
            Value::Array(entries) => (0..)
                .zip(entries)
                .map(|(place, entry): (usize, _)| (format!("{at}/{place}"), entry))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for (place, value) in inside {
            places(value, &place, into);
            into.push(place);
        }
    }

    #[test]
    fn every_field_may_be_null_that_need_not_be_there() {
        let answers = full();
        for (name, read) in ANSWERS {
            let (_, answer, required) = answers.iter().find(|(of, ..)| of == name).expect(name);
            let is_read = |answer: &Value| read(&answer.to_string().into()).is_ok();
            assert!(is_read(answer), "{name}");
            let mut all = Vec::new();
            places(answer, "", &mut all);
            for place in all {
                let mut answer = answer.clone();
                *answer.pointer_mut(&place).expect("a place") = Value::Null;
                assert_eq!(is_read(&answer), !required.contains(&place.as_str()), "{name}{place}");
            }
        }
    }
}
