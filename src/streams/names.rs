//! Names of streams that are found or made at run time: each its own, and the same in every run.

use std::collections::HashSet;

use super::registry::STREAMS;
use crate::strict::folded;

/// What stands before the name of a custom object that is called like another stream.
pub(super) const PREFIX: &str = "custom_";
/// The same as the Python connector spells it, from version 6.13 on, where it is configured.
pub(super) const PYTHON_PREFIX: &str = "custom_object_";

/// The names that are taken. Names that differ by case only are the same one to many databases, and
/// so they are here.
#[derive(Debug, Clone)]
pub struct Names {
    taken: HashSet<String>,
    prefix: &'static str,
}

impl Names {
    /// Those of the built-in streams. `as_python` says which prefix names of custom objects get.
    pub fn built_in(as_python: bool) -> Self {
        Self {
            taken: STREAMS.iter().map(|row| folded(row.name)).collect(),
            prefix: if as_python { PYTHON_PREFIX } else { PREFIX },
        }
    }

    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(&folded(name))
    }

    /// Takes a name; if it is taken already, the prefix is put before it, as often as that helps.
    pub(super) fn take(&mut self, prefix: &str, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(folded(&name)) {
            name.insert_str(0, prefix);
        }
        name
    }

    /// Takes a name for something of the portal's own.
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
