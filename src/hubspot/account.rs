//! The account behind the token.

use serde::Deserialize;

use super::api::Api;
use super::endpoint::Endpoint;
use crate::error::Error;
use crate::http::Undecodable;

/// What identifies an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub portal_id: u64,
}

/// Asks for the account: the cheapest request that every valid token may send.
pub async fn account(api: Api<'_>) -> Result<Account, Error> {
    api.get(Endpoint::Account, "", |body| serde_json::from_slice(body).map_err(Undecodable::from))
        .await
}
