//! Rules of the code base: dependencies between modules, length of files, the list of streams in
//! `docs/data.md`, and the table of tests in `CONTRIBUTING.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use source_hubspot::streams::STREAMS;

/// Every top-level module and the modules it may use. Dependencies must not be circular.
const MAY_USE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("input", &[]),
    ("secret", &[]),
    ("strict", &[]),
    ("time", &[]),
    ("record_id", &[]),
    ("config", &["error", "input", "record_id", "secret", "time"]),
    ("env", &["config", "error", "secret"]),
    ("page_guard", &[]),
    ("concurrent", &[]),
    ("progress", &[]),
    ("http", &["error", "secret", "time"]),
    ("signals", &["protocol"]),
    ("protocol", &["error", "input", "strict", "time"]),
    ("record", &["protocol", "record_id", "strict", "time"]),
    ("cursor", &["page_guard", "protocol", "record_id", "time"]),
    ("hubspot", &["error", "http", "page_guard", "record_id", "secret", "strict", "time"]),
    ("schema", &["hubspot", "record", "strict"]),
    (
        "streams",
        &[
            "concurrent",
            "cursor",
            "error",
            "hubspot",
            "protocol",
            "record",
            "record_id",
            "schema",
            "strict",
            "time",
        ],
    ),
    (
        "sync",
        &[
            "concurrent",
            "config",
            "cursor",
            "error",
            "http",
            "hubspot",
            "env",
            "progress",
            "protocol",
            "record",
            "record_id",
            "schema",
            "secret",
            "streams",
            "strict",
            "time",
        ],
    ),
    (
        "cli",
        &[
            "config", "cursor", "error", "http", "hubspot", "env", "input", "progress", "protocol",
            "record", "schema", "secret", "signals", "streams", "sync", "time",
        ],
    ),
];

/// `main.rs` and `lib.rs` combine the modules; `fuzzing.rs` exposes all of them to the fuzz
/// targets.
const TOP: &[&str] = &["lib", "main", "fuzzing"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every Rust file below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Returns the top-level module of a file in `src`.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a name").as_os_str();
    first.to_string_lossy().replace(".rs", "")
}

/// Returns the top-level modules that code refers to with `crate::`. Comments, and tests at the end
/// of a file, are exempt.
fn used(code: &str) -> BTreeSet<String> {
    let code = code.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut modules = BTreeSet::new();
    for line in lines {
        for (at, path) in line.match_indices("crate::") {
            // The names of other crates may end in `crate`.
            if line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
                continue;
            }
            let rest = &line[at + path.len()..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            modules.insert(rest[..end].to_owned());
        }
    }
    modules
}

#[test]
fn modules_know_only_what_the_table_lets_them() {
    let mut violations = Vec::new();
    let mut seen = BTreeSet::new();
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        if TOP.contains(&module.as_str()) {
            continue;
        }
        let row = MAY_USE.iter().find(|(name, _)| *name == module);
        let (_, allowed) = row.unwrap_or_else(|| panic!("{module} is not in the table"));
        for other in used(&fs::read_to_string(&file).unwrap()) {
            if other != module && !allowed.contains(&other.as_str()) {
                violations.push(format!("{} uses {other}", file.display()));
            }
        }
        seen.insert(module);
    }
    assert_eq!(violations, Vec::<String>::new());
    let listed: BTreeSet<_> = MAY_USE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(seen, listed, "every row of the table is a module");
}

#[test]
fn uses_are_found_in_every_spelling() {
    for (code, expected) in [
        ("use crate::http::Client;", vec!["http"]),
        ("    let x = crate::time::now();", vec!["time"]),
        ("pub(in crate::record) fn x(a: crate::error::Error)", vec!["error", "record"]),
        ("// crate::http is elsewhere\nuse my_crate::sync::x;", vec![]),
        (
            "use crate::error::Error;\n#[cfg(test)]\nmod tests { use crate::http::x; }",
            vec!["error"],
        ),
    ] {
        assert_eq!(used(code).into_iter().collect::<Vec<_>>(), expected, "{code}");
    }
}

#[test]
fn files_hold_one_idea() {
    let folders = ["src", "integration_tests", "benches"];
    let files = folders.iter().flat_map(|folder| rust_files(&root().join(folder)));
    let long: Vec<_> = files
        .map(|file| (fs::read_to_string(&file).unwrap().lines().count(), file))
        .filter(|(lines, _)| *lines > 800)
        .collect();
    assert_eq!(long, Vec::new(), "files over 800 lines");
}

/// Returns the names in a section of a document, which are between backticks. `<name>_x` stands for
/// each listed name with that suffix.
fn names_in(section: &str) -> BTreeSet<String> {
    let quoted = || section.split('`').skip(1).step_by(2);
    let names: Vec<_> = quoted().filter(|name| !name.contains(['<', ' '])).collect();
    let ends: Vec<_> = quoted().filter_map(|name| name.strip_prefix("<name>")).collect();
    let ended = names.iter().flat_map(|name| ends.iter().map(move |end| format!("{name}{end}")));
    ended.chain(names.iter().map(|&name| name.to_owned())).collect()
}

#[test]
fn the_documentation_lists_every_stream_and_no_other() {
    let page = fs::read_to_string(root().join("docs/data.md")).expect("the page of streams");
    let (_, rest) = page.split_once("<!-- streams: begin -->").expect("a marker");
    let (section, _) = rest.split_once("<!-- streams: end -->").expect("a marker");
    let listed = names_in(section);
    let known: BTreeSet<_> = STREAMS.iter().map(|row| row.name.to_owned()).collect();
    let missing: Vec<_> = known.difference(&listed).collect();
    assert_eq!(missing, Vec::<&String>::new(), "not in docs/data.md");
    let plain = |name: &&String| section.contains(&format!("`{name}`"));
    let unknown: Vec<_> = listed.difference(&known).filter(plain).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "no streams");
    assert!(section.contains("(streams.md)"), "it leads on");
}

#[test]
fn a_name_with_an_end_stands_for_many() {
    let names = names_in("`a`, `b` and `<name>_archived`; `a b` is no name");
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    assert_eq!(names, ["a", "a_archived", "b", "b_archived"]);
}

/// Files of integration tests that hold no tests.
const WITHOUT_TESTS: [&str; 2] = ["main.rs", "endurance/main.rs"];

/// Returns the files of integration tests, relative to their folder.
fn test_files() -> BTreeSet<String> {
    let folder = root().join("integration_tests");
    let mut files: BTreeSet<_> = ["", "errors", "endurance"]
        .into_iter()
        .flat_map(|name| fs::read_dir(folder.join(name)).expect(name))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.strip_prefix(&folder).expect("inside").display().to_string())
        .collect();
    for name in WITHOUT_TESTS {
        assert!(files.remove(name), "{name}");
    }
    files
}

/// Returns the command that runs the tests of a file.
fn command(file: &str) -> String {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
    let (binary, path) = match path.strip_prefix("endurance::") {
        Some(path) => ("endurance", path),
        None => ("behaviour", path.as_str()),
    };
    format!("cargo test --test {binary} {path}::")
}

#[test]
fn contributing_lists_every_test_file_once_with_its_command() {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("there is one");
    let (_, rest) = text.split_once("\n## Which test covers what\n").expect("a section");
    let section = rest.split("\n## ").next().expect("its text");
    let mut listed = BTreeSet::new();
    for row in section.lines().filter(|line| line.contains(".rs` |")) {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [behaviour, file, run] = cells[..] else { panic!("three columns: {row}") };
        assert!(!behaviour.is_empty(), "{row}");
        let file = file.trim_matches('`');
        assert_eq!(run.trim_matches('`'), command(file), "{file}");
        assert!(listed.insert(file.to_owned()), "{file} is listed twice");
    }
    let files = test_files();
    assert_eq!(files.difference(&listed).collect::<Vec<_>>(), Vec::<&String>::new(), "not listed");
    assert_eq!(listed.difference(&files).collect::<Vec<_>>(), Vec::<&String>::new(), "no file");
}
