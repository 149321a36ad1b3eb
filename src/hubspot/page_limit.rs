//! Page size parameter in a query or a JSON body.

/// The page size parameter in all its spellings.
const KEYS: [&str; 4] = ["limit=", "count=", "\"count\":", "\"limit\":"];

/// Returns the page size in a query or body, or `None` if it has none.
pub fn page_limit(text: &str) -> Option<usize> {
    place(text).and_then(|place| text.get(place)?.parse().ok())
}

/// Returns the query or body with another page size.
pub(super) fn with_page_limit(text: &str, limit: usize) -> String {
    let mut changed = text.to_owned();
    if let Some(place) = place(text) {
        changed.replace_range(place, &limit.to_string());
    }
    changed
}

fn place(text: &str) -> Option<std::ops::Range<usize>> {
    let start = KEYS.iter().find_map(|key| Some(text.find(key)? + key.len()))?;
    let rest = text.get(start..)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some(start..start + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_and_changed_in_every_spelling() {
        for (text, limit, changed) in [
            ("?limit=500&archived=true", Some(500), "?limit=7&archived=true"),
            ("/recent/modified?count=100&since=5", Some(100), "/recent/modified?count=7&since=5"),
            (r#"{"count":250}"#, Some(250), r#"{"count":7}"#),
            ("?archived=true", None, "?archived=true"),
            ("", None, ""),
        ] {
            assert_eq!(page_limit(text), limit, "{text}");
            assert_eq!(with_page_limit(text, 7), changed);
        }
    }
}
