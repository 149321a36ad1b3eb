//! Workflow streams, from both APIs that HubSpot offers for them.

use super::super::spec::{CursorField, Pass, ReadStrategy, Schema, StreamSpec};
use super::super::transform;
use super::{OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::cursor::CursorFormat;
use crate::hubspot::{BatchRead, Endpoint, ListRequest, PageLayout, PagingKind, Parameter, limits};

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    // Workflows for records of any type, with their actions.
    StreamSpec {
        name: "flows",
        strategy: ReadStrategy::Detailed {
            list: ListRequest::get(Endpoint::FLOWS, PageLayout::RESULTS)
                .query(&[Parameter::limit(100)]),
            batch: Some(BatchRead {
                id: "flowId",
                constants: &[("type", "FLOW_ID")],
                most: limits::FLOWS_READ,
            }),
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/flows.json")),
        defaults: OR_CREATED_AT,
        scopes: &["automation"],
        docs: "https://developers.hubspot.com/docs/api-reference/automation-automation-v4-v4/guide",
        ..PLAIN
    },
    // Contact-based workflows only, under different ids.
    StreamSpec {
        name: "workflows",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(ListRequest::get(
                Endpoint::unversioned("/automation/v3/workflows"),
                PageLayout { records: "workflows", paging: PagingKind::None },
            ))],
        },
        cursor: Some(CursorField {
            name: "updatedAt",
            source_defined: true,
            format: CursorFormat::Millis,
        }),
        schema: Schema::Static(include_str!("../../../schemas/workflows.json")),
        transform: Some(transform::workflow),
        scopes: &["automation"],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/workflows-v3/guide",
        ..PLAIN
    },
];
