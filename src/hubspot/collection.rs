//! Endpoints that are read whole: short lists and single answers.

use super::api::Api;
use super::endpoint::Endpoint;
use super::page::{Link, Page};
use crate::error::Error;

/// A page of a list.
pub async fn collection(
    api: Api<'_>,
    endpoint: Endpoint,
    limit: usize,
    after: Option<&Link>,
) -> Result<Page, Error> {
    let after = after.map(|link| format!("&after={}", link.encoded())).unwrap_or_default();
    api.get(endpoint, &format!("?limit={limit}{after}"), Page::decode).await
}

/// An answer that is one record.
pub async fn single(api: Api<'_>, endpoint: Endpoint) -> Result<Page, Error> {
    api.get(endpoint, "", Page::single).await
}
