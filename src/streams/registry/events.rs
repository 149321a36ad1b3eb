//! Event logs and substreams.

use super::super::spec::{
    Child, CursorField, FieldDefault, ParentStream, ReadStrategy, Schema, StreamSpec, Substream,
};
use super::super::transform::events as transform;
use super::{ALL_LISTS, FORM_TYPES};
use crate::cursor::CursorFormat;
use crate::hubspot::{Endpoint, ListRequest, PageLayout, PagingKind, Parameter};
use crate::record::EmptyString;

/// Cursor in milliseconds, written to the state as a string.
const fn milliseconds(name: &'static str) -> CursorField {
    CursorField { name, source_defined: true, format: CursorFormat::Millis }
}

/// All forms that can have submissions.
const FORMS: ParentStream = ParentStream {
    list: ListRequest::get(Endpoint::FORMS, PageLayout::RESULTS)
        .query(&[FORM_TYPES, Parameter::limit(100)]),
    id: "id",
};

const LISTS: ParentStream = ParentStream { list: ALL_LISTS, id: "listId" };

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "email_events",
        strategy: ReadStrategy::TimeWindows {
            endpoint: Endpoint::unversioned("/email/public/v1/events"),
            layout: PageLayout { records: "events", paging: PagingKind::Offset },
        },
        associations: &[],
        primary_key: &["id"],
        cursor: Some(milliseconds("created")),
        schema: Schema::Static(include_str!("../../../schemas/email_events.json")),
        defaults: &[],
        transform: None,
        coercions: Some(EmptyString::Stays),
        legacy: &[],
        scopes: &["content"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
    },
    StreamSpec {
        name: "engagements",
        strategy: ReadStrategy::Engagements,
        associations: &[],
        primary_key: &["id"],
        cursor: Some(milliseconds("lastUpdated")),
        schema: Schema::Static(include_str!("../../../schemas/engagements.json")),
        defaults: &[],
        transform: Some(transform::engagements),
        coercions: Some(EmptyString::Stays),
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
        strategy: ReadStrategy::Substream(&Substream {
            parents: FORMS,
            child: Child {
                list: ListRequest::get(
                    Endpoint::unversioned("/form-integrations/v1/submissions/forms"),
                    PageLayout::RESULTS,
                )
                .query(&[Parameter::limit(50)]),
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
        defaults: &[FieldDefault { field: "updatedAt", or: Some("submittedAt"), cast: None }],
        transform: None,
        coercions: None,
        legacy: &[],
        scopes: &["forms"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/forms-v2/guide",
    },
    StreamSpec {
        name: "list_memberships",
        strategy: ReadStrategy::Substream(&Substream {
            parents: LISTS,
            child: Child {
                list: ListRequest::get(Endpoint::LISTS, PageLayout::RESULTS)
                    .path("/memberships")
                    .query(&[Parameter::limit(250)]),
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
        transform: None,
        coercions: None,
        legacy: &[],
        scopes: &["crm.lists.read"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
    },
    StreamSpec {
        name: "subscription_changes",
        strategy: ReadStrategy::TimeWindows {
            endpoint: Endpoint::unversioned("/email/public/v1/subscriptions/timeline"),
            layout: PageLayout { records: "timeline", paging: PagingKind::Offset },
        },
        associations: &[],
        primary_key: &[],
        cursor: Some(milliseconds("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/subscription_changes.json")),
        defaults: &[],
        transform: None,
        coercions: Some(EmptyString::Stays),
        legacy: &[],
        scopes: &["content"],
        or_any_of: &[],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/subscription-preferences-v1/guide",
    },
];
