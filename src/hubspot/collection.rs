//! Lists and single answers of endpoints that filter by nothing.

use serde::Serialize;
use serde_json::{Map, Value};

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{Link, Page, PagingKind, Shape};
use super::page_limit::{page_limit, with_page_limit};
use super::pages::path_segment;
use crate::error::Error;
use crate::http::{Bucket, Failure, PageSize};

/// A list as it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ListRequest<'a> {
    pub endpoint: Endpoint,
    /// What follows the endpoint's path: segments and query, the page size included.
    pub tail: &'a str,
    /// The JSON object to POST, without paging; a GET without it.
    pub body: Option<&'a str>,
    pub shape: Shape,
}

/// Asks for the page of a list that `after` leads to, or for the first one.
pub async fn collection(
    api: Api<'_>,
    list: &ListRequest<'_>,
    after: Option<&Link>,
    size: &PageSize,
) -> Result<Page, Error> {
    let decode = |body: &_| Page::decode_as(list.shape, body);
    let endpoint = list.endpoint;
    let Some(body) = list.body else {
        return api.get_page(endpoint, size, |size| list.target(after, size), decode).await;
    };
    let asked = |size| {
        let body = with_page_limit(body, size);
        let mut body: Map<String, Value> = serde_json::from_str(&body).unwrap_or_default();
        if let Some(link) = after {
            // Offsets in bodies are numbers.
            let number = link.as_id().map_or_else(|| Value::from(link.as_str()), Value::from);
            body.insert(list.token().into(), number);
        }
        body
    };
    api.post_page(endpoint, list.tail, (size, Bucket::General), asked, decode).await
}

/// Asks for a page of what belongs to one thing, which the path names or, if not, a parameter.
/// Always a GET.
pub(super) async fn entries(
    api: Api<'_>,
    list: &ListRequest<'_>,
    after: Option<&Link>,
    (size, is_in_path): (&PageSize, bool),
) -> Result<Page, Failure> {
    let decode = |body: &_| Page::decode_as(list.shape, body);
    let tail = |size| list.target(after, size);
    api.get_page_of_one(list.endpoint, (size, is_in_path), tail, decode).await
}

impl ListRequest<'_> {
    /// The page size that the request names.
    pub fn page_size(&self) -> PageSize {
        let named = [self.tail, self.body.unwrap_or_default()].into_iter().find_map(page_limit);
        PageSize::new(named.unwrap_or(1))
    }

    /// What follows the endpoint's path in a GET.
    fn target(&self, after: Option<&Link>, size: usize) -> String {
        let tail = with_page_limit(self.tail, size);
        let separator = if tail.contains('?') { '&' } else { '?' };
        let token = self.token();
        let paging = after.map(|link| format!("{separator}{token}={}", link.encoded()));
        format!("{tail}{}", paging.unwrap_or_default())
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
    api.get(endpoint, &format!("/{}{query}", path_segment(id)), Page::single).await
}
