//! Property values of a change.

use std::collections::BTreeMap;

/// Property values by name; `null` clears a property.
pub type Values = BTreeMap<String, Option<String>>;
