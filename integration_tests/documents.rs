//! The documents that are made from the table of streams. `BLESS=1` writes them anew.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;
use source_hubspot::streams::{Family, STREAMS, StreamSpec, Term};
use support::golden::compare_file;

const STREAMS_HEAD: &str = "\
# Streams

Made from the table of streams; a test keeps it in step (`just bless` writes it).

A stream with a cursor is read in full or incrementally, one without it in full. Associated ids are
columns of their own: arrays of record ids, named like the object type. The scopes are those that
reading takes, all of them.

Costs are requests to HubSpot. A page that is begun counts, and there is at least one. The list of
properties is asked for once a run for all streams of an object type. Where only one cost is given,
every read takes it: HubSpot does not filter by time, what has not changed is dropped after reading.

Some reads take several requests though nothing has changed, and cannot take fewer:

- HubSpot lists the definitions of one object type, and the labels of one pair of types, at a time:
  `properties` and `association_labels` take a request for each, several of them at once.
- What belongs to the entries of a list is asked for entry by entry, and no date of the entry says
  whether there is more of it.
- `marketing_emails` looks at live, archived and lately published e-mails: HubSpot filters live ones
  by their change and archived ones by nothing, and statistics move without a change.
- Streams that need HubSpot's time before their first request ask for the account, once a run.

Each custom object of the portal is one more stream of the family \"CRM objects\", named like the
object (`custom_<name>` if a stream below is called so): key `id`, cursor `updatedAt`, no associated
ids, scopes `crm.objects.custom.read` and `crm.schemas.custom.read`, 1 request per 100 records or per
200 changed records.
";

#[test]
fn streams_are_documented() {
    let mut families: BTreeMap<&str, Vec<&StreamSpec<'_>>> = BTreeMap::new();
    for row in STREAMS.iter() {
        families.entry(row.family.title()).or_default().push(row);
    }
    let mut text = STREAMS_HEAD.to_owned();
    for (title, rows) in families {
        text.push_str("\n## ");
        text.push_str(title);
        text.push_str(
            "\n\n| stream | modes | key | cursor | associated ids | scopes | requests | page |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for row in rows {
            text.push_str(&line(row));
        }
    }
    compare_file("docs/streams.md", &text);
}

fn line(row: &StreamSpec<'_>) -> String {
    let modes = if row.cursor.is_some() { "full, incremental" } else { "full" };
    let code = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
        if names.is_empty() { "–".to_owned() } else { names.join(", ") }
    };
    let words = |terms: &[Term]| terms.iter().map(Term::to_string).collect::<Vec<_>>().join("; ");
    let cost = row.cost();
    let requests = match &cost.changes {
        Some(changes) => {
            format!("everything: {}<br>changes: {}", words(&cost.whole), words(changes))
        }
        None => words(&cost.whole),
    };
    let cursor = row.cursor.map(|cursor| cursor.name);
    format!(
        "| `{}` | {modes} | {} | {} | {} | {} | {requests} | [HubSpot]({}) |\n",
        row.name,
        code(row.primary_key),
        code(cursor.as_slice()),
        code(row.associations),
        code(row.scopes),
        row.docs,
    )
}

const ERD_HEAD: &str = "\
# How the streams belong together

Made from the table of streams; a test keeps it in step (`just bless` writes it).

A line is a column of associated ids in one of the two streams or in both. Streams of archived
records have the key and the associated ids of the stream whose name they begin with; they and the
streams without a key are left out. Custom objects have the key `id` and no associated ids.

";

#[test]
fn the_entities_are_drawn() {
    let drawn = || {
        let keyed = STREAMS.iter().filter(|row| !row.primary_key.is_empty());
        keyed.filter(|row| !matches!(row.family, Family::CrmArchived { .. }))
    };
    let mut text = format!("{ERD_HEAD}```mermaid\nerDiagram\n");
    for row in drawn() {
        let schema: Value = serde_json::from_str(row.static_fields()).expect(row.name);
        writeln!(text, "    {} {{", row.name).expect("memory");
        for key in row.primary_key {
            writeln!(text, "        {} {key} PK", column_type(&schema, key)).expect("memory");
        }
        let cursor = row.cursor.map(|cursor| cursor.name);
        if let Some(name) = cursor.filter(|name| !row.primary_key.contains(name)) {
            writeln!(text, "        {} {name}", column_type(&schema, name)).expect("memory");
        }
        text.push_str("    }\n");
    }
    for (one, other) in links(drawn()) {
        writeln!(text, "    {one} }}o--o{{ {other} : associated").expect("memory");
    }
    text.push_str("```\n");
    compare_file("docs/erd.md", &text);
}

/// Pairs of streams of which one shows ids of the other, each pair once.
fn links<'a>(
    rows: impl Iterator<Item = &'a StreamSpec<'static>>,
) -> BTreeSet<(&'static str, &'static str)> {
    let rows: Vec<_> = rows.collect();
    let stream_of = |object: &str| {
        let fits = |row: &&&StreamSpec<'_>| matches!(row.family, Family::CrmObject { object: own, .. } if own == object);
        rows.iter().find(fits).map(|row| row.name)
    };
    let pairs = rows.iter().flat_map(|row| {
        let others = row.associations.iter().filter_map(|object| stream_of(object));
        others.map(|other| (row.name.min(other), row.name.max(other)))
    });
    pairs.collect()
}

/// A word for a column's type.
fn column_type(schema: &Value, name: &str) -> String {
    let of = |key| schema.get("properties")?.get(name)?.get(key);
    if let Some(format) = of("format").and_then(Value::as_str) {
        return format.replace('-', "");
    }
    let types = of("type").and_then(Value::as_array).into_iter().flatten();
    let mut names = types.chain(of("type")).filter_map(Value::as_str);
    names.find(|name| *name != "null").unwrap_or("string").to_owned()
}
