//! Types of the route table ([`crate::routes::TABLE`]).

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

/// Returns the value of a variable segment of the path.
pub(crate) fn param(params: &Params, place: usize) -> &str {
    params.get(place).map_or("", String::as_str)
}

/// Scopes that an endpoint requires.
#[derive(Clone, Copy)]
pub enum RequiredScopes {
    /// None: any valid token is accepted.
    None,
    /// One of these.
    AnyOf(&'static [&'static str]),
    /// Those of the object types in the path. HubSpot resolves types before it checks scopes, so
    /// `Err` is the 400 response.
    OfPath(fn(&Portal, &Params) -> Result<Scopes, Answer>),
}

/// A collection that has a list endpoint and may have an endpoint for single items.
pub trait Collection: Sync {
    /// Returns one page of the list, or the whole list if it is not paged.
    fn list(&self, portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer>;

    /// Returns the item that the path names.
    fn item(&self, portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer>;
}

/// Source of the response of an endpoint.
#[derive(Clone, Copy)]
pub enum Handler {
    /// A function for this endpoint. `Err` is the response to an invalid request.
    Function(fn(&Portal, &Params, &Request) -> Result<Answer, Answer>),
    /// The list of a collection.
    List(&'static dyn Collection),
    /// A single item of a collection.
    Item(&'static dyn Collection),
}

/// One endpoint.
#[derive(Clone)]
pub struct Route {
    /// Stable name used in the journal, such as `objects.list`.
    pub name: &'static str,
    pub method: Method,
    /// All paths of the endpoint, dated and classic; `{}` matches one segment.
    pub paths: &'static [&'static str],
    pub bucket: Bucket,
    /// `true` if the endpoint requires an `Authorization` header. The token endpoints do not.
    pub authenticated: bool,
    pub scopes: RequiredScopes,
    pub handler: Handler,
}

impl Route {
    /// Returns the scopes that a call requires. `Err` is the response if the path names an object
    /// type that does not exist.
    pub fn required_scopes(&self, portal: &Portal, params: &Params) -> Result<Scopes, Answer> {
        match self.scopes {
            RequiredScopes::None => Ok(Scopes::new()),
            RequiredScopes::AnyOf(scopes) => {
                Ok(scopes.iter().map(|scope| vec![(*scope).to_owned()]).collect())
            }
            RequiredScopes::OfPath(scopes) => scopes(portal, params),
        }
    }

    /// Returns the response. Scopes and quota have already been checked.
    pub fn answer(&self, portal: &Portal, params: &Params, request: &Request) -> Answer {
        let answer = match self.handler {
            Handler::Function(function) => function(portal, params, request),
            Handler::List(collection) => collection.list(portal, params, request),
            Handler::Item(collection) => collection.item(portal, params, request),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }
}
