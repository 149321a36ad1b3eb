//! The list of built-in stream definitions, split by topic.

mod associations;
mod automation;
mod commerce;
mod crm;
mod definitions;
mod engagements;
mod events;
mod marketing;
mod pipelines;
mod property_history;
mod recordings;
mod settings;
mod web_analytics;

use std::sync::LazyLock;

use super::spec::{CursorField, FieldDefault, ReadStrategy, Schema, StreamSpec};
use crate::cursor::CursorFormat;
use crate::hubspot::{Endpoint, ListRequest, PageLayout, PageSizeField, PagingKind, Parameter};

pub(super) use associations::ASSOCIATIONS;
pub(super) use crm::CUSTOM_OBJECT;
pub(super) use web_analytics::{CUSTOM_EVENT, TYPES, WEB_ANALYTICS};

/// All built-in stream definitions, sorted by name.
pub static STREAMS: LazyLock<Vec<StreamSpec<'static>>> = LazyLock::new(|| {
    let crm = || crm::ROWS.iter().chain(commerce::ROWS).chain(engagements::ROWS);
    let archived = crm().filter_map(|spec| archived(&spec.stream, spec.archived?));
    let mut streams: Vec<_> = crm().map(|spec| spec.stream).chain(archived).collect();
    streams.extend(THEMES.iter().copied().flatten());
    streams.sort_by_key(|spec| spec.name);
    streams
});

/// Definitions of all streams other than CRM objects, by topic.
const THEMES: &[&[StreamSpec<'static>]] = &[
    automation::ROWS,
    definitions::ROWS,
    events::ROWS,
    marketing::ROWS,
    pipelines::ROWS,
    property_history::ROWS,
    recordings::ROWS,
    settings::ROWS,
    web_analytics::ROWS,
];

/// Default values shared by most stream definitions.
const PLAIN: StreamSpec<'static> = StreamSpec {
    name: "",
    strategy: ReadStrategy::Single { endpoint: Endpoint::ACCOUNT },
    associations: &[],
    primary_key: &["id"],
    cursor: None,
    schema: Schema::Static(""),
    defaults: &[],
    transform: None,
    coercions: None,
    legacy: &[],
    scopes: &[],
    or_any_of: &[],
    docs: "",
};

/// Uses `createdAt` as the modification time of a record that was never changed.
const OR_CREATED_AT: &[FieldDefault] =
    &[FieldDefault { field: "updatedAt", or: Some("createdAt"), cast: None }];

/// `updatedAt` as published for the streams that share a cursor in the Python connector.
const UPDATED_AT: Option<CursorField> =
    Some(CursorField { name: "updatedAt", source_defined: false, format: CursorFormat::Iso });

/// All types of forms except blog comment forms: comments have an API of their own.
const FORM_TYPES: Parameter<'static> =
    Parameter::Encoded("formTypes=hubspot&formTypes=captured&formTypes=flow");

/// All lists of all object types.
const ALL_LISTS: ListRequest<'static> = ListRequest::post(
    Endpoint::LISTS,
    PageLayout { records: "lists", paging: PagingKind::Offset },
    PageSizeField { name: "count", size: 500 },
)
.path("/search");

/// Property with the modification time of a record, for all object types except contacts.
pub(super) const MODIFIED: &str = "hs_lastmodifieddate";

/// Property with the modification time of a contact. HubSpot: a search for contacts by the property
/// of the other types finds nothing and returns no error.
pub(super) const MODIFIED_CONTACT: &str = "lastmodifieddate";

/// Definition of a CRM object stream and the name of the stream of its archived records, if any.
struct CrmRow {
    stream: StreamSpec<'static>,
    archived: Option<&'static str>,
}

/// Returns the definition of the archived-records stream that belongs to a CRM object stream, or
/// `None` if `spec` is not one.
pub(super) fn archived<'a>(spec: &StreamSpec<'a>, name: &'a str) -> Option<StreamSpec<'a>> {
    const FIELDS: &str = include_str!("../../../schemas/shared/crm_archived_record.json");
    let ReadStrategy::CrmObject { object, .. } = spec.strategy else { return None };
    let schema = match spec.schema {
        Schema::Known { properties, .. } => Schema::Known { fields: FIELDS, properties },
        Schema::Static(_) | Schema::Properties { .. } => {
            Schema::Properties { fields: FIELDS, object }
        }
    };
    Some(StreamSpec {
        name,
        strategy: ReadStrategy::CrmArchived { object },
        cursor: Some(CursorField {
            name: "archivedAt",
            source_defined: false,
            format: CursorFormat::Iso,
        }),
        schema,
        defaults: &[FieldDefault { field: "archivedAt", or: Some("createdAt"), cast: None }],
        ..*spec
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn rows() -> impl Iterator<Item = &'static StreamSpec<'static>> {
        STREAMS.iter().chain([&CUSTOM_OBJECT, &ASSOCIATIONS, &WEB_ANALYTICS, &CUSTOM_EVENT])
    }

    #[test]
    fn names_are_unique() {
        assert!(STREAMS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn keys_cursors_and_defaults_are_columns() {
        for spec in rows() {
            let schema: Value = serde_json::from_str(spec.static_fields()).unwrap();
            let columns = schema["properties"].as_object().expect(spec.name);
            let keys = spec.primary_key.iter().copied();
            let cursor = spec.cursor.map(|cursor| cursor.name);
            let defaults = spec.defaults.iter().map(|field_default| field_default.field);
            for column in keys.chain(cursor).chain(defaults) {
                assert!(columns.contains_key(column), "{} has no column {column}", spec.name);
            }
        }
    }

    #[test]
    fn q39_every_crm_object_has_a_stream_of_its_archived_records() {
        for spec in STREAMS.iter() {
            let ReadStrategy::CrmObject { object, .. } = spec.strategy else { continue };
            let name = format!("{}_archived", spec.name);
            let archived = STREAMS.iter().find(|spec| spec.name == name).expect(&name);
            assert!(
                matches!(archived.strategy, ReadStrategy::CrmArchived { object: own } if own == object)
            );
        }
    }

    #[test]
    fn scopes_and_documentation_are_given() {
        // Any scope for a CRM object grants access to the corresponding part of these.
        let open_to_all = ["association_labels", "properties"];
        for spec in rows() {
            assert_eq!(spec.scopes.is_empty(), open_to_all.contains(&spec.name), "{}", spec.name);
            assert!(spec.docs.starts_with("https://developers.hubspot.com/"), "{}", spec.name);
        }
    }
}
