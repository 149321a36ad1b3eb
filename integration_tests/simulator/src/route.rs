//! The shape of a row of the route table ([`crate::routes::ROUTES`]).

use http::Method;

use crate::message::{Answer, Request};
use crate::portal::Portal;

/// Which quota a call draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// The rolling ten-second window of the app.
    General,
    /// Five searches a second of the account; its answers carry no rate headers.
    Search,
    /// The associations batch window.
    Associations,
    /// Neither counted nor limited by the windows (token endpoints).
    Free,
}

/// The scopes a call needs: every inner list is an alternative, all scopes of one alternative are
/// needed together. Empty: any valid token will do.
pub type Scopes = Vec<Vec<String>>;

/// The `{name}` parts of a path, in order.
pub type Params = Vec<String>;

/// One endpoint.
pub struct Route {
    /// Stable name for the journal, such as `objects.list`.
    pub name: &'static str,
    pub method: Method,
    /// Every path the endpoint is served under, dated and classic, `{}` standing for one segment.
    pub paths: &'static [&'static str],
    pub bucket: Bucket,
    /// Does the endpoint need an `Authorization` header? (The token endpoints do not.)
    pub authenticated: bool,
    /// Resolves the object types that the path names and says which scopes the call needs.
    /// HubSpot resolves types before it looks at scopes, so `Err` is the 400 to answer with.
    pub scopes: fn(&Portal, &Params) -> Result<Scopes, Answer>,
    /// Answers the call. Scopes and quota have been checked.
    pub handle: fn(&Portal, &Params, &Request) -> Answer,
}
