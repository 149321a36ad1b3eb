//! Alternatives of required scopes.

/// Scopes that a call requires: every inner list is an alternative whose scopes are all required.
/// If empty, any valid token is accepted.
pub type Scopes = Vec<Vec<String>>;
