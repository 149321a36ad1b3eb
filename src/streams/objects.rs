//! Names of CRM object types in a configuration.

use super::names::{PREFIX, PYTHON_PREFIX};
use super::registry::STREAMS;
use super::strategy::ReadStrategy;
use crate::strict::folded;

/// Short names accepted in a configuration, with the names used in API paths.
const SHORT_NAMES: [(&str, &str); 2] =
    [("goals", "goal_targets"), ("payments", "commerce_payments")];

/// Returns the API path name for a short name; other names are returned unchanged.
pub(super) fn path_of(name: &str) -> &str {
    SHORT_NAMES.iter().find(|(short, _)| *short == name).map_or(name, |(_, path)| path)
}

/// Returns all names of an object type: the API path name, the short name, and the stream names.
///
/// A custom object is also known by the last part of its fully qualified name (`boats` for
/// `p4455_boats`). If a built-in stream has that name, the prefixed forms are returned instead.
pub fn names_of(path: &str) -> Vec<String> {
    let mut names = vec![path.to_owned()];
    let short = SHORT_NAMES.iter().filter(|(_, long)| *long == path).map(|(short, _)| *short);
    let is_its = |strategy: &ReadStrategy<'_>| {
        strategy.crm_object().is_some_and(|definition| definition.object.name == path)
    };
    let streams = STREAMS.iter().filter(|spec| is_its(&spec.strategy)).map(|spec| spec.name);
    names.extend(short.chain(streams).map(str::to_owned));
    if let Some(short) = short_name(path) {
        let is_taken = STREAMS.iter().any(|spec| folded(spec.name) == folded(short));
        if is_taken {
            names.extend([PREFIX, PYTHON_PREFIX].map(|prefix| format!("{prefix}{short}")));
        } else {
            names.push(short.to_owned());
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the last part of the fully qualified name of a custom object.
fn short_name(path: &str) -> Option<&str> {
    let (portal, name) = path.strip_prefix('p')?.split_once('_')?;
    let is_portal = portal.bytes().all(|byte| byte.is_ascii_digit());
    (is_portal && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_type_has_several_names() {
        for (path, expected) in [
            ("contacts", "contacts"),
            ("calls", "calls engagements_calls"),
            ("goal_targets", "goal_targets goals"),
            ("commerce_payments", "commerce_payments payments"),
            ("postal_mail", "postal_mail"),
            ("p4455_boats", "boats p4455_boats"),
            ("p_boats", "boats p_boats"),
            ("p4455_deals", "custom_deals custom_object_deals p4455_deals"),
        ] {
            assert_eq!(names_of(path).join(" "), expected, "{path}");
        }
        assert_eq!([path_of("goals"), path_of("deals")], ["goal_targets", "deals"]);
    }
}
