//! Request cost of each stream, as text for the documentation and as the upper bound that the tests
//! enforce.

use std::fmt;

use super::spec::StreamSpec;
use super::strategy::{Detailed, Pass, ReadStrategy};
use crate::hubspot::PagingKind;
use crate::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};

/// Cost of a full refresh and of an incremental read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    pub whole: Vec<Term>,
    /// `None` if every read costs as much as a full refresh.
    pub changes: Option<Vec<Term>>,
}

/// One term of a cost: a number of requests per unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub requests: usize,
    pub each: Each,
    /// Purpose of the requests, unless it is to read the records themselves. Such requests are only
    /// sent if there are records.
    pub purpose: Option<&'static str>,
    /// Condition under which the requests are sent; `None` if always.
    pub only: Option<&'static str>,
}

/// Unit that requests are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Each {
    /// Once per read, for the named purpose.
    Once(&'static str),
    /// Per page of the given size; at least one page is requested.
    Page(usize, &'static str),
    /// Per item.
    One(&'static str),
}

impl Term {
    const fn once(what: &'static str) -> Self {
        Self { requests: 1, each: Each::Once(what), purpose: None, only: None }
    }

    const fn page(size: usize, what: &'static str) -> Self {
        Self { requests: 1, each: Each::Page(size, what), purpose: None, only: None }
    }

    const fn one(what: &'static str) -> Self {
        Self { requests: 1, each: Each::One(what), purpose: None, only: None }
    }

    const fn only(self, only: &'static str) -> Self {
        Self { only: Some(only), ..self }
    }

    const fn purpose(self, purpose: &'static str) -> Self {
        Self { purpose: Some(purpose), ..self }
    }

    const fn times(self, requests: usize) -> Self {
        Self { requests, ..self }
    }

    /// Returns the maximum number of requests for `records` records. `others` is the number of
    /// items for terms that are not counted by records (`Each::One`).
    pub fn most(&self, records: usize, others: usize) -> usize {
        match self.each {
            Each::Once(_) => self.requests,
            Each::Page(size, _) => {
                let pages = records.div_ceil(size.max(1));
                self.requests * pages.max(usize::from(self.purpose.is_none()))
            }
            Each::One(_) => self.requests * others,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.requests;
        match self.each {
            Each::Once(what) => write!(formatter, "{requests} for {what}")?,
            Each::Page(1, what) | Each::One(what) => write!(formatter, "{requests} per {what}")?,
            Each::Page(size, what) => write!(formatter, "{requests} per {size} {what}")?,
        }
        let mut conditions = [self.purpose, self.only].into_iter().flatten();
        conditions.try_for_each(|words| write!(formatter, " {words}"))
    }
}

/// List of property definitions, shared by the streams of one object type.
const PROPERTIES: Term = Term::once("the properties");

/// Account request, sent once per sync by streams that need the server time before their first
/// request.
const TIME: Term = Term::once("the time");

impl StreamSpec<'_> {
    /// Returns the request cost of the stream.
    pub fn cost(&self) -> Cost {
        let links = self.strategy.associations().len();
        match &self.strategy {
            ReadStrategy::CrmObject(_) => Cost {
                whole: listed("records", links),
                changes: Some(found("changed records", links)),
            },
            ReadStrategy::CrmArchived(_) => {
                Cost { whole: listed("archived records", links), changes: None }
            }
            ReadStrategy::Collection(definition) => {
                Cost { whole: by_pass(definition.passes), changes: None }
            }
            ReadStrategy::Single(_) => {
                Cost { whole: vec![Term::once("the record")], changes: None }
            }
            ReadStrategy::Detailed(definition) => Cost {
                whole: detailed(definition, "record", "records"),
                changes: Some(detailed(definition, "changed record", "changed records")),
            },
            ReadStrategy::MarketingEmails(_) => marketing_emails(),
            ReadStrategy::PropertyHistory(_) => Cost {
                whole: vec![
                    PROPERTIES,
                    Term::one("50 objects"),
                    Term::one("100 objects").only("if the property names do not fit a URL"),
                ],
                changes: Some(vec![
                    PROPERTIES,
                    Term::once("the search"),
                    Term::one("200 changed objects"),
                    Term::one("50 changed objects").purpose("for their histories"),
                ]),
            },
            ReadStrategy::Associations(_) => Cost {
                whole: vec![Term::one("100 records"), Term::one("1,000 records")],
                changes: None,
            },
            ReadStrategy::Recordings(_) => Cost {
                whole: vec![PROPERTIES, Term::page(SEARCH_PAGE, "recordings")],
                changes: Some(vec![PROPERTIES, Term::page(SEARCH_PAGE, "changed recordings")]),
            },
            ReadStrategy::TimeWindows(_) => Cost {
                whole: vec![
                    TIME,
                    Term::page(1000, "records"),
                    Term::one("30 days").only("if that is more than a page"),
                ],
                changes: Some(vec![
                    TIME,
                    Term::page(1000, "records"),
                    Term::one("30 days").only("if the last read is longer ago"),
                ]),
            },
            ReadStrategy::Substream(_) => Cost {
                whole: vec![
                    Term::one("page of the list"),
                    Term::one("entry of the list"),
                    Term::page(50, "records"),
                ],
                changes: Some(vec![
                    Term::one("page of the list"),
                    Term::one("entry of the list"),
                    Term::page(50, "new records"),
                ]),
            },
            ReadStrategy::RecordEvents(events) => {
                let types = events.event_types.len();
                Cost {
                    whole: vec![
                        Term::one("100 objects"),
                        Term::one("object").times(types),
                        Term::page(LIST_PAGE, "records"),
                    ],
                    changes: Some(vec![
                        Term::one("100 objects"),
                        Term::one("object").times(types),
                        Term::page(LIST_PAGE, "records"),
                    ]),
                }
            }
            ReadStrategy::Engagements(_) => Cost {
                whole: vec![TIME, Term::page(LIST_PAGE, "records")],
                changes: Some(vec![TIME, Term::page(LIST_PAGE, "changed records")]),
            },
        }
    }
}

/// Cost of reading all records by list. Associated ids are inlined in the records unless HubSpot
/// truncates the list of them.
fn listed(what: &'static str, links: usize) -> Vec<Term> {
    let page = Term::page(LIST_PAGE, what);
    let mut terms = vec![PROPERTIES, page, page.only("if the property names do not fit a URL")];
    if links > 0 {
        terms.push(page.times(links).only("where a list of associated ids is cut short"));
    }
    terms
}

/// Cost of reading changed records by search. Associated ids are read page by page.
fn found(what: &'static str, links: usize) -> Vec<Term> {
    let page = Term::page(SEARCH_PAGE, what);
    let mut terms = vec![PROPERTIES, page];
    if links > 0 {
        terms.push(page.times(links).purpose("for their associated ids"));
    }
    terms
}

/// Cost of a list plus the details of `several` of its records.
fn detailed(definition: &Detailed, one: &'static str, several: &'static str) -> Vec<Term> {
    let list = Term::page(definition.list.page_size().unwrap_or(1), "records");
    let details = match definition.batch {
        Some(batch) => Term::page(batch.most, several).purpose("for their details"),
        None => Term::page(1, one).purpose("for its details"),
    };
    vec![list, details]
}

fn marketing_emails() -> Cost {
    let page = |what| Term::page(LIST_PAGE, what);
    let left_out = "if HubSpot leaves some out of a list with statistics";
    Cost {
        whole: vec![
            Term::once("the numbers of live and of archived records").times(2),
            page("records").times(2),
            page("records").times(2).only(left_out),
        ],
        changes: Some(vec![
            Term::once("the number of changed records"),
            page("archived records"),
            page("records published lately"),
            page("changed records").times(2).purpose("with their statistics"),
            page("changed records").only(left_out),
        ]),
    }
}

/// Cost of the passes of a collection. Passes with the same page size are merged into one term.
fn by_pass(passes: &[Pass]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::new();
    for pass in passes {
        let term = match pass.list.page_size() {
            Some(size) if pass.list.layout.paging != PagingKind::None => {
                Term::page(size, "records")
            }
            _ => Term::once("all records"),
        };
        match terms.iter_mut().find(|known| known.each == term.each) {
            Some(known) => known.requests += 1,
            None => terms.push(term),
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::STREAMS;

    fn words(terms: &[Term]) -> String {
        terms.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn costs_are_said_in_words() {
        for (name, whole, changes) in [
            ("account_details", "1 for the record", None),
            ("owners", "1 per 500 records", None),
            (
                "goals",
                "1 for the properties; 1 per 100 records; \
                 1 per 100 records if the property names do not fit a URL",
                Some("1 for the properties; 1 per 200 changed records"),
            ),
            (
                "deals",
                "1 for the properties; 1 per 100 records; \
                 1 per 100 records if the property names do not fit a URL; \
                 3 per 100 records where a list of associated ids is cut short",
                Some(
                    "1 for the properties; 1 per 200 changed records; \
                     3 per 200 changed records for their associated ids",
                ),
            ),
        ] {
            let cost = STREAMS.iter().find(|spec| spec.name == name).expect(name).cost();
            assert_eq!(words(&cost.whole), whole, "{name}");
            assert_eq!(cost.changes.as_deref().map(words).as_deref(), changes, "{name}");
        }
    }

    #[test]
    fn a_page_that_is_begun_counts() {
        let page = Term::page(100, "records");
        for (records, expected) in [(0, 1), (1, 1), (100, 1), (101, 2)] {
            assert_eq!(page.most(records, 0), expected, "{records}");
        }
        assert_eq!(page.purpose("for more").most(0, 0), 0);
        let by_form = Term { each: Each::One("form"), ..page };
        assert_eq!(by_form.times(2).most(7, 3), 6);
    }

    #[test]
    fn every_stream_says_what_it_costs() {
        for spec in STREAMS.iter() {
            assert!(!spec.cost().whole.is_empty(), "{}", spec.name);
        }
    }
}
