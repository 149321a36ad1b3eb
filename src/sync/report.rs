//! Report of a completed stream: a line for people, a message for programs, and a warning if
//! HubSpot counted more records.

use std::time::Duration;

use serde_json::json;

use crate::error::Error;
use crate::http::RequestStats;
use crate::protocol::{Message, MessageSender};
use crate::record::AlteredValues;
use crate::streams::readers::StreamStats;

/// Name of the machine-readable report in a TRACE of type ANALYTICS.
const KIND: &str = "source-hubspot-receipt";

/// Statistics of a completed stream.
pub(super) struct StreamReport<'a> {
    pub(super) stream: &'a str,
    pub(super) totals: StreamStats,
    pub(super) stats: &'a RequestStats,
    pub(super) took: Duration,
}

impl StreamReport<'_> {
    /// Logs and sends the report.
    pub(super) async fn emit(&self, sender: &MessageSender) -> Result<(), Error> {
        if let Some(warning) = self.missing() {
            log::warn!("{warning}");
        }
        log::info!("{}", self.line());
        sender.message(&Message::analytics(KIND, &self.json())).await
    }

    fn line(&self) -> String {
        let StreamStats { records, altered, expected, properties, resumed } = self.totals;
        let AlteredValues { nulled, replaced } = altered;
        let [general, search, associations] = self.stats.by_bucket();
        let of =
            expected.map_or(String::new(), |expected| format!(" (HubSpot counted {expected})"));
        let of_each = properties.map_or(String::new(), |count| format!(" with {count} properties"));
        let gone_on = match resumed {
            0 => String::new(),
            1 => "; resumed 1 range of ids".to_owned(),
            ranges => format!("; resumed {ranges} ranges of ids"),
        };
        let of_characters = match replaced {
            0 => String::new(),
            count => format!(", {count} with characters replaced"),
        };
        format!(
            "`{}`: {records} records{of}{of_each} in {:.1} s; requests: {general} general, \
             {search} search, {associations} associations; {} retried, {} throttled, {:.1} s \
             waited for quota; {nulled} values nulled{of_characters}{gone_on}",
            self.stream,
            self.took.as_secs_f64(),
            self.stats.retries(),
            self.stats.throttled_answers(),
            self.stats.waited().as_secs_f64(),
        )
    }

    fn json(&self) -> String {
        let StreamStats { records, altered, expected, properties, resumed } = self.totals;
        let [general, search, associations] = self.stats.by_bucket();
        json!({
            "stream": self.stream,
            "records": records,
            "counted_by_hubspot": expected,
            "properties": properties,
            "seconds": round(self.took),
            "requests": { "general": general, "search": search, "associations": associations },
            "retried": self.stats.retries(),
            "throttled": self.stats.throttled_answers(),
            "waited_for_quota_seconds": round(self.stats.waited()),
            "values_nulled": altered.nulled,
            "values_with_characters_replaced": altered.replaced,
            "ranges_resumed": resumed,
        })
        .to_string()
    }

    /// Returns a warning if fewer records were read than HubSpot counted. Small differences are
    /// ignored: records may be deleted during the read, and the count comes from an index that
    /// lags.
    fn missing(&self) -> Option<String> {
        let (found, expected) = (self.totals.records, self.totals.expected?);
        let drift = 100 + expected / 100;
        (found + drift < expected).then(|| {
            format!(
                "`{}`: HubSpot counted {expected} records, but only {found} were read, because \
                 some may be hidden from this token; compare the numbers in HubSpot, and report \
                 the difference if the token has access to all records",
                self.stream
            )
        })
    }
}

fn round(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(totals: StreamStats, stats: &RequestStats) -> StreamReport<'_> {
        StreamReport { stream: "deals", totals, stats, took: Duration::from_millis(1_500) }
    }

    #[test]
    fn a_receipt_says_what_is_known() {
        let stats = RequestStats::default();
        let plain = StreamStats { records: 7, ..StreamStats::default() };
        assert_eq!(
            report(plain, &stats).line(),
            "`deals`: 7 records in 1.5 s; requests: 0 general, 0 search, 0 associations; 0 retried, \
             0 throttled, 0.0 s waited for quota; 0 values nulled"
        );
        let full = StreamStats { expected: Some(9), properties: Some(3), resumed: 2, ..plain };
        let line = report(full, &stats).line();
        assert!(line.starts_with("`deals`: 7 records (HubSpot counted 9) with 3 properties in"));
        assert!(line.ends_with("0 values nulled; resumed 2 ranges of ids"), "{line}");
        let altered = AlteredValues { nulled: 1, replaced: 3 };
        let line = report(StreamStats { altered, ..plain }, &stats).line();
        assert!(line.ends_with("1 values nulled, 3 with characters replaced"), "{line}");
        let json: serde_json::Value = serde_json::from_str(&report(full, &stats).json()).unwrap();
        assert_eq!(json["counted_by_hubspot"], 9);
        assert_eq!(json["requests"]["search"], 0);
    }

    #[test]
    fn only_what_drift_cannot_explain_is_a_warning() {
        let stats = RequestStats::default();
        for (records, expected, warns) in [
            (0, None, false),
            (0, Some(100), false),
            (0, Some(102), true),
            (9_800, Some(10_000), false),
            (9_700, Some(10_000), true),
            (12_000, Some(10_000), false),
        ] {
            let totals = StreamStats { records, expected, ..StreamStats::default() };
            let warning = report(totals, &stats).missing();
            assert_eq!(warning.is_some(), warns, "{records} of {expected:?}");
        }
    }
}
