//! Unit of output that a reader sends to the writer.

use std::sync::Arc;

use serde_json::{Map, Value};

/// State of one stream in wire format; opaque outside of the stream itself.
pub type StateBlob = Map<String, Value>;

/// Complete lines of one stream, optionally followed by a checkpoint that covers them.
#[derive(Debug, Default)]
pub struct Batch {
    /// Stream of the records; `None` for lines that belong to no stream.
    pub stream: Option<Arc<str>>,
    /// Protocol lines, each ending in `\n`.
    pub lines: Vec<u8>,
    /// Number of RECORD lines in `lines`; the writer sums them for `sourceStats.recordCount`.
    pub record_count: u64,
    /// Checkpoint that becomes valid once `lines` have been written.
    pub state: Option<StateBlob>,
}
