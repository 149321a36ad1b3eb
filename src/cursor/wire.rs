//! Wire format of the [`OWN_KEY`] entry in the state of a stream.
//!
//! Version 1 has the fields below. A state with any other field, or with a field of another type,
//! is rejected.
//!
//! | field | of | meaning |
//! | --- | --- | --- |
//! | `version` | every state | 1 |
//! | `settled` | finished streams and parents, scans in progress | see [`SavedState::reconciled_until`]; in a finished state, also the cursor it was written with |
//! | `end` | finished streams and parents | instant that a cursor equal to `settled` stands for |
//! | `way` `from` `to` `remaining` `filter` | scans in progress | see [`ScanProgress`]; `from` is absent if the window has no start |
//! | `generation` | full refreshes in progress | generation that the records were emitted for |
//! | `done` | full refreshes of substreams in progress | finished parents, if the stream has no cursor |

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checkpoint::{BadState, OWN_KEY, SavedState, ScanProgress};
use super::position::{read_position, write_position};
use super::task::ReadMode;
use crate::time::Millis;

/// Current and only version of the format.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireState {
    pub(super) version: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[serde(rename = "way")]
    pub(super) mode: Option<WireReadMode>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) remaining: Option<Vec<(String, Option<String>)>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) settled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) done: Option<Vec<String>>,
}

impl Default for WireState {
    fn default() -> Self {
        Self {
            version: VERSION,
            mode: None,
            from: None,
            to: None,
            remaining: None,
            generation: None,
            settled: None,
            end: None,
            filter: None,
            done: None,
        }
    }
}

impl WireState {
    /// Returns the entry for a read up to `end` whose state holds `cursor`.
    pub(super) fn ending(end: Millis, cursor: Millis) -> Self {
        let (settled, end) = (Some(write_position(cursor)), Some(write_position(end)));
        Self { settled, end, ..Self::default() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireReadMode {
    List,
    Search,
}

impl From<ScanProgress> for WireState {
    fn from(progress: ScanProgress) -> Self {
        let ScanProgress { mode, lower, upper, remaining, generation, reconciled_until, filter } =
            progress;
        let range =
            |(next, end): (u64, Option<u64>)| (next.to_string(), end.map(|id| id.to_string()));
        Self {
            mode: Some(match mode {
                ReadMode::List => WireReadMode::List,
                ReadMode::Search => WireReadMode::Search,
            }),
            from: (lower > Millis::MIN).then(|| write_position(lower)),
            to: Some(write_position(upper)),
            remaining: Some(remaining.into_iter().map(range).collect()),
            generation,
            settled: reconciled_until.map(write_position),
            filter,
            ..Self::default()
        }
    }
}

/// Returns an error about the `OWN_KEY` entry.
fn bad(problem: impl std::fmt::Display) -> BadState {
    BadState(format!("its `{OWN_KEY}` {problem}"))
}

/// Reads the `OWN_KEY` entry. `position` stays `None`; the caller derives it from the cursor and
/// `end`.
pub(super) fn read_own(value: &Value) -> Result<SavedState, BadState> {
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(version) if version > VERSION => {
            return Err(bad("was written by a later version of this connector"));
        }
        _ => return Err(bad("has no version")),
    }
    let own = WireState::deserialize(value).map_err(|error| bad(format!("is damaged: {error}")))?;
    let instant = |field: &str, text: Option<&str>| {
        let Some(text) = text else { return Ok(None) };
        match read_position(&Value::from(text)) {
            Ok(Some(moment)) => Ok(Some(moment)),
            Ok(None) => Err(bad(format!("has an empty `{field}`"))),
            Err(BadState(problem)) => Err(bad(format!("has a bad `{field}`: {problem}"))),
        }
    };
    let settled = instant("settled", own.settled.as_deref())?;
    let (from, to) = (instant("from", own.from.as_deref())?, instant("to", own.to.as_deref())?);
    let Some(mode) = own.mode else {
        if to.is_some() || from.is_some() || own.remaining.is_some() {
            return Err(bad("has no `way`"));
        }
        let done = own.done.unwrap_or_default();
        return Ok(SavedState {
            reconciled_until: settled,
            end: instant("end", own.end.as_deref())?,
            partitions: done.into_iter().map(|parent| (parent, None)).collect(),
            generation: own.generation,
            ..SavedState::default()
        });
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
    let remaining = own.remaining.ok_or_else(|| bad("has no `remaining`"))?;
    let progress = ScanProgress {
        mode,
        lower,
        upper,
        remaining: ranges(&remaining)?,
        generation: own.generation,
        reconciled_until: settled,
        filter: own.filter,
    };
    Ok(SavedState { progress: Some(progress), ..SavedState::default() })
}

/// Parses id ranges: at least one, and none that ends before it starts. A scan never writes
/// anything else, because it is finished when no range is left. Ranges may overlap, in which case
/// the common part is read twice.
fn ranges(remaining: &[(String, Option<String>)]) -> Result<Vec<(u64, Option<u64>)>, BadState> {
    let id = |text: &str| {
        text.parse::<u64>().map_err(|_| bad(format!("has the id `{text}` in `remaining`")))
    };
    let ranges = remaining
        .iter()
        .map(|(next, end)| Ok((id(next)?, end.as_deref().map(id).transpose()?)))
        .collect::<Result<Vec<_>, BadState>>()?;
    if ranges.is_empty() {
        return Err(bad("has nothing in `remaining`"));
    }
    if ranges.iter().any(|&(next, end)| end.is_some_and(|end| end < next)) {
        return Err(bad("has a range in `remaining` that ends before it begins"));
    }
    Ok(ranges)
}
