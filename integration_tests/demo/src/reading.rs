//! One read: its files, and the fields of every record that the checks require.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use crate::Result;
use crate::connector::{Connector, Message, RecordMessage, StreamStatus};
use crate::portal::{MARK, STREAMS, Stream};
use crate::progress::Progress;

/// Result of a read.
pub(crate) struct Reading {
    /// In the order of [`STREAMS`].
    pub(crate) streams: [StreamReading; STREAMS.len()],
    /// Duration of the whole process.
    pub(crate) duration: Duration,
}

/// Result of one stream.
#[derive(Default)]
pub(crate) struct StreamReading {
    /// Number of records, duplicates included.
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// The last version of every record by its id; a record without one has id 0.
    pub(crate) seen: BTreeMap<u64, Seen>,
    /// Time from the first message of the stream to the last.
    pub(crate) duration: Duration,
    state: Option<Value>,
    is_complete: bool,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) modified_ms: Option<i64>,
    /// Associated ids, ascending, by associated type of the stream.
    pub(crate) links: Vec<Vec<u64>>,
    /// `true` if it contains the text that the demo writes into changed records.
    pub(crate) is_marked: bool,
}

impl Reading {
    /// Runs a read with `totals` expected records, and writes its files into `part` of the
    /// connector's folder.
    pub(crate) fn run(
        connector: &Connector,
        part: &str,
        state: Option<&str>,
        totals: [u64; STREAMS.len()],
    ) -> Result<Self> {
        let mut taker = Taker::new(&connector.folder.join(part), totals)?;
        let duration = connector.read(state, |line, message| taker.take(line, message))?;
        taker.progress.end();
        taker.messages.flush()?;
        taker.files.iter_mut().try_for_each(Write::flush)?;
        for (stream, reading) in STREAMS.iter().zip(&taker.streams) {
            if !reading.is_complete {
                return Err(format!("the stream {} did not complete", stream.name).into());
            }
        }
        Ok(Self { streams: taker.streams, duration })
    }

    /// Returns the last state of every stream, as input for the next read.
    pub(crate) fn states(&self) -> Value {
        self.streams.iter().filter_map(|stream| stream.state.clone()).collect()
    }

    pub(crate) fn records(&self) -> u64 {
        self.streams.iter().map(|stream| stream.records).sum()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.streams.iter().map(|stream| stream.bytes).sum()
    }

    /// Returns every stream with its result.
    pub(crate) fn by_stream(&self) -> impl Iterator<Item = (&'static Stream, &StreamReading)> {
        STREAMS.iter().zip(&self.streams)
    }
}

/// Processes the lines of a read as they arrive.
struct Taker {
    begun: Instant,
    progress: Progress,
    streams: [StreamReading; STREAMS.len()],
    files: Vec<BufWriter<File>>,
    messages: BufWriter<File>,
}

impl Taker {
    fn new(folder: &Path, totals: [u64; STREAMS.len()]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let create = |name: &str| -> Result<_> {
            Ok(BufWriter::new(File::create(folder.join(format!("{name}.jsonl")))?))
        };
        Ok(Self {
            files: STREAMS.iter().map(|stream| create(stream.name)).collect::<Result<_>>()?,
            messages: create("messages")?,
            begun: Instant::now(),
            progress: Progress::new(totals),
            streams: Default::default(),
        })
    }

    fn take(&mut self, line: &str, message: Message<'_>) -> Result<()> {
        if let Some(record) = message.record {
            return self.record(&record);
        }
        writeln!(self.messages, "{line}")?;
        if let Some(state) = message.state {
            let name = state.pointer("/stream/stream_descriptor/name").and_then(Value::as_str);
            let place = place(name.unwrap_or_default())?;
            if let Some(stream) = self.streams.get_mut(place) {
                stream.state = Some(state);
            }
        }
        match message.trace.and_then(|trace| trace.stream_status) {
            Some(status) => self.status(&status),
            None => Ok(()),
        }
    }

    fn record(&mut self, record: &RecordMessage<'_>) -> Result<()> {
        let place = place(&record.stream)?;
        let (Some(row), Some(stream), Some(file)) =
            (STREAMS.get(place), self.streams.get_mut(place), self.files.get_mut(place))
        else {
            return Ok(());
        };
        let text = record.data.get();
        writeln!(file, "{text}")?;
        stream.records += 1;
        stream.bytes += u64::try_from(text.len())? + 1;
        let (id, seen) = Seen::read(row, text)
            .map_err(|error| format!("a record of {} cannot be read: {error}", row.name))?;
        stream.seen.insert(id, seen);
        self.progress.record(place);
        Ok(())
    }

    fn status(&mut self, status: &StreamStatus) -> Result<()> {
        let place = place(&status.stream_descriptor.name)?;
        let Some(stream) = self.streams.get_mut(place) else { return Ok(()) };
        if status.status == "COMPLETE" {
            stream.is_complete = true;
            stream.duration = self.begun.elapsed();
            self.progress.complete(place, stream.records, stream.duration);
        }
        Ok(())
    }
}

fn place(name: &str) -> Result<usize> {
    STREAMS.iter().position(|stream| stream.name == name).ok_or_else(|| {
        format!("the connector speaks of a stream `{name}` that nobody asked for").into()
    })
}

/// The columns that the checks use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Columns {
    id: Option<String>,
    updated_at: Option<String>,
    companies: Option<Vec<String>>,
    contacts: Option<Vec<String>>,
    deals: Option<Vec<String>>,
    #[serde(rename = "line_items")]
    line_items: Option<Vec<String>>,
}

impl Columns {
    fn links(&self, object: &str) -> Result<Vec<u64>> {
        let column = match object {
            "companies" => &self.companies,
            "contacts" => &self.contacts,
            "deals" => &self.deals,
            "line_items" => &self.line_items,
            _ => &None,
        };
        let ids = column.as_deref().ok_or_else(|| format!("it has no column `{object}`"))?;
        let mut ids =
            ids.iter().map(|id| id.parse()).collect::<std::result::Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }
}

impl Seen {
    fn read(row: &Stream, text: &str) -> Result<(u64, Self)> {
        let columns: Columns = serde_json::from_str(text)?;
        let id = columns.id.as_deref().map_or(Ok(0), str::parse)?;
        let modified = columns.updated_at.as_deref().map(chrono::DateTime::parse_from_rfc3339);
        let links = row.associations.iter().map(|object| columns.links(object));
        let seen = Self {
            modified_ms: modified.transpose()?.map(|moment| moment.timestamp_millis()),
            links: links.collect::<Result<_>>()?,
            is_marked: text.contains(MARK),
        };
        Ok((id, seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_far_as_the_checks_need() {
        let row = STREAMS.iter().find(|stream| stream.name == "companies").unwrap();
        let text = r#"{"id":"51","updatedAt":"2026-11-20T10:00:00.007Z","contacts":["9","7"],
            "properties_name":"Changed by the demo"}"#;
        let (id, seen) = Seen::read(row, text).unwrap();
        assert_eq!(id, 51);
        assert_eq!(seen.modified_ms, Some(1_795_168_800_007));
        assert_eq!(seen.links, [[7, 9]]);
        assert!(seen.is_marked);
        assert!(Seen::read(row, r#"{"id":"51"}"#).is_err(), "a missing column is an error");
    }
}
