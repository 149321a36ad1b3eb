//! Messages between the HTTP server and the routes: one request in, one response out.

use bytes::Bytes;
use http::Method;

/// One HTTP request, read in full.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    /// Percent-decoded path, without the query.
    pub path: String,
    /// Percent-decoded query pairs in the order they were sent; a key may repeat.
    pub query: Vec<(String, String)>,
    pub body: Bytes,
    /// The simulated instant of arrival, milliseconds since the epoch.
    pub now_ms: i64,
}

impl Request {
    /// Returns the first value of a query key.
    pub fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Returns all values of a query key. HubSpot accepts a comma-separated list, a repeated key,
    /// or both.
    pub fn query_list(&self, key: &str) -> impl Iterator<Item = &str> {
        self.query
            .iter()
            .filter(move |(name, _)| name == key)
            .flat_map(|(_, value)| value.split(','))
            .filter(|value| !value.is_empty())
    }
}

/// One HTTP response before rate headers, correlation id, faults and compression are applied.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Answer {
    /// Creates a JSON response.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type: "application/json;charset=utf-8",
            headers: Vec::new(),
            body: body.into(),
        }
    }
}
