//! Endpoints that are read whole: short lists and single answers.

use serde::Serialize;
use serde_json::{Map, Value};

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{Link, Page, PagingKind, Shape};
use super::refusal;
use crate::error::Error;
use crate::http::Bucket;

/// A page of a list.
#[derive(Debug, Clone, Copy)]
pub struct PageQuery<'a> {
    pub endpoint: Endpoint,
    /// What follows the endpoint's path: segments and query, the page size included.
    pub tail: &'a str,
    /// The JSON object to POST, without paging; a GET without it.
    pub body: Option<&'a str>,
    pub shape: Shape,
    pub after: Option<&'a Link>,
}

/// Asks for a page of a list.
pub async fn collection(api: Api<'_>, query: &PageQuery<'_>) -> Result<Page, Error> {
    let PageQuery { endpoint, tail, body, shape, after } = *query;
    let decode = |body: &_| Page::decode_as(shape, body);
    let Some(body) = body else { return api.get(endpoint, &query.target(), decode).await };
    let mut body: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    if let Some(link) = after {
        // Offsets in bodies are numbers.
        let number = link.as_id().map_or_else(|| Value::from(link.as_str()), Value::from);
        body.insert(query.token().into(), number);
    }
    api.post(endpoint, tail, &body, Bucket::General, decode).await
}

/// Asks for a page of what belongs to a record; `None` if that is gone, or cannot have any.
///
/// Always a GET.
pub async fn entries(api: Api<'_>, query: &PageQuery<'_>) -> Result<Option<Page>, Error> {
    let decode = |body: &_| Page::decode_as(query.shape, body);
    api.get_unless(query.endpoint, &query.target(), refusal::has_no_entries, decode).await
}

impl PageQuery<'_> {
    /// What follows the endpoint's path in a GET.
    fn target(&self) -> String {
        let separator = if self.tail.contains('?') { '&' } else { '?' };
        let token = self.token();
        let paging = self.after.map(|link| format!("{separator}{token}={}", link.encoded()));
        format!("{}{}", self.tail, paging.unwrap_or_default())
    }

    /// The name of the field or parameter that takes the page token.
    fn token(&self) -> &'static str {
        match self.shape.paging {
            PagingKind::None | PagingKind::Link => "after",
            PagingKind::Offset => "offset",
        }
    }
}

/// An answer that is one record.
pub async fn single(api: Api<'_>, endpoint: Endpoint) -> Result<Page, Error> {
    api.get(endpoint, "", Page::single).await
}

/// How a batch read takes what it is to read.
#[derive(Debug, Clone, Copy)]
pub struct BatchRead {
    /// The field of an input that holds an id.
    pub id: &'static str,
    /// What every input says beside its id.
    pub constants: &'static [(&'static str, &'static str)],
    /// Ids of one request.
    pub most: usize,
}

/// The answers about several things by their ids, no more than [`BatchRead::most`]. Ids that are
/// gone are left out, and the order is HubSpot's.
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
    let body = Inputs { inputs: ids.iter().map(input).collect() };
    api.post(endpoint, "/batch/read", &body, Bucket::General, Page::decode).await
}

#[derive(Serialize)]
struct Inputs {
    inputs: Vec<Map<String, Value>>,
}

/// The answer about one thing by its id. `query` may be empty.
pub async fn item(api: Api<'_>, endpoint: Endpoint, id: &str, query: &str) -> Result<Page, Error> {
    api.get(endpoint, &format!("/{id}{query}"), Page::single).await
}
