//! Workflows: contact-based ones, which both automation APIs show under different ids, and flows
//! about other types, which only the newer API shows.

use crate::portal::hash::mix2;
use crate::portal::item_set::{Item, ItemSet};

const FIRST_WORKFLOW: u64 = 331;
const WORKFLOW_STEP: u64 = 7;
const FIRST_FLOW: u64 = 1_551_004;
/// Flow ids are `FIRST_FLOW` plus multiples of `FLOW_STEP`; flows that are not contact-based are
/// offset by `OTHER_FLOW`.
const FLOW_STEP: u64 = 26;
const OTHER_FLOW: u64 = 13;
/// Object types of the flows that are not contact-based, in turn.
const OTHER_TYPES: &[&str] = &["0-3", "0-2", "0-5", "0-136", "0-14"];

/// One flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) id: u64,
    pub(crate) item: Item,
    /// The id in the older API, for contact-based flows only.
    pub(crate) workflow_id: Option<u64>,
    pub(crate) object_type: &'static str,
    pub(crate) enabled: bool,
}

/// The flows of an account.
#[derive(Debug)]
pub(crate) struct Automation {
    pub(crate) contact: ItemSet,
    pub(crate) other: ItemSet,
}

impl Automation {
    pub(crate) fn new(seed: u64, workflows: u64, flows: u64, start_ms: i64) -> Self {
        Self {
            contact: ItemSet::new(mix2(seed, 21), workflows, None, start_ms),
            other: ItemSet::new(mix2(seed, 22), flows, None, start_ms),
        }
    }

    /// Returns the flows that were not deleted, by id.
    pub(crate) fn flows(&self) -> Vec<Flow> {
        let contact = self.contact.items().map(|item| self.contact_flow(item));
        let other = self.other.items().map(|item| self.other_flow(item));
        let mut flows: Vec<Flow> =
            contact.chain(other).filter(|flow| flow.item.archived_ms.is_none()).collect();
        flows.sort_unstable_by_key(|flow| flow.id);
        flows
    }

    fn contact_flow(&self, item: Item) -> Flow {
        Flow {
            id: FIRST_FLOW + item.number * FLOW_STEP,
            workflow_id: Some(FIRST_WORKFLOW + item.number * WORKFLOW_STEP),
            object_type: "0-1",
            enabled: enabled(self.contact.seed, &item),
            item,
        }
    }

    fn other_flow(&self, item: Item) -> Flow {
        let place = usize::try_from(item.number).unwrap_or_default() % OTHER_TYPES.len();
        Flow {
            id: FIRST_FLOW + OTHER_FLOW + item.number * FLOW_STEP,
            workflow_id: None,
            object_type: OTHER_TYPES.get(place).copied().unwrap_or("0-3"),
            enabled: enabled(self.other.seed, &item),
            item,
        }
    }

    /// Returns the set of flows and the number of a flow id.
    pub(crate) fn place(&mut self, id: u64) -> Option<(&mut ItemSet, u64)> {
        let offset = id.checked_sub(FIRST_FLOW)?;
        match offset % FLOW_STEP {
            0 => Some((&mut self.contact, offset / FLOW_STEP)),
            OTHER_FLOW => Some((&mut self.other, offset / FLOW_STEP)),
            _ => None,
        }
    }
}

/// Returns `true` if the flow is enabled. Every edit toggles it.
fn enabled(seed: u64, item: &Item) -> bool {
    !(mix2(seed, item.number) + u64::from(item.edits)).is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_of_both_interfaces_differ_and_lead_back() {
        let mut automation = Automation::new(1, 9, 14, 1_790_000_000_000);
        let flows = automation.flows();
        let ids: BTreeSet<u64> = flows.iter().map(|flow| flow.id).collect();
        assert_eq!((flows.len(), ids.len()), (23, 23));
        assert_eq!(flows.iter().filter(|flow| flow.workflow_id.is_some()).count(), 9);
        assert!(flows.iter().all(|flow| flow.workflow_id.is_none_or(|id| !ids.contains(&id))));
        for flow in &flows {
            let (item_set, number) = automation.place(flow.id).expect("a flow");
            assert_eq!(item_set.item(number), Some(flow.item), "{}", flow.id);
        }
        for odd in [0, FIRST_FLOW + 1, FIRST_FLOW - 1] {
            assert!(automation.place(odd).is_none(), "{odd}");
        }
    }
}
