//! Wire form of our own key, [`OWN_KEY`], in the state of a stream.
//!
//! Version 1 has these fields; a state with any other field, or with a field of another type, is
//! refused rather than half understood.
//!
//! | field | of | meaning |
//! | --- | --- | --- |
//! | `version` | every state | 1 |
//! | `settled` | every state | see [`Saved::settled`]; in a finished state, also the cursor it was written with |
//! | `end` | finished streams and parents | a cursor in the state that equals `settled` stands for this moment |
//! | `way` `from` `to` `remaining` `filter` | scans under way | see [`Progress`]; `from` is absent if the window has no beginning |
//! | `generation` | refreshes under way | the refresh that the records were written for |
//! | `done` | refreshes of children under way | parents that are finished, where the stream has no cursor |

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checkpoint::{BadState, OWN_KEY, Progress, Saved};
use super::job::Way;
use super::position::{read_position, write_position};
use crate::time::Millis;

/// The only version there is.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Own {
    pub(super) version: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) way: Option<WireWay>,
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

impl Default for Own {
    fn default() -> Self {
        Self {
            version: VERSION,
            way: None,
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

impl Own {
    /// The end of what was read, and the cursor that is written for it.
    pub(super) fn ending(end: Millis, cursor: Millis) -> Self {
        let (settled, end) = (Some(write_position(cursor)), Some(write_position(end)));
        Self { settled, end, ..Self::default() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireWay {
    List,
    Search,
}

impl From<Progress> for Own {
    fn from(progress: Progress) -> Self {
        let Progress { way, lower, upper, remaining, generation, settled, filter } = progress;
        let range =
            |(next, end): (u64, Option<u64>)| (next.to_string(), end.map(|id| id.to_string()));
        Self {
            way: Some(match way {
                Way::List => WireWay::List,
                Way::Search => WireWay::Search,
            }),
            from: (lower > Millis::MIN).then(|| write_position(lower)),
            to: Some(write_position(upper)),
            remaining: Some(remaining.into_iter().map(range).collect()),
            generation,
            settled: settled.map(write_position),
            filter,
            ..Self::default()
        }
    }
}

/// What is wrong with our own key.
fn bad(problem: impl std::fmt::Display) -> BadState {
    BadState(format!("its `{OWN_KEY}` {problem}"))
}

/// Reads our own key. `position` stays empty: it is for the cursor to say, together with `end`.
pub(super) fn read_own(value: &Value) -> Result<Saved, BadState> {
    match value.get("version").and_then(Value::as_u64) {
        Some(VERSION) => {}
        Some(version) if version > VERSION => {
            return Err(bad("was written by a later version of this connector"));
        }
        _ => return Err(bad("has no version")),
    }
    let own = Own::deserialize(value).map_err(|error| bad(format!("is damaged: {error}")))?;
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
    let Some(way) = own.way else {
        if to.is_some() || from.is_some() || own.remaining.is_some() {
            return Err(bad("has no `way`"));
        }
        let done = own.done.unwrap_or_default();
        return Ok(Saved {
            settled,
            end: instant("end", own.end.as_deref())?,
            partitions: done.into_iter().map(|parent| (parent, None)).collect(),
            generation: own.generation,
            ..Saved::default()
        });
    };
    let way = match way {
        WireWay::List => Way::List,
        WireWay::Search => Way::Search,
    };
    let upper = to.ok_or_else(|| bad("has no `to`"))?;
    let lower = match (way, from) {
        (_, Some(from)) if from > upper => return Err(bad("has a `from` behind its `to`")),
        (_, Some(from)) => from,
        (Way::List, None) => Millis::MIN,
        (Way::Search, None) => return Err(bad("has no `from`")),
    };
    let remaining = own.remaining.ok_or_else(|| bad("has no `remaining`"))?;
    let progress = Progress {
        way,
        lower,
        upper,
        remaining: ranges(&remaining)?,
        generation: own.generation,
        settled,
        filter: own.filter,
    };
    Ok(Saved { progress: Some(progress), ..Saved::default() })
}

/// Ranges of ids: at least one, and none that ends before it begins. Anything else was not written
/// by a scan, which ends when no range is left. Ranges may overlap: what is in doubt is read again.
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
