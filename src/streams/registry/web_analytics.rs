//! Events of the records of a CRM object type.

use std::borrow::Cow;

use super::super::spec::{CursorField, ReadStrategy, RecordEvents, Schema, StreamSpec};
use super::super::transform::events as transform;
use super::{MODIFIED, MODIFIED_CONTACT, PLAIN};
use crate::cursor::CursorFormat;
use crate::record::EmptyString;

/// Event types of web analytics. HubSpot rejects requests without an event type.
pub(in crate::streams) const TYPES: &[Cow<'static, str>] =
    &[Cow::Borrowed("e_visited_page"), Cow::Borrowed("e_submitted_form")];

/// Base definition of all web analytics streams.
pub(in crate::streams) const WEB_ANALYTICS: StreamSpec<'static> = StreamSpec {
    strategy: ReadStrategy::RecordEvents(RecordEvents {
        object: "",
        modified: MODIFIED,
        object_type: "",
        event_types: TYPES,
    }),
    cursor: Some(CursorField {
        name: "occurredAt",
        source_defined: true,
        format: CursorFormat::Iso,
    }),
    schema: Schema::Static(include_str!("../../../schemas/shared/web_analytics.json")),
    transform: Some(transform::web_analytics),
    coercions: Some(EmptyString::Stays),
    scopes: &["business-intelligence", "crm.objects.custom.read"],
    docs: "https://developers.hubspot.com/docs/api-reference/events-web-analytics-v3/guide",
    ..PLAIN
};

/// Base definition of custom event streams; [`crate::streams::CustomStream`] fills in the rest.
/// Their properties become columns, as for a CRM object.
pub(in crate::streams) const CUSTOM_EVENT: StreamSpec<'static> = StreamSpec {
    schema: Schema::Known {
        fields: include_str!("../../../schemas/shared/event_occurrence.json"),
        properties: &[],
    },
    transform: None,
    coercions: None,
    scopes: &["behavioral_events.event_definitions.read_write", "crm.objects.contacts.read"],
    docs: "https://developers.hubspot.com/docs/api-reference/events-manage-event-definitions-v3/guide",
    ..WEB_ANALYTICS
};

/// Sorted by stream name. HubSpot uses different names for some object types in events and in
/// paths.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "companies_web_analytics",
        strategy: strategy("companies", MODIFIED, "company"),
        scopes: &["business-intelligence", "crm.objects.companies.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "contacts_web_analytics",
        strategy: strategy("contacts", MODIFIED_CONTACT, "contact"),
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "deals_web_analytics",
        strategy: strategy("deals", MODIFIED, "deal"),
        scopes: &["business-intelligence", "crm.objects.deals.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "engagements_calls_web_analytics",
        strategy: strategy("calls", MODIFIED, "calls"),
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "engagements_emails_web_analytics",
        strategy: strategy("emails", MODIFIED, "emails"),
        scopes: &["business-intelligence", "crm.objects.contacts.read", "sales-email-read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "engagements_meetings_web_analytics",
        strategy: strategy("meetings", MODIFIED, "meetings"),
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "engagements_notes_web_analytics",
        strategy: strategy("notes", MODIFIED, "notes"),
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "engagements_tasks_web_analytics",
        strategy: strategy("tasks", MODIFIED, "tasks"),
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "goals_web_analytics",
        strategy: strategy("goal_targets", MODIFIED, "goal_targets"),
        scopes: &["business-intelligence", "crm.objects.goals.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "line_items_web_analytics",
        strategy: strategy("line_items", MODIFIED, "line_item"),
        scopes: &["business-intelligence", "crm.objects.line_items.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "products_web_analytics",
        strategy: strategy("products", MODIFIED, "product"),
        scopes: &["business-intelligence", "crm.objects.products.read"],
        ..WEB_ANALYTICS
    },
    StreamSpec {
        name: "tickets_web_analytics",
        strategy: strategy("tickets", MODIFIED, "ticket"),
        scopes: &["business-intelligence", "tickets"],
        ..WEB_ANALYTICS
    },
];

const fn strategy(
    object: &'static str,
    modified: &'static str,
    object_type: &'static str,
) -> ReadStrategy<'static> {
    ReadStrategy::RecordEvents(RecordEvents { object, modified, object_type, event_types: TYPES })
}
