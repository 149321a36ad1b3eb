//! Unique and stable names for streams that are discovered or configured at run time.

use std::collections::HashSet;

use super::registry::STREAMS;
use crate::strict::folded;

/// Prefix for the stream of a custom object whose name is already taken.
pub(super) const PREFIX: &str = "custom_";
/// Prefix that the Python connector uses from version 6.13 on; selected by configuration.
pub(super) const PYTHON_PREFIX: &str = "custom_object_";

/// Set of taken stream names. The comparison ignores case, because many databases do.
#[derive(Debug, Clone)]
pub struct Names {
    taken: HashSet<String>,
    prefix: &'static str,
}

impl Names {
    /// Returns the names of the built-in streams. With `as_python`, custom objects get the prefix
    /// of the Python connector.
    pub fn built_in(as_python: bool) -> Self {
        Self {
            taken: STREAMS.iter().map(|spec| folded(spec.name)).collect(),
            prefix: if as_python { PYTHON_PREFIX } else { PREFIX },
        }
    }

    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(&folded(name))
    }

    /// Reserves a name and returns it. The prefix is prepended until the name is free.
    pub(super) fn take(&mut self, prefix: &str, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(folded(&name)) {
            name.insert_str(0, prefix);
        }
        name
    }

    /// Reserves a name for a custom object or event of the account.
    pub(super) fn take_custom(&mut self, name: &str) -> String {
        self.take(self.prefix, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_prefix() {
        let (mut names, mut as_python) = (Names::built_in(false), Names::built_in(true));
        for (name, expected) in [
            ("boats", "boats"),
            ("deals", "custom_deals"),
            ("deals_archived", "custom_deals_archived"),
            ("custom_deals", "custom_custom_deals"),
            ("boats", "custom_boats"),
            ("Contacts", "custom_Contacts"),
            ("CUSTOM_contacts", "custom_CUSTOM_contacts"),
        ] {
            assert_eq!(names.take_custom(name), expected);
        }
        for (name, expected) in [("boats", "boats"), ("Deals", "custom_object_Deals")] {
            assert_eq!(as_python.take_custom(name), expected);
        }
    }
}
