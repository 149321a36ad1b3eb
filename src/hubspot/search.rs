//! Search for records of a CRM object type.

use serde::{Deserialize, Serialize};

use super::api::Api;
use super::condition::{Condition, Operator};
use super::conditions::length;
use super::endpoint::Endpoint;
use super::filter::Filter;
use super::limits::{SEARCH_CHARACTERS, SEARCH_PAGE};
use super::page::{Page, PageToken};
use super::path_segment::path_segment;
use crate::error::Error;
use crate::http::{Bucket, PageSize};
use crate::record_id::RecordId;
use crate::strict;
use crate::time::{Millis, TimeWindow};

/// A page of a search for records modified in `[from, to)` with an id in a range, sorted by id.
///
/// ```text
/// modified ≥ from  AND  modified < to  AND  id > above  AND  id < below      applied by HubSpot
/// ```
///
/// If `having` names properties, a record must also have a value in at least one of them. All
/// `conditions` must hold.
///
/// Pages are read by keyset pagination over `above`. `offset` is only used after an empty page that
/// has a next-page token.
#[derive(Debug, Clone)]
pub struct SearchQuery<'a> {
    pub object: &'a str,
    /// The property that holds the modification time of a record.
    pub modified: &'a str,
    pub having: &'a [&'a str],
    pub conditions: &'a [Condition],
    pub properties: &'a [String],
    pub from: Millis,
    pub to: Millis,
    pub above: RecordId,
    pub below: Option<RecordId>,
    pub offset: Option<PageToken>,
}

impl SearchQuery<'_> {
    /// Returns `true` if the property names fit a search even if they count towards its length
    /// limit.
    pub fn fits(&self) -> bool {
        let names: usize = self.properties.iter().map(|name| name.len() + 3).sum();
        names + self.conditions.iter().map(length).sum::<usize>() <= SEARCH_CHARACTERS
    }
}

/// Requests a page of hits.
pub async fn search(api: Api<'_>, query: &SearchQuery<'_>, size: &PageSize) -> Result<Page, Error> {
    let tail = format!("/{}/search", path_segment(query.object));
    let body = |limit| SearchBody { limit, ..SearchBody::from(query) };
    api.post_page(Endpoint::OBJECTS, &tail, Bucket::Search, size, body, Page::decode).await
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
struct Sort<'a> {
    property_name: &'a str,
    direction: &'static str,
}

impl<'a> From<&'a SearchQuery<'a>> for SearchBody<'a> {
    fn from(query: &'a SearchQuery<'a>) -> Self {
        let group = |having: Option<&&'a str>| {
            let bounds = [
                Filter::one(query.modified, Operator::Gte, query.from.to_string()),
                Filter::one(query.modified, Operator::Lt, query.to.to_string()),
                Filter::one("hs_object_id", Operator::Gt, query.above.to_string()),
            ];
            let below = query.below.map(|id| id.to_string());
            let below = below.map(|id| Filter::one("hs_object_id", Operator::Lt, id));
            let having = having.map(|&name| Filter::has(name));
            let conditions = query.conditions.iter().map(Filter::from);
            Group {
                filters: having.into_iter().chain(bounds).chain(below).chain(conditions).collect(),
            }
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
            after: query.offset.as_ref().map(PageToken::as_str),
        }
    }
}

/// Number and highest id of an object type's records, according to the search index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectCount {
    pub total: u64,
    /// The highest id; [`RecordId::MIN`] if there is no record.
    pub top: RecordId,
}

/// Requests the number of records and the highest id.
pub async fn object_count(api: Api<'_>, object: &str) -> Result<ObjectCount, Error> {
    let page = one_hit(api, object, Vec::new(), "DESCENDING", None).await?;
    let top = first_id(&page).unwrap_or(RecordId::MIN);
    Ok(ObjectCount { total: page.total.unwrap_or_default(), top })
}

/// Requests the number of records modified in `[from, to)` that meet the conditions.
pub async fn count(
    api: Api<'_>,
    object: &str,
    modified: &str,
    TimeWindow { from, to }: TimeWindow,
    conditions: &[Condition],
) -> Result<u64, Error> {
    let bounds = [
        Filter::one(modified, Operator::Gte, from.to_string()),
        Filter::one(modified, Operator::Lt, to.to_string()),
    ];
    let filters = bounds.into_iter().chain(conditions.iter().map(Filter::from)).collect();
    let page = one_hit(api, object, filters, "ASCENDING", None).await?;
    Ok(page.total.unwrap_or_default())
}

/// Requests the id of the record that is `after` places behind the first one with an id greater
/// than `above`. Returns `None` if there are not that many. `after` must be less than 10,000.
pub async fn id_at_rank(
    api: Api<'_>,
    object: &str,
    above: RecordId,
    after: u64,
) -> Result<Option<RecordId>, Error> {
    let above = Filter::one("hs_object_id", Operator::Gt, above.to_string());
    let page = one_hit(api, object, vec![above], "ASCENDING", Some(&after.to_string())).await?;
    Ok(first_id(&page))
}

fn first_id(page: &Page) -> Option<RecordId> {
    strict::read::<Hit>(page.records().next()?).ok()?.id.parse().ok()
}

/// Requests a single hit, sorted by id.
async fn one_hit(
    api: Api<'_>,
    object: &str,
    filters: Vec<Filter<'_>>,
    direction: &'static str,
    after: Option<&str>,
) -> Result<Page, Error> {
    let filter_groups = if filters.is_empty() { Vec::new() } else { vec![Group { filters }] };
    let body = SearchBody {
        filter_groups,
        sorts: [Sort { property_name: "hs_object_id", direction }],
        properties: &[],
        limit: 1,
        after,
    };
    let tail = format!("/{}/search", path_segment(object));
    api.post(Endpoint::OBJECTS, &tail, &body, Bucket::Search, Page::decode).await
}

#[derive(Deserialize)]
struct Hit {
    id: String,
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
            conditions: &[],
            properties: &properties,
            from: Millis::new(1_700_000_000_000),
            to: Millis::new(1_700_000_060_000),
            above: RecordId::new(41),
            below: None,
            offset: None,
        };
        let sliced = SearchQuery { below: Some(RecordId::new(80)), ..query.clone() };
        let body = serde_json::to_value(SearchBody::from(&sliced)).unwrap();
        let expected =
            serde_json::json!({ "propertyName": "hs_object_id", "operator": "LT", "value": "80" });
        assert_eq!(body["filterGroups"][0]["filters"][3], expected);
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
}
