//! Types of the route table ([`crate::routes::ROUTES`]).

use http::Method;

use crate::message::{Answer, Request};
use crate::portal::Portal;

pub use crate::scopes::Scopes;

/// The quota that a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// The rolling ten-second window of the app.
    General,
    /// Five searches per second and account; responses have no rate-limit headers.
    Search,
    /// The window for batch reads of associations.
    Associations,
    /// Not counted and not limited (token endpoints).
    Free,
}

/// Values of the `{}` segments of a path, in order.
pub type Params = Vec<String>;

/// One endpoint.
pub struct Route {
    /// Stable name used in the journal, such as `objects.list`.
    pub name: &'static str,
    pub method: Method,
    /// All paths of the endpoint, dated and classic; `{}` matches one segment.
    pub paths: &'static [&'static str],
    pub bucket: Bucket,
    /// Whether the endpoint requires an `Authorization` header. The token endpoints do not.
    pub authenticated: bool,
    /// Resolves the object types in the path and returns the required scopes. HubSpot resolves
    /// types before it checks scopes, so `Err` is the 400 response.
    pub scopes: fn(&Portal, &Params) -> Result<Scopes, Answer>,
    /// Returns the response. Scopes and quota have already been checked.
    pub handle: fn(&Portal, &Params, &Request) -> Answer,
}
