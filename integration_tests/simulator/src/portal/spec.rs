//! Initial size and contents of a portal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::portal::account_spec::AccountSpec;
use crate::portal::marketing_spec::MarketingSpec;

/// One custom object type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CustomSpec {
    /// The short name, which may equal that of a standard type.
    pub name: String,
    pub records: u64,
}

/// Size and contents of a portal. All initial records are computed from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PortalSpec {
    pub seed: u64,
    pub portal_id: u64,
    /// Number of live records at the start, here and below.
    pub contacts: u64,
    pub companies: u64,
    pub deals: u64,
    pub tickets: u64,
    /// Number of live owners; there are a fifth as many archived ones in addition.
    pub owners: u32,
    /// Automation, events, settings, and features not included in the plan.
    pub account: AccountSpec,
    pub custom_objects: Vec<CustomSpec>,
    /// Live records of further standard types, by any of a type's names; `all` applies to every
    /// standard type without a number of its own.
    pub others: BTreeMap<String, u64>,
    /// Property definitions of each type with records; at least the built-in ones.
    pub properties: u32,
    /// Minimum length of the numbered custom property names.
    pub property_name_chars: usize,
    /// Archived records, as a share of all records of a type.
    pub archived_share: f64,
    /// Associates this many of the first contacts with company number 0.
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
