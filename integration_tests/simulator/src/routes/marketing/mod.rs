//! Forms, e-mails, campaigns and subscriptions, in their current and legacy APIs.

pub(crate) mod campaigns;
pub(crate) mod email_campaigns;
mod email_events;
mod email_statistics;
pub(crate) mod emails;
pub(crate) mod forms;
mod publication;
mod retired;
mod submissions;
pub(crate) mod subscriptions;
mod window;

pub(crate) use campaigns::ROUTES as CAMPAIGNS;
pub(crate) use email_events::ROUTES as EMAIL_EVENTS;
pub(crate) use email_statistics::ROUTES as EMAIL_STATISTICS;
pub(crate) use retired::ROUTES as RETIRED;
pub(crate) use submissions::ROUTES as SUBMISSIONS;
pub(crate) use subscriptions::ROUTES as SUBSCRIPTIONS;
