//! Tests of the data endpoints and the portal, without the HTTP server.

mod account;
mod automation;
mod definitions;
mod email_logs;
mod engagements;
mod events;
mod links;
mod lists;
mod marketing;
mod records;
mod search;
mod support;
mod traps;
