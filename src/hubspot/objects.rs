//! The read operations that every CRM object type has: list, search, batch read.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::limits::{LIST_PAGE, URL_CHARACTERS};
use super::page::{Link, Page};
use crate::error::Error;
use crate::http::Bucket;

/// A page of the list: ascending by id, no filter.
#[derive(Debug, Clone)]
pub struct ListQuery<'a> {
    pub object: &'a str,
    pub properties: &'a [String],
    pub associations: &'a [&'a str],
    pub archived: bool,
    pub after: Option<Link>,
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

/// Reads up to [`BATCH_READ`](super::limits::BATCH_READ) records by id. Ids that are gone are left
/// out, and the order is HubSpot's.
pub async fn batch_read(
    api: Api<'_>,
    object: &str,
    ids: &[RecordId],
    properties: &[String],
    archived: bool,
) -> Result<Page, Error> {
    let body = BatchBody { inputs: inputs(ids), properties };
    let tail = format!("/{object}/batch/read?archived={archived}");
    api.post(Endpoint::Objects, &tail, &body, Bucket::General, Page::decode).await
}

#[derive(Serialize)]
struct BatchBody<'a> {
    inputs: Vec<Input>,
    properties: &'a [String],
}

/// A record of a batch.
#[derive(Serialize)]
pub(super) struct Input {
    id: String,
}

pub(super) fn inputs(ids: &[RecordId]) -> Vec<Input> {
    ids.iter().map(|id| Input { id: id.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_measured_with_their_commas() {
        let name = "a".repeat(99);
        assert!(fits_one_url(&vec![name.clone(); 120]));
        assert!(!fits_one_url(&vec![name; 121]));
    }
}
