//! The list of built-in stream definitions, split by topic.

mod associations;
mod automation;
mod commerce;
mod crm;
mod crm_row;
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

use super::spec::{CursorField, StreamSpec};
use super::strategy::FieldDefault;
use crm_row::CrmRow;

use crate::hubspot::{Endpoint, ListRequest, PageLayout, PageSizeField, PagingKind, Parameter};

pub(super) use associations::associations;
pub(super) use crm_row::{CUSTOM_OBJECT_SCOPES, custom_object, custom_object_archived};
pub(super) use web_analytics::{custom_event, custom_web_analytics};

/// All built-in stream definitions, sorted by name.
pub static STREAMS: LazyLock<Vec<StreamSpec<'static>>> = LazyLock::new(|| {
    let crm = crm::ROWS.iter().chain(commerce::ROWS).chain(engagements::ROWS);
    let mut streams: Vec<_> = crm.flat_map(CrmRow::specs).collect();
    streams.extend(TOPICS.iter().copied().flatten());
    streams.sort_by_key(|spec| spec.name);
    streams
});

/// Definitions of all streams other than CRM objects, by topic.
const TOPICS: &[&[StreamSpec<'static>]] = &[
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

/// Uses `createdAt` as the modification time of a record that was never changed.
const OR_CREATED_AT: &[FieldDefault] =
    &[FieldDefault { field: "updatedAt", or: Some("createdAt"), cast: None }];

/// `updatedAt` as published for the streams that share a cursor in the Python connector.
const UPDATED_AT: Option<CursorField> = Some(CursorField::iso("updatedAt").replaceable());

/// `updatedAt`, for streams on which the Python connector allows no other cursor.
const OWN_UPDATED_AT: Option<CursorField> = Some(CursorField::iso("updatedAt"));

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::is_read_only;
    use crate::hubspot::{ApiVersion, CustomObject, EventDefinition, Parameters, Paths};
    use crate::streams::strategy::{AssociationPair, OnForbidden, ReadStrategy};
    use http::Method;
    use serde_json::Value;

    /// Returns all built-in definitions, and one of each kind that is made at run time.
    fn with_specs(check: impl Fn(&StreamSpec<'_>)) {
        let object = CustomObject {
            name: "boats".to_owned(),
            fully_qualified_name: "p4_boats".to_owned(),
            object_type_id: None,
            properties: Vec::new(),
        };
        let event = EventDefinition {
            name: "demo".to_owned(),
            fully_qualified_name: "pe4_demo".to_owned(),
            primary_object_id: "0-1".to_owned(),
            properties: Vec::new(),
        };
        let pair = AssociationPair { from: "deals", to: "contacts" };
        STREAMS.iter().for_each(&check);
        check(&custom_object("boats", &object));
        check(&custom_object_archived("boats_archived", &object));
        check(&custom_web_analytics("boats_web_analytics", "p4_boats"));
        check(&custom_event("custom_event_demo", &event, &["pe4_demo".into()]));
        check(&associations("deals_contacts", pair, CUSTOM_OBJECT_SCOPES));
    }

    #[test]
    fn names_are_unique() {
        assert!(STREAMS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn keys_cursors_and_defaults_are_columns() {
        with_specs(|spec| {
            let schema: Value = serde_json::from_str(spec.static_fields()).unwrap();
            let columns = schema["properties"].as_object().expect(spec.name);
            let keys = spec.primary_key.iter().copied();
            let cursor = spec.cursor.map(|cursor| cursor.name);
            let defaults = spec.strategy.defaults().iter();
            let defaults = defaults.map(|field_default| field_default.field);
            for column in keys.chain(cursor).chain(defaults) {
                assert!(columns.contains_key(column), "{} has no column {column}", spec.name);
            }
        });
    }

    #[test]
    fn strategies_that_read_by_cursor_have_one() {
        with_specs(|spec| {
            let is_optional = matches!(
                spec.strategy,
                ReadStrategy::Collection(_)
                    | ReadStrategy::Detailed(_)
                    | ReadStrategy::MarketingEmails(_)
                    | ReadStrategy::Associations(_)
                    | ReadStrategy::Substream(_)
                    | ReadStrategy::Single(_)
            );
            assert!(is_optional || spec.cursor.is_some(), "{}", spec.name);
        });
    }

    /// Returns the list requests of a definition.
    fn lists(strategy: &ReadStrategy<'_>) -> Vec<ListRequest<'static>> {
        match strategy {
            ReadStrategy::Collection(definition) => {
                let lists = definition.passes.iter().flat_map(|pass| {
                    let other = match pass.unless_allowed {
                        OnForbidden::Read(list) => Some(list),
                        OnForbidden::Fail | OnForbidden::Skip => None,
                    };
                    [Some(pass.list), other]
                });
                lists.flatten().collect()
            }
            ReadStrategy::Detailed(definition) => vec![definition.list],
            ReadStrategy::Substream(definition) => {
                vec![definition.parents.list, definition.child.list]
            }
            ReadStrategy::MarketingEmails(definition) => {
                vec![ListRequest::get(definition.endpoint, PageLayout::RESULTS)]
            }
            ReadStrategy::TimeWindows(definition) => {
                vec![ListRequest::get(definition.endpoint, definition.layout)]
            }
            ReadStrategy::Engagements(definition) => {
                vec![ListRequest::get(definition.endpoint, PageLayout::RESULTS)]
            }
            ReadStrategy::Single(definition) => {
                vec![ListRequest::get(definition.endpoint, PageLayout::RESULTS)]
            }
            ReadStrategy::CrmObject(_)
            | ReadStrategy::CrmArchived(_)
            | ReadStrategy::PropertyHistory(_)
            | ReadStrategy::Associations(_)
            | ReadStrategy::Recordings(_)
            | ReadStrategy::RecordEvents(_) => Vec::new(),
        }
    }

    #[test]
    fn every_list_is_an_allowed_read() {
        for version in [ApiVersion::Dated, ApiVersion::Classic] {
            let paths = Paths::new(version);
            with_specs(|spec| {
                for list in lists(&spec.strategy) {
                    let method = match list.parameters {
                        Parameters::Query(_) => Method::GET,
                        Parameters::Body(_) => Method::POST,
                    };
                    let path = format!("{}{}", paths.prefix(list.endpoint), list.path);
                    assert!(is_read_only(&method, &path), "{}: {method} {path}", spec.name);
                }
            });
        }
    }

    #[test]
    fn a_request_names_one_page_size_and_encodes_its_parameters() {
        with_specs(|spec| {
            for list in lists(&spec.strategy) {
                let Parameters::Query(parameters) = list.parameters else { continue };
                let encoded = parameters.iter().filter_map(|parameter| match parameter {
                    Parameter::PageSize(_) => None,
                    Parameter::Encoded(encoded) => Some(*encoded),
                });
                let encoded: Vec<_> = encoded.collect();
                assert!(parameters.len() <= encoded.len() + 1, "{}", spec.name);
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,=&%".contains(c);
                assert!(encoded.iter().all(|text| text.chars().all(is_plain)), "{}", spec.name);
            }
        });
    }

    #[test]
    fn q39_every_crm_object_has_a_stream_of_its_archived_records() {
        for spec in STREAMS.iter() {
            let Some(live) = spec.strategy.crm_object() else { continue };
            let name = format!("{}_archived", spec.name);
            let archived = STREAMS.iter().find(|spec| spec.name == name).expect(&name);
            let ReadStrategy::CrmArchived(archived) = archived.strategy else { panic!("{name}") };
            assert_eq!(archived.object, live.object.name);
        }
    }

    #[test]
    fn scopes_and_documentation_are_given() {
        // Any scope for a CRM object grants access to the corresponding part of these.
        let open_to_all = ["association_labels", "properties"];
        with_specs(|spec| {
            let is_open = spec.scopes.all.is_empty();
            assert_eq!(is_open, open_to_all.contains(&spec.name), "{}", spec.name);
            assert!(spec.docs.starts_with("https://developers.hubspot.com/"), "{}", spec.name);
        });
    }
}
