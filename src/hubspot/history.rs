//! Records with the history of their property values.

use std::fmt::Write;

use percent_encoding::utf8_percent_encode;
use serde::Serialize;

use super::api::Api;
use super::endpoint::Endpoint;
use super::objects::{Input, QUERY, read_rows};
use super::page::{Page, PageToken};
use super::path_segment::path_segment;
use crate::error::Error;
use crate::http::PageSize;
use crate::record_id::RecordId;

/// Requests a page of the list with the history of these properties.
///
/// Their names must fit a URL ([`super::fits_one_url`]).
pub async fn list_history(
    api: Api<'_>,
    object: &str,
    properties: &[String],
    after: Option<&PageToken>,
    size: &PageSize,
) -> Result<Page, Error> {
    let tail = |limit: usize| {
        let mut tail = format!(
            "/{}?limit={limit}&archived=false&propertiesWithHistory={}",
            path_segment(object),
            utf8_percent_encode(&properties.join(","), QUERY)
        );
        if let Some(page_token) = after {
            // Writing to a string does not fail.
            let _infallible = write!(tail, "&after={}", page_token.encoded());
        }
        tail
    };
    api.get_page(Endpoint::OBJECTS, size, tail, Page::decode).await
}

/// Reads up to [`HISTORY_PAGE`](super::limits::HISTORY_PAGE) records by id, with the history of
/// these properties, in as many requests as needed. Missing ids are omitted.
pub async fn read_history(
    api: Api<'_>,
    object: &str,
    ids: &[RecordId],
    properties: &[String],
) -> Result<Vec<Page>, Error> {
    let body = |inputs| HistoryRequest {
        inputs,
        // HubSpot: if none are given, the type's default properties are sent.
        properties: &["hs_object_id"],
        properties_with_history: properties,
    };
    let tail = format!("/{}/batch/read?archived=false", path_segment(object));
    read_rows(api, &tail, ids, body).await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HistoryRequest<'a> {
    inputs: Vec<Input>,
    properties: &'a [&'a str],
    properties_with_history: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::super::objects::inputs;
    use super::*;

    #[test]
    fn a_batch_names_the_properties_in_its_body() {
        let properties = ["amount".to_owned()];
        let body = HistoryRequest {
            inputs: inputs(&[RecordId::new(7)]),
            properties: &["hs_object_id"],
            properties_with_history: &properties,
        };
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"inputs":[{"id":"7"}],"properties":["hs_object_id"],"propertiesWithHistory":["amount"]}"#
        );
    }
}
