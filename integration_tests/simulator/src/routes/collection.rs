//! The handler of all collections: their lists, page by page, and their single items.

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, iso};
use crate::refusal;
use crate::route::{Bucket, Collection, Handler, Params, RequiredScopes, Route};
use crate::routes::cursor;
use crate::routes::paging::{flag, limit, next_link};
use crate::settings::{OverLimit, Settings};

/// One request to a collection.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) portal: &'a Portal,
    pub(crate) params: &'a Params,
    pub(crate) request: &'a Request,
    /// The `archived` parameter; `false` if the endpoint has none.
    pub(crate) archived: bool,
}

/// Validates parameters of a request.
pub(crate) type Check = fn(&Call<'_>) -> Result<(), Answer>;

/// A collection of items of type `T`: one row of [`ROWS`](super::collections::ROWS).
pub(crate) struct ListRoute<T: 'static> {
    /// Name of the list in the journal.
    pub(crate) name: &'static str,
    pub(crate) paths: &'static [&'static str],
    /// The endpoint for single items, if there is one.
    pub(crate) item: Option<ItemRoute<T>>,
    pub(crate) scopes: RequiredScopes,
    pub(crate) archived: Archived,
    /// Validates the parameters that come before `limit`.
    pub(crate) check: Option<Check>,
    pub(crate) limit: Limit,
    pub(crate) paging: Paging<T>,
    pub(crate) body: Body,
    /// Returns the items that the request selects, in order. Validates its parameters after
    /// `limit`.
    pub(crate) items: fn(&Call<'_>) -> Result<Vec<T>, Answer>,
    /// Returns an item as JSON.
    pub(crate) show: fn(&Call<'_>, &T) -> Value,
}

/// The endpoint for single items of a collection.
pub(crate) struct ItemRoute<T: 'static> {
    /// Name in the journal.
    pub(crate) name: &'static str,
    pub(crate) paths: &'static [&'static str],
    /// `true` if the endpoint has an `archived` parameter.
    pub(crate) archived: bool,
    /// Returns the item that the path names; `None` results in a 404.
    pub(crate) find: fn(&Call<'_>) -> Result<Option<T>, Answer>,
    /// Returns the item as JSON.
    pub(crate) show: fn(&Call<'_>, &T) -> Value,
}

/// The `archived` parameter of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Archived {
    /// The list has no such parameter.
    Unsupported,
    /// Validated before all other parameters.
    First,
    /// Validated by the row's `check`, among other parameters.
    Checked,
}

/// The `limit` parameter of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// The list has no such parameter.
    Unsupported,
    /// A limit above the maximum is an error whatever the settings are.
    Strict { default: usize, max: usize },
    /// [`Settings::over_limit`] applies.
    Documented { default: usize, max: usize },
    /// The maximum is [`Settings::undocumented_limit`], and [`Settings::over_limit`] applies.
    Undocumented { default: usize },
}

impl Limit {
    fn of(self, request: &Request, settings: &Settings) -> Result<usize, Answer> {
        match self {
            Self::Unsupported => Ok(usize::MAX),
            Self::Strict { default, max } => limit(request, default, max, OverLimit::Refuse),
            Self::Documented { default, max } => limit(request, default, max, settings.over_limit),
            Self::Undocumented { default } => {
                limit(request, default, settings.undocumented_limit, settings.over_limit)
            }
        }
    }
}

/// Paging of a list.
pub(crate) enum Paging<T> {
    /// The list is not paged.
    None,
    /// The token in `after` is an opaque offset.
    Offset {
        /// `true` if the response contains the number of all items.
        total: bool,
    },
    /// The token in `after` is the key of the next item. Items are sorted by key.
    Key {
        of: fn(&T) -> u64,
        /// `true` if the token is opaque.
        opaque: bool,
    },
    /// The token in `offset` is an opaque offset, and `hasMore` tells whether there is another
    /// page. The last page has a token too.
    HasMore,
}

/// Body of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// An object with the items under this name.
    Object(&'static str),
    /// `results` with the status and the times of a batch response.
    Batch,
    /// An array.
    Array,
}

/// A row of the table, whatever the type of its items.
pub(crate) trait Row: Collection {
    /// Returns the endpoints of the collection.
    fn routes(&'static self) -> Vec<Route>;
}

impl<T> Row for ListRoute<T> {
    fn routes(&'static self) -> Vec<Route> {
        let route = |name, paths, handler| Route {
            name,
            method: Method::GET,
            paths,
            bucket: Bucket::General,
            authenticated: true,
            scopes: self.scopes,
            handler,
        };
        let list = route(self.name, self.paths, Handler::List(self));
        let item = self.item.as_ref().map(|item| route(item.name, item.paths, Handler::Item(self)));
        std::iter::once(list).chain(item).collect()
    }
}

impl<T> Collection for ListRoute<T> {
    fn list(&self, portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
        let mut call = Call { portal, params, request, archived: false };
        if self.archived == Archived::First {
            call.archived = flag(request, "archived", false)?;
        }
        if let Some(check) = self.check {
            check(&call)?;
        }
        if self.archived == Archived::Checked {
            call.archived = flag(request, "archived", false)?;
        }
        let limit = self.limit.of(request, &portal.settings)?;
        let items = (self.items)(&call)?;
        let mut fields = Map::new();
        let page: Vec<&T> = match &self.paging {
            Paging::None => items.iter().collect(),
            Paging::Offset { total } => {
                let start = match request.query("after") {
                    None => 0,
                    Some(token) => opaque_number(token, "after")?,
                };
                let page: Vec<&T> = items.iter().skip(start).take(limit).collect();
                let end = start.saturating_add(page.len());
                if *total {
                    fields.insert("total".to_owned(), items.len().into());
                }
                if end < items.len() {
                    fields.insert("paging".to_owned(), paging(request, &offset_token(end)));
                }
                page
            }
            Paging::Key { of, opaque } => {
                let start = match request.query("after") {
                    None => 0,
                    Some(token) if *opaque => opaque_number(token, "after")?,
                    Some(_) => crate::routes::paging::after(request)?,
                };
                let mut rest = items.iter().filter(|item| of(item) >= start);
                let page = rest.by_ref().take(limit).collect();
                if let Some(next) = rest.next().map(of) {
                    let token = if *opaque { cursor::opaque(next) } else { next.to_string() };
                    fields.insert("paging".to_owned(), paging(request, &token));
                }
                page
            }
            Paging::HasMore => {
                let start = match request.query("offset").filter(|token| !token.is_empty()) {
                    None => 0,
                    Some(token) => opaque_number(token, "offset")?,
                };
                let page: Vec<&T> = items.iter().skip(start).take(limit).collect();
                let end = start.saturating_add(page.len());
                fields.insert("hasMore".to_owned(), (end < items.len()).into());
                fields.insert("offset".to_owned(), offset_token(end).into());
                page
            }
        };
        let shown: Vec<Value> = page.into_iter().map(|item| (self.show)(&call, item)).collect();
        let name = match self.body {
            Body::Array => return Ok(Answer::json(200, Value::from(shown).to_string())),
            Body::Object(name) => name,
            Body::Batch => {
                fields.insert("status".to_owned(), "COMPLETE".into());
                fields.insert("startedAt".to_owned(), iso(request.now_ms).into());
                fields.insert("completedAt".to_owned(), iso(request.now_ms + 12).into());
                "results"
            }
        };
        fields.insert(name.to_owned(), shown.into());
        Ok(Answer::json(200, Value::Object(fields).to_string()))
    }

    fn item(&self, portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
        let route = self.item.as_ref().ok_or_else(refusal::unknown_path)?;
        let archived = route.archived && flag(request, "archived", false)?;
        let call = Call { portal, params, request, archived };
        let found = (route.find)(&call)?.ok_or_else(refusal::not_found)?;
        Ok(Answer::json(200, (route.show)(&call, &found).to_string()))
    }
}

fn offset_token(end: usize) -> String {
    cursor::seal(&end.to_string())
}

/// Returns the number in an opaque token. `name` is the name of the parameter.
fn opaque_number<N: std::str::FromStr>(token: &str, name: &str) -> Result<N, Answer> {
    let number = cursor::unseal(token).and_then(|text| text.parse().ok());
    number.ok_or_else(|| refusal::validation(&format!("Invalid input: {name} {token}")))
}

/// Returns the `paging` object with the token of the next page.
fn paging(request: &Request, token: &str) -> Value {
    json!({ "next": { "after": token, "link": next_link(request, token) } })
}
