//! Long series by chance, and large numbers: they use the machine whole, so they run by themselves.

mod kills;
mod random;
mod scale;
mod specified;
#[path = "../support/mod.rs"]
mod support;
