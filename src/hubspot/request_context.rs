//! The stream that a request is sent for.

/// The stream that requests are sent for, used in error messages.
#[derive(Debug, Clone, Copy)]
pub struct RequestContext<'a> {
    pub stream: &'a str,
    /// Scopes required to read the stream.
    pub scopes: &'a [&'a str],
}
