//! Pages that are sorted newest first.

use crate::hubspot::Page;
use crate::record::Record;
use crate::time::Millis;

/// Returns the time of the last record of a page. `None` if the page is empty or not sorted newest
/// first by `field`.
pub(super) fn oldest(page: &Page, field: &str) -> serde_json::Result<Option<Millis>> {
    let moments = page.records().map(|text| Ok(Record::parse(text)?.instant(field)));
    let moments = moments.collect::<serde_json::Result<Vec<_>>>()?;
    let is_sorted = moments.is_sorted_by(|one, other| one.is_some() && one >= other);
    Ok(moments.last().copied().flatten().filter(|_| is_sorted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn a_page_reaches_back_to_its_last_record_if_the_order_holds() {
        const NOW: i64 = 1_790_000_000_000;
        for (case, moments, expected) in [
            ("sorted", "[9,8,5]", Some(5)),
            ("equal", "[5,5]", Some(5)),
            ("a newer one below an older", "[4,9,3]", None),
            ("one without a moment", "[9,null,3]", None),
            ("none", "[]", None),
        ] {
            let moments: Vec<Option<i64>> = serde_json::from_str(moments).unwrap();
            let records: Vec<_> = moments
                .iter()
                .map(|moment| serde_json::json!({ "at": moment.map(|at| NOW + at) }))
                .collect();
            let body = serde_json::json!({ "results": records }).to_string();
            let page = Page::decode(&Bytes::from(body)).unwrap();
            let expected = expected.map(|at| Millis::new(NOW + at));
            assert_eq!(oldest(&page, "at").unwrap(), expected, "{case}");
        }
    }
}
