//! Reads that combine several parts of the account.

mod associations;
mod events;
mod lists;
mod recipients;

pub(crate) use events::Occurrence;
