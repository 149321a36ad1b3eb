//! The account as a value: its initial state and access to its parts.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::portal::automation::Automation;
use crate::portal::base::Base;
use crate::portal::built_in;
use crate::portal::change::Change;
use crate::portal::events::Events;
use crate::portal::graph::Graph;
use crate::portal::hash::{mix, mix2, name_hash};
use crate::portal::lists::Lists;
use crate::portal::marketing::Marketing;
use crate::portal::object_type::{ENGAGEMENTS, ObjectType, STANDARD, StandardType};
use crate::portal::people::{Person, people};
use crate::portal::spec::PortalSpec;
use crate::portal::store::Store;
use crate::settings::Settings;

/// One account: its records, definitions and settings.
#[derive(Debug)]
pub struct Portal {
    pub settings: Settings,
    /// Calls that count towards today's limit, as reported by the account's usage endpoint.
    pub calls_today: AtomicU64,
    /// Maximum number of calls per day.
    pub daily_limit: u64,
    pub(super) spec: PortalSpec,
    pub(crate) start_ms: i64,
    /// Standard types in the order of their table, then the custom ones.
    pub(super) stores: Vec<Store>,
    /// Index in `stores` by every name that a path may use.
    pub(super) names: HashMap<String, usize>,
    pub(super) graph: Graph,
    pub(super) lists: Lists,
    pub(super) marketing: Marketing,
    pub(super) events: Events,
    pub(super) automation: Automation,
    /// Indices of the object types that are disabled in the account.
    pub(super) disabled: BTreeSet<usize>,
    /// Number of records rendered so far.
    pub(super) generated: AtomicU64,
}

impl Portal {
    /// Creates a portal whose records all date from before `start_ms`. Takes constant time per
    /// object type.
    pub fn new(spec: PortalSpec, settings: Settings, start_ms: i64) -> Self {
        let mut objects: Vec<(ObjectType, u64)> = STANDARD
            .iter()
            .map(|row| (ObjectType::standard(row), initial_count(&spec, row)))
            .collect();
        for (number, custom) in (31_337..).zip(&spec.custom_objects) {
            let object = ObjectType::custom(&custom.name, number, spec.portal_id);
            objects.push((object, custom.records));
        }
        let mut names = HashMap::new();
        let mut stores = Vec::with_capacity(objects.len());
        for (place, (object, live)) in objects.into_iter().enumerate() {
            for name in [&object.id, &object.full_name, &object.singular, &object.plural] {
                // A custom object with the name of a standard type is reachable only by its id or
                // full name.
                names.entry(name.clone()).or_insert(place);
            }
            let seed = mix2(spec.seed, name_hash(&object.id));
            let base = Base::new(seed, live, spec.archived_share, object.id == "0-1", start_ms);
            let base = match (0..).zip(ENGAGEMENTS).find(|(_, name)| *name == object.plural) {
                Some((remainder, _)) if !object.custom => {
                    base.with_id_remainder(remainder, ENGAGEMENTS.len() as u64)
                }
                _ => base,
            };
            let count = if live == 0 { 0 } else { spec.properties };
            let count = usize::try_from(count).unwrap_or_default();
            let restless = spec.account.restless_properties;
            let definitions =
                built_in::definitions(&object, seed, count, spec.property_name_chars, restless);
            stores.push(Store::new(object, seed, base, definitions, settings.index_lag_ms));
        }
        let seed = mix(spec.seed);
        let account = &spec.account;
        let sizes = (account.events, account.event_definitions);
        let disabled = account.disabled_objects.iter().filter_map(|name| names.get(name)).copied();
        let mut portal = Self {
            events: Events::new(seed, sizes, &stores, settings.event_lag_ms, start_ms),
            automation: Automation::new(seed, account.workflows, account.flows, start_ms),
            disabled: disabled.collect(),
            graph: Graph::new(seed, spec.hub),
            lists: Lists::new(seed, &spec.marketing, start_ms),
            marketing: Marketing::new(seed, &spec.marketing, &settings, start_ms),
            settings,
            calls_today: AtomicU64::new(0),
            daily_limit: 625_000,
            spec,
            start_ms,
            stores,
            names,
            generated: AtomicU64::new(0),
        };
        portal.merge_at_start();
        portal
    }

    /// Merges two of every four contacts, about an hour before the start.
    fn merge_at_start(&mut self) {
        let merges = usize::try_from(self.spec.account.merged_contacts).unwrap_or(usize::MAX);
        let ids: Vec<u64> = self.ids("contacts").take(merges.saturating_mul(4)).collect();
        for (at_ms, group) in (self.start_ms - 3_599_999..).zip(ids.chunks(4)).take(merges) {
            let [winner, loser, ..] = *group else { break };
            let change = Change::Merge { object: "contacts".to_owned(), winner, loser };
            let applied = self.apply(&change, at_ms);
            debug_assert!(applied.is_ok(), "both are live");
        }
    }

    pub fn portal_id(&self) -> u64 {
        self.spec.portal_id
    }

    pub fn spec(&self) -> &PortalSpec {
        &self.spec
    }

    /// Returns every object type with its records, standard ones first.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// Returns the object type with a name, in any form that a path may use.
    pub fn store(&self, name: &str) -> Option<&Store> {
        self.stores.get(self.place(name)?)
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        if let Some(place) = self.names.get(name) {
            return Some(*place);
        }
        let name = name.to_ascii_lowercase();
        // HubSpot: the full name of a custom type may omit the portal id.
        let custom = name
            .strip_prefix("p_")
            .and_then(|rest| self.names.get(&format!("p{}_{rest}", self.portal_id())).copied());
        custom.or_else(|| self.names.get(&name).copied())
    }

    pub(crate) fn marketing(&self) -> &Marketing {
        &self.marketing
    }

    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    pub(crate) fn automation(&self) -> &Automation {
        &self.automation
    }

    /// Returns the active or the archived people.
    pub(crate) fn people(&self, archived: bool) -> impl Iterator<Item = Person> + '_ {
        people(&self.spec, self.start_ms, archived)
    }

    /// Counts a record that was written into a response.
    pub(crate) fn count_generated(&self) {
        self.generated.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the number of records in all responses so far.
    pub fn generated(&self) -> u64 {
        self.generated.load(Ordering::Relaxed)
    }
}

fn initial_count(spec: &PortalSpec, row: &StandardType) -> u64 {
    let named = [row.id, row.singular, row.plural];
    let other = named.iter().find_map(|name| spec.others.get(*name)).copied();
    other.unwrap_or_else(|| match row.plural {
        "contacts" => spec.contacts,
        "companies" => spec.companies,
        "deals" => spec.deals,
        "tickets" => spec.tickets,
        _ => spec.others.get("all").copied().unwrap_or(0),
    })
}
