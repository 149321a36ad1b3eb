//! The table of streams.

use super::spec::{CursorField, Family, Fill, Schema, StreamSpec};
use crate::hubspot::{Endpoint, limits};
use crate::record::Kind;
use crate::schema::Legacy;

const CRM_RECORD: &str = include_str!("../../schemas/shared/crm_record.json");

const UPDATED_AT: Option<CursorField> =
    Some(CursorField { name: "updatedAt", source_defined: false });

/// Every stream known before a portal is asked, by name.
pub const STREAMS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "account_details",
        family: Family::Single { endpoint: Endpoint::Account },
        associations: &[],
        primary_key: &[],
        cursor: None,
        schema: Schema::Static(include_str!("../../schemas/account_details.json")),
        defaults: &[],
        legacy: &[],
        scopes: &["oauth"],
        docs: "https://developers.hubspot.com/docs/api-reference/account-info-v3/guide",
    },
    StreamSpec {
        name: "companies",
        family: Family::CrmObject { object: "companies", modified: "hs_lastmodifieddate" },
        associations: &["contacts"],
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Properties { fields: CRM_RECORD, object: "companies" },
        defaults: &[],
        legacy: &[],
        scopes: &["crm.objects.companies.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide",
    },
    StreamSpec {
        name: "contacts",
        // Contacts alone say `lastmodifieddate`; searching them by the other finds nothing.
        family: Family::CrmObject { object: "contacts", modified: "lastmodifieddate" },
        associations: &["companies", "contacts"],
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Properties { fields: CRM_RECORD, object: "contacts" },
        defaults: &[],
        legacy: &[
            Legacy { newer: "hs_v2_date_entered_", older: ("hs_lifecyclestage_", "_date") },
            Legacy { newer: "hs_v2_date_exited_", older: ("hs_date_exited_", "") },
            Legacy { newer: "hs_v2_latest_time_in_", older: ("hs_time_in_", "") },
        ],
        scopes: &["crm.objects.contacts.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide",
    },
    StreamSpec {
        name: "deals",
        family: Family::CrmObject { object: "deals", modified: "hs_lastmodifieddate" },
        associations: &["companies", "contacts", "line_items"],
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Properties { fields: CRM_RECORD, object: "deals" },
        defaults: &[],
        legacy: &[
            Legacy { newer: "hs_v2_date_entered_", older: ("hs_date_entered_", "") },
            Legacy { newer: "hs_v2_date_exited_", older: ("hs_date_exited_", "") },
            Legacy { newer: "hs_v2_latest_time_in_", older: ("hs_time_in_", "") },
        ],
        scopes: &["crm.objects.deals.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-deals-v3/guide",
    },
    StreamSpec {
        name: "owners",
        family: Family::List { endpoint: Endpoint::Owners, page: limits::OWNERS_PAGE },
        associations: &[],
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../schemas/owners.json")),
        defaults: &[Fill { field: "updatedAt", or: Some("createdAt"), cast: None }],
        legacy: &[],
        scopes: &["crm.objects.owners.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-owners-v3/guide",
    },
    StreamSpec {
        name: "tickets",
        family: Family::CrmObject { object: "tickets", modified: "hs_lastmodifieddate" },
        associations: &["companies", "contacts", "deals"],
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Properties { fields: CRM_RECORD, object: "tickets" },
        defaults: &[],
        legacy: &[],
        scopes: &["tickets"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide",
    },
];

/// What all custom objects have in common; [`super::CustomStream`] fills in the rest.
pub(super) const CUSTOM_OBJECT: StreamSpec<'static> = StreamSpec {
    name: "",
    family: Family::CrmObject { object: "", modified: "hs_lastmodifieddate" },
    associations: &[],
    primary_key: &["id"],
    cursor: UPDATED_AT,
    schema: Schema::Known { fields: CRM_RECORD, properties: &[] },
    defaults: &[
        Fill { field: "createdAt", or: None, cast: Some(Kind::Datetime) },
        Fill { field: "updatedAt", or: Some("createdAt"), cast: Some(Kind::Datetime) },
    ],
    legacy: &[],
    scopes: &["crm.objects.custom.read"],
    docs: "https://developers.hubspot.com/docs/api-reference/crm-custom-objects-v3/guide",
};

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rows() -> impl Iterator<Item = &'static StreamSpec<'static>> {
        STREAMS.iter().chain(std::iter::once(&CUSTOM_OBJECT))
    }

    #[test]
    fn rows_are_sorted_and_unique() {
        assert!(STREAMS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn keys_cursors_and_defaults_are_columns() {
        for row in rows() {
            let schema: Value = serde_json::from_str(row.static_fields()).unwrap();
            let columns = schema["properties"].as_object().expect(row.name);
            let keys = row.primary_key.iter().copied();
            let cursor = row.cursor.map(|cursor| cursor.name);
            let defaults = row.defaults.iter().map(|fill| fill.field);
            for column in keys.chain(cursor).chain(defaults) {
                assert!(columns.contains_key(column), "{} has no column {column}", row.name);
            }
        }
    }

    #[test]
    fn scopes_and_documentation_are_given() {
        for row in rows() {
            assert!(!row.scopes.is_empty(), "{}", row.name);
            assert!(row.docs.starts_with("https://developers.hubspot.com/"), "{}", row.name);
        }
    }
}
