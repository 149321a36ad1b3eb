//! Stream definitions built at run time for the association streams that the user configured.

use super::names::Names;
use super::objects::path_of;
use super::registry::{CUSTOM_OBJECT_SCOPES, STREAMS, associations};
use super::spec::{Scopes, StreamSpec};
use super::strategy::AssociationPair;

/// A stream of the associations from one object type to another.
#[derive(Debug, Clone)]
pub struct AssociationStream {
    name: String,
    /// Object type name as used in API paths; `to` likewise.
    from: String,
    to: String,
    /// Scopes required for either object type, sorted and without duplicates.
    scopes: Vec<&'static str>,
}

impl AssociationStream {
    /// Creates the stream under the configured name, or `associations_<from>_<to>` if that is
    /// empty. A name that is already taken gets the prefix `associations_`.
    pub fn new(from: &str, to: &str, name: &str, names: &mut Names) -> Self {
        let default = || format!("associations_{from}_{to}");
        let name = if name.is_empty() { default() } else { name.to_owned() };
        let (from, from_scopes) = object(from);
        let (to, to_scopes) = object(to);
        let mut scopes = [from_scopes, to_scopes].concat();
        scopes.sort_unstable();
        scopes.dedup();
        let name = names.take("associations_", &name);
        Self { name, from: from.to_owned(), to: to.to_owned(), scopes }
    }

    /// Returns the stream definition.
    pub fn spec(&self) -> StreamSpec<'_> {
        let pair = AssociationPair { from: &self.from, to: &self.to };
        associations(&self.name, pair, Scopes::all(&self.scopes))
    }
}

/// Returns the API path name of an object type and the scopes required to read it.
fn object(name: &str) -> (&str, &'static [&'static str]) {
    let path = path_of(name);
    (path, scopes_of(path))
}

/// Returns the scopes required to read the records of an object type, given its API path name.
pub fn scopes_of(path: &str) -> &'static [&'static str] {
    let is_its = |spec: &&StreamSpec<'_>| {
        spec.strategy.crm_object().is_some_and(|definition| definition.object.name == path)
    };
    STREAMS.iter().find(is_its).map_or(CUSTOM_OBJECT_SCOPES, |spec| spec.scopes).all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::ReadStrategy;

    #[test]
    fn a_configured_pair_is_a_row() {
        let mut names = Names::built_in(false);
        for (from, to, name, expected, paths, scopes) in [
            (
                "deals",
                "contacts",
                "",
                "associations_deals_contacts",
                ("deals", "contacts"),
                &["crm.objects.contacts.read", "crm.objects.deals.read"][..],
            ),
            (
                "calls",
                "contacts",
                "talks",
                "talks",
                ("calls", "contacts"),
                &["crm.objects.contacts.read"],
            ),
            (
                "goals",
                "payments",
                "deals",
                "associations_deals",
                ("goal_targets", "commerce_payments"),
                &["crm.objects.commercepayments.read", "crm.objects.goals.read"],
            ),
            (
                "p_boats",
                "2-17",
                "",
                "associations_p_boats_2-17",
                ("p_boats", "2-17"),
                &["crm.objects.custom.read"],
            ),
        ] {
            let stream = AssociationStream::new(from, to, name, &mut names);
            let spec = stream.spec();
            assert_eq!((spec.name, spec.scopes.all), (expected, scopes));
            let ReadStrategy::Associations(pair) = spec.strategy else { panic!("associations") };
            assert_eq!((pair.from, pair.to), paths);
        }
    }
}
