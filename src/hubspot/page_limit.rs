//! The number of records that a request asks for, where it stands in a query or a JSON body.

/// How the parameter is called, with what stands before its number.
const KEYS: [&str; 4] = ["limit=", "count=", "\"count\":", "\"limit\":"];

/// The number of records that a query or a body asks for; `None` if it names none.
pub fn page_limit(text: &str) -> Option<usize> {
    place(text).and_then(|place| text.get(place)?.parse().ok())
}

/// The same query or body, asking for another number of records.
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
