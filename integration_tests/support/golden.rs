//! Golden files: the expected output of commands, and documents generated from the code.

use std::fmt::Write;
use std::path::Path;

/// Compares lines with `golden/<name>.jsonl`, or writes that file if `BLESS` is set.
pub(crate) fn compare(name: &str, lines: &[String]) {
    let mut found = String::new();
    for line in lines {
        writeln!(found, "{line}").expect("memory");
    }
    compare_file(&format!("integration_tests/golden/{name}.jsonl"), &found);
}

/// Compares a file of this repository with its expected contents, or writes it if `BLESS` is set.
pub(crate) fn compare_file(path: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).expect("the golden file is written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    if golden == found {
        return;
    }
    let (place, expected, line) = golden
        .lines()
        .map(Some)
        .chain(std::iter::repeat(None))
        .zip(found.lines().map(Some).chain([None]))
        .enumerate()
        .find_map(|(place, (expected, line))| (expected != line).then_some((place, expected, line)))
        .unwrap_or((golden.lines().count(), None, None));
    panic!(
        "{} differs from line {} on{}\nIf the change is meant, run this test again with BLESS=1 \
         and review the file.",
        path.display(),
        place + 1,
        difference(expected.unwrap_or("<no line>"), line.unwrap_or("<no line>"))
    );
}

/// Returns both lines from shortly before their first difference.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.chars().zip(found.chars()).take_while(|(one, other)| one == other).count();
    let cut = |line: &str| line.chars().skip(same.saturating_sub(60)).take(200).collect::<String>();
    format!("\n expected: …{}\n    found: …{}", cut(expected), cut(found))
}
