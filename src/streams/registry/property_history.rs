//! Property history streams.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{ObjectType, PropertyHistory, ReadStrategy};
use crate::record::{HistoryForm, VersionField};

const GUIDE: &str = "https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide";

/// Columns of a version, named as in the API.
const FIELDS: &[(VersionField, &str)] = &[
    (VersionField::Value, "value"),
    (VersionField::SourceType, "sourceType"),
    (VersionField::SourceId, "sourceId"),
    (VersionField::UpdatedByUserId, "updatedByUserId"),
];

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "companies_property_history",
        strategy: ReadStrategy::PropertyHistory(PropertyHistory {
            object: ObjectType::named("companies"),
            form: HistoryForm {
                id: "companyId",
                id_is_number: false,
                timestamp_is_number: false,
                fields: FIELDS,
            },
        }),
        primary_key: &["companyId", "property", "timestamp"],
        cursor: Some(CursorField::iso("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/companies_property_history.json")),
        scopes: Scopes::all(&["crm.objects.companies.read"]),
        docs: GUIDE,
    },
    StreamSpec {
        name: "contacts_property_history",
        strategy: ReadStrategy::PropertyHistory(PropertyHistory {
            object: ObjectType::CONTACTS,
            form: HistoryForm {
                id: "vid",
                id_is_number: true,
                timestamp_is_number: true,
                // Names used by the first version of the API.
                fields: &[
                    (VersionField::Value, "value"),
                    (VersionField::SourceType, "source-type"),
                    (VersionField::SourceId, "source-id"),
                    (VersionField::SourceLabel, "source-label"),
                    (VersionField::UpdatedByUserId, "updated-by-user-id"),
                ],
            },
        }),
        primary_key: &["vid", "property", "timestamp"],
        cursor: Some(CursorField::iso("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/contacts_property_history.json")),
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: GUIDE,
    },
    StreamSpec {
        name: "deals_property_history",
        strategy: ReadStrategy::PropertyHistory(PropertyHistory {
            object: ObjectType::named("deals"),
            form: HistoryForm {
                id: "dealId",
                id_is_number: false,
                timestamp_is_number: false,
                fields: FIELDS,
            },
        }),
        primary_key: &["dealId", "property", "timestamp"],
        cursor: Some(CursorField::iso("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/deals_property_history.json")),
        scopes: Scopes::all(&["crm.objects.deals.read"]),
        docs: GUIDE,
    },
];
