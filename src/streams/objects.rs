//! The names by which a configuration calls CRM object types.

use super::names::{PREFIX, PYTHON_PREFIX};
use super::registry::STREAMS;
use super::spec::Family;
use crate::strict::folded;

/// Names that configurations use and paths do not.
const SHORT_NAMES: [(&str, &str); 2] =
    [("goals", "goal_targets"), ("payments", "commerce_payments")];

/// What paths call the object type of a short name.
pub(super) fn path_of(name: &str) -> &str {
    SHORT_NAMES.iter().find(|(short, _)| *short == name).map_or(name, |(_, path)| path)
}

/// Everything that an object type is called: what paths call it, its short name, its stream. A
/// custom object also has the name that its full one, `p4455_boats`, ends in, unless a stream above
/// is called so.
pub fn names_of(path: &str) -> Vec<String> {
    let mut names = vec![path.to_owned()];
    let short = SHORT_NAMES.iter().filter(|(_, long)| *long == path).map(|(short, _)| *short);
    let is_its =
        |family: &Family<'_>| matches!(family, Family::CrmObject { object, .. } if *object == path);
    let streams = STREAMS.iter().filter(|row| is_its(&row.family)).map(|row| row.name);
    names.extend(short.chain(streams).map(str::to_owned));
    if let Some(short) = short_name(path) {
        let is_taken = STREAMS.iter().any(|row| folded(row.name) == folded(short));
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

/// The end of a custom object's full name.
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
