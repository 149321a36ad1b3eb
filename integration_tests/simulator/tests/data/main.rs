//! The endpoints about data and the portal behind them, without the shell.

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
