//! A keyset scan of one object type, by ascending record id.
//!
//! ```text
//! list:    every id,                     records older than `lower` dropped by us
//! search:  lower ≤ modified < upper,     both bounds applied by HubSpot's index
//!          ids:  ───read───┤next├──────────────────────────▶
//! ```
//!
//! Nothing shifts: a page is asked for by the id it begins at, never by an offset, so records that
//! come, go or change elsewhere do not move it. `upper` is fixed before the first request and is
//! the position that the finished scan claims: what changes later is the next sync's.

use super::checkpoint::Progress;
use super::checkpoint::Saved;
use super::position::Bounds;
use crate::time::Millis;

/// How records are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    List,
    Search,
}

/// The next page to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The list from this token on.
    List { after: Option<String> },
    /// Hits with an id above this. `offset` is set only after an empty page that was not the last.
    Search { above: u64, offset: Option<String> },
}

/// The service contradicted what the scan relies on: ascending ids, each above the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradiction;

/// A scan under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    way: Way,
    lower: Millis,
    upper: Millis,
    /// The lowest id not read yet.
    next: u64,
    /// The service's own token for the next page.
    token: Option<String>,
    /// Do ids and tokens bear out that a page can be asked for by id?
    by_id: bool,
    is_done: bool,
}

impl Scan {
    /// Decides what to read: go on where a scan stopped, what changed since, or everything.
    ///
    /// `everything` is a full refresh. It goes on with a scan only if that belongs to the same
    /// generation, because otherwise what the scan had read may be gone from the destination.
    pub fn begin(
        saved: &Saved,
        bounds: &Bounds,
        everything: bool,
        generation: Option<i64>,
    ) -> Self {
        let upper = bounds.upper();
        if let Some(progress) = &saved.progress
            && (!everything || generation.is_some() && progress.generation == generation)
        {
            return Self::resume(progress);
        }
        match saved.position.filter(|_| !everything) {
            None => Self::new(Way::List, bounds.first(), upper),
            Some(position) => {
                // A position ahead of the service's clock stays: there is nothing to read yet.
                let mut scan = Self::new(Way::Search, bounds.lower(position), upper.max(position));
                scan.is_done = position >= upper || scan.lower >= upper;
                scan
            }
        }
    }

    fn new(way: Way, lower: Millis, upper: Millis) -> Self {
        let is_done = lower >= upper;
        Self { way, lower, upper, next: 0, token: None, by_id: true, is_done }
    }

    fn resume(progress: &Progress) -> Self {
        let mut scan = Self::new(progress.way, progress.lower, progress.upper);
        scan.next = progress.next;
        if scan.way == Way::List && scan.next > 0 {
            scan.token = Some(scan.next.to_string());
        }
        scan
    }

    /// The same window by the list, after a search contradicted itself.
    #[must_use]
    pub fn by_list(&self) -> Self {
        Self::new(Way::List, self.lower, self.upper)
    }

    /// The same window by search, where that is cheaper than a list of everything.
    #[must_use]
    pub fn by_search(&self) -> Self {
        // Nothing was modified before the epoch.
        Self::new(Way::Search, self.lower.max(0), self.upper)
    }

    /// The same window, where nothing can be in it.
    #[must_use]
    pub fn of_nothing(self) -> Self {
        Self { is_done: true, ..self }
    }

    /// What to ask for next; `None` when everything has been read.
    pub fn ask(&self) -> Option<Ask> {
        if self.is_done {
            return None;
        }
        Some(match self.way {
            Way::List => Ask::List { after: self.token.clone() },
            Way::Search => {
                Ask::Search { above: self.next.saturating_sub(1), offset: self.token.clone() }
            }
        })
    }

    /// Takes note of a page: its record ids in order, and the token for the next one.
    ///
    /// Only the absence of a token ends the scan. `Err` leaves the scan as it was.
    pub fn take(
        &mut self,
        ids: &[Option<u64>],
        token: Option<String>,
    ) -> Result<(), Contradiction> {
        let mut next = self.next;
        let mut ascending = true;
        for id in ids {
            match id {
                Some(id) if *id >= next => next = id.saturating_add(1),
                _ => ascending = false,
            }
        }
        match self.way {
            Way::Search if !ascending => return Err(Contradiction),
            Way::Search => {
                self.is_done = token.is_none();
                self.token = token.filter(|_| ids.is_empty());
            }
            Way::List => {
                if token.is_some() && token == self.token {
                    // Asking again for the page just read would never end.
                    return Err(Contradiction);
                }
                let continues = match token.as_deref().map(str::parse::<u64>) {
                    None => true,
                    Some(Ok(after)) => after >= next,
                    Some(Err(_)) => false,
                };
                self.by_id = self.by_id && ascending && continues;
                self.is_done = token.is_none();
                self.token = token;
            }
        }
        self.next = next;
        Ok(())
    }

    /// Is a record modified at this moment to be emitted? A record without a moment always is.
    ///
    /// A hit of a search is emitted whatever it says: the index may be behind the record.
    pub fn wants(&self, modified: Option<Millis>) -> bool {
        self.way == Way::Search || modified.is_none_or(|modified| modified >= self.lower)
    }

    /// What may be claimed of a scan that is not finished: all records below an id are written.
    ///
    /// `None` while that cannot be said: the service does not page by id.
    pub fn progress(&self, generation: Option<i64>) -> Option<Progress> {
        let Self { way, lower, upper, next, .. } = *self;
        self.by_id.then_some(Progress { way, lower, upper, next, generation })
    }

    pub fn is_done(&self) -> bool {
        self.is_done
    }

    pub fn way(&self) -> Way {
        self.way
    }

    /// The window: modified at or after the first, before the second.
    pub fn window(&self) -> (Millis, Millis) {
        (self.lower, self.upper)
    }
}
