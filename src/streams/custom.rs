//! Stream definitions discovered at run time: custom objects, their web analytics, and custom
//! events.

use std::borrow::Cow;

use super::names::{Names, PREFIX, PYTHON_PREFIX};
use super::registry::{custom_event, custom_object, custom_object_archived, custom_web_analytics};
use super::spec::StreamSpec;
use crate::hubspot::{CustomObject, EventDefinition};
use crate::strict::{disambiguated, folded, suffixed};

/// A custom object or event of the account, with its stream name.
#[derive(Debug, Clone)]
pub struct CustomStream {
    name: String,
    /// Names of the stream in catalogs and states written by other versions.
    other_names: Vec<String>,
    subject: Subject,
}

#[derive(Debug, Clone)]
enum Subject {
    /// Records of a custom object.
    Object(CustomObject),
    /// Archived records of a custom object.
    Archived(CustomObject),
    /// Web analytics of a custom object, by its fully qualified name.
    WebAnalytics(String),
    /// Occurrences of a custom event.
    Event { definition: EventDefinition, types: [Cow<'static, str>; 1] },
}

impl CustomStream {
    /// Returns the streams of custom objects, followed by the streams of their archived records.
    ///
    /// A stream is named after its object, or `<stream>_archived`. Among objects whose names differ
    /// by case only, the oldest keeps the name and the others get their object type id as a suffix.
    /// A name that another stream already has gets a prefix. Objects with a free name are named
    /// first, whatever their order.
    pub fn of_objects(objects: Vec<CustomObject>, names: &mut Names) -> Vec<Self> {
        let own_names: Vec<_> = objects.iter().map(|object| name_among(object, &objects)).collect();
        let pairs = objects.into_iter().zip(own_names);
        let (free, taken): (Vec<_>, Vec<_>) = pairs.partition(|(_, name)| !names.is_taken(name));
        let live = free.into_iter().chain(taken).map(|(object, own_name)| Self {
            name: names.take_custom(&own_name),
            other_names: spellings(&[&object.name, &own_name]),
            subject: Subject::Object(object),
        });
        let mut streams: Vec<_> = live.collect();
        let archived: Vec<_> = streams.iter().filter_map(|stream| stream.archived(names)).collect();
        streams.extend(archived);
        streams
    }

    /// Returns the stream of archived records, if this stream holds the records of a custom object.
    fn archived(&self, names: &mut Names) -> Option<Self> {
        let Subject::Object(object) = &self.subject else { return None };
        let archived = |name: &String| format!("{name}_archived");
        Some(Self {
            name: names.take_custom(&archived(&self.name)),
            other_names: self.other_names.iter().map(archived).collect(),
            subject: Subject::Archived(object.clone()),
        })
    }

    /// Returns the web analytics stream, if this stream holds the records of a custom object.
    pub fn web_analytics(&self, names: &mut Names) -> Option<Self> {
        let Subject::Object(object) = &self.subject else { return None };
        let analytics = |name: &String| format!("{}_web_analytics", name.to_lowercase());
        Some(Self {
            name: names.take_custom(&analytics(&self.name)),
            other_names: self.other_names.iter().map(analytics).collect(),
            subject: Subject::WebAnalytics(object.fully_qualified_name.clone()),
        })
    }

    /// Returns the streams of custom events, named `custom_event_` plus the short name of the
    /// event, or its fully qualified name if the short name is not unique.
    pub fn events(definitions: Vec<EventDefinition>, names: &mut Names) -> Vec<Self> {
        let short_names: Vec<_> =
            definitions.iter().map(|definition| folded(&definition.name)).collect();
        let full_names: Vec<_> =
            definitions.iter().map(|definition| definition.fully_qualified_name.as_str()).collect();
        let full_names = disambiguated(&full_names);
        let pairs = definitions.into_iter().zip(full_names);
        let streams = pairs.map(|(definition, full_name)| {
            let is_unique =
                short_names.iter().filter(|name| **name == folded(&definition.name)).count() == 1;
            let name = if is_unique { &definition.name } else { &full_name };
            Self {
                name: names.take_custom(&format!("custom_event_{name}")),
                other_names: Vec::new(),
                subject: Subject::Event {
                    types: [Cow::Owned(definition.fully_qualified_name.clone())],
                    definition,
                },
            }
        });
        streams.collect()
    }

    pub fn is_object(&self) -> bool {
        matches!(self.subject, Subject::Object(_))
    }

    /// Returns the custom object, if this stream holds its live records.
    pub fn object(&self) -> Option<&CustomObject> {
        match &self.subject {
            Subject::Object(object) => Some(object),
            Subject::Archived(_) | Subject::WebAnalytics(_) | Subject::Event { .. } => None,
        }
    }

    /// Returns the names of the stream in catalogs and states written by other versions.
    pub fn other_names(&self) -> impl Iterator<Item = &str> {
        self.other_names.iter().map(String::as_str)
    }

    /// Returns the stream definition.
    pub fn spec(&self) -> StreamSpec<'_> {
        let name = self.name.as_str();
        match &self.subject {
            Subject::Object(object) => custom_object(name, object),
            Subject::Archived(object) => custom_object_archived(name, object),
            Subject::WebAnalytics(object) => custom_web_analytics(name, object),
            Subject::Event { definition, types } => custom_event(name, definition, types),
        }
    }
}

/// Returns the name of an object among all custom objects: its own name, or with its object type id
/// appended if the name of an older object differs by case only.
fn name_among(object: &CustomObject, all: &[CustomObject]) -> String {
    let age = |object: &CustomObject| {
        let number = object.object_type_id.as_deref().and_then(|id| id.rsplit('-').next());
        let number = number.and_then(|number| number.parse::<u64>().ok());
        (number.unwrap_or(u64::MAX), object.fully_qualified_name.clone())
    };
    let name = folded(&object.name);
    let is_oldest =
        !all.iter().any(|other| folded(&other.name) == name && age(other) < age(object));
    match &object.object_type_id {
        _ if is_oldest => object.name.clone(),
        Some(id) => format!("{}_{id}", object.name),
        None => suffixed(&object.name),
    }
}

/// Returns each name without a prefix and with each of the prefixes.
fn spellings(names: &[&str]) -> Vec<String> {
    let prefixes = ["", PREFIX, PYTHON_PREFIX];
    let spelled = names.iter().flat_map(|name| prefixes.map(|prefix| format!("{prefix}{name}")));
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{ReadStrategy, Schema};

    fn streams(names: &[&str]) -> Vec<CustomStream> {
        let object = |name: &&str| CustomObject {
            name: name.split('=').next().unwrap().to_owned(),
            fully_qualified_name: format!("p4_{}", name.split('=').next().unwrap()),
            object_type_id: name.split_once('=').map(|(_, id)| id.to_owned()),
            properties: Vec::new(),
        };
        CustomStream::of_objects(names.iter().map(object).collect(), &mut Names::built_in(false))
    }

    #[test]
    fn every_stream_has_a_name_of_its_own() {
        for (case, objects, expected) in [
            ("a free name", &["boats"][..], "boats=p4_boats boats_archived=p4_boats"),
            ("a built-in one", &["deals"], "custom_deals=p4_deals custom_deals_archived=p4_deals"),
            (
                "that of built-in archived records",
                &["deals_archived"],
                "custom_deals_archived=p4_deals_archived \
                 custom_deals_archived_archived=p4_deals_archived",
            ),
            (
                "one that the prefix leads to",
                &["deals", "custom_deals"],
                "custom_deals=p4_custom_deals custom_custom_deals=p4_deals \
                 custom_deals_archived=p4_custom_deals custom_custom_deals_archived=p4_deals",
            ),
            (
                "that of another's archived records",
                &["boats", "boats_archived"],
                "boats=p4_boats boats_archived=p4_boats_archived custom_boats_archived=p4_boats \
                 boats_archived_archived=p4_boats_archived",
            ),
            (
                "names that differ by case only from built-in ones",
                &["Projects=2-1"],
                "custom_Projects=p4_Projects custom_Projects_archived=p4_Projects",
            ),
            (
                "names that differ by case only, the younger first",
                &["Boats=2-10", "boats=2-9"],
                "Boats_2-10=p4_Boats boats=p4_boats Boats_2-10_archived=p4_Boats \
                 boats_archived=p4_boats",
            ),
            (
                "the same without ids",
                &["boats", "Boats"],
                "boats_fc840818=p4_boats Boats=p4_Boats boats_fc840818_archived=p4_boats \
                 Boats_archived=p4_Boats",
            ),
        ] {
            let streams = streams(objects);
            let found: Vec<_> = streams
                .iter()
                .map(|stream| {
                    let spec = stream.spec();
                    format!("{}={}", spec.name, spec.strategy.records_of().unwrap())
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{case}");
        }
    }

    #[test]
    fn archived_records_have_the_columns_of_their_object() {
        let streams = streams(&["boats"]);
        let spec = streams[1].spec();
        assert!(matches!(spec.schema, Schema::Known { .. }) && !streams[1].is_object());
        assert_eq!(spec.cursor.map(|cursor| cursor.name), Some("archivedAt"));
        assert!(spec.static_fields().contains("archivedAt"));
    }

    #[test]
    fn a_custom_object_has_web_analytics() {
        for (name, expected) in
            [("Car", "car_web_analytics"), ("deals", "custom_deals_web_analytics")]
        {
            let stream = streams(&[name])[0].web_analytics(&mut Names::built_in(false)).unwrap();
            assert_eq!(stream.spec().name, expected);
            assert!(stream.spec().is_experimental() && !stream.is_object());
        }
    }

    #[test]
    fn events_are_named_by_the_shortest_name_that_is_theirs_alone() {
        let definition = |name: &str, full: &str| EventDefinition {
            name: name.into(),
            fully_qualified_name: full.into(),
            primary_object_id: "0-1".into(),
            properties: Vec::new(),
        };
        let definitions = vec![
            definition("demo", "pe4_demo"),
            definition("open", "ae7_open"),
            definition("open", "pe4_open"),
        ];
        let streams = CustomStream::events(definitions, &mut Names::built_in(false));
        let names: Vec<_> = streams.iter().map(|stream| stream.spec().name.to_owned()).collect();
        assert_eq!(names, ["custom_event_demo", "custom_event_ae7_open", "custom_event_pe4_open"]);
        let ReadStrategy::RecordEvents(events) = streams[0].spec().strategy else {
            panic!("events")
        };
        assert_eq!(
            (events.event_types, events.object.modified),
            (&["pe4_demo".into()][..], "lastmodifieddate")
        );
    }
}
