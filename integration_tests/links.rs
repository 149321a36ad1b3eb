//! Links of the documentation: each leads to a file of this repository and, if it names one, to a
//! heading; the README and the site's contents list all pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// Collects the Markdown files of a folder and its subfolders. Hidden folders and build output are
/// left out.
fn collect_documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || ["target", "demo-output", "dist"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect_documents(&path, found);
        } else if is_document(&path) {
            found.push(path);
        }
    }
}

/// Returns the lines outside of fenced code blocks.
fn lines_outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Returns the text outside of code blocks and code spans.
fn prose(text: &str) -> String {
    let lines: Vec<_> = lines_outside_code(text).collect();
    let text = lines.join("\n");
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let parts: Vec<_> = paragraph.split('`').collect();
        // An odd number of backticks is not a sequence of code spans.
        if parts.len() % 2 == 0 {
            paragraph.to_owned()
        } else {
            parts.into_iter().step_by(2).collect()
        }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Returns the targets of all links and images.
fn targets(text: &str) -> Vec<String> {
    let text = prose(text);
    let ends = [
        ("](", &[')', ' ', '\n'][..]),
        ("src=\"", &['"']),
        ("srcset=\"", &['"']),
        ("href=\"", &['"']),
    ];
    let found = ends.iter().flat_map(|(start, ends)| {
        text.split(start).skip(1).filter_map(|rest| rest.split(*ends).next())
    });
    found.map(str::to_owned).collect()
}

/// Returns the anchor that GitHub and mdBook give to a heading.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|&c| c.is_alphanumeric() || [' ', '-', '_'].contains(&c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Returns the anchors of all headings. A repeated heading gets a number.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines_outside_code(text).filter(|line| line.starts_with('#')) {
        let first = anchor(line.trim_start_matches('#'));
        let mut name = first.clone();
        let mut number = 0;
        while !found.insert(name.clone()) {
            number += 1;
            name = format!("{first}-{number}");
        }
    }
    found
}

/// Returns the reason that a link leads nowhere.
fn broken(document: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, name) = target.split_once('#').unwrap_or((target, ""));
    let file = if path.is_empty() {
        document.to_owned()
    } else {
        document.parent().expect("a folder").join(path)
    };
    let Ok(file) = file.canonicalize() else { return Some("there is no such file".into()) };
    if !file.starts_with(root().canonicalize().expect("the repository")) {
        return Some("the file is not part of the repository".into());
    }
    if name.is_empty() {
        return None;
    }
    let text = fs::read_to_string(&file).unwrap_or_default();
    (!anchors(&text).contains(name)).then(|| "there is no such heading".into())
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut documents = Vec::new();
    collect_documents(root(), &mut documents);
    let mut count = 0;
    let mut failures = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).expect("text");
        for target in targets(&text) {
            count += 1;
            if let Some(reason) = broken(&document, &target) {
                let name = document.strip_prefix(root()).expect("inside").display();
                failures.push(format!("{name}: {target}: {reason}"));
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    assert!(count > 100, "{count} links");
}

#[test]
fn the_readme_and_the_contents_of_the_site_list_every_page() {
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(root().join("docs")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if is_document(&path) && name != "SUMMARY.md" {
            pages.insert(name);
        }
    }
    let text = |path: &str| fs::read_to_string(root().join(path)).expect(path);
    let listed = targets(&text("docs/SUMMARY.md"));
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), pages, "docs/SUMMARY.md");
    assert_eq!(listed.len(), pages.len(), "each page is listed once");
    let readme: BTreeSet<_> = targets(&text("README.md")).into_iter().collect();
    let unlisted = pages.iter().filter(|page| !readme.contains(&format!("docs/{page}")));
    assert_eq!(unlisted.collect::<Vec<_>>(), Vec::<&String>::new(), "not in README.md");
}

#[test]
fn links_and_headings_are_found_in_every_form() {
    let text = "# A `b` & c, d-e_f\n[`x`](one.md) ![y](two.svg \"title\")\n\n`[no](span.md)`\n\n\
                ```sh\n# no heading\n[no](block.md)\n```\n<img src=\"three.svg\">\n## Twice\n## Twice\n\
                one ` backtick [z](four.md#twice-1)\n";
    let mut found = targets(text);
    found.sort();
    assert_eq!(found, ["four.md#twice-1", "one.md", "three.svg", "two.svg"]);
    let found: Vec<_> = anchors(text).into_iter().collect();
    assert_eq!(found, ["a-b--c-d-e_f", "twice", "twice-1"]);
    let readme = root().join("README.md");
    for (target, is_broken) in [
        ("docs/token.md#scopes", false),
        ("#install", false),
        ("https://example.com/#nothing", false),
        ("docs/token.md#scope", true),
        ("docs/nothing.md", true),
        ("../../", true),
    ] {
        assert_eq!(broken(&readme, target).is_some(), is_broken, "{target}");
    }
}
