//! Query for the event occurrences of one record.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::limits::EVENT_OCCURRENCES_PAGE;
use super::list_request::Parameter;
use crate::record_id::RecordId;
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
    /// Returns the parameters of the query.
    pub fn parameters(&self) -> RecordEventsParameters {
        RecordEventsParameters {
            subject: format!(
                "objectType={}&objectId={}&eventType={}",
                utf8_percent_encode(self.object_type, NON_ALPHANUMERIC),
                self.record,
                utf8_percent_encode(self.event_type, NON_ALPHANUMERIC),
            ),
            window: format!(
                "occurredAfter={}&occurredBefore={}",
                write_instant(self.from.preceding()),
                write_instant(self.to)
            ),
        }
    }
}

/// Parameters of a [`RecordEventsQuery`], percent-encoded.
#[derive(Debug)]
pub struct RecordEventsParameters {
    /// The record and the event type.
    subject: String,
    window: String,
}

impl RecordEventsParameters {
    /// Returns the parameters in the order in which they are sent, with the page size.
    pub fn in_order(&self) -> [Parameter<'_>; 3] {
        [
            Parameter::Encoded(&self.subject),
            Parameter::limit(EVENT_OCCURRENCES_PAGE),
            Parameter::Encoded(&self.window),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Endpoint;
    use super::super::list_request::ListRequest;
    use super::super::page::PageLayout;
    use super::*;

    #[test]
    fn asks_for_one_record_and_one_type() {
        let query = RecordEventsQuery {
            object_type: "contact",
            record: RecordId::new(101),
            event_type: "e_visited_page",
            from: Millis::new(1_709_294_400_001),
            to: Millis::new(1_709_294_400_123),
        };
        let parameters = query.parameters();
        let parameters = parameters.in_order();
        let list = ListRequest::get(Endpoint::EVENT_OCCURRENCES, PageLayout::RESULTS);
        assert_eq!(
            list.query(&parameters).target(None, 100),
            "?objectType=contact&objectId=101&eventType=e%5Fvisited%5Fpage&limit=100\
             &occurredAfter=2024-03-01T12:00:00.000Z&occurredBefore=2024-03-01T12:00:00.123Z"
        );
    }
}
