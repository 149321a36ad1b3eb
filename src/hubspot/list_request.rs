//! Requests for the pages of a list.

use serde_json::{Map, Value};

use super::endpoint::Endpoint;
use super::page::{PageLayout, PageToken, PagingKind};

/// Request for the pages of a list: everything except the page token, which differs from page to
/// page.
#[derive(Debug, Clone, Copy)]
pub struct ListRequest<'a> {
    pub endpoint: Endpoint,
    /// Path segments after the endpoint's path; empty, or begins with a slash.
    pub path: &'a str,
    pub parameters: Parameters<'a>,
    pub layout: PageLayout,
}

/// Parameters of a list, other than the page token.
#[derive(Debug, Clone, Copy)]
pub enum Parameters<'a> {
    /// Query of a GET, in the order in which the parameters are sent.
    Query(&'a [Parameter<'a>]),
    /// JSON body of a POST, which has no other field.
    Body(PageSizeField),
}

/// A part of a query.
#[derive(Debug, Clone, Copy)]
pub enum Parameter<'a> {
    PageSize(PageSizeField),
    /// Parameters as they are sent: percent-encoded, joined by `&`. May be empty.
    Encoded(&'a str),
}

/// The parameter or field with the page size.
#[derive(Debug, Clone, Copy)]
pub struct PageSizeField {
    pub name: &'static str,
    /// Number of records per page.
    pub size: usize,
}

impl Parameter<'_> {
    /// Creates the page size parameter of nearly all endpoints.
    pub const fn limit(size: usize) -> Self {
        Self::PageSize(PageSizeField { name: "limit", size })
    }
}

impl<'a> ListRequest<'a> {
    /// Creates a GET without parameters for the endpoint's path.
    pub const fn get(endpoint: Endpoint, layout: PageLayout) -> Self {
        Self { endpoint, path: "", parameters: Parameters::Query(&[]), layout }
    }

    /// Creates a POST for the endpoint's path.
    pub const fn post(endpoint: Endpoint, layout: PageLayout, page_size: PageSizeField) -> Self {
        Self { endpoint, path: "", parameters: Parameters::Body(page_size), layout }
    }

    /// Appends path segments to the endpoint's path. They begin with a slash.
    #[must_use]
    pub const fn path(self, path: &'a str) -> Self {
        Self { path, ..self }
    }

    /// Sets the parameters of a GET.
    #[must_use]
    pub const fn query(self, parameters: &'a [Parameter<'a>]) -> Self {
        Self { parameters: Parameters::Query(parameters), ..self }
    }

    /// Returns the page size that the request specifies, or `None` if HubSpot decides.
    pub fn page_size(&self) -> Option<usize> {
        match self.parameters {
            Parameters::Body(field) => Some(field.size),
            Parameters::Query(parameters) => {
                parameters.iter().find_map(|parameter| match parameter {
                    Parameter::PageSize(field) => Some(field.size),
                    Parameter::Encoded(_) => None,
                })
            }
        }
    }

    /// Returns the rest of the URL after the endpoint's path, for a page of `size` records.
    pub(super) fn target(&self, after: Option<&PageToken>, size: usize) -> String {
        let mut target = self.path.to_owned();
        let Parameters::Query(parameters) = self.parameters else { return target };
        let own = parameters.iter().map(|parameter| match parameter {
            Parameter::PageSize(PageSizeField { name, .. }) => format!("{name}={size}"),
            Parameter::Encoded(encoded) => (*encoded).to_owned(),
        });
        let token = after.map(|after| format!("{}={}", self.token_name(), after.encoded()));
        let mut separator = '?';
        for parameter in own.chain(token).filter(|parameter| !parameter.is_empty()) {
            target.push(separator);
            target.push_str(&parameter);
            separator = '&';
        }
        target
    }

    /// Returns the JSON body of a POST for a page of `size` records.
    pub(super) fn body(
        &self,
        page_size: PageSizeField,
        after: Option<&PageToken>,
        size: usize,
    ) -> Map<String, Value> {
        let page_size = (page_size.name.to_owned(), Value::from(size));
        // Offsets in bodies are numbers.
        let number = |after: &PageToken| {
            after.as_number().map_or_else(|| Value::from(after.as_str()), Value::from)
        };
        let token = after.map(|after| (self.token_name().to_owned(), number(after)));
        [page_size].into_iter().chain(token).collect()
    }

    /// Returns the name of the parameter or field with the page token.
    fn token_name(&self) -> &'static str {
        match self.layout.paging {
            PagingKind::None | PagingKind::PageToken => "after",
            PagingKind::Offset => "offset",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFSET: PageLayout = PageLayout { records: "lists", paging: PagingKind::Offset };

    #[test]
    fn a_query_has_its_parameters_in_order() {
        let request = ListRequest::get(Endpoint::FORMS, PageLayout::RESULTS);
        let by_offset = ListRequest::get(Endpoint::FORMS, OFFSET);
        for (case, request, first, next) in [
            ("none", request, "", "?after=a%2Bb"),
            ("a path", request.path("/roles"), "/roles", "/roles?after=a%2Bb"),
            (
                "a page size",
                request.query(&[Parameter::limit(500)]),
                "?limit=7",
                "?limit=7&after=a%2Bb",
            ),
            (
                "parameters behind the page size",
                request.query(&[Parameter::limit(100), Parameter::Encoded("a=1&b=2")]),
                "?limit=7&a=1&b=2",
                "?limit=7&a=1&b=2&after=a%2Bb",
            ),
            (
                "parameters before the page size",
                request.query(&[Parameter::Encoded("a=1"), Parameter::limit(100)]),
                "?a=1&limit=7",
                "?a=1&limit=7&after=a%2Bb",
            ),
            (
                "an empty part",
                request.query(&[Parameter::limit(100), Parameter::Encoded("")]),
                "?limit=7",
                "?limit=7&after=a%2Bb",
            ),
            (
                "a page size of another name, and an offset",
                by_offset.path("/recent/modified").query(&[
                    Parameter::PageSize(PageSizeField { name: "count", size: 100 }),
                    Parameter::Encoded("since=5"),
                ]),
                "/recent/modified?count=7&since=5",
                "/recent/modified?count=7&since=5&offset=a%2Bb",
            ),
        ] {
            assert_eq!(request.target(None, 7), first, "{case}");
            assert_eq!(request.target(Some(&PageToken::new("a+b")), 7), next, "{case}");
        }
    }

    #[test]
    fn a_body_has_the_page_size_and_the_offset_as_numbers() {
        let page_size = PageSizeField { name: "count", size: 500 };
        let request = ListRequest::post(Endpoint::LISTS, OFFSET, page_size).path("/search");
        let body = |after: Option<PageToken>| {
            serde_json::to_string(&request.body(page_size, after.as_ref(), 250)).unwrap()
        };
        assert_eq!(request.page_size(), Some(500));
        assert_eq!(request.target(Some(&PageToken::new("250")), 250), "/search");
        assert_eq!(body(None), r#"{"count":250}"#);
        assert_eq!(body(Some(PageToken::new("250"))), r#"{"count":250,"offset":250}"#);
        assert_eq!(body(Some(PageToken::new("x"))), r#"{"count":250,"offset":"x"}"#);
    }
}
