//! What a reader hands to the writer.

use std::sync::Arc;

use serde_json::{Map, Value};

/// The wire form of one stream's state: an opaque object to everyone but the stream itself.
pub type StreamState = Map<String, Value>;

/// Whole lines of one stream, then at most one claim about them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The stream the records belong to; `None` for lines that belong to no stream.
    pub stream: Option<Arc<str>>,
    /// Protocol lines, each ending in `\n`.
    pub lines: Vec<u8>,
    /// RECORD lines in `lines`; the writer sums them up for `sourceStats.recordCount`.
    pub record_count: u64,
    /// "Every record up to here has been written", true as soon as `lines` are.
    pub state: Option<StreamState>,
}
