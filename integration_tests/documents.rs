//! Documents that must agree with the code. Generated ones are in `stream_overview.rs`,
//! `relations.rs` and `errors/`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use source_hubspot::streams::STREAMS;

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
