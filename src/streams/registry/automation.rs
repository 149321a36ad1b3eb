//! Workflow streams, from both APIs that HubSpot offers for them.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{Collection, Conversions, Detailed, Pass, ReadStrategy};
use super::super::transform;
use super::{OR_CREATED_AT, UPDATED_AT};
use crate::hubspot::{BatchRead, Endpoint, ListRequest, PageLayout, PagingKind, Parameter, limits};

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    // Workflows for records of any type, with their actions.
    StreamSpec {
        name: "flows",
        strategy: ReadStrategy::Detailed(Detailed {
            list: ListRequest::get(Endpoint::FLOWS, PageLayout::RESULTS)
                .query(&[Parameter::limit(100)]),
            batch: Some(BatchRead {
                id: "flowId",
                constants: &[("type", "FLOW_ID")],
                most: limits::FLOWS_READ,
            }),
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/flows.json")),
        scopes: Scopes::all(&["automation"]),
        docs: "https://developers.hubspot.com/docs/api-reference/automation-automation-v4-v4/guide",
    },
    // Contact-based workflows only, under different ids.
    StreamSpec {
        name: "workflows",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(ListRequest::get(
                Endpoint::unversioned("/automation/v3/workflows"),
                PageLayout { records: "workflows", paging: PagingKind::None },
            ))],
            conversions: Conversions::NONE.transform(transform::workflow),
        }),
        primary_key: &["id"],
        cursor: Some(CursorField::millis("updatedAt")),
        schema: Schema::Static(include_str!("../../../schemas/workflows.json")),
        scopes: Scopes::all(&["automation"]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/workflows-v3/guide",
    },
];
