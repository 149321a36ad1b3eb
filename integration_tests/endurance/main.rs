//! Long random tests and tests with large numbers of records. They use all cores, so they run
//! separately.

mod kill_and_resume;
mod openapi_responses;
mod random_portals;
mod scale;
#[path = "../support/mod.rs"]
mod support;
