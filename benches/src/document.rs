//! Writes the results into the documentation.

use std::fs;
use std::path::Path;

use crate::Result;
use crate::chart::Charts;

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// Writes the table into `docs/performance.md`, between its markers, and the charts to
/// `docs/performance/`.
pub(crate) fn write(table: &str, charts: &Charts) -> Result<()> {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"));
    let page = docs.join("performance.md");
    let text = fs::read_to_string(&page)?;
    let text = between_markers(&text, table).ok_or("docs/performance.md has lost its markers")?;
    fs::write(&page, text)?;
    let folder = docs.join("performance");
    fs::create_dir_all(&folder)?;
    for (name, svg) in charts.draw() {
        fs::write(folder.join(name), svg)?;
    }
    Ok(())
}

fn between_markers(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let expected = format!("a\n{BEGIN}\n\n| new |\n\n{END}\nb\n");
        let once = between_markers(&text, "| new |\n").unwrap();
        assert_eq!(once, expected);
        assert_eq!(between_markers(&once, "| new |\n"), Some(expected), "twice is the same");
        assert_eq!(between_markers("no markers", "x"), None);
    }
}
