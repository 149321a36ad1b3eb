//! Event logs and substreams.

use super::super::reshape::events as reshape;
use super::super::spec::{Child, Children, CursorField, Family, Fill, Parents, Schema, StreamSpec};
use crate::cursor::CursorFormat;
use crate::hubspot::{Endpoint, PagingKind, Shape};
use crate::record::EmptyText;

/// Cursor in milliseconds, written to the state as a string.
const fn milliseconds(name: &'static str) -> CursorField {
    CursorField { name, source_defined: true, format: CursorFormat::Millis }
}

/// All forms that can have submissions. Blog comment forms are excluded: comments have an API of
/// their own.
const FORMS: Parents = Parents {
    endpoint: Endpoint::Forms,
    tail: "?formTypes=hubspot&formTypes=captured&formTypes=flow&limit=100",
    body: None,
    shape: Shape::RESULTS,
    id: "id",
};

/// All lists of all object types.
const LISTS: Parents = Parents {
    endpoint: Endpoint::Lists,
    tail: "/search",
    body: Some(r#"{"count":500}"#),
    shape: Shape { records: "lists", paging: PagingKind::Offset },
    id: "listId",
};

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "email_events",
        family: Family::TimeWindows {
            endpoint: Endpoint::EmailEvents,
            shape: Shape { records: "events", paging: PagingKind::Offset },
        },
        associations: &[],
        primary_key: &["id"],
        cursor: Some(milliseconds("created")),
        schema: Schema::Static(include_str!("../../../schemas/email_events.json")),
        defaults: &[],
        reshape: None,
        casts: Some(EmptyText::Stays),
        legacy: &[],
        scopes: &["content"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
    },
    StreamSpec {
        name: "engagements",
        family: Family::Engagements,
        associations: &[],
        primary_key: &["id"],
        cursor: Some(milliseconds("lastUpdated")),
        schema: Schema::Static(include_str!("../../../schemas/engagements.json")),
        defaults: &[],
        reshape: Some(reshape::engagements),
        casts: Some(EmptyText::Stays),
        legacy: &[],
        scopes: &["crm.objects.contacts.read"],
        or_any_of: &[
            "crm.objects.companies.read",
            "crm.objects.deals.read",
            "tickets",
            "e-commerce",
        ],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide",
    },
    StreamSpec {
        name: "form_submissions",
        family: Family::Children(&Children {
            parents: FORMS,
            child: Child {
                endpoint: Endpoint::FormSubmissions,
                tail: "?limit=50",
                shape: Shape::RESULTS,
                parent_field: "formId",
                parent_key: "form_id",
                newest_first: Some("submittedAt"),
            },
        }),
        associations: &[],
        primary_key: &[],
        cursor: Some(milliseconds("updatedAt")),
        schema: Schema::Static(include_str!("../../../schemas/form_submissions.json")),
        // A submission never changes, so its modification time is its submission time.
        defaults: &[Fill { field: "updatedAt", or: Some("submittedAt"), cast: None }],
        reshape: None,
        casts: None,
        legacy: &[],
        scopes: &["forms"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/forms-v2/guide",
    },
    StreamSpec {
        name: "list_memberships",
        family: Family::Children(&Children {
            parents: LISTS,
            child: Child {
                endpoint: Endpoint::Lists,
                tail: "/memberships?limit=250",
                shape: Shape::RESULTS,
                parent_field: "listId",
                parent_key: "listId",
                newest_first: None,
            },
        }),
        associations: &[],
        primary_key: &["recordId", "listId"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/list_memberships.json")),
        defaults: &[],
        reshape: None,
        casts: None,
        legacy: &[],
        scopes: &["crm.lists.read"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
    },
    StreamSpec {
        name: "subscription_changes",
        family: Family::TimeWindows {
            endpoint: Endpoint::SubscriptionTimeline,
            shape: Shape { records: "timeline", paging: PagingKind::Offset },
        },
        associations: &[],
        primary_key: &[],
        cursor: Some(milliseconds("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/subscription_changes.json")),
        defaults: &[],
        reshape: None,
        casts: Some(EmptyText::Stays),
        legacy: &[],
        scopes: &["content"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/subscription-preferences-v1/guide",
    },
];
