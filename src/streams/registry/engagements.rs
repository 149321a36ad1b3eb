//! Engagements as CRM objects: calls, e-mails, meetings, notes, tasks, postal mail and
//! communications.

use super::super::spec::Scopes;
use super::super::strategy::ObjectType;
use super::UPDATED_AT;
use super::crm_row::CrmRow;

/// Sorted by stream name.
pub(super) const ROWS: &[CrmRow] = &[
    CrmRow {
        name: "communications",
        archived: "communications_archived",
        object: ObjectType::named("communications"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-communications-v3/guide",
    },
    CrmRow {
        name: "engagements_calls",
        archived: "engagements_calls_archived",
        object: ObjectType::named("calls"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-calls-v3/guide",
    },
    CrmRow {
        name: "engagements_emails",
        archived: "engagements_emails_archived",
        object: ObjectType::named("emails"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read", "sales-email-read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-emails-v3/guide",
    },
    CrmRow {
        name: "engagements_meetings",
        archived: "engagements_meetings_archived",
        object: ObjectType::named("meetings"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-meetings-v3/guide",
    },
    CrmRow {
        name: "engagements_notes",
        archived: "engagements_notes_archived",
        object: ObjectType::named("notes"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-notes-v3/guide",
    },
    CrmRow {
        name: "engagements_tasks",
        archived: "engagements_tasks_archived",
        object: ObjectType::named("tasks"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-tasks-v3/guide",
    },
    CrmRow {
        name: "postal_mail",
        archived: "postal_mail_archived",
        object: ObjectType::named("postal_mail"),
        associations: &["companies", "contacts", "deals", "tickets"],
        legacy: &[],
        cursor: UPDATED_AT,
        scopes: Scopes::all(&["crm.objects.contacts.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-postal-mail-v3/guide",
    },
];
