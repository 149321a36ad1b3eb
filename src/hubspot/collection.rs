//! Lists and single objects of endpoints without filters.

use serde::Serialize;
use serde_json::{Map, Value};

use super::api::Api;
use super::endpoint::Endpoint;
use super::list_request::{ListRequest, Parameters};
use super::page::{Page, PageToken};
use super::path_segment::path_segment;
use crate::error::Error;
use crate::http::{Bucket, PageSize, RequestError};
use crate::record_id::RecordId;

/// Requests the page of a list that `after` points to, or the first one.
pub async fn collection(
    api: Api<'_>,
    list: &ListRequest<'_>,
    after: Option<&PageToken>,
    size: &PageSize,
) -> Result<Page, Error> {
    let decode = |body: &_| Page::decode_as(list.layout, body);
    match list.parameters {
        Parameters::Query(_) => {
            let target = |size| list.target(after, size);
            api.get_page(list.endpoint, size, target, decode).await
        }
        Parameters::Body(field) => {
            let body = |size| list.body(field, after, size);
            api.post_page(list.endpoint, list.path, Bucket::General, size, body, decode).await
        }
    }
}

/// Requests a page of entries that belong to one object, with a GET. The bool is `true` if the path
/// names that object, and `false` if a query parameter does.
pub(super) async fn entries(
    api: Api<'_>,
    list: &ListRequest<'_>,
    after: Option<&PageToken>,
    size: &PageSize,
    is_in_path: bool,
) -> Result<Page, RequestError> {
    let decode = |body: &_| Page::decode_as(list.layout, body);
    let tail = |size| list.target(after, size);
    api.get_page_of_one(list.endpoint, size, is_in_path, tail, decode).await
}

/// Requests a single object.
pub async fn single(api: Api<'_>, endpoint: Endpoint) -> Result<Page, Error> {
    api.get(endpoint, "", Page::single).await
}

/// Input format and size of a batch read.
#[derive(Debug, Clone, Copy)]
pub struct BatchRead {
    /// Field of an input that holds the id.
    pub id: &'static str,
    /// Constant fields of every input.
    pub constants: &'static [(&'static str, &'static str)],
    /// Maximum number of ids per request.
    pub most: usize,
}

/// Requests several objects by id, at most [`BatchRead::most`]. Missing ids are omitted, and the
/// order is HubSpot's.
pub async fn items(
    api: Api<'_>,
    endpoint: Endpoint,
    batch: &BatchRead,
    ids: &[RecordId],
) -> Result<Page, Error> {
    let input = |id: &RecordId| -> Map<String, Value> {
        let constants = batch.constants.iter().map(|&(name, value)| (name.into(), value.into()));
        constants.chain([(batch.id.into(), id.to_string().into())]).collect()
    };
    let body = BatchInputs { inputs: ids.iter().map(input).collect() };
    api.post(endpoint, "/batch/read", &body, Bucket::General, Page::decode).await
}

#[derive(Serialize)]
struct BatchInputs {
    inputs: Vec<Map<String, Value>>,
}

/// Requests one object by id. `query` may be empty.
pub async fn item(api: Api<'_>, endpoint: Endpoint, id: &str, query: &str) -> Result<Page, Error> {
    api.get(endpoint, &format!("/{}{query}", path_segment(id)), Page::single).await
}
