//! Suggestions for misspelled names.

/// Minimum similarity of two names for a suggestion; 1 means equal.
const ALIKE: f64 = 0.65;

/// Returns the known name most similar to this one, if any is similar enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let alike = |known: &str| strsim::normalized_damerau_levenshtein(&name, &known.to_lowercase());
    known
        .into_iter()
        .map(|known| (alike(known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// Returns ` (did you mean …?)`, or an empty string if no known name is similar enough.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or(String::new(), |known| format!(" (did you mean `{known}`?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_close_name_was_meant() {
        let known = ["lifecyclestage", "email", "hs_email_domain", "EQ", "NEQ"];
        for (name, expected) in [
            ("lifecycle_stage", Some("lifecyclestage")),
            ("Email", Some("email")),
            ("emial", Some("email")),
            ("eq", Some("EQ")),
            ("=", None),
            ("amount", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
        assert_eq!(did_you_mean("emial", known), " (did you mean `email`?)");
        assert_eq!(did_you_mean("amount", known), "");
    }
}
