//! Documents generated from the stream table, which `BLESS=1` rewrites, and documents that must
//! agree with the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;
use source_hubspot::hubspot::limits::{LIST_PAGE, SEARCH_PAGE};
use source_hubspot::streams::{ReadStrategy, STREAMS, StreamSpec, Term};

use crate::support::golden::compare_file;

/// Returns the text before the tables of streams.
fn streams_head() -> String {
    format!(
        "\
# Streams

This page is generated from the stream table, and a test keeps it up to date (`just bless` writes it).

A stream with a cursor supports full refresh and incremental syncs, a stream without one only full refresh.
Associated ids are separate columns: arrays of record ids, named like the object type. All listed scopes
are required, except where alternatives are given.

Costs are requests to HubSpot. A page that is only partly filled counts, and there is at least one. The
list of properties is requested once per run for all streams of an object type. If only one cost is given,
every read has it: HubSpot does not filter by time, and unchanged records are dropped after reading.

A CRM object with more than {few} records (or {few_changed} changed ones) takes up to two more searches, which count
the records; with more than 800, up to two more requests for each 500 to 9,900 records, by which several
readers share them.

Some reads take several requests even if nothing has changed, and cannot take fewer:

- HubSpot lists the definitions of one object type, and the labels of one pair of types, at a time:
  `properties` and `association_labels` take a request for each, several of them concurrently.
- The records that belong to the entries of a list are requested entry by entry, and no date of the entry
  shows whether there are new ones.
- `marketing_emails` requests live, archived and recently published e-mails: HubSpot filters live ones by
  modified date and archived ones not at all, and statistics change without a modified date.
- Streams that need HubSpot's time before their first request ask for the account, once per run.

Each custom object of the account is one more stream of the family \"CRM objects\", with the name of the
object (`custom_<name>` if a stream below has the same name, ignoring case): key `id`, cursor `updatedAt`, no
associated ids, scopes `crm.objects.custom.read` and `crm.schemas.custom.read`, 1 request per {LIST_PAGE} records or
per {SEARCH_PAGE} changed records.
",
        few = 3 * LIST_PAGE,
        few_changed = 3 * SEARCH_PAGE,
    )
}

#[test]
fn streams_are_documented() {
    let mut families: BTreeMap<&str, Vec<&StreamSpec<'_>>> = BTreeMap::new();
    for row in STREAMS.iter() {
        families.entry(row.strategy.title()).or_default().push(row);
    }
    let mut text = streams_head();
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
    let required = code(row.scopes.all);
    let scopes = match row.scopes.or_any_of {
        [] => required,
        [other] => format!("{required}, or `{other}`"),
        others => format!("{required}; or any of {}", code(others)),
    };
    format!(
        "| `{}` | {modes} | {} | {} | {} | {} | {requests} | [HubSpot]({}) |\n",
        row.name,
        code(row.primary_key),
        code(cursor.as_slice()),
        code(row.strategy.associations()),
        scopes,
        row.docs,
    )
}

const ERD_HEAD: &str = "\
# Relations between streams

This page is generated from the stream table, and a test keeps it up to date (`just bless` writes it).

A line stands for a column of associated ids in one of the two streams or in both. Streams of archived
records have the key and the associated ids of the stream whose name they start with; they are left out, as
are streams without a key. Custom objects have the key `id` and no associated ids.

";

#[test]
fn the_entities_are_drawn() {
    let drawn = || {
        let keyed = STREAMS.iter().filter(|row| !row.primary_key.is_empty());
        keyed.filter(|row| !matches!(row.strategy, ReadStrategy::CrmArchived(_)))
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

/// Returns the pairs of streams where one has ids of the other, each pair once.
fn links<'a>(
    rows: impl Iterator<Item = &'a StreamSpec<'static>>,
) -> BTreeSet<(&'static str, &'static str)> {
    let rows: Vec<_> = rows.collect();
    let stream_of = |object: &str| {
        let fits = |row: &&&StreamSpec<'_>| {
            row.strategy.crm_object().is_some_and(|definition| definition.object.name == object)
        };
        rows.iter().find(fits).map(|row| row.name)
    };
    let pairs = rows.iter().flat_map(|row| {
        let others = row.strategy.associations().iter().filter_map(|object| stream_of(object));
        others.map(|other| (row.name.min(other), row.name.max(other)))
    });
    pairs.collect()
}

/// Returns a name for a column's type.
fn column_type(schema: &Value, name: &str) -> String {
    let of = |key| schema.get("properties")?.get(name)?.get(key);
    if let Some(format) = of("format").and_then(Value::as_str) {
        return format.replace('-', "");
    }
    let types = of("type").and_then(Value::as_array).into_iter().flatten();
    let mut names = types.chain(of("type")).filter_map(Value::as_str);
    names.find(|name| *name != "null").unwrap_or("string").to_owned()
}

fn document(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the cells of a table's rows, without the header.
fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = lines.map(|line| line.split(" | ").collect::<Vec<_>>());
    rows.filter(|row| row.iter().any(|cell| *cell != "---")).skip(1).collect()
}

/// Collects the names of all test functions in a folder.
fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            let text = text.replace("#[tokio::test(start_paused = true)]", "#[test]");
            let text = text.replace("#[tokio::test]", "#[test]");
            let tests = text.split("#[test]").skip(1);
            let names = tests.filter_map(|test| test.split("fn ").nth(1)?.split('(').next());
            found.extend(names.map(str::to_owned));
        }
    }
}

/// Returns the names of all test functions of the project.
fn tests() -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for folder in ["src", "integration_tests"] {
        tests_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut tests);
    }
    tests
}

/// Returns the names that start with this letter and a number.
fn numbered(letter: char, tests: &BTreeSet<String>) -> BTreeSet<String> {
    let is_numbered = |name: &&String| {
        let rest = name.strip_prefix(letter);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_numeric()))
    };
    tests.iter().filter(is_numbered).cloned().collect()
}

/// Returns the texts between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_difference_has_a_row_and_a_test() {
    let tests = numbered('q', &tests());
    let text = document("docs/differences.md");
    let rows = rows(&text);
    let numbers: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    let expected: Vec<_> = (1..=numbers.len()).map(|number| format!("Q{number:02}")).collect();
    assert_eq!(numbers, expected);
    let mut proven = BTreeSet::new();
    for row in rows {
        let [number, there, here, names] = row[..] else { panic!("four columns: {row:?}") };
        assert!(!there.is_empty() && !here.is_empty(), "{number}");
        let names = quoted(names);
        assert!(!names.is_empty(), "{number} names a test");
        let prefix = format!("{}_", number.to_lowercase());
        for name in names {
            assert!(name.starts_with(&prefix) && tests.contains(&name), "{number}: no test {name}");
            proven.insert(name);
        }
    }
    assert_eq!(tests.difference(&proven).collect::<Vec<_>>(), Vec::<&String>::new(), "not named");
}

#[test]
fn every_quirk_of_consistency_has_a_row_and_a_test() {
    let tests = tests();
    let text = document("docs/hubspot.md");
    let (notes, section) =
        text.split_once("\n## Consistency, quirk by quirk\n").expect("a section");
    let rows = rows(section);
    let numbers: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    let expected: Vec<_> = (1..=38).map(|number| format!("C{number:02}")).collect();
    assert_eq!(numbers, expected);
    let mut proven = BTreeSet::new();
    for row in rows {
        let [number, there, here, proof] = row[..] else { panic!("four columns: {row:?}") };
        assert!(!there.is_empty() && !here.is_empty(), "{number}");
        let is_out_of_reach =
            proof.strip_prefix("out of reach: ").is_some_and(|why| !why.is_empty());
        let names = quoted(proof);
        assert_ne!(is_out_of_reach, !names.is_empty(), "{number} names a test or says why not");
        for name in names {
            assert!(tests.contains(&name), "{number}: no test {name}");
            proven.insert((number.to_lowercase(), name));
        }
        for (place, _) in here.match_indices("note ") {
            let note: String = here[place + 5..].chars().take_while(char::is_ascii_digit).collect();
            assert!(notes.contains(&format!("\n**{note}. ")), "{number}: no note {note}");
        }
    }
    for name in numbered('c', &tests) {
        let number = name.split('_').next().unwrap_or_default().to_owned();
        assert!(proven.contains(&(number, name.clone())), "{name} is not in the row of its number");
    }
}

#[test]
fn notes_on_hubspot_have_distinct_numbers() {
    let text = document("docs/hubspot.md");
    let starts = text.lines().filter_map(|line| line.strip_prefix("**")?.split_once(". "));
    let numbers = starts.filter_map(|(number, _)| number.parse::<u32>().ok());
    let mut numbers: Vec<_> = numbers.collect();
    assert!(numbers.len() > 50, "{numbers:?}");
    numbers.sort_unstable();
    let twice: Vec<_> = numbers.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_key_of_the_configuration_is_documented() {
    let page = document("docs/configuration.md");
    let (_, rest) = page.split_once("\n## Keys\n").expect("a section");
    let section = rest.split("\n## ").next().expect("its text");
    let listed: BTreeSet<_> = rows(section).iter().map(|row| row[0].replace('`', "")).collect();
    let spec: Value = serde_json::from_str(source_hubspot::config::SPEC).expect("JSON");
    let keys = spec["connectionSpecification"]["properties"].as_object().expect("keys");
    assert_eq!(listed, keys.keys().cloned().collect());
    for row in rows(section) {
        let default = &keys[&row[0].replace('`', "")]["default"];
        let words = ["all", "automatic", "everything", "none", "required"].contains(&row[1]);
        let written = if words { Value::Null } else { row[1].parse().expect("JSON") };
        assert_eq!(written, *default, "{row:?}");
    }
}

/// Returns the scopes of a list in `docs/token.md`.
fn scopes_listed_for(what: &str) -> Vec<String> {
    let text = document("docs/token.md");
    let (_, rest) =
        text.split_once(&format!("<!-- scopes of {what}: begin -->")).expect("a marker");
    let (list, _) = rest.split_once(&format!("<!-- scopes of {what}: end -->")).expect("a marker");
    let lines = list.trim().lines().filter(|line| !line.starts_with("```"));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_list_of_all_scopes_has_those_of_every_stream() {
    let of_streams = STREAMS.iter().flat_map(|row| row.scopes.all.iter().copied());
    let of_custom_objects = ["crm.objects.custom.read", "crm.schemas.custom.read"];
    let mut needed: BTreeSet<_> = of_streams.chain(of_custom_objects).collect();
    // Every token has it.
    assert!(needed.remove("oauth"));
    assert_eq!(scopes_listed_for("everything"), needed.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_short_list_of_scopes_opens_its_streams_and_all_of_their_columns() {
    let what = "contacts, companies, deals, owners";
    let row_of = |name: &str| STREAMS.iter().find(|row| row.name == name).expect(name);
    let mut needed = BTreeSet::new();
    for row in what.split(", ").map(row_of) {
        // A column of associated ids is named like the stream of the object type.
        let associated = row.strategy.associations().iter().map(|name| row_of(name));
        needed.extend(associated.chain([row]).flat_map(|row| row.scopes.all.iter().copied()));
    }
    assert_eq!(scopes_listed_for(what), needed.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_figures_of_the_readme_are_those_that_were_measured() {
    let readme = document("README.md");
    let (_, rest) = readme.split_once("\n## Why not the Python connector\n").expect("a section");
    let section = rest.split("\n## ").next().expect("its text");
    let figures: Vec<_> = section.split("**").skip(1).step_by(2).collect();
    assert!(figures.len() > 4, "{figures:?}");
    let measured = document("docs/performance.md");
    let unknown = figures.iter().filter(|&&figure| !measured.contains(figure));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&&str>::new(), "not in docs/performance.md");
}
