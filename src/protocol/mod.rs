//! The Airbyte protocol: input files, output lines, and the only writer of stdout.
//!
//! Wire formats and transport only, without any knowledge of HubSpot.

mod batch;
mod catalog;
mod log;
mod message;
mod state;
mod stdout;

pub use batch::{Batch, StateBlob};
pub use catalog::{
    ConfiguredCatalog, ConfiguredStream, DestinationSyncMode, StreamChoice, SyncMode,
};
pub use log::{KeptWarnings, Logger, NOT_KEPT, kept_warnings};
pub use message::{
    CatalogStream, Change, ChangeKind, ConnectionStatus, Level, Message, StreamStatus, TraceError,
};
pub use state::{IncomingState, NO_CURSOR_STATE};
pub use stdout::{
    LineGate, MessageSender, OutOfBandSender, StdoutWriter, stdout_is_terminal, write_document,
    write_message,
};
