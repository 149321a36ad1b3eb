//! `check`: can this connection be read?

use super::session::Session;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::{self, Subject};
use crate::streams::STREAMS;

/// Says in one sentence which portal the connection reads.
pub async fn check(session: &Session) -> Result<String, Error> {
    let meter = Meter::default();
    let subject = Subject { stream: "account_details", scopes: &["oauth"] };
    let account = hubspot::account(session.api(&meter, subject)).await?;
    let custom = session.custom_streams().await?;
    let experimental = session.config.experimental_streams;
    let built_in = STREAMS.iter().filter(|row| experimental || !row.is_experimental()).count();
    Ok(format!(
        "The HubSpot account {} can be read: {} streams, {} of them custom objects",
        account.portal_id,
        built_in + session.associations.len() + custom.len(),
        custom.iter().filter(|stream| stream.is_object()).count()
    ))
}
