//! How large a portal is and what it holds before anything changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::portal::account_spec::AccountSpec;
use crate::portal::marketing_spec::MarketingSpec;

/// One custom object type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomSpec {
    /// The plain name, which may equal that of a standard type.
    pub name: String,
    pub records: u64,
}

/// The size and shape of a portal. Every record follows from it by arithmetic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortalSpec {
    pub seed: u64,
    pub portal_id: u64,
    /// Live records at the start, here and below.
    pub contacts: u64,
    pub companies: u64,
    pub deals: u64,
    pub tickets: u64,
    /// Live owners; a fifth as many archived ones come on top.
    pub owners: u32,
    /// Automation, events, settings, and what the plan lacks.
    pub account: AccountSpec,
    pub custom_objects: Vec<CustomSpec>,
    /// Live records of further standard types, by any of a type's names; `all` stands for every
    /// standard type that has no number of its own.
    pub others: BTreeMap<String, u64>,
    /// Property definitions of a type with records; never fewer than the built-in ones.
    pub properties: u32,
    /// Shortest length of the numbered custom property names.
    pub property_name_chars: usize,
    /// Archived records, as a share of all records of a type.
    pub archived_share: f64,
    /// Associates that many of the first contacts with company number 0.
    pub hub: Option<u64>,
    /// Lists, forms and e-mails.
    pub marketing: MarketingSpec,
}

impl Default for PortalSpec {
    fn default() -> Self {
        Self {
            seed: 1,
            portal_id: 4_455,
            contacts: 1_000,
            companies: 300,
            deals: 500,
            tickets: 200,
            owners: 20,
            account: AccountSpec::default(),
            custom_objects: vec![
                CustomSpec { name: "boats".to_owned(), records: 50 },
                CustomSpec { name: "harbours".to_owned(), records: 50 },
            ],
            others: BTreeMap::new(),
            properties: 70,
            property_name_chars: 12,
            archived_share: 0.01,
            hub: None,
            marketing: MarketingSpec::default(),
        }
    }
}
