//! Pipelines of all CRM object types that have them.

use super::super::spec::{CursorField, Pass, ReadStrategy, Schema, StreamSpec};
use super::super::transform;
use super::{OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::cursor::CursorFormat;
use crate::hubspot::{Endpoint, ListRequest, PageLayout};

/// Base definition of all pipeline streams.
const PIPELINES: StreamSpec<'static> = StreamSpec {
    cursor: UPDATED_AT,
    schema: Schema::Static(include_str!("../../../schemas/shared/pipeline.json")),
    defaults: OR_CREATED_AT,
    // HubSpot: nearly every scope for any object type grants access to the pipelines of all.
    or_any_of: &[
        "crm.objects.*",
        "crm.schemas.*",
        "automation",
        "contacts",
        "e-commerce",
        "tickets",
    ],
    docs: "https://developers.hubspot.com/docs/api-reference/crm-pipelines-v3/guide",
    ..PLAIN
};

/// Reads the pipelines of one object type; a single response holds them all.
const fn of(object: &'static [Pass]) -> ReadStrategy<'static> {
    ReadStrategy::Collection { passes: object }
}

const fn get(path: &'static str) -> Pass {
    Pass::of(ListRequest::get(PIPELINE_LISTS, PageLayout::RESULTS).path(path))
}

const PIPELINE_LISTS: Endpoint = Endpoint::new("/crm/pipelines/2026-09", "/crm/v3/pipelines");

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "appointment_pipelines",
        strategy: of(&[get("/appointments")]),
        scopes: &["crm.objects.appointments.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "course_pipelines",
        strategy: of(&[get("/courses")]),
        scopes: &["crm.objects.courses.read"],
        ..PIPELINES
    },
    // HubSpot: the first version of the pipelines API, which defined the shape of this record, is
    // gone.
    StreamSpec {
        name: "deal_pipelines",
        strategy: of(&[get("/deals")]),
        primary_key: &["pipelineId"],
        cursor: Some(CursorField {
            name: "updatedAt",
            source_defined: true,
            format: CursorFormat::Millis,
        }),
        schema: Schema::Static(include_str!("../../../schemas/deal_pipelines.json")),
        transform: Some(transform::deal_pipeline),
        scopes: &["crm.objects.contacts.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "engagements_task_pipelines",
        strategy: of(&[get("/tasks")]),
        schema: Schema::Static(include_str!("../../../schemas/engagements_task_pipelines.json")),
        scopes: &["crm.objects.contacts.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "lead_pipelines",
        strategy: of(&[get("/leads")]),
        scopes: &["crm.objects.leads.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "listing_pipelines",
        strategy: of(&[get("/listings")]),
        scopes: &["crm.objects.listings.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "order_pipelines",
        strategy: of(&[get("/orders")]),
        scopes: &["crm.objects.orders.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "project_pipelines",
        strategy: of(&[get("/projects")]),
        scopes: &["crm.objects.projects.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "service_pipelines",
        strategy: of(&[get("/services")]),
        scopes: &["crm.objects.services.read"],
        ..PIPELINES
    },
    StreamSpec {
        name: "ticket_pipelines",
        strategy: of(&[get("/tickets")]),
        schema: Schema::Static(include_str!("../../../schemas/ticket_pipelines.json")),
        scopes: &["tickets"],
        ..PIPELINES
    },
];
