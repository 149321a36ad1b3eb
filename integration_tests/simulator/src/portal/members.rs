//! Members of a list: every nth record of its type, plus and minus the effect of changes.
//!
//! Members do not join in the order of their ids: they are divided into halves and the later half
//! joined first. Archived and deleted records are not shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::portal::base::{bound, scale};
use crate::portal::item_set::Item;
use crate::portal::store::Store;

/// Number of members that joined at the same instant.
const TIES: u64 = 4;

/// Requested order of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    ById,
    ByJoining,
}

/// Start of a page: members from the key onwards, or those below it in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    At((i64, u64)),
    Below((i64, u64)),
}

/// One record on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: u64,
    pub(crate) joined_ms: i64,
}

impl Member {
    /// Returns the sort key for an order.
    pub(crate) fn key(&self, order: Order) -> (i64, u64) {
        match order {
            Order::ById => (0, self.id),
            Order::ByJoining => (self.joined_ms, self.id),
        }
    }
}

/// Changes to the members of a list.
#[derive(Debug, Default)]
pub(crate) struct MemberEdits {
    /// Records with the instants at which they first and last joined. Initial members appear here
    /// only after a removal.
    pub(crate) added: BTreeMap<u64, (i64, i64)>,
    /// Initial members that were removed.
    pub(crate) removed: BTreeSet<u64>,
    pub(crate) last_added_ms: Option<i64>,
    pub(crate) last_removed_ms: Option<i64>,
}

/// The members of one list.
pub(crate) struct Members<'a> {
    store: &'a Store,
    edits: Option<&'a MemberEdits>,
    /// Number of initial members, including removed ones.
    size: u64,
    first: u64,
    stride: u64,
    shift: u64,
    joined_from_ms: i64,
    joined_until_ms: i64,
}

impl<'a> Members<'a> {
    /// Creates the members of a list. All initial members join at the same instant if `at_once`.
    pub(crate) fn new(
        store: &'a Store,
        edits: Option<&'a MemberEdits>,
        size: u64,
        list: &Item,
        at_once: bool,
    ) -> Self {
        let stride = store.base.live_below(store.base.len).checked_div(size).unwrap_or(1);
        // HubSpot: members join and leave after the list itself was last edited.
        let until_ms = store.base.modified_until_ms();
        Self {
            store,
            edits,
            size,
            first: list.number % stride.max(1),
            stride,
            shift: if at_once { 0 } else { size / 2 / TIES * TIES },
            joined_from_ms: list.created_ms,
            joined_until_ms: if at_once { list.created_ms } else { until_ms },
        }
    }

    /// Returns the initial member at a position in an order.
    fn nth(&self, order: Order, place: u64) -> Member {
        let (number, rank) = match order {
            Order::ById => (place, (place + self.shift) % self.size),
            Order::ByJoining => ((place + self.size - self.shift) % self.size, place),
        };
        let index = self.store.base.live_index(self.first + number * self.stride);
        let span = self.joined_until_ms - self.joined_from_ms;
        let joined_ms = self.joined_from_ms + scale(rank - rank % TIES, span, self.size);
        Member { id: self.store.base.id(index), joined_ms }
    }

    /// Returns the initial member with an id, even if it was removed.
    fn initial(&self, id: u64) -> Option<Member> {
        let index = self.store.base.index_of(id).filter(|index| !self.store.base.archived(*index));
        let place = self.store.base.live_below(index?).checked_sub(self.first)?;
        let number = place / self.stride;
        (place.is_multiple_of(self.stride) && number < self.size)
            .then(|| self.nth(Order::ById, number))
    }

    fn removed(&self, id: u64) -> bool {
        self.edits.is_some_and(|edits| edits.removed.contains(&id))
    }

    fn added(&self) -> impl Iterator<Item = Member> + '_ {
        let added = self.edits.into_iter().flat_map(|edits| &edits.added);
        added
            .map(|(id, (_, joined_ms))| Member { id: *id, joined_ms: *joined_ms })
            .filter(|member| self.store.is_live(member.id))
    }

    /// Returns the initial member with an id, unless it was removed.
    pub(crate) fn stays(&self, id: u64) -> Option<Member> {
        self.initial(id).filter(|_| !self.removed(id))
    }

    /// Returns the instants at which a member first and last joined; `None` if it is not a member.
    pub(crate) fn joined(&self, id: u64) -> Option<(i64, i64)> {
        if !self.store.is_live(id) {
            return None;
        }
        let added = self.edits.and_then(|edits| edits.added.get(&id)).copied();
        added.or_else(|| self.stays(id).map(|member| (member.joined_ms, member.joined_ms)))
    }

    /// Returns the number of members.
    pub(crate) fn total(&self) -> u64 {
        let removed = self.edits.map_or(0, |edits| edits.removed.len());
        let gone = self.store.displaced.iter().map(|index| self.store.base.id(*index));
        let gone = gone.filter(|id| !self.store.is_live(*id) && self.stays(*id).is_some()).count();
        let left = u64::try_from(removed + gone).unwrap_or_default();
        self.size - left + u64::try_from(self.added().count()).unwrap_or_default()
    }

    /// Instant at which the last initial member joined.
    pub(crate) fn last_joined_ms(&self) -> Option<i64> {
        let last = self.size.checked_sub(1)?;
        Some(self.nth(Order::ByJoining, last).joined_ms)
    }

    /// Returns up to `most` members of a page.
    pub(crate) fn page(&self, order: Order, from: Start, max: usize) -> Vec<Member> {
        let key = |member: &Member| member.key(order);
        let (Start::At(limit) | Start::Below(limit)) = from;
        let start = bound(self.size, |place| key(&self.nth(order, place)) >= limit);
        let places: Box<dyn Iterator<Item = u64>> = match from {
            Start::At(_) => Box::new(start..self.size),
            Start::Below(_) => Box::new((0..start).rev()),
        };
        let mut page: Vec<Member> = places
            .map(|place| self.nth(order, place))
            .filter(|member| !self.removed(member.id) && self.store.is_live(member.id))
            .take(max)
            .collect();
        page.extend(self.added().filter(|member| match from {
            Start::At(limit) => key(member) >= limit,
            Start::Below(limit) => key(member) < limit,
        }));
        page.sort_unstable_by_key(key);
        if matches!(from, Start::Below(_)) {
            page.reverse();
        }
        page.truncate(max);
        page
    }

    /// Returns the ids of all members, ascending.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let all = self.page(Order::ById, Start::At((0, 0)), usize::MAX);
        all.into_iter().map(|member| member.id).collect()
    }
}
