//! The endpoints about data and the portal behind them, without the shell.

mod definitions;
mod links;
mod records;
mod search;
mod support;
