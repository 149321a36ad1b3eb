//! Engagements as CRM objects: calls, e-mails, meetings, notes, tasks, postal mail and
//! communications.

use super::super::spec::{ReadStrategy, Schema, StreamSpec};
use super::crm::{CRM_OBJECT, CRM_RECORD};
use super::{CrmRow, MODIFIED};

/// Sorted by stream name.
pub(super) const ROWS: &[CrmRow] = &[
    CrmRow {
        stream: StreamSpec {
            name: "communications",
            strategy: ReadStrategy::CrmObject { object: "communications", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "communications" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-communications-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("communications_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "engagements_calls",
            strategy: ReadStrategy::CrmObject { object: "calls", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "calls" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-calls-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("engagements_calls_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "engagements_emails",
            strategy: ReadStrategy::CrmObject { object: "emails", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "emails" },
            scopes: &["crm.objects.contacts.read", "sales-email-read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("engagements_emails_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "engagements_meetings",
            strategy: ReadStrategy::CrmObject { object: "meetings", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "meetings" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("engagements_meetings_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "engagements_notes",
            strategy: ReadStrategy::CrmObject { object: "notes", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "notes" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("engagements_notes_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "engagements_tasks",
            strategy: ReadStrategy::CrmObject { object: "tasks", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "tasks" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-tasks-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("engagements_tasks_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "postal_mail",
            strategy: ReadStrategy::CrmObject { object: "postal_mail", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "tickets"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "postal_mail" },
            scopes: &["crm.objects.contacts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-postal-mail-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("postal_mail_archived"),
    },
];
