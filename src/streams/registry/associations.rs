//! Associations between the records of two object types.

use super::super::spec::{ReadStrategy, Schema, StreamSpec};
use super::PLAIN;

/// Base definition of all association streams; [`crate::streams::AssociationStream`] fills in the
/// rest.
pub(in crate::streams) const ASSOCIATIONS: StreamSpec<'static> = StreamSpec {
    strategy: ReadStrategy::Associations { from: "", to: "" },
    primary_key: &["from_id", "to_id", "association_type_id"],
    schema: Schema::Static(include_str!("../../../schemas/associations.json")),
    scopes: &["crm.objects.custom.read"],
    docs: "https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide",
    ..PLAIN
};
