//! Lookup of the stream definition of a selected stream.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::sync::OnceCell;

use super::session::{CustomStreams, Session};
use crate::config::nearest;
use crate::error::Error;
use crate::hubspot::Definition;
use crate::protocol::{ConfiguredStream, IncomingState};
use crate::schema::PropertyColumn;
use crate::streams::{AssociationStream, CustomStream, STREAMS, Schema, StreamSpec, names_of};
use crate::strict::folded;

/// Stream definitions of this run: built-in streams, configured association streams, and the
/// portal's custom objects.
pub(super) struct Rows<'a> {
    session: &'a Session,
    /// Requested when first needed. If they are unknown, only their own streams fail.
    custom: OnceCell<CustomStreams>,
}

impl<'a> Rows<'a> {
    /// Requests custom objects only if a selected stream is not known otherwise.
    pub(super) async fn of(
        session: &'a Session,
        selected: &[&ConfiguredStream],
    ) -> Result<Self, Error> {
        let rows = Self { session, custom: OnceCell::new() };
        if selected.iter().any(|stream| rows.known(&stream.stream.name).is_none()) {
            rows.custom().await?;
        }
        Ok(rows)
    }

    async fn custom(&self) -> Result<&CustomStreams, Error> {
        let ask = || async {
            match self.session.custom_streams().await {
                Ok(custom) => Ok(custom),
                Err(error) if error.ends_everything() => Err(error),
                Err(error) => {
                    Ok(CustomStreams { streams: Vec::new(), problem: Some(error.to_string()) })
                }
            }
        };
        self.custom.get_or_try_init(ask).await
    }

    /// Returns the portal's custom streams, if they have been requested.
    fn found(&self) -> &[CustomStream] {
        self.custom.get().map_or(&[], |custom| custom.streams.as_slice())
    }

    /// Returns the definition of a stream by its name or by its name in another version.
    pub(super) fn find<'b>(&'b self, name: &'b str) -> Result<StreamSpec<'b>, Error> {
        if let Some(spec) = self.known(name) {
            return Ok(spec);
        }
        let found = self.stream(name);
        let spec = found.map(|stream| StreamSpec { name, ..stream.spec() });
        let problem = self.custom.get().and_then(|custom| custom.problem.clone());
        let stream = || name.to_owned();
        spec.ok_or_else(|| match problem {
            Some(problem) => Error::CustomObjects { stream: stream(), problem },
            None => Error::UnknownStream { stream: stream(), meant: self.similar(name) },
        })
    }

    /// Returns the name of the stream that was probably meant by an unknown name: the stream of the
    /// object type with that name, or one with a similar name.
    fn similar(&self, name: &str) -> Option<String> {
        let associations = self.session.associations.iter().map(AssociationStream::spec);
        let custom = self.found().iter().map(CustomStream::spec);
        let specs: Vec<_> = STREAMS.iter().copied().chain(associations).chain(custom).collect();
        similar_stream(name, &specs).map(str::to_owned)
    }

    /// Returns the custom stream with this name, in this version or another.
    fn stream(&self, name: &str) -> Option<&CustomStream> {
        let found = self.found();
        let exact = found.iter().find(|stream| stream.spec().name == name);
        exact
            .or_else(|| found.iter().find(|stream| stream.other_names().any(|other| other == name)))
    }

    /// Returns the names of a selected stream in states of other versions, except names of other
    /// streams.
    pub(super) fn other_names<'b>(&'b self, name: &str) -> Vec<&'b str> {
        if self.known(name).is_some() {
            return Vec::new();
        }
        let Some(stream) = self.stream(name) else { return Vec::new() };
        let all = stream.other_names().chain([stream.spec().name]);
        let is_another = |other: &str| {
            let exact = self.found().iter().find(|stream| stream.spec().name == other);
            self.known(other).is_some()
                || exact.is_some_and(|exact| exact.spec().name != stream.spec().name)
        };
        all.filter(|other| *other != name && !is_another(other)).collect()
    }

    /// Returns the name under which the state of a selected stream was saved.
    pub(super) fn name_in<'b>(&'b self, state: &IncomingState, name: &'b str) -> &'b str {
        let is_saved = |name: &str| state.stream_names().any(|saved| saved == name);
        if is_saved(name) {
            return name;
        }
        self.other_names(name).into_iter().find(|other| is_saved(other)).unwrap_or(name)
    }

    /// Returns the definition of the custom object that a catalog means by the name of a built-in
    /// stream, judging by its columns; `None` if it means the built-in stream.
    ///
    /// The Python connector has fewer built-in streams, so a custom object may have had the name of
    /// one of ours there. `properties` are those of the built-in stream, if known.
    ///
    /// # Errors
    /// If the columns do not match exactly one of the two.
    pub(super) async fn meant_instead<'b>(
        &'b self,
        spec: &StreamSpec<'_>,
        selected: &'b ConfiguredStream,
        properties: Option<&[PropertyColumn]>,
    ) -> Result<Option<StreamSpec<'b>>, Error> {
        let name = &selected.stream.name;
        let is_built_in = STREAMS.iter().any(|spec| spec.name == *name);
        let listed = listed_properties(&selected.stream.json_schema, spec);
        let is_strange = |listed: &&str| !has(properties.unwrap_or_default(), listed);
        if !is_built_in || !listed.iter().any(is_strange) {
            return Ok(None);
        }
        let custom = &self.custom().await?.streams;
        let is_called = |stream: &&CustomStream| {
            stream.object().is_some_and(|object| folded(&object.name) == folded(name))
        };
        let Some(stream) = custom.iter().find(is_called) else { return Ok(None) };
        let of_object = stream.object().map(|object| object.properties.as_slice());
        let is_static = matches!(spec.schema, Schema::Static(_));
        match meaning(&listed, properties, of_object.unwrap_or_default(), is_static) {
            Meaning::BuiltIn => Ok(None),
            Meaning::Custom => {
                log::info!(
                    "`{name}`: the custom object of that name is read, because the columns in the \
                     catalog are its own; its stream is called `{}` here",
                    stream.spec().name
                );
                Ok(Some(StreamSpec { name, ..stream.spec() }))
            }
            Meaning::Unclear => {
                let instead = stream.spec().name.to_owned();
                Err(Error::NameTaken { stream: name.clone(), instead })
            }
        }
    }

    /// Returns the definition of a stream that does not depend on the portal.
    fn known(&self, name: &str) -> Option<StreamSpec<'_>> {
        let associations = self.session.associations.iter().map(AssociationStream::spec);
        STREAMS.iter().copied().chain(associations).find(|spec| spec.name == name)
    }
}

fn similar_stream<'a>(name: &str, specs: &[StreamSpec<'a>]) -> Option<&'a str> {
    let is_of_object = |spec: &&StreamSpec<'_>| {
        let paths = spec.strategy.crm_object().map(|definition| definition.object.name);
        paths.is_some_and(|path| path == name || names_of(path).iter().any(|other| other == name))
    };
    let of_object = specs.iter().find(is_of_object).map(|spec| spec.name);
    of_object.or_else(|| nearest(name, specs.iter().map(|spec| spec.name)))
}

/// Stream to which the columns of a catalog belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    BuiltIn,
    Custom,
    Unclear,
}

/// Determines which of two streams of the same name a catalog means by its listed properties.
/// Properties of both, and properties that neither has any more, are ignored.
fn meaning(
    listed: &BTreeSet<&str>,
    built_in: Option<&[PropertyColumn]>,
    custom: &[Definition],
    is_static: bool,
) -> Meaning {
    let is_custom = |name: &str| custom.iter().any(|definition| definition.name == name);
    let is_built_in = |name: &str| match built_in {
        Some(columns) => has(columns, name),
        // The properties are unknown; those defined by HubSpot may be in both.
        None => !is_static && name.starts_with("hs_"),
    };
    let only_custom = listed.iter().any(|name| is_custom(name) && !is_built_in(name));
    let only_built_in = listed.iter().any(|name| is_built_in(name) && !is_custom(name));
    match (only_custom, only_built_in) {
        (true, false) => Meaning::Custom,
        (true, true) => Meaning::Unclear,
        // The built-in stream has never had any properties.
        (false, false) if is_static => Meaning::Unclear,
        (false, _) => Meaning::BuiltIn,
    }
}

fn has(columns: &[PropertyColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

/// Returns the property names among the columns of a catalog, nested and flat, except for the
/// static columns of the stream.
fn listed_properties<'a>(schema: &'a Value, spec: &StreamSpec<'_>) -> BTreeSet<&'a str> {
    let fixed: Value = serde_json::from_str(spec.static_fields()).unwrap_or_default();
    let columns_of = |schema: &'a Value| schema.get("properties")?.as_object();
    let is_fixed = |name: &str| fixed.get("properties").is_some_and(|all| all.get(name).is_some());
    let columns = columns_of(schema);
    let names = columns.into_iter().flatten().map(|(name, _)| name.as_str());
    let flat =
        names.filter(|name| !is_fixed(name)).filter_map(|name| name.strip_prefix("properties_"));
    let nested = columns.and_then(|columns| columns_of(columns.get("properties")?));
    let nested = nested.filter(|_| !is_fixed("properties")).into_iter().flatten();
    flat.chain(nested.map(|(name, _)| name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::PropertyType;
    use crate::schema::property_columns;
    use serde_json::json;

    fn definitions(names: &str) -> Vec<Definition> {
        let definition = |name: &str| Definition {
            name: name.into(),
            kind: PropertyType::Text,
            ..Definition::default()
        };
        names.split_whitespace().map(definition).collect()
    }

    #[test]
    fn columns_tell_what_a_catalog_means() {
        use Meaning::{BuiltIn, Custom, Unclear};
        for (case, listed, built_in, custom, expected) in [
            (
                "those of the built-in stream",
                "hs_id name total",
                Some("hs_id name total"),
                "hs_id name",
                BuiltIn,
            ),
            (
                "those of the object",
                "hs_id name keel",
                Some("hs_id name total"),
                "hs_id name keel",
                Custom,
            ),
            ("one of each", "keel total", Some("hs_id total"), "hs_id keel", Unclear),
            ("those of both", "hs_id name", Some("hs_id name total"), "hs_id name keel", BuiltIn),
            ("one that is gone", "hs_id gone", Some("hs_id total"), "hs_id keel", BuiltIn),
            ("not known, and the object's", "hs_id keel", None, "hs_id keel", Custom),
            ("not known, and HubSpot's", "hs_id hs_name", None, "hs_id keel", BuiltIn),
        ] {
            let listed: BTreeSet<_> = listed.split_whitespace().collect();
            let built_in = built_in.map(|names| property_columns(&definitions(names), &[], false));
            let found = meaning(&listed, built_in.as_deref(), &definitions(custom), false);
            assert_eq!(found, expected, "{case}");
        }
        for (listed, expected) in [("hs_id", Custom), ("gone", Unclear)] {
            let listed = BTreeSet::from([listed]);
            assert_eq!(meaning(&listed, None, &definitions("hs_id"), true), expected, "{listed:?}");
        }
    }

    #[test]
    fn a_similar_stream_is_found_by_its_name_or_its_object_type() {
        for (name, expected) in [
            ("contact", Some("contacts")),
            ("Deals", Some("deals")),
            ("calls", Some("engagements_calls")),
            ("tasks", Some("engagements_tasks")),
            ("payments", Some("commerce_payments")),
            ("contact_list", Some("contact_lists")),
            ("widgets", None),
        ] {
            assert_eq!(similar_stream(name, &STREAMS), expected, "{name}");
        }
    }

    #[test]
    fn properties_are_listed_nested_or_flat() {
        let spec = |name: &str| *STREAMS.iter().find(|spec| spec.name == name).unwrap();
        let schema = json!({ "properties": { "id": {}, "properties_a": {},
            "properties": { "properties": { "b": {} } } } });
        for name in ["orders", "roles"] {
            let listed = listed_properties(&schema, &spec(name));
            assert_eq!(listed, BTreeSet::from(["a", "b"]), "{name}");
        }
        for spec in STREAMS.iter().filter(|spec| matches!(spec.schema, Schema::Static(_))) {
            let own = serde_json::from_str(spec.static_fields()).unwrap();
            assert!(listed_properties(&own, spec).is_empty(), "{}", spec.name);
        }
        assert!(listed_properties(&Value::Null, &spec("orders")).is_empty());
    }
}
