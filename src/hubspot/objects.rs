//! The read operations that every CRM object type has: list, search, batch read.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::limits::{LIST_PAGE, SEARCH_PAGE, URL_CHARACTERS};
use super::page::{Link, Page};
use crate::error::Error;
use crate::http::Bucket;
use crate::time::Millis;

/// A page of the list: ascending by id, no filter.
#[derive(Debug, Clone)]
pub struct ListQuery<'a> {
    pub object: &'a str,
    pub properties: &'a [String],
    pub associations: &'a [&'a str],
    pub archived: bool,
    pub after: Option<Link>,
}

/// A page of a search for records modified in `[from, to)` with an id above `above`, by id.
///
/// ```text
/// modified ≥ from  AND  modified < to  AND  id > above      bounds applied by HubSpot
/// ```
///
/// and, if `having` names properties, with a value in at least one of them.
///
/// The offset of HubSpot's own paging is 0 but for an empty page that says it is not the last.
#[derive(Debug, Clone)]
pub struct SearchQuery<'a> {
    pub object: &'a str,
    /// The property that says when a record was modified.
    pub modified: &'a str,
    pub having: &'a [&'a str],
    pub properties: &'a [String],
    pub from: Millis,
    pub to: Millis,
    pub above: RecordId,
    pub offset: Option<Link>,
}

/// What stays as it is in a query: the characters of property names and the comma between them.
pub(super) const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b',');

/// Would these property names fit the URL of a list request?
pub fn fits_one_url(properties: &[String]) -> bool {
    properties.iter().map(|name| name.len() + 1).sum::<usize>() <= URL_CHARACTERS
}

/// Asks for a page of the list.
pub async fn list(api: Api<'_>, query: &ListQuery<'_>) -> Result<Page, Error> {
    let mut tail = format!("/{}?limit={LIST_PAGE}&archived={}", query.object, query.archived);
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            // Writing into a string does not fail.
            let _infallible = write!(tail, "&{key}={}", utf8_percent_encode(value, QUERY));
        }
    };
    add("properties", &query.properties.join(","));
    add("associations", &query.associations.join(","));
    add("after", query.after.as_ref().map(Link::as_str).unwrap_or_default());
    api.get(Endpoint::Objects, &tail, Page::decode).await
}

/// Asks for a page of hits.
pub async fn search(api: Api<'_>, query: &SearchQuery<'_>) -> Result<Page, Error> {
    let tail = format!("/{}/search", query.object);
    let body = SearchBody::from(query);
    api.post(Endpoint::Objects, &tail, &body, Bucket::Search, Page::decode).await
}

/// Reads up to [`BATCH_READ`](super::limits::BATCH_READ) records by id. Ids that are gone are left out, and the order is
/// HubSpot's.
pub async fn batch_read(
    api: Api<'_>,
    object: &str,
    ids: &[RecordId],
    properties: &[String],
    archived: bool,
) -> Result<Page, Error> {
    let inputs = ids.iter().map(|id| Input { id: id.to_string() }).collect();
    let body = BatchBody { inputs, properties };
    let tail = format!("/{object}/batch/read?archived={archived}");
    api.post(Endpoint::Objects, &tail, &body, Bucket::General, Page::decode).await
}

#[derive(Serialize)]
struct BatchBody<'a> {
    inputs: Vec<Input>,
    properties: &'a [String],
}

#[derive(Serialize)]
struct Input {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchBody<'a> {
    filter_groups: Vec<Group<'a>>,
    sorts: [Sort<'a>; 1],
    properties: &'a [String],
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a str>,
}

#[derive(Serialize)]
struct Group<'a> {
    filters: Vec<Filter<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    property_name: &'a str,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sort<'a> {
    property_name: &'a str,
    direction: &'static str,
}

impl<'a> From<&'a SearchQuery<'a>> for SearchBody<'a> {
    fn from(query: &'a SearchQuery<'a>) -> Self {
        let bound = |property_name, operator, value: String| Filter {
            property_name,
            operator,
            value: Some(value),
        };
        let group = |having: Option<&&'a str>| {
            let having = having.map(|&property_name| Filter {
                property_name,
                operator: "HAS_PROPERTY",
                value: None,
            });
            let bounds = [
                bound(query.modified, "GTE", query.from.to_string()),
                bound(query.modified, "LT", query.to.to_string()),
                bound("hs_object_id", "GT", query.above.to_string()),
            ];
            Group { filters: having.into_iter().chain(bounds).collect() }
        };
        let filter_groups = match query.having {
            [] => vec![group(None)],
            having => having.iter().map(|name| group(Some(name))).collect(),
        };
        Self {
            filter_groups,
            sorts: [Sort { property_name: "hs_object_id", direction: "ASCENDING" }],
            properties: query.properties,
            limit: SEARCH_PAGE,
            after: query.offset.as_ref().map(Link::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_a_closed_window_by_id() {
        let properties = ["dealname".to_owned()];
        let query = SearchQuery {
            object: "deals",
            modified: "hs_lastmodifieddate",
            having: &[],
            properties: &properties,
            from: 1_700_000_000_000,
            to: 1_700_000_060_000,
            above: 41,
            offset: None,
        };
        let having = SearchQuery { having: &["a", "b"], ..query.clone() };
        let body = serde_json::to_value(SearchBody::from(&having)).unwrap();
        for (place, name) in ["a", "b"].into_iter().enumerate() {
            let filters = body["filterGroups"][place]["filters"].as_array().unwrap();
            let expected = serde_json::json!({ "propertyName": name, "operator": "HAS_PROPERTY" });
            assert_eq!((filters.len(), &filters[0]), (4, &expected));
        }
        assert_eq!(
            serde_json::to_string(&SearchBody::from(&query)).unwrap(),
            concat!(
                r#"{"filterGroups":[{"filters":["#,
                r#"{"propertyName":"hs_lastmodifieddate","operator":"GTE","value":"1700000000000"},"#,
                r#"{"propertyName":"hs_lastmodifieddate","operator":"LT","value":"1700000060000"},"#,
                r#"{"propertyName":"hs_object_id","operator":"GT","value":"41"}]}],"#,
                r#""sorts":[{"propertyName":"hs_object_id","direction":"ASCENDING"}],"#,
                r#""properties":["dealname"],"limit":200}"#
            )
        );
    }

    #[test]
    fn names_are_measured_with_their_commas() {
        let name = "a".repeat(99);
        assert!(fits_one_url(&vec![name.clone(); 120]));
        assert!(!fits_one_url(&vec![name; 121]));
    }
}
