//! Metadata defined in the account: properties, association labels, event definitions.

use super::super::spec::{Schema, Scopes, StreamSpec};
use super::super::strategy::{Collection, Conversions, Pass, ReadStrategy};
use super::{OR_CREATED_AT, UPDATED_AT};
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
        strategy: ReadStrategy::Collection(Collection {
            passes: labels! {
                "companies": "companies", "contacts", "deals", "leads", "tickets";
                "contacts": "companies", "contacts", "deals", "leads", "tickets";
                "deals": "companies", "contacts", "deals", "tickets";
                "leads": "companies", "contacts";
                "tickets": "companies", "contacts", "deals", "tickets";
            },
            conversions: Conversions::NONE,
        }),
        primary_key: &["fromObjectType", "toObjectType", "category", "typeId"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/association_labels.json")),
        scopes: Scopes::NONE,
        docs: "https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide",
    },
    StreamSpec {
        name: "event_definitions",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::EVENT_DEFINITIONS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(100), Parameter::Encoded("includeProperties=true")]),
            )],
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/event_definitions.json")),
        scopes: Scopes::all(&["behavioral_events.event_definitions.read_write"]),
        docs: "https://developers.hubspot.com/docs/api-reference/events-manage-event-definitions-v3/guide",
    },
    StreamSpec {
        name: "properties",
        strategy: ReadStrategy::Collection(Collection {
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
            conversions: Conversions::NONE,
        }),
        primary_key: &[],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/properties.json")),
        scopes: Scopes::NONE,
        docs: "https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide",
    },
];
