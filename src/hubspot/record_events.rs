//! Query for the event occurrences of one record.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::RecordId;
use crate::time::{Millis, write_instant};

/// The occurrences of one event type for one record.
///
/// ```text
/// from ≤ occurred < to       bounds applied by HubSpot, which does not document whether they are
///                            inclusive: the lower one is widened by a millisecond
/// ```
#[derive(Debug, Clone)]
pub struct RecordEventsQuery<'a> {
    pub object_type: &'a str,
    pub record: RecordId,
    pub event_type: &'a str,
    pub from: Millis,
    pub to: Millis,
}

impl RecordEventsQuery<'_> {
    /// Returns the query string, including the page size.
    pub fn tail(&self) -> String {
        format!(
            "?objectType={}&objectId={}&eventType={}&limit=100&occurredAfter={}&occurredBefore={}",
            utf8_percent_encode(self.object_type, NON_ALPHANUMERIC),
            self.record,
            utf8_percent_encode(self.event_type, NON_ALPHANUMERIC),
            write_instant(self.from - 1),
            write_instant(self.to),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_one_record_and_one_type() {
        let query = RecordEventsQuery {
            object_type: "contact",
            record: 101,
            event_type: "e_visited_page",
            from: 1_709_294_400_001,
            to: 1_709_294_400_123,
        };
        assert_eq!(
            query.tail(),
            "?objectType=contact&objectId=101&eventType=e%5Fvisited%5Fpage&limit=100\
             &occurredAfter=2024-03-01T12:00:00.000Z&occurredBefore=2024-03-01T12:00:00.123Z"
        );
    }
}
