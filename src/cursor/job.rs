//! What a scan asks its readers to do, and what they bring back.

use super::ranges::{PageKey, RangeKey};
use crate::page_guard::Endless;
use crate::time::Millis;

/// How records are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    List,
    Search,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Ask for a page of a range.
    Page(RangeKey, Ask),
    /// Find out how many records there are, and the highest id.
    Survey,
    /// Count again what search finds from one id to below another, because pages of that part did
    /// not fit together: see [`Scan::recounted`](super::Scan::recounted).
    Recount { range: RangeKey, from: u64, to: u64 },
    /// Find the id of the record that comes so many after those up to an id.
    Mark { above: u64, after: u64 },
}

/// A page to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The list from this token on.
    List { after: Option<String> },
    /// Hits with an id above one and below the other. `offset` is set only after an empty page
    /// that was not the last.
    Search { above: u64, below: Option<u64>, offset: Option<String> },
}

impl Ask {
    pub fn way(&self) -> Way {
        match self {
            Self::List { .. } => Way::List,
            Self::Search { .. } => Way::Search,
        }
    }
}

/// How a page was found, and which of its records are to be emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    pub way: Way,
    /// Where the window begins.
    pub lower: Millis,
}

impl Pass {
    /// Is a record modified at this moment to be emitted? One without a moment always is.
    ///
    /// A hit of a search is emitted whatever it says: the index may be behind the record.
    pub fn wants(self, modified: Option<Millis>) -> bool {
        self.way == Way::Search || modified.is_none_or(|modified| modified >= self.lower)
    }
}

/// What came of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The record ids, in order.
    pub ids: Vec<Option<u64>>,
    /// The token for the next page; only its absence ends a range.
    pub token: Option<String>,
    /// How many records are left in the range, this page included, where the service says so.
    pub left: Option<u64>,
}

/// A page that the scan has taken note of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub page: PageKey,
    /// How many of its records, from the first on, are to be written.
    pub share: usize,
}

/// What there is, as far as the service's index knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survey {
    /// Records of the object type.
    pub total: u64,
    /// Those of them that are wanted: changed in the window, and fit for what a search is told.
    pub in_window: u64,
    /// The highest id.
    pub top: u64,
}

/// The service contradicted what the scan relies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contradiction {
    /// Ids do not ascend, or tokens do not follow them.
    Order,
    /// The pages would never end.
    Endless(Endless),
}

/// How a scan is spread over several readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    pub list: Readers,
    pub search: Readers,
}

/// Readers of one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readers {
    /// Ranges that are read at once, at most.
    pub most: usize,
    /// Records of one page.
    pub page: u64,
}
