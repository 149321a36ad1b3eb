//! Property history streams.

use super::super::spec::{CursorField, ReadStrategy, Schema, StreamSpec};
use super::{MODIFIED, MODIFIED_CONTACT, PLAIN};
use crate::cursor::CursorFormat;
use crate::record::{HistoryForm, VersionField};

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "companies_property_history",
        strategy: ReadStrategy::PropertyHistory {
            object: "companies",
            modified: MODIFIED,
            form: HistoryForm { id: "companyId", ..HISTORY },
        },
        primary_key: &["companyId", "property", "timestamp"],
        schema: Schema::Static(include_str!("../../../schemas/companies_property_history.json")),
        scopes: &["crm.objects.companies.read"],
        ..VERSION
    },
    StreamSpec {
        name: "contacts_property_history",
        strategy: ReadStrategy::PropertyHistory {
            object: "contacts",
            modified: MODIFIED_CONTACT,
            // Names used by the first version of the API.
            form: HistoryForm {
                id: "vid",
                id_is_number: true,
                timestamp_is_number: true,
                fields: &[
                    (VersionField::Value, "value"),
                    (VersionField::SourceType, "source-type"),
                    (VersionField::SourceId, "source-id"),
                    (VersionField::SourceLabel, "source-label"),
                    (VersionField::UpdatedByUserId, "updated-by-user-id"),
                ],
            },
        },
        primary_key: &["vid", "property", "timestamp"],
        schema: Schema::Static(include_str!("../../../schemas/contacts_property_history.json")),
        scopes: &["crm.objects.contacts.read"],
        ..VERSION
    },
    StreamSpec {
        name: "deals_property_history",
        strategy: ReadStrategy::PropertyHistory {
            object: "deals",
            modified: MODIFIED,
            form: HistoryForm { id: "dealId", ..HISTORY },
        },
        primary_key: &["dealId", "property", "timestamp"],
        schema: Schema::Static(include_str!("../../../schemas/deals_property_history.json")),
        scopes: &["crm.objects.deals.read"],
        ..VERSION
    },
];

const HISTORY: HistoryForm = HistoryForm {
    id: "",
    id_is_number: false,
    timestamp_is_number: false,
    fields: &[
        (VersionField::Value, "value"),
        (VersionField::SourceType, "sourceType"),
        (VersionField::SourceId, "sourceId"),
        (VersionField::UpdatedByUserId, "updatedByUserId"),
    ],
};

/// Base definition of the property history streams.
const VERSION: StreamSpec<'static> = StreamSpec {
    strategy: ReadStrategy::PropertyHistory { object: "", modified: "", form: HISTORY },
    primary_key: &[],
    cursor: Some(CursorField {
        name: "timestamp",
        source_defined: true,
        format: CursorFormat::Iso,
    }),
    docs: "https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide",
    ..PLAIN
};
