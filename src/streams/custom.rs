//! Rows found at run time: the portal's custom objects, their web analytics, its custom events.

use std::borrow::Cow;

use super::names::Names;
use super::registry::{
    CUSTOM_EVENT, CUSTOM_OBJECT, MODIFIED, MODIFIED_CONTACT, TYPES, WEB_ANALYTICS, archived,
};
use super::spec::{Family, Occurrences, Schema, StreamSpec};
use crate::hubspot::{CustomObject, EventDefinition};

/// Something of this portal's own, with the name of its stream.
#[derive(Debug, Clone)]
pub struct CustomStream {
    name: String,
    subject: Subject,
}

#[derive(Debug, Clone)]
enum Subject {
    /// The records of a custom object.
    Object(CustomObject),
    /// The archived records of a custom object.
    Archived(CustomObject),
    /// The web analytics of a custom object, by its full name.
    WebAnalytics(String),
    /// The occurrences of a custom event.
    Event { definition: EventDefinition, types: [Cow<'static, str>; 1] },
}

/// What stands before a name that is taken.
const PREFIX: &str = "custom_";

impl CustomStream {
    /// The streams of custom objects, and those of their archived records.
    ///
    /// A stream is called as its object, or `<stream>_archived`. `custom_` stands before a name
    /// that another stream has; an object whose name is free has it, whichever comes first.
    pub fn of_objects(objects: Vec<CustomObject>, names: &mut Names) -> Vec<Self> {
        let is_free = |object: &CustomObject| !names.is_taken(&object.name);
        let (free, taken): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_free);
        let live = free.into_iter().chain(taken).map(|object| Self {
            name: names.take(PREFIX, &object.name),
            subject: Subject::Object(object),
        });
        let mut streams: Vec<_> = live.collect();
        let archived: Vec<_> = streams.iter().filter_map(|stream| stream.archived(names)).collect();
        streams.extend(archived);
        streams
    }

    /// The stream of archived records beside this one, if this is a custom object.
    fn archived(&self, names: &mut Names) -> Option<Self> {
        let Subject::Object(object) = &self.subject else { return None };
        let name = names.take(PREFIX, &format!("{}_archived", self.name));
        Some(Self { name, subject: Subject::Archived(object.clone()) })
    }

    /// The web analytics of this stream, if it is a custom object.
    pub fn web_analytics(&self, names: &mut Names) -> Option<Self> {
        let Subject::Object(object) = &self.subject else { return None };
        Some(Self {
            name: names.take(PREFIX, &format!("{}_web_analytics", self.name.to_lowercase())),
            subject: Subject::WebAnalytics(object.fully_qualified_name.clone()),
        })
    }

    /// Names the streams of custom events: `custom_event_` and the event's short name, or its full
    /// one where the short name is not unique.
    pub fn events(definitions: Vec<EventDefinition>, names: &mut Names) -> Vec<Self> {
        let short_names: Vec<_> =
            definitions.iter().map(|definition| definition.name.clone()).collect();
        let streams = definitions.into_iter().map(|definition| {
            let is_unique =
                short_names.iter().filter(|name| **name == definition.name).count() == 1;
            let name = if is_unique { &definition.name } else { &definition.fully_qualified_name };
            Self {
                name: names.take(PREFIX, &format!("custom_event_{name}")),
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

    /// The stream's row.
    pub fn row(&self) -> StreamSpec<'_> {
        let name = self.name.as_str();
        match &self.subject {
            Subject::Object(object) => object_row(name, object),
            Subject::Archived(object) => {
                archived(&object_row(name, object), name).unwrap_or(CUSTOM_OBJECT)
            }
            Subject::WebAnalytics(object) => StreamSpec {
                name,
                family: Family::Occurrences(Occurrences {
                    object,
                    modified: MODIFIED,
                    object_type: object,
                    event_types: TYPES,
                }),
                ..WEB_ANALYTICS
            },
            Subject::Event { definition, types } => event_row(name, definition, types),
        }
    }
}

fn object_row<'a>(name: &'a str, object: &'a CustomObject) -> StreamSpec<'a> {
    let Schema::Known { fields, .. } = CUSTOM_OBJECT.schema else { return CUSTOM_OBJECT };
    let Family::CrmObject { modified, .. } = CUSTOM_OBJECT.family else { return CUSTOM_OBJECT };
    StreamSpec {
        name,
        family: Family::CrmObject { object: &object.fully_qualified_name, modified },
        schema: Schema::Known { fields, properties: &object.properties },
        ..CUSTOM_OBJECT
    }
}

fn event_row<'a>(
    name: &'a str,
    definition: &'a EventDefinition,
    event_types: &'a [Cow<'static, str>],
) -> StreamSpec<'a> {
    let Schema::Known { fields, .. } = CUSTOM_EVENT.schema else { return CUSTOM_EVENT };
    let object = definition.primary_object_id.as_str();
    let is_contact = object == "0-1";
    StreamSpec {
        name,
        family: Family::Occurrences(Occurrences {
            object,
            modified: if is_contact { MODIFIED_CONTACT } else { MODIFIED },
            object_type: object,
            event_types,
        }),
        schema: Schema::Known { fields, properties: &definition.properties },
        ..CUSTOM_EVENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(names: &[&str]) -> Vec<CustomStream> {
        let object = |name: &&str| CustomObject {
            name: (*name).to_owned(),
            fully_qualified_name: format!("p4_{name}"),
            properties: Vec::new(),
        };
        CustomStream::of_objects(names.iter().map(object).collect(), &mut Names::built_in())
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
        ] {
            let streams = streams(objects);
            let found: Vec<_> = streams
                .iter()
                .map(|stream| {
                    let (Family::CrmObject { object, .. } | Family::CrmArchived { object }) =
                        stream.row().family
                    else {
                        panic!("{stream:?}")
                    };
                    format!("{}={object}", stream.row().name)
                })
                .collect();
            assert_eq!(found.join(" "), expected, "{case}");
        }
    }

    #[test]
    fn archived_records_have_the_columns_of_their_object() {
        let streams = streams(&["boats"]);
        let row = streams[1].row();
        assert!(matches!(row.schema, Schema::Known { .. }) && !streams[1].is_object());
        assert_eq!(row.cursor.map(|cursor| cursor.name), Some("archivedAt"));
        assert!(row.static_fields().contains("archivedAt"));
    }

    #[test]
    fn a_custom_object_has_web_analytics() {
        for (name, expected) in
            [("Car", "car_web_analytics"), ("deals", "custom_deals_web_analytics")]
        {
            let stream = streams(&[name])[0].web_analytics(&mut Names::built_in()).unwrap();
            assert_eq!(stream.row().name, expected);
            assert!(stream.row().is_experimental() && !stream.is_object());
        }
    }

    #[test]
    fn events_are_named_by_the_shortest_name_that_is_theirs_alone() {
        let definition = |name: &str, full: &str| EventDefinition {
            name: name.into(),
            fully_qualified_name: full.into(),
            primary_object_id: "0-1".into(),
            archived: false,
            properties: Vec::new(),
        };
        let definitions = vec![
            definition("demo", "pe4_demo"),
            definition("open", "ae7_open"),
            definition("open", "pe4_open"),
        ];
        let streams = CustomStream::events(definitions, &mut Names::built_in());
        let names: Vec<_> = streams.iter().map(|stream| stream.row().name.to_owned()).collect();
        assert_eq!(names, ["custom_event_demo", "custom_event_ae7_open", "custom_event_pe4_open"]);
        let Family::Occurrences(events) = streams[0].row().family else { panic!("events") };
        assert_eq!(
            (events.event_types, events.modified),
            (&["pe4_demo".into()][..], "lastmodifieddate")
        );
    }
}
