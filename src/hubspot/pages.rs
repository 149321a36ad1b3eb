//! Pagination of lists.

use std::fmt;

use super::api::Api;
use super::collection::{collection, entries};
use super::list_request::ListRequest;
use super::offsets::{OffsetPaging, PageStep, identity};
use super::page::{Page, PageToken};
use crate::error::Error;
use crate::http::{PageSize, Refusal, RequestError};
use crate::page_guard::{Endless, PageGuard};

/// The pages of a list, in order, up to the page without a next-page token.
///
/// All lists are paginated here: endless ones are an error ([`PageGuard`]), failing pages are
/// requested with fewer records ([`PageSize`]), and no entry is lost in lists paged by offset
/// (`OffsetPaging`).
pub struct Pages<'a> {
    api: Api<'a>,
    list: ListRequest<'a>,
    size: PageSize,
    next: PendingPage,
    guard: PageGuard,
    offsets: Option<OffsetPaging>,
}

/// The page to request.
enum PendingPage {
    First,
    After(PageToken),
    None,
}

impl PendingPage {
    /// Returns the token of the page to request; the first page has none.
    fn page_token(&self) -> Option<&PageToken> {
        if let Self::After(page_token) = self { Some(page_token) } else { None }
    }
}

impl<'a> Pages<'a> {
    pub fn new(api: Api<'a>, list: ListRequest<'a>) -> Self {
        let size = PageSize::new(list.page_size().unwrap_or(1));
        let guard = PageGuard::default();
        Self { api, list, size, next: PendingPage::First, guard, offsets: None }
    }

    /// Returns the next page, or `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        while !matches!(self.next, PendingPage::None) {
            let after = self.next.page_token();
            let page = collection(self.api, &self.list, after, &self.size).await?;
            if let Some(page) = self.take(page)? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// [`Pages::next`] for a list that belongs to one object, named by the path. The inner error
    /// concerns only that object.
    pub async fn next_of_one(&mut self) -> Result<Result<Option<Page>, OneRefused>, Error> {
        while !matches!(self.next, PendingPage::None) {
            let after = self.next.page_token();
            let page = match entries(self.api, &self.list, after, &self.size, true).await {
                Ok(page) => page,
                Err(failure) => return OneRefused::of(failure, &self.api).await.map(Err),
            };
            if let Some(page) = self.take(page)? {
                return Ok(Ok(Some(page)));
            }
        }
        Ok(Ok(None))
    }

    /// [`Pages::next`] for a list that belongs to one object, named by a query parameter. Also
    /// returns `None` if that object does not exist.
    pub async fn next_if_any(&mut self) -> Result<Option<Page>, Error> {
        while !matches!(self.next, PendingPage::None) {
            let after = self.next.page_token();
            let page = match entries(self.api, &self.list, after, &self.size, false).await {
                Ok(page) => page,
                Err(failure) if failure.refusal().is_some_and(Refusal::has_no_entries) => {
                    return Ok(None);
                }
                Err(failure) => return Err(self.api.explain(failure).await),
            };
            if let Some(page) = self.take(page)? {
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Returns `true` once a page has been read.
    pub fn is_begun(&self) -> bool {
        !matches!(self.next, PendingPage::First)
    }

    /// Processes a page and determines the next one. Returns `None` if the page has to be read
    /// again from a smaller offset.
    fn take(&mut self, mut page: Page) -> Result<Option<Page>, Error> {
        let page_token = page.next.as_ref();
        if let Some(offsets) = &mut self.offsets {
            let entries: Vec<_> = page.records().map(identity).collect();
            match offsets.see(&entries, page_token) {
                PageStep::Take { new, next } => {
                    self.next = next.map_or(PendingPage::None, PendingPage::After);
                    page.keep(&new);
                }
                PageStep::Back(page_token) => {
                    log::debug!(
                        "`{}`: entries have moved, reading again",
                        self.api.request_context.stream
                    );
                    self.next = PendingPage::After(page_token);
                    return Ok(None);
                }
                PageStep::Restless => {
                    return Err(self.fail("its entries change places faster than it can be read"));
                }
            }
        } else {
            let first = matches!(self.next, PendingPage::First);
            let offsets = page_token.filter(|_| first).and_then(|page_token| {
                let entries: Vec<_> = page.records().map(identity).collect();
                OffsetPaging::of(&entries, page_token)
            });
            self.next = match (offsets, page_token) {
                (Some((offsets, next)), _) => {
                    self.offsets = Some(offsets);
                    PendingPage::After(next)
                }
                (None, Some(page_token)) => PendingPage::After(page_token.clone()),
                (None, None) => PendingPage::None,
            };
        }
        if let (PendingPage::After(page_token), None) = (&self.next, &self.offsets) {
            let followed = self.guard.follow(page_token.as_str(), page.records().len());
            followed.map_err(|endless| endless_list(self.api.request_context.stream, endless))?;
        }
        Ok(Some(page))
    }

    fn fail(&self, problem: &'static str) -> Error {
        let endpoint = format!("the list of `{}`", self.api.request_context.stream);
        Error::Contract { endpoint, source: problem.into() }
    }
}

/// A refused request (4xx) for entries that belong to one object.
#[derive(Debug)]
pub enum OneRefused {
    /// There are no entries, permanently: the object is gone, or its type has none.
    NoEntries,
    /// The gateway reports an unknown path, which may also mean that the object is gone.
    UnknownPath(Error),
    Refused(Error),
}

impl OneRefused {
    /// Classifies a failure. Failures other than 4xx responses, and those of the credentials, are
    /// returned as the error.
    async fn of(failure: RequestError, api: &Api<'_>) -> Result<Self, Error> {
        let Some(refusal) = failure.refusal() else {
            return Err(api.explain(failure).await);
        };
        let is_about_one = (400..500).contains(&refusal.status) && refusal.status != 401;
        if refusal.has_no_entries() {
            return Ok(Self::NoEntries);
        }
        if refusal.is_unknown_path() {
            return Ok(Self::UnknownPath(api.explain(failure).await));
        }
        let error = api.explain(failure).await;
        if is_about_one { Ok(Self::Refused(error)) } else { Err(error) }
    }

    pub fn is_unknown_path(&self) -> bool {
        matches!(self, Self::UnknownPath(_))
    }

    /// Returns `true` if the reason may be a scope or the account, and thus affect other objects
    /// too.
    pub fn is_about_the_token(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        error.is_no_access() || matches!(error, Error::User { .. })
    }
}

impl fmt::Display for OneRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntries => formatter.write_str("it has no entries"),
            Self::UnknownPath(error) | Self::Refused(error) => {
                let said = error.internal_message();
                if said.is_empty() { error.fmt(formatter) } else { formatter.write_str(&said) }
            }
        }
    }
}

/// Returns the error for a list that would never end.
pub fn endless_list(stream: &str, endless: Endless) -> Error {
    Error::Contract { endpoint: format!("the list of `{stream}`"), source: endless.into() }
}
