//! Batch reads: checks which ids a response covers, and requests the others again.
//!
//! A batch read can succeed in part: it is still being processed (`PENDING`, `PROCESSING`), some
//! inputs failed (`errors`, `numErrors`), or an id is missing without notice. This module alone
//! decides whether a response is complete.

use std::collections::HashSet;
use std::hash::Hash;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::api::Api;
use crate::error::Error;
use crate::http::PageSize;
use crate::record_id::RecordId;

/// Status fields of the response to a batch read.
///
/// Null counts as absent, and an entry of `errors` may have any shape.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct BatchNotes {
    #[serde(deserialize_with = "text")]
    status: Option<String>,
    #[serde(deserialize_with = "number")]
    num_errors: Option<u64>,
    #[serde(deserialize_with = "entries")]
    errors: Option<Vec<BatchEntry>>,
}

/// An entry of `errors`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct BatchEntry {
    is_not_found: bool,
    /// The inputs it concerns; empty if it names none.
    ids: Vec<RecordId>,
    said: String,
}

/// Fields of an entry's `context` that hold ids of inputs.
const ID_FIELDS: [&str; 4] = ["ids", "id", "fromObjectId", "objectId"];

impl BatchEntry {
    fn of(entry: &Value) -> Self {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let context = entry.get("context");
        let own = entry.get("id").into_iter();
        let named = ID_FIELDS.iter().filter_map(|name| context?.get(name)).chain(own);
        let ids = named.flat_map(|value| match value {
            Value::Array(values) => values.iter().filter_map(id).collect(),
            Value::String(_) | Value::Number(_) => Vec::from_iter(id(value)),
            Value::Null | Value::Bool(_) | Value::Object(_) => Vec::new(),
        });
        let category = text("category").unwrap_or("an error without a category");
        let message = text("message").map(|message| format!(": {message:.200}"));
        Self {
            // HubSpot: records without associations and deleted records are reported as "not
            // found".
            is_not_found: category == "OBJECT_NOT_FOUND",
            ids: ids.collect(),
            said: format!("{category}{}", message.unwrap_or_default()),
        }
    }
}

fn id(value: &Value) -> Option<RecordId> {
    value.as_u64().map(RecordId::new).or_else(|| value.as_str()?.parse().ok())
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_str().map(str::to_owned))
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}

fn entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<BatchEntry>>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_array().map(|entries| entries.iter().map(BatchEntry::of).collect()))
}

/// Meaning of an id that a response without errors omits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// Unexpected: every id should be returned or reported.
    Unknown,
    /// There is nothing to return for the id. HubSpot: records without associations are either
    /// omitted or reported as not found; a response that reports some of them reports all.
    HasNone,
}

impl BatchNotes {
    /// Returns the ids to request again, with the reason, or `None` if the response is complete.
    fn left_to_ask<K: Copy + Eq + Hash>(
        &self,
        asked: &[K],
        id: impl Fn(&K) -> RecordId,
        returned: &[RecordId],
        left_out: LeftOut,
    ) -> Option<RepeatReason<K>> {
        let all = || asked.to_vec();
        if let Some(status) = self.status.as_deref().filter(|status| *status != "COMPLETE") {
            let reason = format!("the answer has the status {status:.40}");
            return Some(RepeatReason { keys: all(), reason, is_usable: false });
        }
        let entries = self.errors.as_deref().unwrap_or_default();
        let not_found = || entries.iter().filter(|entry| entry.is_not_found);
        let returned: HashSet<_> = returned.iter().copied().collect();
        let reported: HashSet<_> = not_found().flat_map(|entry| &entry.ids).copied().collect();
        let is_missing = |key: &&K| {
            let id = id(key);
            !returned.contains(&id) && !reported.contains(&id)
        };
        let missing: Vec<_> = asked.iter().filter(is_missing).copied().collect();
        let unexplained = self.num_errors.unwrap_or_default() > entries.len() as u64;
        let error = entries.iter().find(|entry| !entry.is_not_found);
        if error.is_some() || unexplained {
            let reason = error.map_or_else(
                || "`numErrors` counts more errors than are listed".to_owned(),
                |error| error.said.clone(),
            );
            let keys = if missing.is_empty() { all() } else { missing };
            return Some(RepeatReason { keys, reason, is_usable: true });
        }
        // Entries that report an id as not found without naming it.
        let unnamed = not_found().filter(|entry| entry.ids.is_empty()).count();
        // HubSpot: the id of a merged record is answered with the record it was merged into.
        let asked: HashSet<_> = asked.iter().map(&id).collect();
        let strangers = returned.iter().filter(|id| !asked.contains(id)).count();
        let may_have_none = left_out == LeftOut::HasNone && reported.is_empty();
        if missing.len() <= unnamed + strangers || may_have_none {
            return None;
        }
        let reason = format!("{} ids are neither returned nor reported", missing.len());
        Some(RepeatReason { keys: missing, reason, is_usable: true })
    }
}

/// Ids of a batch read to request again after a response.
#[derive(Debug, PartialEq, Eq)]
struct RepeatReason<K> {
    keys: Vec<K>,
    reason: String,
    /// `true` if the records of the response can be used.
    is_usable: bool,
}

/// One response to a batch read.
pub(super) struct Answered<T> {
    pub(super) value: T,
    /// Ids that the response returned something for.
    pub(super) returned: Vec<RecordId>,
    pub(super) notes: BatchNotes,
    /// Number of keys requested, from the first one on.
    pub(super) asked: usize,
}

/// Reads an entry for every one of `keys`, with as many requests as needed, and returns the
/// responses.
///
/// # Errors
/// Returns [`Error::Incomplete`] if ids are still missing when the retry budget is exhausted.
pub(super) async fn read_whole<K: Copy + Eq + Hash, T>(
    api: &Api<'_>,
    what: &str,
    keys: Vec<K>,
    (id, left_out): (impl Fn(&K) -> RecordId, LeftOut),
    ask: impl AsyncFn(&[K], &PageSize) -> Result<Answered<T>, Error>,
) -> Result<Vec<T>, Error> {
    let total = keys.len();
    let size = PageSize::new(total);
    let (mut left, mut answers) = (keys, Vec::new());
    let (mut backoff, mut started) = (api.backoff(), Instant::now());
    // Lowest number of missing ids since the backoff was last reset; a lower one resets it.
    let mut missing = usize::MAX;
    while !left.is_empty() {
        let answer = ask(&left, &size).await;
        let Answered { value, returned, notes, asked } = match answer {
            Err(Error::SingleRecord { endpoint, attempts, last, .. }) => {
                let record = left.first().map(|key| id(key).to_string());
                return Err(Error::SingleRecord { endpoint, record, attempts, last });
            }
            answer => answer?,
        };
        let later = left.split_off(asked.clamp(1, left.len()));
        let again = notes.left_to_ask(&left, &id, &returned, left_out);
        let Some(RepeatReason { keys, reason, is_usable }) = again else {
            answers.push(value);
            left = later;
            (backoff, started, missing) = (api.backoff(), Instant::now(), usize::MAX);
            continue;
        };
        if is_usable && keys.len() < left.len() {
            answers.push(value);
        }
        if keys.len() < missing {
            (backoff, started, missing) = (api.backoff(), Instant::now(), keys.len());
        }
        let Some(wait) = backoff.next_wait(started.elapsed(), None) else {
            return Err(Error::Incomplete {
                endpoint: format!("`{}` ({what})", api.request_context.stream),
                missing: keys.len() + later.len(),
                total,
                attempts: backoff.attempts(),
                reason,
            });
        };
        log::debug!("{what}: {reason}; {} ids again in {wait:?}", keys.len());
        api.stats.count_retry();
        api.sleep(wait).await?;
        left = keys.into_iter().chain(later).collect();
    }
    Ok(answers)
}

/// Returns the ids of records given as JSON text. Records without a readable id are skipped, since
/// they do not cover any id.
pub(super) fn ids_of<'a>(records: impl Iterator<Item = &'a str>) -> Vec<RecordId> {
    #[derive(Deserialize)]
    struct WithId<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    let id = |text| {
        let record: WithId<'_> = serde_json::from_str(text).ok()?;
        record.id.get().trim_matches('"').parse().ok()
    };
    records.filter_map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::super::token_info::TokenScopes;
    use super::*;
    use crate::http::{Client, ClientOptions, RequestStats, RetryBudget, TokenProvider};
    use crate::hubspot::{ApiVersion, Paths, RequestContext};
    use crate::secret::Secret;
    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    /// Returns the ids 1, 2 and 3.
    fn three() -> Vec<RecordId> {
        [1, 2, 3].map(RecordId::new).to_vec()
    }

    fn again(answer: Value, returned: &[u64], left_out: LeftOut) -> Option<(Vec<u64>, bool)> {
        let notes: BatchNotes = serde_json::from_value(answer).unwrap();
        let returned: Vec<_> = returned.iter().copied().map(RecordId::new).collect();
        let again = notes.left_to_ask(&three(), |id| *id, &returned, left_out);
        again.map(|again| (again.keys.into_iter().map(RecordId::get).collect(), again.is_usable))
    }

    #[test]
    fn q12_only_an_answer_that_accounts_for_every_id_is_whole() {
        const NOT_FOUND: &str = "OBJECT_NOT_FOUND";
        let missing = |ids: &[u64]| Some((ids.to_vec(), true));
        for (case, answer, returned, rows, associations) in [
            ("all there", json!({ "status": "COMPLETE" }), vec![1, 2, 3], None, None),
            ("no word about itself", json!({}), vec![3, 2, 1], None, None),
            (
                "null means absent",
                json!({ "status": null, "errors": null, "numErrors": null }),
                vec![1, 2, 3],
                None,
                None,
            ),
            ("one left out", json!({ "status": "COMPLETE" }), vec![1, 3], missing(&[2]), None),
            (
                "one reported",
                json!({ "numErrors": 1, "errors": [
                    { "category": NOT_FOUND, "context": { "ids": ["2"] } }] }),
                vec![1, 3],
                None,
                None,
            ),
            (
                "one reported and another left out",
                json!({ "errors": [{ "category": NOT_FOUND, "context": { "fromObjectId": ["2"] } }] }),
                vec![1],
                missing(&[3]),
                missing(&[3]),
            ),
            (
                "one reported without its id",
                json!({ "errors": [{ "category": NOT_FOUND }] }),
                vec![1, 3],
                None,
                None,
            ),
            (
                "one failed",
                json!({ "errors": [{ "category": "RATE_LIMITS", "context": { "ids": [2] } }] }),
                vec![1, 3],
                missing(&[2]),
                missing(&[2]),
            ),
            (
                "one failed, and all are there",
                json!({ "errors": [{ "message": "internal error" }] }),
                vec![1, 2, 3],
                missing(&[1, 2, 3]),
                missing(&[1, 2, 3]),
            ),
            (
                "errors without entries",
                json!({ "numErrors": 2, "errors": [] }),
                vec![1],
                missing(&[2, 3]),
                missing(&[2, 3]),
            ),
            (
                "errors of other shapes",
                json!({ "errors": [7, null, "x"] }),
                vec![1, 3],
                missing(&[2]),
                missing(&[2]),
            ),
            (
                "one merged into another",
                json!({ "status": "COMPLETE" }),
                vec![1, 3, 77],
                None,
                None,
            ),
            (
                "not ready",
                json!({ "status": "PROCESSING" }),
                vec![1, 2, 3],
                Some((vec![1, 2, 3], false)),
                Some((vec![1, 2, 3], false)),
            ),
            (
                "not begun",
                json!({ "status": "PENDING" }),
                vec![],
                Some((vec![1, 2, 3], false)),
                Some((vec![1, 2, 3], false)),
            ),
        ] {
            assert_eq!(again(answer.clone(), &returned, LeftOut::Unknown), rows, "{case}: rows");
            let found = again(answer, &returned, LeftOut::HasNone);
            assert_eq!(found, associations, "{case}: associations");
        }
    }

    /// Reads three ids from responses with these notes and no records. Returns the result and the
    /// number of requests.
    async fn read(notes: Value) -> (Result<Vec<()>, Error>, u32) {
        let client = Client::new(ClientOptions {
            base: "http://127.0.0.1:9".into(),
            in_flight: 4,
            retry_budget: RetryBudget::READ,
            provider: TokenProvider::Fixed(Secret::new("token".into())),
            secrets: Vec::new(),
            user_agent: "test",
            stop: CancellationToken::default(),
            clock_offset: chrono::TimeDelta::zero(),
        })
        .expect("a client");
        let (paths, stats) = (Paths::new(ApiVersion::Dated), RequestStats::default());
        let request_context = RequestContext { stream: "deals", scopes: &[] };
        let scopes = TokenScopes::default();
        let api =
            Api { client: &client, paths: &paths, stats: &stats, request_context, scopes: &scopes };
        let asked = std::cell::Cell::new(0);
        let ask = async |_: &[RecordId], _: &PageSize| {
            asked.set(asked.get() + 1);
            let notes = serde_json::from_value(notes.clone()).unwrap();
            Ok(Answered { value: (), returned: Vec::new(), notes, asked: 3 })
        };
        let kind = (|id: &RecordId| *id, LeftOut::Unknown);
        let answers = read_whole(&api, "POST /x", three(), kind, ask).await;
        (answers, asked.get())
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_stays_partial_is_an_error() {
        for notes in [
            json!({ "status": "PENDING" }),
            json!({ "numErrors": 3 }),
            json!({ "errors": [{ "category": "INTERNAL_ERROR" }] }),
            json!({}),
        ] {
            let (answers, asked) = read(notes.clone()).await;
            let Err(Error::Incomplete { missing: 3, total: 3, attempts, .. }) = answers else {
                panic!("{notes}: {answers:?}")
            };
            // No HTTP response has been received here, so the shorter retry budget applies.
            assert_eq!((attempts, asked), (RetryBudget::INTERACTIVE.attempts, attempts), "{notes}");
        }
        let not_found = json!({ "errors": [{ "category": "OBJECT_NOT_FOUND",
            "context": { "ids": ["1", "2", "3"] } }] });
        let (answers, asked) = read(not_found).await;
        assert_eq!((answers.unwrap().len(), asked), (1, 1));
    }

    #[test]
    fn ids_are_read_in_both_spellings() {
        let records = [r#"{"id":"7","x":{}}"#, r#"{"x":1,"id":8}"#, r#"{"id":"a"}"#, r#"{"x":1}"#];
        assert_eq!(ids_of(records.into_iter()), [7, 8].map(RecordId::new));
    }
}
