//! Filters, reshapes, encodes and sends records; used by all read strategies except CRM object
//! scans.
//!
//! ```text
//! as sent ─▶ filter ─▶ constants ─▶ reshape ─▶ casts ─▶ encode ─▶ send ─▶ count
//! ```

use std::cell::{Cell, RefCell};

use serde_json::Map;

use super::{StreamStats, unreadable};
use crate::cursor::StreamState;
use crate::error::Error;
use crate::record::{Coercions, Encoder, Record};
use crate::streams::checkpoints::{Checkpoints, Section};
use crate::streams::context::{Context, PlannedStream};
use crate::streams::spec::StreamSpec;
use crate::streams::strategy::{Conversions, Transform};
use crate::strict;
use crate::time;

/// Fields with a fixed value, added to each record of a request.
pub(super) type Constants<'a> = &'a [(&'a str, &'a str)];

/// Encodes and sends the records of one stream.
///
/// It is shared by all concurrent requests of the stream.
pub(super) struct Emitter<'a> {
    context: &'a Context<'a>,
    checkpoints: &'a Checkpoints<'a>,
    shaper: Shaper,
    encoder: RefCell<Encoder<'a>>,
    records: Cell<u64>,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(context: &'a Context<'a>, stream: &'a PlannedStream<'a>) -> Self {
        Self {
            context,
            checkpoints: &stream.checkpoints,
            shaper: Shaper::of(&stream.spec),
            encoder: RefCell::new(Encoder::new(&context.name, &stream.columns)),
            records: Cell::new(0),
        }
    }

    /// Sends the records for which `wants` returns `true`, with the constant fields added. Returns
    /// the number sent.
    ///
    /// `wants` sees each record as sent by HubSpot, before it is reshaped.
    pub(super) async fn send(
        &self,
        records: impl IntoIterator<Item = impl AsRef<str>>,
        constants: Constants<'_>,
        wants: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<u64, Error> {
        let (lines, count) = self.lines(records, constants, wants)?;
        if count > 0 {
            self.records.set(self.records.get() + count);
            self.context.send(lines, count, None).await?;
        }
        Ok(count)
    }

    /// Encodes the records for which `wants` returns `true`, without sending or counting them.
    /// Returns the lines and their number.
    pub(super) fn lines(
        &self,
        records: impl IntoIterator<Item = impl AsRef<str>>,
        constants: Constants<'_>,
        wants: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<(Vec<u8>, u64), Error> {
        let lines = self.encode(records, constants, wants);
        lines.map_err(|error| unreadable(&self.context.name, error))
    }

    /// Emits a checkpoint for all records sent so far.
    pub(super) async fn checkpoint(&self, state: StreamState) -> Result<(), Error> {
        let state = self.checkpoints.record(Section::Main, state);
        self.context.send(Vec::new(), 0, Some(state)).await
    }

    /// Emits the final state of the stream and returns its statistics.
    pub(super) async fn finish(&self, state: StreamState) -> Result<StreamStats, Error> {
        self.checkpoint(state).await?;
        Ok(self.stats())
    }

    /// Returns the statistics of all records sent so far.
    pub(super) fn stats(&self) -> StreamStats {
        let altered = self.encoder.borrow().altered();
        StreamStats { records: self.records.get(), altered, ..StreamStats::default() }
    }

    fn encode(
        &self,
        records: impl IntoIterator<Item = impl AsRef<str>>,
        constants: Constants<'_>,
        mut wants: impl FnMut(&Record<'_>) -> bool,
    ) -> serde_json::Result<(Vec<u8>, u64)> {
        let emitted_at_ms = time::now_ms();
        let mut encoder = self.encoder.borrow_mut();
        let (mut lines, mut count) = (Vec::new(), 0);
        for text in records {
            let text = text.as_ref();
            let record = Record::parse_for(encoder.columns(), text)?;
            if !wants(&record) {
                continue;
            }
            let repaired = record.is_odd().then(|| strict::repair(text)).flatten();
            let text = repaired.as_ref().map_or(text, |repaired| &repaired.text);
            let written = match self.shaper.give(text, constants)? {
                Some(shaped) => {
                    let record = Record::parse_for(encoder.columns(), &shaped)?;
                    let record = record.noting(repaired.as_ref());
                    encoder.push(&record, &[], emitted_at_ms, &mut lines)?
                }
                None => encoder.push(&record, &[], emitted_at_ms, &mut lines)?,
            };
            count += u64::from(written);
        }
        Ok((lines, count))
    }
}

/// Conversions that the stream definition requires for each record.
struct Shaper {
    transform: Option<Transform>,
    coercions: Option<Coercions>,
}

impl Shaper {
    fn of(spec: &StreamSpec<'_>) -> Self {
        let schema = || serde_json::from_str(spec.static_fields()).unwrap_or_default();
        let Conversions { transform, coercions, .. } = spec.strategy.conversions();
        let coercions = coercions.map(|empty| Coercions::of(&schema(), empty));
        Self { transform, coercions }
    }

    /// Returns the record in the shape of its stream, or `None` if no conversion is needed.
    fn give(&self, text: &str, constants: Constants<'_>) -> serde_json::Result<Option<String>> {
        if self.transform.is_none() && self.coercions.is_none() && constants.is_empty() {
            return Ok(None);
        }
        let mut fields: Map<_, _> = serde_json::from_str(text)?;
        fields.extend(constants.iter().map(|&(field, value)| (field.into(), value.into())));
        if let Some(transform) = self.transform {
            transform(&mut fields);
        }
        if let Some(coercions) = &self.coercions {
            coercions.apply(&mut fields);
        }
        serde_json::to_string(&fields).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::STREAMS;
    use serde_json::{Value, json};

    /// Returns a record converted for the given stream.
    fn shaped(stream: &str, constants: Constants<'_>, sent: &Value) -> Value {
        let spec = STREAMS.iter().find(|spec| spec.name == stream).expect(stream);
        let text = sent.to_string();
        let shaped = Shaper::of(spec).give(&text, constants).unwrap();
        serde_json::from_str(&shaped.unwrap_or(text)).unwrap()
    }

    #[test]
    fn records_get_the_shape_and_the_types_of_their_stream() {
        for (stream, sent, expected) in [
            ("owners", json!({ "id": 7 }), json!({ "id": 7 })),
            (
                "email_events",
                json!({ "id": 7, "created": "1709294400123", "sentBy": { "id": 9, "created": 5 },
                    "portalId": "", "new": 1 }),
                json!({ "id": "7", "created": 1_709_294_400_123_i64,
                    "sentBy": { "id": "9", "created": 5 }, "portalId": "", "new": 1 }),
            ),
            (
                "subscription_changes",
                json!({ "timestamp": "17", "normalizedEmailId": 5,
                    "changes": [{ "subscriptionId": "41" }] }),
                json!({ "timestamp": 17, "normalizedEmailId": "5",
                    "changes": [{ "subscriptionId": 41 }] }),
            ),
            (
                "contacts_web_analytics",
                json!({ "id": "a", "properties": { "hs_url": "u", "hs_screen_width": 1280 } }),
                json!({ "id": "a", "properties_hs_url": "u", "properties_hs_screen_width": "1280" }),
            ),
            (
                "engagements",
                json!({ "engagement": { "id": 5501, "lastUpdated": "17" },
                    "metadata": { "durationMilliseconds": "65" } }),
                json!({ "id": 5501, "lastUpdated": 17, "metadata": { "durationMilliseconds": 65 },
                    "metadata_durationMilliseconds": 65 }),
            ),
            (
                "email_subscriptions",
                json!({ "id": "41", "portalId": "", "active": "true" }),
                json!({ "id": 41, "portalId": null, "active": true }),
            ),
        ] {
            assert_eq!(shaped(stream, &[], &sent), expected, "{stream}");
        }
    }

    #[test]
    fn numbers_of_any_length_keep_their_digits() {
        let digits = "123456789012345678901234567890";
        for (stream, sent, expected) in [
            ("engagements", r#"{"metadata":{"a":N,"b":-N.50}}"#, r#""metadata_b":-N.50"#),
            ("email_events", r#"{"created":"N"}"#, r#""created":N"#),
            ("email_events", r#"{"created":N}"#, r#""created":N"#),
            ("subscription_changes", r#"{"normalizedEmailId":N}"#, r#""normalizedEmailId":"N""#),
        ] {
            let spec = STREAMS.iter().find(|spec| spec.name == stream).expect(stream);
            let shaped = Shaper::of(spec).give(&sent.replace('N', digits), &[]).unwrap().unwrap();
            let expected = expected.replace('N', digits);
            assert!(shaped.contains(&expected), "{stream}: {shaped}");
        }
    }

    #[test]
    fn constants_are_there_before_the_types() {
        let sent = json!({ "listId": "5", "size": "7" });
        let found = shaped("contact_lists", &[("listId", "6"), ("more", "x")], &sent);
        assert_eq!((&found["listId"], &found["more"]), (&json!("6"), &json!("x")));
    }
}
