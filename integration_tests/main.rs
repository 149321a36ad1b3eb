//! Black-box tests of the real binary against a simulated HubSpot.
//!
//! All tests are in one binary, since most of them wait: for a quota window, or for a token to
//! expire. To run one file, use its name: `cargo test --test behaviour quota::`.

mod acceptance;
mod associations;
mod children;
mod choice;
mod collections;
mod completeness;
mod conformance;
mod connection;
mod consistency;
mod consistency_of_lists;
mod corrections;
mod corrections_of_conduct;
mod costs;
mod credentials;
mod documents;
mod endings;
mod errors;
mod events;
mod faults;
mod filters;
mod fuzzed;
mod going_back;
mod histories;
mod house;
mod incremental;
mod inputs;
mod lists;
mod portal_objects;
mod progress;
mod protocol;
mod quota;
mod recordings;
mod records;
mod refreshes;
mod refusals;
mod scopes;
mod secrets;
mod spec;
mod specified;
mod streams;
mod support;
mod values;
