//! Lists of records: definitions, search and members.

pub(crate) mod definitions;
mod members;
mod search;

pub(crate) use definitions::ROUTES;
pub(crate) use members::ROUTES as MEMBERS;
pub(crate) use search::ROUTES as SEARCH;
