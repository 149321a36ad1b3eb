//! Associations between the records of two object types.

use super::super::spec::{Schema, Scopes, StreamSpec};
use super::super::strategy::{AssociationPair, ReadStrategy};

/// Returns the definition of the stream of the associations of a pair of object types.
pub(in crate::streams) const fn associations<'a>(
    name: &'a str,
    pair: AssociationPair<'a>,
    scopes: Scopes<'a>,
) -> StreamSpec<'a> {
    StreamSpec {
        name,
        strategy: ReadStrategy::Associations(pair),
        primary_key: &["from_id", "to_id", "association_type_id"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/associations.json")),
        scopes,
        docs: "https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide",
    }
}
