//! Long random tests and tests with large numbers of records. They use all cores, so they run
//! separately.

mod kills;
mod random;
mod scale;
mod specified;
#[path = "../support/mod.rs"]
mod support;
