//! The wire form of what stands in a state under the key of our own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checkpoint::{BadState, OWN_KEY, Progress, Saved, read_position};
use super::job::Way;
use super::position::write_position;
use crate::time::Millis;

/// What the key of our own holds: of a scan under way, of a finished one, or of both.
#[derive(Serialize, Deserialize)]
pub(super) struct Own {
    pub(super) version: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) way: Option<WireWay>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) to: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) remaining: Vec<(String, Option<String>)>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) generation: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) settled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) filter: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) done: Vec<String>,
}

impl Default for Own {
    fn default() -> Self {
        let (way, from, to, generation, settled, filter) = (None, None, None, None, None, None);
        let (remaining, done) = (Vec::new(), Vec::new());
        Self { version: 1, way, from, to, remaining, generation, settled, filter, done }
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
            remaining: remaining.into_iter().map(range).collect(),
            generation,
            settled: settled.map(write_position),
            filter,
            ..Self::default()
        }
    }
}

/// What the key of our own says.
pub(super) fn read_own(value: &Value) -> Result<Saved, BadState> {
    let unreadable = || BadState(format!("`{OWN_KEY}` was written by a later version"));
    let own = Own::deserialize(value).map_err(|_| unreadable())?;
    if own.version != 1 {
        return Err(unreadable());
    }
    let instant = |text: &str| read_position(&Value::from(text))?.ok_or_else(unreadable);
    let settled = own.settled.as_deref().map(instant).transpose()?;
    let Some(way) = own.way else {
        let partitions = own.done.into_iter().map(|parent| (parent, None)).collect();
        return Ok(Saved { settled, partitions, generation: own.generation, ..Saved::default() });
    };
    let id = |text: &str| text.parse::<u64>().map_err(|_| unreadable());
    let range = |(next, end): &(String, Option<String>)| {
        Ok((id(next)?, end.as_deref().map(id).transpose()?))
    };
    let progress = Progress {
        way: match way {
            WireWay::List => Way::List,
            WireWay::Search => Way::Search,
        },
        lower: own.from.as_deref().map_or(Ok(Millis::MIN), instant)?,
        upper: instant(own.to.as_deref().ok_or_else(unreadable)?)?,
        remaining: own.remaining.iter().map(range).collect::<Result<_, _>>()?,
        generation: own.generation,
        settled,
        filter: own.filter,
    };
    Ok(Saved { progress: Some(progress), ..Saved::default() })
}
