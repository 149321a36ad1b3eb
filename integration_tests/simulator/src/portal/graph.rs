//! Links between records: computed from the indices of both sides, plus the links that changes
//! added or removed. The links are the same from either side.

use std::collections::{BTreeMap, BTreeSet};

use crate::portal::hash::{mix, mix2};
use crate::portal::store::Store;

/// Layers of ordinary links: records of the larger side per step, and the percentage that have the
/// link.
const LAYERS: [(u64, u64); 2] = [(1, 70), (3, 25)];
/// Maximum number of steps of the larger side per record of the smaller one.
const STEPS: u64 = 4;
/// Number of standard types, from the start of their table, that have links to the others.
const WELL_LINKED: usize = 4;
const CONTACTS: usize = 0;
const COMPANIES: usize = 1;
const DEALS: usize = 2;
const LINE_ITEMS: usize = 5;
const DEAL_SPLITS: usize = 18;

/// One link as seen from one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) to_id: u64,
    /// `true` if the link also carries HubSpot's own label `Primary`.
    pub(crate) primary: bool,
    /// A label defined by the account.
    pub(crate) label: Option<String>,
}

type Side = (usize, u64, usize);

/// The links of a portal.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(super) seed: u64,
    hub: Option<u64>,
    pub(super) added: BTreeMap<Side, BTreeMap<u64, Option<String>>>,
    pub(super) removed: BTreeSet<(Side, u64)>,
}

/// Two types with the larger side first.
struct Pair {
    salt: u64,
    large: u64,
    small: u64,
    hub: u64,
}

impl Pair {
    fn step(&self, layer: usize, from: u64) -> Option<u64> {
        let (width, percent) = LAYERS.get(layer).copied()?;
        let step = from / width;
        let linked =
            step < self.small * STEPS && mix2(self.salt ^ layer as u64, from) % 100 < percent;
        linked.then(|| (step + self.offset(layer)) % self.small)
    }

    fn offset(&self, layer: usize) -> u64 {
        mix(self.salt + layer as u64) % self.small.max(1)
    }

    /// Returns the indices of the smaller side that are linked to an index of the larger side.
    fn of_large(&self, from: u64) -> Vec<u64> {
        let mut found: Vec<u64> =
            (0..LAYERS.len()).filter_map(|layer| self.step(layer, from)).collect();
        // Some records of the smaller side have hundreds of links, spread over the larger side.
        if from % 4 == 1 && from / 4 % 300 < 250 {
            found.push(from / 4 / 300 * 997 + 5);
        }
        if from % 1_999 == 11 {
            let first = from / 1_999 * 150;
            found.extend((first..first + 120).map(|step| step * 3 + 1));
        }
        if from < self.hub {
            found.push(0);
        }
        found.retain(|index| *index < self.small);
        found
    }

    /// Returns the indices of the larger side that are linked to an index of the smaller side.
    fn of_small(&self, from: u64) -> Vec<u64> {
        let mut found = Vec::new();
        for (layer, (width, _)) in LAYERS.into_iter().enumerate() {
            let rest = (from + self.small - self.offset(layer)) % self.small;
            for turn in 0..STEPS {
                let first = (rest + turn * self.small) * width;
                let candidates = first..(first + width).min(self.large);
                found.extend(candidates.filter(|index| self.step(layer, *index) == Some(from)));
            }
        }
        if from % 997 == 5 {
            let first = from / 997 * 300;
            found.extend((first..first + 250).map(|step| step * 4 + 1));
        }
        if from % 3 == 1 && from / 3 % 150 < 120 {
            found.push(from / 3 / 150 * 1_999 + 11);
        }
        if from == 0 {
            found.extend(0..self.hub);
        }
        found.retain(|index| *index < self.large);
        found
    }
}

impl Graph {
    pub(crate) fn new(seed: u64, hub: Option<u64>) -> Self {
        Self { seed, hub, added: BTreeMap::new(), removed: BTreeSet::new() }
    }

    /// Returns the indices of `to` that are initially linked to an index of `from`, each with
    /// whether the link is primary.
    pub(super) fn initial(
        &self,
        from: (usize, &Store),
        index: u64,
        to: (usize, &Store),
    ) -> Vec<(u64, bool)> {
        let (low, high) = (from.0.min(to.0), from.0.max(to.0));
        let custom = from.1.object.custom || to.1.object.custom;
        let linked = match (low, high) {
            (CONTACTS, _) | (DEALS, LINE_ITEMS) => high != LINE_ITEMS || low == DEALS,
            _ => low < WELL_LINKED && high != LINE_ITEMS && !custom && low != high,
        };
        if !linked || (custom && low == high) {
            return Vec::new();
        }
        let salt = mix2(self.seed, (low * 1_000 + high) as u64);
        if low == high {
            let other = index ^ 1;
            let paired = mix2(salt, index / 2).is_multiple_of(20) && other < to.1.base.len;
            return if paired { vec![(other, false)] } else { Vec::new() };
        }
        let (from_len, to_len) = (from.1.base.len, to.1.base.len);
        if (low, high) == (DEALS, DEAL_SPLITS) {
            let others =
                if from.0 == DEALS { 2 * index..2 * index + 2 } else { index / 2..index / 2 + 1 };
            return others.filter(|other| *other < to_len).map(|other| (other, false)).collect();
        }
        // The hub is a company, so companies are the smaller side whatever their number.
        let hubbed = (low, high) == (CONTACTS, COMPANIES);
        let from_large =
            if hubbed { from.0 == CONTACTS } else { (from_len, to.0) > (to_len, from.0) };
        let (large, small) = if from_large { (from_len, to_len) } else { (to_len, from_len) };
        let hub = if hubbed { self.hub.unwrap_or(0) } else { 0 };
        let pair = Pair { salt, large, small, hub };
        if pair.small == 0 {
            return Vec::new();
        }
        let has_primary = low == COMPANIES || high == COMPANIES;
        let mut found: Vec<(u64, bool)> = if from_large {
            let primary = pair.step(0, index);
            let links = pair.of_large(index).into_iter();
            links.map(|other| (other, has_primary && primary == Some(other))).collect()
        } else {
            let links = pair.of_small(index).into_iter();
            links.map(|other| (other, has_primary && pair.step(0, other) == Some(index))).collect()
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(crate) fn add(&mut self, from: Side, to_id: u64, label: Option<&str>) {
        let (from_place, from_id, to_place) = from;
        let back = (to_place, to_id, from_place);
        for (side, id) in [(from, to_id), (back, from_id)] {
            self.removed.remove(&(side, id));
            self.added.entry(side).or_default().insert(id, label.map(str::to_owned));
        }
    }

    pub(crate) fn remove(&mut self, from: Side, to_id: u64) {
        let (from_place, from_id, to_place) = from;
        let back = (to_place, to_id, from_place);
        for (side, id) in [(from, to_id), (back, from_id)] {
            if let Some(added) = self.added.get_mut(&side) {
                added.remove(&id);
            }
            self.removed.insert((side, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::object_type::STANDARD;

    #[test]
    fn places_are_those_of_the_table() {
        for (place, plural) in [
            (CONTACTS, "contacts"),
            (COMPANIES, "companies"),
            (DEALS, "deals"),
            (LINE_ITEMS, "line_items"),
            (DEAL_SPLITS, "deal_splits"),
        ] {
            assert_eq!(STANDARD[place].plural, plural);
        }
    }
}
