//! Wire format of the [`OWN_KEY`] entry in the state of a stream.
//!
//! Version 1 has the fields below. An entry with any other field, or with a field of another type,
//! is rejected.
//!
//! | field | of | meaning |
//! | --- | --- | --- |
//! | `version` | every entry | 1 |
//! | `settled` | finished streams and parents, scans in progress | see [`Position::reconciled_until`]; in a finished state, also the cursor it was written with |
//! | `end` | finished streams and parents | instant that a cursor equal to `settled` stands for |
//! | `way` `from` `to` `remaining` `filter` | scans in progress | see [`ScanProgress`]; `from` is absent if the window has no start |
//! | `generation` | full refreshes in progress | generation that the records were emitted for |
//! | `done` | full refreshes of substreams in progress | finished parents, if the stream has no cursor |
//! | `sections` | streams with several reads | states of the further reads, by name; each has the fields above except `version` |

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::position::{BadState, read_position, write_position};
use super::ranges::IdRange;
use super::state::{FinishedParents, Position, ScanProgress, StreamState};
use super::task::ReadMode;
use crate::record_id::RecordId;
use crate::time::Millis;

/// Key under which this connector stores its own part of the state.
pub(super) const OWN_KEY: &str = "source_hubspot";

/// Current and only version of the format.
const VERSION: u64 = 1;

/// Fields of an entry, as in the table above.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireEntry {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[serde(rename = "way")]
    mode: Option<WireReadMode>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    remaining: Option<Vec<(String, Option<String>)>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    settled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    done: Option<Vec<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    sections: BTreeMap<String, WireEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireReadMode {
    List,
    Search,
}

/// Entry of this connector, decoded. Its meaning depends on the cursor beside it.
#[derive(Debug, Default)]
pub(super) struct OwnEntry {
    pub(super) read: OwnRead,
    pub(super) sections: BTreeMap<String, StreamState>,
}

/// The main part of an [`OwnEntry`].
#[derive(Debug)]
pub(super) enum OwnRead {
    /// A finished read, or one that goes from parent to parent.
    Ended(EndedRead),
    /// A scan in progress.
    Scan(ScanProgress),
}

/// Fields of a finished read.
#[derive(Debug, Default)]
pub(super) struct EndedRead {
    pub(super) end: Option<Millis>,
    pub(super) settled: Option<Millis>,
    pub(super) generation: Option<i64>,
    /// Ids of the finished parents.
    pub(super) done: Option<Vec<String>>,
}

impl Default for OwnRead {
    fn default() -> Self {
        Self::Ended(EndedRead::default())
    }
}

impl WireEntry {
    /// Returns the fields of a read up to `end` whose state holds `cursor`.
    pub(super) fn ending(end: Millis, cursor: Millis) -> Self {
        let (settled, end) = (Some(write_position(cursor)), Some(write_position(end)));
        Self { settled, end, ..Self::default() }
    }

    /// Adds the generation of a full refresh in progress.
    pub(super) fn of_generation(self, generation: Option<i64>) -> Self {
        Self { generation, ..self }
    }

    /// Adds the states of further reads of the stream. Positions of parents cannot be a section;
    /// like `Unread`, they are left out.
    pub(super) fn with_sections(self, sections: &BTreeMap<String, StreamState>) -> Self {
        let entry = |state: &StreamState| match state {
            StreamState::Complete(Position { end, reconciled_until }) => Some(Self {
                end: Some(write_position(*end)),
                settled: reconciled_until.map(write_position),
                ..Self::default()
            }),
            StreamState::Scan(progress) => Some(Self::from(progress)),
            StreamState::FinishedParents(parents) => Some(Self::from(parents)),
            StreamState::Unread | StreamState::Parents(_) | StreamState::NoCursor => None,
        };
        let sections = sections
            .iter()
            .filter_map(|(name, state)| Some((name.clone(), entry(state)?)))
            .collect();
        Self { sections, ..self }
    }

    /// Returns the entry as the value of [`OWN_KEY`].
    pub(super) fn write(self) -> Value {
        let entry = Self { version: Some(VERSION), ..self };
        serde_json::to_value(entry).unwrap_or_default()
    }
}

impl From<&ScanProgress> for WireEntry {
    fn from(progress: &ScanProgress) -> Self {
        let range =
            |&IdRange { from, end }: &IdRange| (from.to_string(), end.map(|id| id.to_string()));
        Self {
            mode: Some(match progress.mode {
                ReadMode::List => WireReadMode::List,
                ReadMode::Search => WireReadMode::Search,
            }),
            from: (progress.lower > Millis::MIN).then(|| write_position(progress.lower)),
            to: Some(write_position(progress.upper)),
            remaining: Some(progress.remaining.iter().map(range).collect()),
            generation: progress.generation,
            settled: progress.reconciled_until.map(write_position),
            filter: progress.filter.clone(),
            ..Self::default()
        }
    }
}

impl From<&FinishedParents> for WireEntry {
    fn from(parents: &FinishedParents) -> Self {
        let done = Some(parents.ids.iter().cloned().collect());
        Self { done, generation: parents.generation, ..Self::default() }
    }
}

/// Returns an error about the `OWN_KEY` entry.
fn bad(problem: impl std::fmt::Display) -> BadState {
    BadState(format!("its `{OWN_KEY}` {problem}"))
}

/// Decodes the value of [`OWN_KEY`].
///
/// # Errors
/// If a field is missing, unknown, of another type or contradicts another one, or if a later
/// version of the connector wrote the value.
pub(super) fn read_own(value: &Value) -> Result<OwnEntry, BadState> {
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(version) if version > VERSION => {
            return Err(bad("was written by a later version of this connector"));
        }
        _ => return Err(bad("has no version")),
    }
    let mut entry =
        WireEntry::deserialize(value).map_err(|error| bad(format!("is damaged: {error}")))?;
    let sections = std::mem::take(&mut entry.sections);
    let section = |(name, entry): (String, WireEntry)| {
        let in_section = |BadState(problem)| BadState(format!("{problem}, in section `{name}`"));
        let state = read_section(entry).map_err(in_section)?;
        Ok((name, state))
    };
    let sections = sections.into_iter().map(section).collect::<Result<_, BadState>>()?;
    Ok(OwnEntry { read: read_entry(entry)?, sections })
}

/// Decodes the state of a further read of a stream.
fn read_section(entry: WireEntry) -> Result<StreamState, BadState> {
    if entry.version.is_some() || !entry.sections.is_empty() {
        return Err(bad("has a `version` or `sections`"));
    }
    Ok(match read_entry(entry)? {
        OwnRead::Scan(progress) => StreamState::Scan(progress),
        OwnRead::Ended(EndedRead { done: Some(done), generation, .. }) => {
            let ids = done.into_iter().collect();
            StreamState::FinishedParents(FinishedParents { ids, generation })
        }
        OwnRead::Ended(EndedRead { end, settled: reconciled_until, .. }) => {
            let end = end.ok_or_else(|| bad("has no `end`"))?;
            StreamState::Complete(Position { end, reconciled_until })
        }
    })
}

fn read_entry(entry: WireEntry) -> Result<OwnRead, BadState> {
    let instant = |field: &str, text: Option<&str>| {
        let Some(text) = text else { return Ok(None) };
        match read_position(&Value::from(text)) {
            Ok(Some(moment)) => Ok(Some(moment)),
            Ok(None) => Err(bad(format!("has an empty `{field}`"))),
            Err(BadState(problem)) => Err(bad(format!("has a bad `{field}`: {problem}"))),
        }
    };
    let settled = instant("settled", entry.settled.as_deref())?;
    let (from, to) = (instant("from", entry.from.as_deref())?, instant("to", entry.to.as_deref())?);
    let Some(mode) = entry.mode else {
        if to.is_some() || from.is_some() || entry.remaining.is_some() {
            return Err(bad("has no `way`"));
        }
        let end = instant("end", entry.end.as_deref())?;
        let WireEntry { generation, done, .. } = entry;
        return Ok(OwnRead::Ended(EndedRead { end, settled, generation, done }));
    };
    let mode = match mode {
        WireReadMode::List => ReadMode::List,
        WireReadMode::Search => ReadMode::Search,
    };
    let upper = to.ok_or_else(|| bad("has no `to`"))?;
    let lower = match (mode, from) {
        (_, Some(from)) if from > upper => return Err(bad("has a `from` behind its `to`")),
        (_, Some(from)) => from,
        (ReadMode::List, None) => Millis::MIN,
        (ReadMode::Search, None) => return Err(bad("has no `from`")),
    };
    let remaining = entry.remaining.ok_or_else(|| bad("has no `remaining`"))?;
    Ok(OwnRead::Scan(ScanProgress {
        mode,
        lower,
        upper,
        remaining: ranges(&remaining)?,
        generation: entry.generation,
        reconciled_until: settled,
        filter: entry.filter,
    }))
}

/// Parses id ranges: at least one, and none that ends before it starts. A scan never writes
/// anything else, because it is finished when no range is left. Ranges may overlap, in which case
/// the common part is read twice.
fn ranges(remaining: &[(String, Option<String>)]) -> Result<Vec<IdRange>, BadState> {
    let id = |text: &str| {
        text.parse::<RecordId>().map_err(|_| bad(format!("has the id `{text}` in `remaining`")))
    };
    let ranges = remaining
        .iter()
        .map(|(from, end)| {
            Ok(IdRange { from: id(from)?, end: end.as_deref().map(id).transpose()? })
        })
        .collect::<Result<Vec<_>, BadState>>()?;
    if ranges.is_empty() {
        return Err(bad("has nothing in `remaining`"));
    }
    if ranges.iter().any(|range| range.end.is_some_and(|end| end < range.from)) {
        return Err(bad("has a range in `remaining` that ends before it begins"));
    }
    Ok(ranges)
}
