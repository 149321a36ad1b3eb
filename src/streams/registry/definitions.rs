//! Metadata defined in the account: properties, association labels, event definitions.

use super::super::spec::{Pass, ReadStrategy, Schema, StreamSpec};
use super::{OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::hubspot::{Endpoint, ListRequest, PageLayout, Parameter};

/// One pass for each object type, which adds the type to its records.
macro_rules! of_each {
    ($($object:literal),* $(,)?) => {
        &[$(Pass::marked(
            ListRequest::get(Endpoint::PROPERTIES, PageLayout::RESULTS).path(concat!("/", $object)),
            &[("objectType", $object)],
        )),*]
    };
}

/// One pass for each pair of object types, in both directions.
macro_rules! labels {
    ($($from:literal: $($to:literal),+;)*) => {
        &[$($(Pass::marked(
            ListRequest::get(Endpoint::ASSOCIATIONS, PageLayout::RESULTS)
                .path(concat!("/", $from, "/", $to, "/labels")),
            &[("fromObjectType", $from), ("toObjectType", $to)],
        )),+),*]
    };
}

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "association_labels",
        strategy: ReadStrategy::Collection {
            passes: labels! {
                "companies": "companies", "contacts", "deals", "leads", "tickets";
                "contacts": "companies", "contacts", "deals", "leads", "tickets";
                "deals": "companies", "contacts", "deals", "tickets";
                "leads": "companies", "contacts";
                "tickets": "companies", "contacts", "deals", "tickets";
            },
        },
        primary_key: &["fromObjectType", "toObjectType", "category", "typeId"],
        schema: Schema::Static(include_str!("../../../schemas/association_labels.json")),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "event_definitions",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::EVENT_DEFINITIONS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(100), Parameter::Encoded("includeProperties=true")]),
            )],
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/event_definitions.json")),
        defaults: OR_CREATED_AT,
        scopes: &["behavioral_events.event_definitions.read_write"],
        docs: "https://developers.hubspot.com/docs/api-reference/events-manage-event-definitions-v3/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "properties",
        strategy: ReadStrategy::Collection {
            passes: of_each![
                "company",
                "contact",
                "deal",
                "ticket",
                "call",
                "communication",
                "email",
                "lead",
                "meeting",
                "note",
                "order",
                "product",
                "quote",
                "service",
                "subscription",
                "task",
                "user",
            ],
        },
        primary_key: &[],
        schema: Schema::Static(include_str!("../../../schemas/properties.json")),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide",
        ..PLAIN
    },
];
