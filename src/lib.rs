//! An Airbyte source connector for HubSpot.
//!
//! Bytes go one way: a page comes in through [`http`], is opened by [`hubspot`], its records are
//! turned into lines by [`record`], and [`protocol`] writes them. [`streams`] says what there is
//! to read, [`cursor`] how far it has been read, [`sync`] runs it all. `ARCHITECTURE.md` is the
//! map; the modules stand below in the order in which to read them.

pub mod cli;
pub mod config;
pub mod cursor;
pub mod error;
pub mod http;
pub mod hubspot;
pub mod operator;
pub mod page_guard;
pub mod progress;
pub mod protocol;
pub mod record;
pub mod schema;
pub mod secret;
pub mod signals;
pub mod streams;
pub mod strict;
pub mod sync;
pub mod time;
pub mod untrusted;
