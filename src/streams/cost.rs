//! Request cost of each stream, as text for the documentation and as the upper bound that the tests
//! enforce.

use std::fmt;

use super::spec::StreamSpec;
use super::strategy::{Detailed, Pass, ReadStrategy, Substream};
use crate::hubspot::limits::{
    ASSOCIATIONS_READ, ENGAGEMENTS_PAGE, EVENT_OCCURRENCES_PAGE, EVENTS_PAGE, HISTORY_PAGE,
    LIST_PAGE, RECENT_ENGAGEMENTS_PAGE, SEARCH_PAGE,
};
use crate::hubspot::{ListRequest, PagingKind};

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
    /// Per page of so many records of the stream; at least one page is requested.
    Page(usize, &'static str),
    /// Per record of the stream.
    Record(&'static str),
    /// Per page of so many things that are no records of the stream; at least one page is
    /// requested.
    PageOfOthers(usize, &'static str),
    /// Per thing that is no record of the stream.
    Other(&'static str),
}

impl Term {
    const fn once(what: &'static str) -> Self {
        Self { requests: 1, each: Each::Once(what), purpose: None, only: None }
    }

    const fn page(size: usize, what: &'static str) -> Self {
        Self { requests: 1, each: Each::Page(size, what), purpose: None, only: None }
    }

    const fn record(what: &'static str) -> Self {
        Self { requests: 1, each: Each::Record(what), purpose: None, only: None }
    }

    const fn page_of_others(size: usize, what: &'static str) -> Self {
        Self { requests: 1, each: Each::PageOfOthers(size, what), purpose: None, only: None }
    }

    const fn other(what: &'static str) -> Self {
        Self { requests: 1, each: Each::Other(what), purpose: None, only: None }
    }

    /// Returns the cost of a list of records: by page, or one request if there is only one page.
    fn list(list: &ListRequest<'_>, what: &'static str) -> Self {
        records_per_page(list).map_or(Self::once("all records"), |size| Self::page(size, what))
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
    /// things for terms that are not counted by records.
    pub fn most(&self, records: usize, others: usize) -> usize {
        let pages = |size: usize, count: usize| {
            let least = usize::from(self.purpose.is_none());
            self.requests * count.div_ceil(size.max(1)).max(least)
        };
        match self.each {
            Each::Once(_) => self.requests,
            Each::Page(size, _) => pages(size, records),
            Each::Record(_) => self.requests * records,
            Each::PageOfOthers(size, _) => pages(size, others),
            Each::Other(_) => self.requests * others,
        }
    }

    /// Returns the number of things per page, if requests are counted by page.
    pub fn page_size(&self) -> Option<usize> {
        match self.each {
            Each::Page(size, _) | Each::PageOfOthers(size, _) => Some(size),
            Each::Once(_) | Each::Record(_) | Each::Other(_) => None,
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.requests;
        match self.each {
            Each::Once(what) => write!(formatter, "{requests} for {what}")?,
            Each::Record(what) | Each::Other(what) => write!(formatter, "{requests} per {what}")?,
            Each::Page(size, what) | Each::PageOfOthers(size, what) => {
                write!(formatter, "{requests} per {} {what}", grouped(size))?;
            }
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
                    Term::page_of_others(HISTORY_PAGE, "objects"),
                    Term::page_of_others(LIST_PAGE, "objects")
                        .only("if the property names do not fit a URL"),
                ],
                changes: Some(vec![
                    PROPERTIES,
                    Term::page_of_others(SEARCH_PAGE, "changed objects"),
                    Term::page_of_others(HISTORY_PAGE, "changed objects")
                        .purpose("for their histories"),
                ]),
            },
            ReadStrategy::Associations(_) => Cost {
                whole: vec![
                    Term::page_of_others(LIST_PAGE, "objects"),
                    Term::page_of_others(ASSOCIATIONS_READ, "objects")
                        .purpose("for their associations"),
                ],
                changes: None,
            },
            ReadStrategy::Recordings(_) => Cost {
                whole: vec![PROPERTIES, Term::page(SEARCH_PAGE, "recordings")],
                changes: Some(vec![PROPERTIES, Term::page(SEARCH_PAGE, "changed recordings")]),
            },
            ReadStrategy::TimeWindows(definition) => {
                let page = Term::page(EVENTS_PAGE, "records");
                let days = definition.window.as_secs() / (24 * 60 * 60);
                let window = Term::page_of_others(usize::try_from(days).unwrap_or(1), "days");
                Cost {
                    whole: vec![TIME, page, window.only("if that is more than a page")],
                    changes: Some(vec![TIME, page, window.only("if the last read is longer ago")]),
                }
            }
            ReadStrategy::Substream(definition) => Cost {
                whole: substream(definition, "records"),
                changes: self.cursor.map(|_| substream(definition, "new records")),
            },
            ReadStrategy::RecordEvents(definition) => {
                let types = definition.event_types.len();
                let events = Term::page(EVENT_OCCURRENCES_PAGE, "records");
                Cost {
                    whole: vec![
                        Term::page_of_others(LIST_PAGE, "objects"),
                        Term::other("object").times(types),
                        events,
                    ],
                    changes: Some(vec![
                        Term::page_of_others(SEARCH_PAGE, "changed objects"),
                        Term::other("changed object").times(types),
                        events,
                    ]),
                }
            }
            ReadStrategy::Engagements(_) => {
                let all = Term::page(ENGAGEMENTS_PAGE, "records");
                let recent = |what| Term::page(RECENT_ENGAGEMENTS_PAGE, what);
                Cost {
                    whole: vec![TIME, all, recent("records").only("if the start date is recent")],
                    changes: Some(vec![
                        TIME,
                        recent("changed records"),
                        all.only("if the list of recent changes does not reach back far enough"),
                    ]),
                }
            }
        }
    }
}

/// Cost of the child records of a list: those of each entry are a list of their own.
fn substream(definition: &Substream, what: &'static str) -> Vec<Term> {
    let Substream { parents, child, .. } = definition;
    let entries = records_per_page(&parents.list)
        .map_or(Term::once("the list"), |size| Term::page_of_others(size, "entries of the list"));
    vec![entries, Term::other("entry of the list"), Term::list(&child.list, what)]
}

/// Returns the page size of a list, or `None` if it has only one page.
fn records_per_page(list: &ListRequest<'_>) -> Option<usize> {
    list.page_size().filter(|_| list.layout.paging != PagingKind::None)
}

/// Returns a number with commas between groups of three digits.
fn grouped(number: usize) -> String {
    match (number / 1000, number % 1000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{},{rest:03}", grouped(thousands)),
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
    let list = Term::list(&definition.list, "records");
    let details = match definition.batch {
        Some(batch) => Term::page(batch.most, several).purpose("for their details"),
        None => Term::record(one).purpose("for its details"),
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
        let term = Term::list(&pass.list, "records");
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
            ("association_labels", "20 for all records", None),
            (
                "list_memberships",
                "1 per 500 entries of the list; 1 per entry of the list; 1 per 250 records",
                None,
            ),
            (
                "email_events",
                "1 for the time; 1 per 1,000 records; \
                 1 per 30 days if that is more than a page",
                Some(
                    "1 for the time; 1 per 1,000 records; \
                     1 per 30 days if the last read is longer ago",
                ),
            ),
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
        assert_eq!(Term::other("form").times(2).most(7, 3), 6);
        let forms = Term::page_of_others(2, "forms");
        assert_eq!([forms.most(7, 0), forms.most(7, 3)], [1, 2]);
        assert_eq!(forms.purpose("for more").most(7, 0), 0);
    }

    #[test]
    fn every_stream_says_what_it_costs() {
        for spec in STREAMS.iter() {
            assert!(!spec.cost().whole.is_empty(), "{}", spec.name);
        }
    }
}
