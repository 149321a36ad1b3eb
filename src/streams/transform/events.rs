//! Web analytics events and engagements.

use serde_json::{Map, Value};

use super::lift;

/// Moves the properties of an event to the top level, as `properties_<name>`.
pub(in crate::streams) fn web_analytics(record: &mut Map<String, Value>) {
    lift(record, "properties");
    record.remove("properties");
}

/// Moves the fields of `engagement` to the top level; adds flattened copies of `associations` and
/// `metadata`.
pub(in crate::streams) fn engagements(record: &mut Map<String, Value>) {
    if let Some(Value::Object(own)) = record.remove("engagement") {
        for (name, value) in own {
            record.entry(name).or_insert(value);
        }
    }
    lift(record, "associations");
    lift(record, "metadata");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Transform;
    use serde_json::json;

    #[test]
    fn records_get_the_shape_their_streams_have_always_had() {
        for (case, transform, sent, expected) in [
            (
                "a visit",
                web_analytics as Transform,
                json!({"id": "a", "properties": {"hs_url": "u", "hs_screen_width": 1280, "own": 1}}),
                json!({"id": "a", "properties_hs_url": "u", "properties_hs_screen_width": 1280, "properties_own": 1}),
            ),
            (
                "an engagement",
                engagements,
                json!({"engagement": {"id": 5501, "type": "CALL", "lastUpdated": 17},
                    "associations": {"contactIds": [70021]}, "attachments": [],
                    "metadata": {"status": "DONE", "durationMilliseconds": 65}}),
                json!({"id": 5501, "type": "CALL", "lastUpdated": 17,
                    "associations": {"contactIds": [70021]}, "associations_contactIds": [70021],
                    "attachments": [],
                    "metadata": {"status": "DONE", "durationMilliseconds": 65},
                    "metadata_status": "DONE", "metadata_durationMilliseconds": 65}),
            ),
            (
                "an engagement with a name that is taken loses nothing else",
                engagements,
                json!({"engagement": {"id": 1, "metadata": "x"}, "metadata": {"title": "t"}, "metadata_title": "own"}),
                json!({"id": 1, "metadata": {"title": "t"}, "metadata_title": "own"}),
            ),
        ] {
            let Value::Object(mut record) = sent else { panic!("{case}") };
            transform(&mut record);
            assert_eq!(Value::Object(record), expected, "{case}");
        }
    }
}
