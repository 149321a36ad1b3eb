//! Forms, e-mails, campaigns and subscriptions, in their current and legacy APIs.

mod campaigns;
mod email_campaigns;
mod email_events;
mod email_statistics;
mod emails;
mod forms;
mod retired;
mod submissions;
mod subscriptions;
mod window;

pub(crate) use campaigns::ROUTES as CAMPAIGNS;
pub(crate) use email_campaigns::ROUTES as EMAIL_CAMPAIGNS;
pub(crate) use email_events::ROUTES as EMAIL_EVENTS;
pub(crate) use email_statistics::ROUTES as EMAIL_STATISTICS;
pub(crate) use emails::ROUTES as EMAILS;
pub(crate) use forms::ROUTES as FORMS;
pub(crate) use retired::ROUTES as RETIRED;
pub(crate) use submissions::ROUTES as SUBMISSIONS;
pub(crate) use subscriptions::ROUTES as SUBSCRIPTIONS;

use crate::message::Answer;
use crate::portal::Portal;
use crate::route::{Params, Scopes};
use crate::routes::any_of;

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn form_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["forms"]))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn content_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["content"]))
}
