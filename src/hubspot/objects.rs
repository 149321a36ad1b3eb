//! List and batch read, available for every CRM object type.

use std::cell::Cell;
use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::api::Api;
use super::batch::{Answered, LeftOut, ids_of, read_whole};
use super::endpoint::Endpoint;
use super::limits::URL_CHARACTERS;
use super::page::{Page, PageToken};
use super::path_segment::path_segment;
use crate::error::Error;
use crate::http::{Bucket, PageSize};
use crate::record_id::RecordId;

/// Request for a page of the list, in ascending order of id and without filters.
#[derive(Debug, Clone)]
pub struct ListQuery<'a> {
    pub object: &'a str,
    pub properties: &'a [String],
    pub associations: &'a [&'a str],
    pub archived: bool,
    pub after: Option<PageToken>,
}

/// Characters not encoded in a query: those of property names, and the comma between them.
pub(super) const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.').remove(b',');

/// Returns `true` if these property names fit the URL of a list request.
pub fn fits_one_url(properties: &[String]) -> bool {
    properties.iter().map(|name| name.len() + 1).sum::<usize>() <= URL_CHARACTERS
}

/// Requests a page of the list.
pub async fn list(api: Api<'_>, query: &ListQuery<'_>, size: &PageSize) -> Result<Page, Error> {
    api.get_page(Endpoint::OBJECTS, size, |limit| list_tail(query, limit), Page::decode).await
}

fn list_tail(query: &ListQuery<'_>, limit: usize) -> String {
    let object = path_segment(query.object);
    let mut tail = format!("/{object}?limit={limit}&archived={}", query.archived);
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            // Writing to a string does not fail.
            let _infallible = write!(tail, "&{key}={}", utf8_percent_encode(value, QUERY));
        }
    };
    add("properties", &query.properties.join(","));
    add("associations", &query.associations.join(","));
    add("after", query.after.as_ref().map(PageToken::as_str).unwrap_or_default());
    tail
}

/// Reads up to [`BATCH_READ`](super::limits::BATCH_READ) records by id, in as many requests as
/// needed. Missing ids are omitted, and the order is HubSpot's.
pub async fn batch_read(
    api: Api<'_>,
    object: &str,
    ids: &[RecordId],
    properties: &[String],
    archived: bool,
) -> Result<Vec<Page>, Error> {
    let tail = format!("/{}/batch/read?archived={archived}", path_segment(object));
    read_rows(api, &tail, ids, |inputs| BatchBody { inputs, properties }).await
}

/// Reads records by id from the batch read at `tail`. `body` builds the request body from the
/// inputs.
pub(super) async fn read_rows<B: Serialize>(
    api: Api<'_>,
    tail: &str,
    ids: &[RecordId],
    body: impl Fn(Vec<Input>) -> B,
) -> Result<Vec<Page>, Error> {
    let ask = async |ids: &[RecordId], size: &PageSize| {
        let asked = Cell::new(0);
        let body = |size: usize| {
            asked.set(size.min(ids.len()));
            body(inputs(ids.get(..size).unwrap_or(ids)))
        };
        let answer =
            api.post_page(Endpoint::OBJECTS, tail, Bucket::General, size, body, Page::decode_batch);
        let (page, notes) = answer.await?;
        let returned = ids_of(page.records());
        Ok(Answered { value: page, returned, notes, asked: asked.get() })
    };
    let what = format!("POST {}", tail.split('?').next().unwrap_or_default());
    read_whole(&api, &what, ids.to_vec(), (|id| *id, LeftOut::Unknown), ask).await
}

#[derive(Serialize)]
struct BatchBody<'a> {
    inputs: Vec<Input>,
    properties: &'a [String],
}

/// One record of a batch read.
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

    #[test]
    fn an_object_type_is_one_segment_of_the_path() {
        for (object, segment) in [
            ("p1_pets", "p1_pets"),
            ("2-123", "2-123"),
            ("a b/c?d", "a%20b%2Fc%3Fd"),
            ("\u{fc}\"%", "%C3%BC%22%25"),
        ] {
            let (properties, associations): (&[_], &[_]) = (&[], &[]);
            let query =
                ListQuery { object, properties, associations, archived: false, after: None };
            let tail = list_tail(&query, 100);
            assert_eq!(tail, format!("/{segment}?limit=100&archived=false"));
        }
    }
}
