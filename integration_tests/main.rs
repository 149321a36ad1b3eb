//! Black-box tests of the real binary against a simulated HubSpot.
//!
//! All tests are in one binary, since most of them wait: for a quota window, or for a token to
//! expire. To run one file, use its name: `cargo test --test behaviour quota::`. The table in
//! `CONTRIBUTING.md` lists the files by behaviour.

mod airbyte_acceptance;
mod association_streams;
mod backpressure;
mod bad_input;
mod code_rules;
mod command_line;
mod credentials;
mod custom_objects;
mod differences_records;
mod differences_requests;
mod documents;
mod engagements;
mod error_responses;
mod errors;
mod event_logs;
mod fault_injection;
mod fuzz_targets;
mod incomplete_responses;
mod incremental;
mod links;
mod list_streams;
mod marketing_and_automation;
mod openapi_responses;
mod pipelines_and_definitions;
mod progress_display;
mod property_history;
mod protocol;
mod quirks_crm_objects;
mod quirks_other_endpoints;
mod quota;
mod record_filters;
mod recordings;
mod records;
mod relations;
mod request_costs;
mod resume_full_refresh;
mod resume_incremental;
mod scopes;
mod secrets;
mod selection;
mod signals;
mod spec;
mod state_input;
mod stream_failures;
mod stream_invariants;
mod stream_overview;
mod strict_json;
mod substreams;
mod support;
mod switching;
