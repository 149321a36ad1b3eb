//! Lists and single objects of endpoints without filters.

use serde::Serialize;
use serde_json::{Map, Value};

use super::RecordId;
use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{Page, PageLayout, PageToken, PagingKind};
use super::page_limit::{page_limit, with_page_limit};
use super::pages::path_segment;
use crate::error::Error;
use crate::http::{Bucket, PageSize, RequestError};

/// Request for a list.
#[derive(Debug, Clone, Copy)]
pub struct ListRequest<'a> {
    pub endpoint: Endpoint,
    /// Rest of the URL after the endpoint's path: segments and query, including the page size.
    pub tail: &'a str,
    /// JSON object to POST, without paging fields; `None` for a GET.
    pub body: Option<&'a str>,
    pub shape: PageLayout,
}

/// Requests the page of a list that `after` points to, or the first one.
pub async fn collection(
    api: Api<'_>,
    list: &ListRequest<'_>,
    after: Option<&PageToken>,
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
        if let Some(page_token) = after {
            // Offsets in bodies are numbers.
            let number =
                page_token.as_id().map_or_else(|| Value::from(page_token.as_str()), Value::from);
            body.insert(list.token().into(), number);
        }
        body
    };
    api.post_page(endpoint, list.tail, Bucket::General, size, asked, decode).await
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
    let decode = |body: &_| Page::decode_as(list.shape, body);
    let tail = |size| list.target(after, size);
    api.get_page_of_one(list.endpoint, size, is_in_path, tail, decode).await
}

impl ListRequest<'_> {
    /// Returns the page size that the request specifies.
    pub fn page_size(&self) -> PageSize {
        let named = [self.tail, self.body.unwrap_or_default()].into_iter().find_map(page_limit);
        PageSize::new(named.unwrap_or(1))
    }

    /// Returns the rest of the URL after the endpoint's path, for a GET.
    fn target(&self, after: Option<&PageToken>, size: usize) -> String {
        let tail = with_page_limit(self.tail, size);
        let separator = if tail.contains('?') { '&' } else { '?' };
        let token = self.token();
        let paging = after.map(|page_token| format!("{separator}{token}={}", page_token.encoded()));
        format!("{tail}{}", paging.unwrap_or_default())
    }

    /// Returns the name of the field or parameter that takes the page token.
    fn token(&self) -> &'static str {
        match self.shape.paging {
            PagingKind::None | PagingKind::PageToken => "after",
            PagingKind::Offset => "offset",
        }
    }
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
