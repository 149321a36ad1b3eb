//! Encodes one page of records on one core, compared with a minimal parse and copy of its bytes.

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use source_hubspot::hubspot::{Definition, Page, PropertyType};
use source_hubspot::record::{Columns, Encoder, Field, Record, Source};
use source_hubspot::schema::{choose, property_columns};
use source_hubspot::time::Millis;

use crate::Result;
use crate::figure::{Figure, float, millis};

const RECORDS: u64 = 100;
const PROPERTIES: u64 = 150;
const EMITTED_AT: Millis = Millis::new(1_790_000_000_000);
/// Property types with example values; `#` is replaced by a number that varies per record. Every
/// third value is null, as in portals whose properties are mostly custom ones.
const VALUES: [(PropertyType, &str); 9] = [
    (PropertyType::Text, r#""Königsallee #""#),
    (PropertyType::Number, r#""10#.50""#),
    (PropertyType::Text, "null"),
    (PropertyType::Datetime, r#""2026-03-04T05:06:07.#Z""#),
    (PropertyType::Bool, r#""true""#),
    (PropertyType::Number, "null"),
    (PropertyType::Date, r#""2026-03-04""#),
    (PropertyType::Text, r##""line one\nline two \"#\"""##),
    (PropertyType::Datetime, "null"),
];

/// Baseline: decodes only what paging requires and copies each record to a line.
fn copy(body: &Bytes, lines: &mut Vec<u8>) -> Result<()> {
    #[derive(Deserialize)]
    struct Bare<'body> {
        #[serde(borrow)]
        results: Vec<&'body RawValue>,
    }
    let page: Bare<'_> = serde_json::from_slice(body)?;
    for record in page.results {
        lines.extend_from_slice(record.get().as_bytes());
        lines.push(b'\n');
    }
    Ok(())
}

/// Encodes a page as the connector does.
fn encode(body: &Bytes, columns: &Columns, lines: &mut Vec<u8>) -> Result<()> {
    let page = Page::decode(body).map_err(|error| format!("{error:?}"))?;
    let mut encoder = Encoder::new("contacts", columns);
    for text in page.records() {
        let record = Record::parse_for(columns, text)?;
        encoder.push(&record, &[Some(&[]), Some(&[])], EMITTED_AT, lines)?;
    }
    Ok(())
}

/// Parses the page envelope and splits the fields and properties of each record, without encoding.
fn split(body: &Bytes, columns: &Columns, counts: &mut Vec<usize>) -> Result<()> {
    let page = Page::decode(body).map_err(|error| format!("{error:?}"))?;
    for text in page.records() {
        counts.push(Record::parse_for(columns, text)?.raw("properties").map_or(0, str::len));
    }
    Ok(())
}

/// Measures the three functions in alternation.
pub(crate) fn measure(rounds: usize) -> Result<Vec<Figure>> {
    let body = Bytes::from(body());
    let columns = columns();
    let (mut lines, mut counts) = (Vec::with_capacity(4 * body.len()), Vec::new());
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..rounds + 2 {
        let begun = Instant::now();
        lines.clear();
        copy(black_box(&body), &mut lines)?;
        black_box(&lines);
        let copied = begun.elapsed();
        let begun = Instant::now();
        lines.clear();
        encode(black_box(&body), &columns, &mut lines)?;
        black_box(&lines);
        let encoded = begun.elapsed();
        let begun = Instant::now();
        counts.clear();
        split(black_box(&body), &columns, &mut counts)?;
        black_box(&counts);
        let opened = begun.elapsed();
        // The first rounds warm up the caches.
        if round >= 2 {
            times.iter_mut().zip([copied, encoded, opened]).for_each(|(all, time)| all.push(time));
        }
    }
    let [(copy_least, copy_median), (least, median), (_, reading)] = times.map(least_and_median);
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    let (least_ratio, median_ratio) = (ratio(least, copy_least), ratio(median, copy_median));
    let what = format!(
        "page → lines, {RECORDS} contacts × {PROPERTIES} properties, {:.0} KB in, {:.0} KB out, \
         both columns of each property",
        float(body.len() as u64) / 1e3,
        float(lines.len() as u64) / 1e3
    );
    Ok(vec![
        Figure::plain(
            what,
            format!(
                "{median_ratio:.1} × ({least_ratio:.1} × at best): {} against {}",
                millis(median),
                millis(copy_median)
            ),
        )
        .held("≤ 3 × parse and copy", least_ratio <= 3.0),
        Figure::plain("of that, opening the page and splitting its records", millis(reading)),
    ])
}

fn least_and_median(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    (at(0), at(times.len() / 2))
}

fn name(property: u64) -> String {
    format!("customer_detail_{property:03}")
}

fn values() -> impl Iterator<Item = (u64, (PropertyType, &'static str))> {
    (0..PROPERTIES).zip(VALUES.into_iter().cycle())
}

fn body() -> String {
    let mut text = r#"{"results":["#.to_owned();
    for record in 0..RECORDS {
        let id = 90_071_992_547 + record;
        let mut properties = String::new();
        for (property, (_, value)) in values() {
            let value = value.replace('#', &(100 + (record * 31 + property * 7) % 900).to_string());
            // Writing to a string cannot fail.
            let _fits = write!(properties, r#""{}":{value},"#, name(property));
        }
        properties.pop();
        let comma = if record == 0 { "" } else { "," };
        let _fits = write!(
            text,
            r#"{comma}{{"id":"{id}","properties":{{{properties}}},"createdAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-03-04T05:06:07.890Z","archived":false}}"#
        );
    }
    text + r#"],"paging":{"next":{"after":"90071992648"}}}"#
}

fn columns() -> Columns {
    let definitions: Vec<_> = values()
        .map(|(property, (kind, _))| Definition {
            name: name(property),
            kind,
            ..Definition::default()
        })
        .collect();
    let copied = ["archived", "createdAt", "id", "updatedAt"].map(|name| (name, Source::COPY));
    let linked = ["companies", "contacts"].into_iter().zip((0..).map(Source::Associations));
    let fields = copied.into_iter().chain(linked);
    let fields = fields.map(|(name, source)| Field { name: name.to_owned(), source }).collect();
    choose(&json!({}), fields, &["id"], property_columns(&definitions, &[], false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_read_all_of_a_valid_page() {
        let body = Bytes::from(body());
        let (mut copied, mut encoded) = (Vec::new(), Vec::new());
        copy(&body, &mut copied).unwrap();
        encode(&body, &columns(), &mut encoded).unwrap();
        for lines in [&copied, &encoded] {
            let lines: Vec<_> = lines.split(|byte| *byte == b'\n').collect();
            assert_eq!(lines.len() as u64, RECORDS + 1, "one line for each record, and an end");
        }
        let line = encoded.split(|byte| *byte == b'\n').next().unwrap();
        let record: serde_json::Value = serde_json::from_slice(line).unwrap();
        let data = &record["record"]["data"];
        assert_eq!(data["properties"].as_object().unwrap().len() as u64, PROPERTIES);
        assert_eq!(data["properties_customer_detail_004"], true);
        assert!(record["record"].get("meta").is_none(), "every value fits: {record}");
        assert!((400_000..600_000).contains(&body.len()), "{} bytes", body.len());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let times = [9, 1, 5].map(Duration::from_secs).to_vec();
        assert_eq!(least_and_median(times), (Duration::from_secs(1), Duration::from_secs(5)));
    }
}
