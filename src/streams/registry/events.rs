//! Event logs and substreams.

use std::time::Duration;

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{
    Child, Conversions, Engagements, FieldDefault, ParentStream, ReadStrategy, Substream,
    TimeWindows,
};
use super::super::transform::events as transform;
use super::{ALL_LISTS, FORM_TYPES};
use crate::hubspot::{Endpoint, ListRequest, PageLayout, PagingKind, Parameter};
use crate::record::EmptyString;

/// Length of the windows in which event logs are read.
const WINDOW: Duration = Duration::from_hours(24 * 30);

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "email_events",
        strategy: ReadStrategy::TimeWindows(TimeWindows {
            endpoint: Endpoint::unversioned("/email/public/v1/events"),
            layout: PageLayout { records: "events", paging: PagingKind::Offset },
            window: WINDOW,
            conversions: Conversions::NONE.coercions(EmptyString::Stays),
        }),
        primary_key: &["id"],
        cursor: Some(CursorField::millis("created")),
        schema: Schema::Static(include_str!("../../../schemas/email_events.json")),
        scopes: Scopes::all(&["content"]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
    },
    StreamSpec {
        name: "engagements",
        strategy: ReadStrategy::Engagements(Engagements {
            endpoint: Endpoint::unversioned("/engagements/v1/engagements"),
            conversions: Conversions::NONE
                .transform(transform::engagements)
                .coercions(EmptyString::Stays),
        }),
        primary_key: &["id"],
        cursor: Some(CursorField::millis("lastUpdated")),
        schema: Schema::Static(include_str!("../../../schemas/engagements.json")),
        scopes: Scopes::all(&["crm.objects.contacts.read"]).or_any_of(&[
            "crm.objects.companies.read",
            "crm.objects.deals.read",
            "tickets",
            "e-commerce",
        ]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/engagements-v1/guide",
    },
    StreamSpec {
        name: "form_submissions",
        strategy: ReadStrategy::Substream(Substream {
            // All forms that can have submissions.
            parents: ParentStream {
                list: ListRequest::get(Endpoint::FORMS, PageLayout::RESULTS)
                    .query(&[FORM_TYPES, Parameter::limit(100)]),
                id: "id",
            },
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
            // A submission never changes, so its modification time is its submission time.
            conversions: Conversions::NONE.defaults(&[FieldDefault {
                field: "updatedAt",
                or: Some("submittedAt"),
                cast: None,
            }]),
        }),
        primary_key: &[],
        cursor: Some(CursorField::millis("updatedAt")),
        schema: Schema::Static(include_str!("../../../schemas/form_submissions.json")),
        scopes: Scopes::all(&["forms"]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/forms-v2/guide",
    },
    StreamSpec {
        name: "list_memberships",
        strategy: ReadStrategy::Substream(Substream {
            parents: ParentStream { list: ALL_LISTS, id: "listId" },
            child: Child {
                list: ListRequest::get(Endpoint::LISTS, PageLayout::RESULTS)
                    .path("/memberships")
                    .query(&[Parameter::limit(250)]),
                parent_field: "listId",
                parent_key: "listId",
                newest_first: None,
            },
            conversions: Conversions::NONE,
        }),
        primary_key: &["recordId", "listId"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/list_memberships.json")),
        scopes: Scopes::all(&["crm.lists.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
    },
    StreamSpec {
        name: "subscription_changes",
        strategy: ReadStrategy::TimeWindows(TimeWindows {
            endpoint: Endpoint::unversioned("/email/public/v1/subscriptions/timeline"),
            layout: PageLayout { records: "timeline", paging: PagingKind::Offset },
            window: WINDOW,
            conversions: Conversions::NONE.coercions(EmptyString::Stays),
        }),
        primary_key: &[],
        cursor: Some(CursorField::millis("timestamp")),
        schema: Schema::Static(include_str!("../../../schemas/subscription_changes.json")),
        scopes: Scopes::all(&["content"]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/subscription-preferences-v1/guide",
    },
];
