//! The `preview` command: the first records of a stream as a table or as CSV.
//!
//! The stream is read like in `read`. Its messages go to a [`Collector`] instead of stdout, which
//! closes once it has enough records; that ends the read as a closed stdout does.

mod table;

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use console::Term;
use serde_json::{Map, Value};

use crate::protocol::stdout_is_terminal;
use table::render_table;

/// Data of one record.
type PreviewRow = Map<String, Value>;

/// Receives the messages of a read and keeps the first records.
pub(super) struct Collector {
    records: Arc<Mutex<Vec<PreviewRow>>>,
    wanted: usize,
    /// Beginning of a line that has not been received whole.
    rest: Vec<u8>,
}

/// Records that a [`Collector`] has received.
#[derive(Clone)]
pub(super) struct Collected(Arc<Mutex<Vec<PreviewRow>>>);

impl Collected {
    pub(super) fn take(&self) -> Vec<PreviewRow> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Collector {
    /// Returns a collector that closes after this many records, and their place.
    pub(super) fn new(wanted: usize) -> (Self, Collected) {
        let records = Arc::default();
        let collected = Collected(Arc::clone(&records));
        (Self { records, wanted, rest: Vec::new() }, collected)
    }

    /// Takes one message. Returns `false` once there are enough records.
    fn take(&self, line: &[u8]) -> bool {
        let Ok(Value::Object(mut message)) = serde_json::from_slice(line) else { return true };
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if message.contains_key("control") {
            // A configuration with a new refresh token, which must not be lost.
            eprintln!("{}", String::from_utf8_lossy(line));
        }
        if let Some(Value::Object(mut record)) = message.remove("record")
            && let Some(Value::Object(data)) = record.remove("data")
            && records.len() < self.wanted
        {
            records.push(data);
        }
        records.len() < self.wanted
    }
}

impl Write for Collector {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = memchr::memchr(b'\n', &self.rest) {
            let rest = self.rest.split_off(end + 1);
            let line = std::mem::replace(&mut self.rest, rest);
            if !self.take(line.trim_ascii_end()) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the records as a table if stdout is a terminal, and as CSV otherwise.
pub(super) fn render(rows: &[PreviewRow], chosen: &[String]) -> String {
    if stdout_is_terminal() {
        render_table(rows, chosen, Term::stdout().size().1.into())
    } else {
        render_csv(rows, chosen)
    }
}

/// Properties that identify or describe a record at a glance, first in a preview.
const PROMINENT: &[&str] = &[
    "name",
    "firstname",
    "lastname",
    "email",
    "dealname",
    "subject",
    "hs_title",
    "domain",
    "amount",
    "dealstage",
    "hs_pipeline_stage",
    "pipeline",
    "hs_pipeline",
    "lifecyclestage",
    "hubspot_owner_id",
    "createdate",
    "hs_createdate",
    "closedate",
];

/// Returns the columns of the records, most useful first: the key, prominent properties, other
/// properties without the prefix `hs_`, then the rest. The JSON column `properties` is left out beside
/// its flat columns.
fn columns(rows: &[PreviewRow]) -> Vec<&str> {
    let mut columns: Vec<&str> = rows.iter().flat_map(Map::keys).map(String::as_str).collect();
    let has_flat = columns.iter().any(|name| name.starts_with("properties_"));
    let rank = |name: &str| {
        let property = name.strip_prefix("properties_");
        let prominent = property.and_then(|name| PROMINENT.iter().position(|&some| some == name));
        match (property, prominent) {
            (_, Some(place)) => (1, place),
            (Some(name), None) if name.starts_with("hs_") => (4, 0),
            (Some(_), None) => (2, 0),
            (None, None) if name == "id" => (0, 0),
            (None, None) => (3, 0),
        }
    };
    columns.sort_by_key(|name| (rank(name), *name));
    columns.dedup();
    columns.retain(|name| !has_flat || *name != "properties");
    columns
}

/// Returns a value as text: empty for null, JSON for lists and objects.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Returns the records as CSV with a header: all columns, or the chosen ones in this order.
fn render_csv(rows: &[PreviewRow], chosen: &[String]) -> String {
    let columns =
        if chosen.is_empty() { columns(rows) } else { chosen.iter().map(String::as_str).collect() };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |fields: Vec<String>| writer.write_record(fields).expect("memory");
    if !columns.is_empty() {
        write(columns.iter().map(|&name| name.to_owned()).collect());
    }
    for row in rows {
        write(columns.iter().map(|&name| text(row.get(name))).collect());
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("made of text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    pub(super) fn rows(value: Value) -> Vec<PreviewRow> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_first_records_are_collected_and_then_the_collector_closes() {
        let (mut collector, collected) = Collector::new(2);
        let record = |id: u8| {
            format!(
                "{{\"type\":\"RECORD\",\"record\":{{\"stream\":\"x\",\"data\":{{\"id\":{id}}}}}}}\n"
            )
        };
        let log = "{\"type\":\"LOG\",\"log\":{\"level\":\"INFO\",\"message\":\"x\"}}\n";
        let all = [log, &record(1), log, &record(2), &record(3)].concat();
        let mut closed = None;
        for (at, byte) in all.bytes().enumerate() {
            if collector.write_all(&[byte]).is_err() {
                closed = closed.or(Some(at));
            }
        }
        assert_eq!(closed, Some(all.len() - record(3).len() - 1));
        assert_eq!(collected.take(), rows(json!([{ "id": 1 }, { "id": 2 }])));
    }

    #[test]
    fn csv_has_every_column_once_and_quotes_what_needs_it() {
        let rows = rows(json!([
            { "id": "1", "properties": { "a": 1 }, "properties_a": 1, "properties_hs_b": null,
              "properties_email": "x@example.com",
              "contacts": ["7", "8"], "archived": false },
            { "id": "2", "properties_a": "x, \"y\"\nz" },
        ]));
        let expected = "id,properties_email,properties_a,archived,contacts,properties_hs_b\n\
                        1,x@example.com,1,false,\"[\"\"7\"\",\"\"8\"\"]\",\n\
                        2,,\"x, \"\"y\"\"\nz\",,,\n";
        assert_eq!(render_csv(&rows, &[]), expected);
        let chosen = ["properties_a".to_owned(), "id".to_owned()];
        assert_eq!(render_csv(&rows[..1], &chosen), "properties_a,id\n1,1\n");
        assert_eq!(render_csv(&[], &[]), "");
    }
}
