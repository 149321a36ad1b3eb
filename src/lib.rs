//! An Airbyte source connector for HubSpot.
//!
//! Data flows in one direction: [`http`] fetches a page, [`hubspot`] decodes it, [`record`] encodes
//! its records as lines, and [`protocol`] writes them. [`streams`] defines the streams, [`cursor`]
//! tracks their progress, and [`sync`] runs the commands. See `ARCHITECTURE.md` for an overview.

pub mod cli;
mod concurrent;
pub mod config;
pub mod cursor;
pub mod env;
pub mod error;
pub mod fuzzing;
pub mod http;
pub mod hubspot;
pub mod input;
pub mod page_guard;
pub mod progress;
pub mod protocol;
pub mod record;
pub mod record_id;
pub mod schema;
pub mod secret;
pub mod signals;
pub mod streams;
pub mod strict;
pub mod sync;
pub mod time;
