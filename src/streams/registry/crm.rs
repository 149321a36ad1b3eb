//! CRM objects: contacts, companies, deals and related types.

use super::super::spec::{CursorField, FieldDefault, ReadStrategy, Schema, StreamSpec};
use super::{CrmRow, MODIFIED, MODIFIED_CONTACT, PLAIN, UPDATED_AT};
use crate::cursor::CursorFormat;
use crate::record::Kind;
use crate::schema::Legacy;

pub(super) const CRM_RECORD: &str = include_str!("../../../schemas/shared/crm_record.json");

/// Base definition of nearly all CRM object types.
pub(super) const CRM_OBJECT: StreamSpec<'static> = StreamSpec {
    strategy: ReadStrategy::CrmObject { object: "", modified: MODIFIED },
    cursor: UPDATED_AT,
    schema: Schema::Properties { fields: CRM_RECORD, object: "" },
    ..PLAIN
};

/// `updatedAt`, for streams on which the Python connector allows no other cursor.
pub(super) const OWN_UPDATED_AT: Option<CursorField> =
    Some(CursorField { name: "updatedAt", source_defined: true, format: CursorFormat::Iso });

/// Properties with the times at which a stage was entered and left, which HubSpot has renamed.
const LIFECYCLE_STAGES: &[Legacy] = &[
    Legacy { newer: "hs_v2_date_entered_", older: ("hs_lifecyclestage_", "_date") },
    Legacy { newer: "hs_v2_date_exited_", older: ("hs_date_exited_", "") },
    Legacy { newer: "hs_v2_latest_time_in_", older: ("hs_time_in_", "") },
];
const DEAL_STAGES: &[Legacy] = &[
    Legacy { newer: "hs_v2_date_entered_", older: ("hs_date_entered_", "") },
    Legacy { newer: "hs_v2_date_exited_", older: ("hs_date_exited_", "") },
    Legacy { newer: "hs_v2_latest_time_in_", older: ("hs_time_in_", "") },
];

/// Sorted by stream name.
pub(super) const ROWS: &[CrmRow] = &[
    CrmRow {
        stream: StreamSpec {
            name: "appointments",
            strategy: ReadStrategy::CrmObject { object: "appointments", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "appointments" },
            scopes: &["crm.objects.appointments.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-appointments-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("appointments_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "companies",
            strategy: ReadStrategy::CrmObject { object: "companies", modified: MODIFIED },
            associations: &["contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "companies" },
            scopes: &["crm.objects.companies.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("companies_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "contacts",
            // A search for contacts by the property that all other types use finds nothing and
            // returns no error.
            strategy: ReadStrategy::CrmObject { object: "contacts", modified: MODIFIED_CONTACT },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "contacts" },
            legacy: LIFECYCLE_STAGES,
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("contacts_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "courses",
            strategy: ReadStrategy::CrmObject { object: "courses", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "courses" },
            scopes: &["crm.objects.courses.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-courses-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("courses_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "deal_splits",
            strategy: ReadStrategy::CrmObject { object: "deal_split", modified: MODIFIED },
            schema: Schema::Properties { fields: CRM_RECORD, object: "deal_split" },
            scopes: &["crm.objects.deals.read"],
            or_any_of: &["crm.dealsplits.read_write"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-deal-splits-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("deal_splits_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "deals",
            strategy: ReadStrategy::CrmObject { object: "deals", modified: MODIFIED },
            associations: &["companies", "contacts", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "deals" },
            legacy: DEAL_STAGES,
            scopes: &["crm.objects.deals.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-deals-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("deals_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "feedback_submissions",
            strategy: ReadStrategy::CrmObject {
                object: "feedback_submissions",
                modified: MODIFIED,
            },
            associations: &["contacts"],
            cursor: OWN_UPDATED_AT,
            schema: Schema::Properties { fields: CRM_RECORD, object: "feedback_submissions" },
            scopes: &["crm.objects.feedback_submissions.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-feedback-submissions-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("feedback_submissions_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "goals",
            strategy: ReadStrategy::CrmObject { object: "goal_targets", modified: MODIFIED },
            cursor: OWN_UPDATED_AT,
            schema: Schema::Properties { fields: CRM_RECORD, object: "goal_targets" },
            scopes: &["crm.objects.goals.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-goal-targets-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("goals_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "leads",
            strategy: ReadStrategy::CrmObject { object: "leads", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "leads" },
            scopes: &["crm.objects.leads.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-leads-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("leads_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "listings",
            strategy: ReadStrategy::CrmObject { object: "listings", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "listings" },
            scopes: &["crm.objects.listings.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-listings-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("listings_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "marketing_events",
            strategy: ReadStrategy::CrmObject { object: "marketing_events", modified: MODIFIED },
            associations: &["contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "marketing_events" },
            scopes: &["crm.objects.marketing_events.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/marketing-marketing-events-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("marketing_events_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "projects",
            strategy: ReadStrategy::CrmObject { object: "projects", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "projects" },
            scopes: &["crm.objects.projects.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-projects-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("projects_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "services",
            strategy: ReadStrategy::CrmObject { object: "services", modified: MODIFIED },
            associations: &["companies", "contacts"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "services" },
            scopes: &["crm.objects.services.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-services-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("services_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "tickets",
            strategy: ReadStrategy::CrmObject { object: "tickets", modified: MODIFIED },
            associations: &["companies", "contacts", "deals"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "tickets" },
            scopes: &["tickets"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-tickets-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("tickets_archived"),
    },
];

/// Base definition of all custom object streams; [`crate::streams::CustomStream`] fills in the
/// rest.
pub(in crate::streams) const CUSTOM_OBJECT: StreamSpec<'static> = StreamSpec {
    schema: Schema::Known { fields: CRM_RECORD, properties: &[] },
    defaults: &[
        FieldDefault { field: "createdAt", or: None, cast: Some(Kind::Datetime) },
        FieldDefault { field: "updatedAt", or: Some("createdAt"), cast: Some(Kind::Datetime) },
    ],
    scopes: &["crm.objects.custom.read"],
    docs: "https://developers.hubspot.com/docs/api-reference/crm-custom-objects-v3/guide",
    ..CRM_OBJECT
};
