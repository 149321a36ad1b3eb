//! Pipelines of all CRM object types that have them.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{Collection, Conversions, Pass, ReadStrategy};
use super::super::transform;
use super::{OR_CREATED_AT, UPDATED_AT};
use crate::hubspot::{Endpoint, ListRequest, PageLayout};

const GUIDE: &str = "https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide";

/// Columns of most pipeline streams.
const PIPELINE: Schema<'static> =
    Schema::Static(include_str!("../../../schemas/shared/pipeline.json"));

/// HubSpot: nearly every scope for any object type grants access to the pipelines of all.
const ANY_OBJECT: &[&str] =
    &["crm.objects.*", "crm.schemas.*", "automation", "contacts", "e-commerce", "tickets"];

/// A stream of the pipelines of one object type.
#[derive(Clone, Copy)]
struct PipelineRow {
    name: &'static str,
    passes: &'static [Pass],
    schema: Schema<'static>,
    scopes: &'static [&'static str],
}

const fn pipelines(row: PipelineRow) -> StreamSpec<'static> {
    StreamSpec {
        name: row.name,
        strategy: ReadStrategy::Collection(Collection {
            passes: row.passes,
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: row.schema,
        scopes: Scopes::all(row.scopes).or_any_of(ANY_OBJECT),
        docs: GUIDE,
    }
}

/// Reads the pipelines of one object type; a single response holds them all.
const fn all_of(path: &'static str) -> Pass {
    const PIPELINES: Endpoint = Endpoint::new("/crm/pipelines/2026-09", "/crm/v3/pipelines");
    Pass::of(ListRequest::get(PIPELINES, PageLayout::RESULTS).path(path))
}

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    pipelines(PipelineRow {
        name: "appointment_pipelines",
        passes: &[all_of("/appointments")],
        schema: PIPELINE,
        scopes: &["crm.objects.appointments.read"],
    }),
    pipelines(PipelineRow {
        name: "course_pipelines",
        passes: &[all_of("/courses")],
        schema: PIPELINE,
        scopes: &["crm.objects.courses.read"],
    }),
    // HubSpot: the first version of the pipelines API, which defined the shape of this record, is
    // gone.
    StreamSpec {
        name: "deal_pipelines",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[all_of("/deals")],
            conversions: Conversions::NONE
                .transform(transform::deal_pipeline)
                .defaults(OR_CREATED_AT),
        }),
        primary_key: &["pipelineId"],
        cursor: Some(CursorField::millis("updatedAt")),
        schema: Schema::Static(include_str!("../../../schemas/deal_pipelines.json")),
        scopes: Scopes::all(&["crm.objects.contacts.read"]).or_any_of(ANY_OBJECT),
        docs: GUIDE,
    },
    pipelines(PipelineRow {
        name: "engagements_task_pipelines",
        passes: &[all_of("/tasks")],
        schema: Schema::Static(include_str!("../../../schemas/engagements_task_pipelines.json")),
        scopes: &["crm.objects.contacts.read"],
    }),
    pipelines(PipelineRow {
        name: "lead_pipelines",
        passes: &[all_of("/leads")],
        schema: PIPELINE,
        scopes: &["crm.objects.leads.read"],
    }),
    pipelines(PipelineRow {
        name: "listing_pipelines",
        passes: &[all_of("/listings")],
        schema: PIPELINE,
        scopes: &["crm.objects.listings.read"],
    }),
    pipelines(PipelineRow {
        name: "order_pipelines",
        passes: &[all_of("/orders")],
        schema: PIPELINE,
        scopes: &["crm.objects.orders.read"],
    }),
    pipelines(PipelineRow {
        name: "project_pipelines",
        passes: &[all_of("/projects")],
        schema: PIPELINE,
        scopes: &["crm.objects.projects.read"],
    }),
    pipelines(PipelineRow {
        name: "service_pipelines",
        passes: &[all_of("/services")],
        schema: PIPELINE,
        scopes: &["crm.objects.services.read"],
    }),
    pipelines(PipelineRow {
        name: "ticket_pipelines",
        passes: &[all_of("/tickets")],
        schema: Schema::Static(include_str!("../../../schemas/ticket_pipelines.json")),
        scopes: &["tickets"],
    }),
];
