//! Events of the records of a CRM object type.

use std::borrow::Cow;

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{Conversions, ObjectType, ReadStrategy, RecordEvents};
use super::super::transform::events as transform;
use crate::hubspot::EventDefinition;
use crate::record::EmptyString;

/// Event types of web analytics. HubSpot rejects requests without an event type.
const TYPES: &[Cow<'static, str>] =
    &[Cow::Borrowed("e_visited_page"), Cow::Borrowed("e_submitted_form")];

const OCCURRED_AT: Option<CursorField> = Some(CursorField::iso("occurredAt"));

/// A stream of the web analytics of one object type.
#[derive(Clone, Copy)]
struct WebAnalyticsRow<'a> {
    name: &'a str,
    object: ObjectType<'a>,
    /// Object type name in the events API.
    object_type: &'a str,
    scopes: &'a [&'a str],
}

const fn web_analytics(row: WebAnalyticsRow<'_>) -> StreamSpec<'_> {
    StreamSpec {
        name: row.name,
        strategy: ReadStrategy::RecordEvents(RecordEvents {
            object: row.object,
            object_type: row.object_type,
            event_types: TYPES,
            conversions: Conversions::NONE
                .transform(transform::web_analytics)
                .coercions(EmptyString::Stays),
        }),
        primary_key: &["id"],
        cursor: OCCURRED_AT,
        schema: Schema::Static(include_str!("../../../schemas/shared/web_analytics.json")),
        scopes: Scopes::all(row.scopes),
        docs: "https://developers.hubspot.com/docs/api-reference/events-web-analytics-v3/guide",
    }
}

/// Returns the definition of the web analytics of a custom object, by its fully qualified name.
pub(in crate::streams) const fn custom_web_analytics<'a>(
    name: &'a str,
    object: &'a str,
) -> StreamSpec<'a> {
    web_analytics(WebAnalyticsRow {
        name,
        object: ObjectType::named(object),
        object_type: object,
        scopes: &["business-intelligence", "crm.objects.custom.read"],
    })
}

/// Returns the definition of the stream of a custom event. Its properties become columns, as for a
/// CRM object.
///
/// `event_types` holds the fully qualified name of the event.
pub(in crate::streams) fn custom_event<'a>(
    name: &'a str,
    definition: &'a EventDefinition,
    event_types: &'a [Cow<'static, str>],
) -> StreamSpec<'a> {
    let object_type = definition.primary_object_id.as_str();
    let is_contact = object_type == "0-1";
    let object = ObjectType::named(object_type);
    let contact = ObjectType { name: object_type, ..ObjectType::CONTACTS };
    StreamSpec {
        name,
        strategy: ReadStrategy::RecordEvents(RecordEvents {
            object: if is_contact { contact } else { object },
            object_type,
            event_types,
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: OCCURRED_AT,
        schema: Schema::Known {
            fields: include_str!("../../../schemas/shared/event_occurrence.json"),
            properties: &definition.properties,
        },
        scopes: Scopes::all(&[
            "behavioral_events.event_definitions.read_write",
            "crm.objects.contacts.read",
        ]),
        docs: "https://developers.hubspot.com/docs/api-reference/events-manage-event-definitions-v3/guide",
    }
}

/// Sorted by stream name. HubSpot uses different names for some object types in events and in
/// paths.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    web_analytics(WebAnalyticsRow {
        name: "companies_web_analytics",
        object: ObjectType::named("companies"),
        object_type: "company",
        scopes: &["business-intelligence", "crm.objects.companies.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "contacts_web_analytics",
        object: ObjectType::CONTACTS,
        object_type: "contact",
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "deals_web_analytics",
        object: ObjectType::named("deals"),
        object_type: "deal",
        scopes: &["business-intelligence", "crm.objects.deals.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "engagements_calls_web_analytics",
        object: ObjectType::named("calls"),
        object_type: "calls",
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "engagements_emails_web_analytics",
        object: ObjectType::named("emails"),
        object_type: "emails",
        scopes: &["business-intelligence", "crm.objects.contacts.read", "sales-email-read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "engagements_meetings_web_analytics",
        object: ObjectType::named("meetings"),
        object_type: "meetings",
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "engagements_notes_web_analytics",
        object: ObjectType::named("notes"),
        object_type: "notes",
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "engagements_tasks_web_analytics",
        object: ObjectType::named("tasks"),
        object_type: "tasks",
        scopes: &["business-intelligence", "crm.objects.contacts.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "goals_web_analytics",
        object: ObjectType::named("goal_targets"),
        object_type: "goal_targets",
        scopes: &["business-intelligence", "crm.objects.goals.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "line_items_web_analytics",
        object: ObjectType::named("line_items"),
        object_type: "line_item",
        scopes: &["business-intelligence", "crm.objects.line_items.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "products_web_analytics",
        object: ObjectType::named("products"),
        object_type: "product",
        scopes: &["business-intelligence", "crm.objects.products.read"],
    }),
    web_analytics(WebAnalyticsRow {
        name: "tickets_web_analytics",
        object: ObjectType::named("tickets"),
        object_type: "ticket",
        scopes: &["business-intelligence", "tickets"],
    }),
];
