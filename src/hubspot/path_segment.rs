//! Segments of request paths.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Returns a name or an id percent-encoded as one segment of a path.
pub fn path_segment(text: &str) -> impl fmt::Display {
    const PLAIN: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':');
    utf8_percent_encode(text, PLAIN)
}
