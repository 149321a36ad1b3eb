//! Names of streams that are found or made at run time: each its own, and the same in every run.

use std::collections::HashSet;

use super::registry::STREAMS;

/// The names that are taken.
#[derive(Debug, Clone)]
pub struct Names {
    taken: HashSet<String>,
}

impl Names {
    /// Those of the built-in streams.
    pub fn built_in() -> Self {
        Self { taken: STREAMS.iter().map(|row| row.name.to_owned()).collect() }
    }

    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// Takes a name; if it is taken already, the prefix is put before it, as often as that helps.
    pub(super) fn take(&mut self, prefix: &str, name: &str) -> String {
        let mut name = name.to_owned();
        while !self.taken.insert(name.clone()) {
            name.insert_str(0, prefix);
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_prefix() {
        let mut names = Names::built_in();
        for (name, expected) in [
            ("boats", "boats"),
            ("deals", "custom_deals"),
            ("deals_archived", "custom_deals_archived"),
            ("custom_deals", "custom_custom_deals"),
            ("boats", "custom_boats"),
        ] {
            assert_eq!(names.take("custom_", name), expected);
        }
    }
}
