//! `docs/erd.md`: diagrams of the streams, generated from the table of joins below. Every stream
//! and column of that table has to be in the catalog that `discover` prints.

#![expect(clippy::indexing_slicing, reason = "a catalog of another shape has to fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;
use source_hubspot::streams::{ReadStrategy, STREAMS, StreamSpec};

use crate::support::golden::compare_file;
use crate::support::portals::{every_stream, stopped};
use crate::support::{Mode, Stage};

/// Largest number of entities of a diagram that is legible on a page.
const MOST_ENTITIES: usize = 12;

/// Entity that stands for the stream of any custom object, and a custom object of the simulator.
const CUSTOM_OBJECT: (&str, &str) = ("custom_object", "boats");

/// One diagram.
struct Diagram {
    title: &'static str,
    /// Text below the title.
    notes: &'static str,
    joins: &'static [Join],
    /// Entities to which no line of the diagram leads.
    alone: &'static [&'static str],
}

/// A column, as `stream.column`, and the column that it refers to. `[]` follows an array, of which
/// one element is compared.
type Join = (&'static str, &'static str);

const DIAGRAMS: &[Diagram] = &[
    Diagram {
        title: "Customers and people",
        notes: "\
`properties_hubspot_owner_id` of any record may also be the id of a row of `owners_archived`: the owner of a
user who has left. Both sides of an association have a column of ids: `companies.contacts` has the same links
as `contacts.companies`. `custom_object` stands for the stream of any custom object.",
        joins: &[
            ("contacts.companies[]", "companies.id"),
            ("deals.companies[]", "companies.id"),
            ("deals.contacts[]", "contacts.id"),
            ("tickets.companies[]", "companies.id"),
            ("tickets.contacts[]", "contacts.id"),
            ("tickets.deals[]", "deals.id"),
            ("tickets.properties_hs_pipeline", "ticket_pipelines.id"),
            ("tickets.properties_hs_pipeline_stage", "ticket_pipelines.stages[].id"),
            ("contacts.properties_hubspot_owner_id", "owners.id"),
            ("companies.properties_hubspot_owner_id", "owners.id"),
            ("deals.properties_hubspot_owner_id", "owners.id"),
            ("tickets.properties_hubspot_owner_id", "owners.id"),
            ("custom_object.properties_hubspot_owner_id", "owners.id"),
            ("contacts.properties_hubspot_owner_id", "owners_archived.id"),
            ("owners.userId", "users.id"),
            ("owners.teams[].id", "teams.id"),
            ("users.primaryTeamId", "teams.id"),
            ("users.roleIds[]", "roles.id"),
        ],
        alone: &[],
    },
    Diagram {
        title: "Sales",
        notes: "\
A stage belongs to a pipeline: join on both, because pipelines may share the ids of their stages. Property
histories have a row for each version of each property, so filter by `property`. A deal split is linked to its
owner alone; its deal is in an association stream, if one is configured.",
        joins: &[
            ("deals.properties_pipeline", "deal_pipelines.pipelineId"),
            ("deals.properties_dealstage", "deal_pipelines.stages[].stageId"),
            ("deals_property_history.dealId", "deals.id"),
            ("deals.line_items[]", "line_items.id"),
            ("line_items.properties_hs_product_id", "products.id"),
            ("quotes.deals[]", "deals.id"),
            ("quotes.line_items[]", "line_items.id"),
            ("leads.properties_hs_pipeline", "lead_pipelines.id"),
            ("leads.properties_hs_pipeline_stage", "lead_pipelines.stages[].id"),
            ("deals.properties_hubspot_owner_id", "owners.id"),
            ("leads.properties_hubspot_owner_id", "owners.id"),
            ("deal_splits.properties_hubspot_owner_id", "owners.id"),
            ("owners.userId", "users.id"),
            ("goals.properties_hs_assignee_user_id", "users.id"),
        ],
        alone: &[],
    },
    Diagram {
        title: "Engagements",
        notes: "\
Each of the five `engagements_*` streams has the columns `companies`, `contacts`, `deals` and `tickets` of
associated ids and the column `properties_hubspot_owner_id`; the diagram has a line for each of them once or
twice. `engagements` has the same activities in an older form, see [streams.md](streams.md).",
        joins: &[
            ("engagements_calls.contacts[]", "contacts.id"),
            ("engagements_emails.contacts[]", "contacts.id"),
            ("engagements_meetings.contacts[]", "contacts.id"),
            ("engagements_notes.companies[]", "companies.id"),
            ("engagements_tasks.companies[]", "companies.id"),
            ("engagements_calls.properties_hubspot_owner_id", "owners.id"),
            ("engagements_tasks.properties_hubspot_owner_id", "owners.id"),
            ("engagements_tasks.properties_hs_pipeline", "engagements_task_pipelines.id"),
            ("call_recordings.call_id", "engagements_calls.id"),
            ("meeting_recordings.meeting_id", "engagements_meetings.id"),
            ("engagements.associations_contactIds[]", "contacts.id"),
            ("engagements.ownerId", "owners.id"),
        ],
        alone: &[],
    },
    Diagram {
        title: "Marketing",
        notes: "\
A list holds records of one object type: `contact_lists.objectTypeId` is `0-1` for contacts and `0-2` for
companies. `campaigns` are single sendings of an e-mail, `marketing_campaigns` are those of HubSpot's campaign
tool.",
        joins: &[
            ("list_memberships.listId", "contact_lists.listId"),
            ("list_memberships.recordId", "contacts.id"),
            ("form_submissions.formId", "forms.id"),
            ("email_events.emailCampaignId", "campaigns.id"),
            ("email_events.recipient", "contacts.properties_email"),
            ("marketing_emails.allEmailCampaignIds[]", "campaigns.id"),
            ("marketing_emails.campaign", "marketing_campaigns.id"),
            ("subscription_changes.changes[].subscriptionId", "email_subscriptions.id"),
            ("subscription_changes.recipient", "contacts.properties_email"),
            ("marketing_events.contacts[]", "contacts.id"),
        ],
        alone: &[],
    },
    Diagram {
        title: "Commerce",
        notes: "\
Discounts, fees and taxes have no columns of associated ids; association streams link them to other records.",
        joins: &[
            ("orders.contacts[]", "contacts.id"),
            ("orders.line_items[]", "line_items.id"),
            ("carts.contacts[]", "contacts.id"),
            ("carts.line_items[]", "line_items.id"),
            ("invoices.contacts[]", "contacts.id"),
            ("invoices.line_items[]", "line_items.id"),
            ("commerce_subscriptions.contacts[]", "contacts.id"),
            ("commerce_subscriptions.line_items[]", "line_items.id"),
            ("commerce_payments.contacts[]", "contacts.id"),
            ("quotes.contacts[]", "contacts.id"),
            ("quotes.line_items[]", "line_items.id"),
            ("line_items.properties_hs_product_id", "products.id"),
        ],
        alone: &["discounts", "fees", "taxes"],
    },
];

/// Joins of streams that are in no diagram, other than columns of associated ids and web analytics.
const OTHER_JOINS: &[Join] = &[
    ("companies_property_history.companyId", "companies.id"),
    ("contacts_property_history.vid", "contacts.id"),
    ("services.properties_hs_pipeline", "service_pipelines.id"),
    ("services.properties_hs_pipeline_stage", "service_pipelines.stages[].id"),
    ("appointments.properties_hs_pipeline_stage", "appointment_pipelines.stages[].id"),
    ("flows.suppressionListIds[]", "contact_lists.listId"),
];

const HEAD: &str = "\
# Relations between streams

This page is generated from a table of joins, which a test compares with the columns that `discover` declares
(`just bless` writes the page).

A line is labelled with the columns to compare. `[]` stands for one element of an array. Compare ids as text:
some columns hold them as numbers (see [streams.md](streams.md)). A crow's foot marks the side with many rows.
An entity shows its key (PK) and the columns that refer to others (FK), not all of its columns.
[sql/](../sql/README.md) has most of these joins as views.
";

/// Returns the stream of a column, and the column's path.
fn split(column: &'static str) -> (&'static str, &'static str) {
    column.split_once('.').expect("`stream.column`")
}

/// Returns the top-level column of a path.
fn top(path: &'static str) -> &'static str {
    path.split(['[', '.']).next().unwrap_or(path)
}

impl Diagram {
    /// Returns the entities in the order in which they first occur.
    fn entities(&self) -> Vec<&'static str> {
        let mut entities = Vec::new();
        let joined = self.joins.iter().flat_map(|&(from, to)| [split(from).0, split(to).0]);
        for name in joined.chain(self.alone.iter().copied()) {
            if !entities.contains(&name) {
                entities.push(name);
            }
        }
        entities
    }

    /// Returns the columns of an entity that refer to others.
    fn references(&self, entity: &str) -> BTreeSet<&'static str> {
        let own = self.joins.iter().map(|&(from, _)| split(from));
        own.filter(|(name, _)| *name == entity).map(|(_, path)| top(path)).collect()
    }
}

/// The catalog that `discover` prints, and the definitions of its streams.
struct Streams {
    columns: BTreeMap<String, Value>,
}

impl Streams {
    fn discovered() -> Self {
        let stage = Stage::new(stopped(every_stream()));
        let catalog = stage.catalog(Mode::Full);
        let streams = catalog.json()["streams"].as_array().expect("streams");
        let entry = |stream: &Value| {
            let name = stream["stream"]["name"].as_str().expect("a name").to_owned();
            (name, stream["stream"]["json_schema"]["properties"].clone())
        };
        let mut columns: BTreeMap<_, _> = streams.iter().map(entry).collect();
        let (entity, object) = CUSTOM_OBJECT;
        columns.insert(entity.to_owned(), columns[object].clone());
        // The catalog has them only if they are enabled.
        for spec in STREAMS.iter().filter(|spec| spec.is_experimental()) {
            let schema: Value = serde_json::from_str(spec.static_fields()).expect("a schema");
            columns.insert(spec.name.to_owned(), schema["properties"].clone());
        }
        Self { columns }
    }

    /// Returns the schema of a column, by its path.
    fn column(&self, stream: &str, path: &str) -> &Value {
        let columns = self.columns.get(stream).unwrap_or_else(|| panic!("no stream `{stream}`"));
        let mut found: Option<&Value> = None;
        for step in path.split('.') {
            let name = step.trim_end_matches("[]");
            let inside = found.map_or(columns, |found| &found["properties"]);
            let column = inside.get(name).unwrap_or_else(|| panic!("`{stream}` has no `{path}`"));
            let is_array = column["type"].to_string().contains("array");
            assert_eq!(is_array, step.ends_with("[]"), "`{stream}`: [] follows an array: `{path}`");
            found = Some(if is_array { &column["items"] } else { column });
        }
        found.unwrap_or_else(|| panic!("`{stream}` has no `{path}`"))
    }

    /// Returns a name for the type of a top-level column.
    fn type_name(&self, stream: &str, name: &str) -> String {
        let column = &self.columns[stream][name];
        if let Some(format) = column["format"].as_str() {
            return format.replace('-', "");
        }
        let types = column["type"].as_array().into_iter().flatten();
        let mut names = types.chain([&column["type"]]).filter_map(Value::as_str);
        names.find(|name| *name != "null").unwrap_or("string").to_owned()
    }
}

fn spec_of(name: &str) -> Option<&'static StreamSpec<'static>> {
    STREAMS.iter().find(|spec| spec.name == name)
}

fn draw(diagram: &Diagram, streams: &Streams) -> String {
    let mut text = String::from("```mermaid\nerDiagram\n");
    for (from, to) in diagram.joins {
        let ((one, path), (other, _)) = (split(from), split(to));
        let side = if path.contains("[]") { "}o--o{" } else { "}o--o|" };
        writeln!(text, "    {one} {side} {other} : \"{from} = {to}\"").expect("memory");
    }
    for entity in diagram.entities() {
        let keys = spec_of(entity).map_or(&["id"][..], |spec| spec.primary_key);
        let references = diagram.references(entity);
        writeln!(text, "    {entity} {{").expect("memory");
        for &key in keys {
            let mark = if references.contains(key) { "PK, FK" } else { "PK" };
            let kind = streams.type_name(entity, key);
            writeln!(text, "        {kind} {key} {mark}").expect("memory");
        }
        for name in references.iter().filter(|name| !keys.contains(name)) {
            let kind = streams.type_name(entity, name);
            writeln!(text, "        {kind} {name} FK").expect("memory");
        }
        text.push_str("    }\n");
    }
    text + "```\n"
}

/// Returns the stream of an object type, by the name of the object type.
fn stream_of(object: &str) -> Option<&'static str> {
    let has = |spec: &&StreamSpec<'_>| {
        spec.strategy.crm_object().is_some_and(|definition| definition.object.name == object)
    };
    STREAMS.iter().find(has).map(|spec| spec.name)
}

/// Returns all joins of a stream, as text: those of the table, columns of associated ids, and the
/// records that web analytics belong to.
fn joins_of(spec: &StreamSpec<'_>) -> Vec<String> {
    let table = DIAGRAMS.iter().flat_map(|diagram| diagram.joins).chain(OTHER_JOINS);
    let mut joins: Vec<_> = table
        .filter(|(from, _)| split(from).0 == spec.name)
        .map(|(from, to)| format!("{from} = {to}"))
        .collect();
    for object in spec.strategy.associations() {
        let other = stream_of(object).expect("a stream of the object type");
        joins.push(format!("{}.{object}[] = {other}.id", spec.name));
    }
    if let ReadStrategy::RecordEvents(definition) = spec.strategy {
        let other = stream_of(definition.object.name).expect("a stream of the object type");
        joins.push(format!("{}.objectId = {other}.id", spec.name));
    }
    let mut seen = BTreeSet::new();
    joins.retain(|join| seen.insert(join.clone()));
    joins
}

#[test]
fn the_relations_are_drawn() {
    let streams = Streams::discovered();
    let mut text = HEAD.to_owned();
    for diagram in DIAGRAMS {
        writeln!(text, "\n## {}\n\n{}\n", diagram.title, diagram.notes).expect("memory");
        text.push_str(&draw(diagram, &streams));
    }
    text.push_str(
        "\n## All joins\n\nStreams of archived records (`<name>_archived`) have the columns of the \
         stream that their name starts with.\n`<name>_pipelines` of other object types are joined \
         like `lead_pipelines`, where the object type has the properties\n`hs_pipeline` and \
         `hs_pipeline_stage`.\n\n| stream | key | joins |\n| --- | --- | --- |\n",
    );
    for spec in STREAMS.iter() {
        let joins = joins_of(spec);
        let is_archived = matches!(spec.strategy, ReadStrategy::CrmArchived(_));
        if is_archived || joins.is_empty() && spec.primary_key.is_empty() {
            continue;
        }
        let code = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            if names.is_empty() { "–".to_owned() } else { names.join("<br>") }
        };
        let keys: Vec<_> = spec.primary_key.iter().map(|&key| key.to_owned()).collect();
        let keys = code(&keys).replace("<br>", ", ");
        writeln!(text, "| `{}` | {keys} | {} |", spec.name, code(&joins)).expect("memory");
    }
    compare_file("docs/erd.md", &text);
}

#[test]
fn every_join_compares_two_columns_that_exist() {
    let streams = Streams::discovered();
    let mut seen = BTreeSet::new();
    for join in DIAGRAMS.iter().flat_map(|diagram| diagram.joins).chain(OTHER_JOINS) {
        let (from, to) = *join;
        for column in [from, to] {
            let (stream, path) = split(column);
            let kind = streams.column(stream, path)["type"].to_string();
            let is_plain = ["string", "integer", "number"].iter().any(|plain| kind.contains(plain));
            assert!(is_plain, "{column} is compared as text, but is {kind}");
        }
        seen.insert(join);
    }
    assert!(seen.len() > 50, "{}", seen.len());
}

#[test]
fn diagrams_are_small_and_without_repetitions() {
    for diagram in DIAGRAMS {
        let Diagram { title, joins, .. } = diagram;
        let entities = diagram.entities();
        assert!(entities.len() <= MOST_ENTITIES, "{title} has {} entities", entities.len());
        let distinct: BTreeSet<_> = joins.iter().collect();
        assert_eq!(distinct.len(), joins.len(), "{title}: a line twice");
        for entity in entities {
            let is_known = spec_of(entity).is_some() || entity == CUSTOM_OBJECT.0;
            assert!(is_known, "{title}: no stream `{entity}`");
        }
    }
}
