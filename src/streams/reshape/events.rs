//! Logs, submissions and engagements.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::record::Casts;

/// The converted fields of each stream, by its schema.
static EMAIL_EVENTS: LazyLock<Casts> =
    LazyLock::new(|| casts(include_str!("../../../schemas/email_events.json")));
static SUBSCRIPTION_CHANGES: LazyLock<Casts> =
    LazyLock::new(|| casts(include_str!("../../../schemas/subscription_changes.json")));
static WEB_ANALYTICS: LazyLock<Casts> =
    LazyLock::new(|| casts(include_str!("../../../schemas/shared/web_analytics.json")));
static ENGAGEMENTS: LazyLock<Casts> =
    LazyLock::new(|| casts(include_str!("../../../schemas/engagements.json")));

fn casts(schema: &str) -> Casts {
    Casts::of(&serde_json::from_str(schema).unwrap_or_default())
}

pub(in crate::streams) fn email_events(record: &mut Map<String, Value>) {
    EMAIL_EVENTS.apply(record);
}

pub(in crate::streams) fn subscription_changes(record: &mut Map<String, Value>) {
    SUBSCRIPTION_CHANGES.apply(record);
}

/// A submission never changes: it was last updated when it was submitted.
pub(in crate::streams) fn form_submissions(record: &mut Map<String, Value>) {
    if record.get("updatedAt").is_none_or(Value::is_null)
        && let Some(submitted) = record.get("submittedAt").cloned()
    {
        record.insert("updatedAt".into(), submitted);
    }
}

/// The properties of an event stand beside its other fields.
pub(in crate::streams) fn web_analytics(record: &mut Map<String, Value>) {
    let properties = record.remove("properties");
    if let Some(Value::Object(properties)) = properties {
        for (name, value) in properties {
            add(record, format!("properties_{name}"), value);
        }
    }
    WEB_ANALYTICS.apply(record);
}

/// What an engagement says of itself stands at the top; associations and metadata are there
/// twice, as objects and field by field.
pub(in crate::streams) fn engagements(record: &mut Map<String, Value>) {
    if let Some(Value::Object(own)) = record.remove("engagement") {
        for (name, value) in own {
            add(record, name, value);
        }
    }
    for part in ["associations", "metadata"] {
        let Some(Value::Object(fields)) = record.get(part).cloned() else { continue };
        for (name, value) in fields {
            add(record, format!("{part}_{name}"), value);
        }
    }
    ENGAGEMENTS.apply(record);
}

/// Adds a field unless there is one of that name.
fn add(record: &mut Map<String, Value>, name: String, value: Value) {
    record.entry(name).or_insert(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Reshape;
    use serde_json::json;

    #[test]
    fn records_get_the_shape_their_streams_have_always_had() {
        for (case, reshape, sent, expected) in [
            (
                "an e-mail event with ids as text",
                email_events as Reshape,
                json!({"id": 7, "created": "1709294400123", "sentBy": {"id": 9, "created": 5}, "new": 1}),
                json!({"id": "7", "created": 1_709_294_400_123_i64, "sentBy": {"id": "9", "created": 5}, "new": 1}),
            ),
            (
                "a change of subscription",
                subscription_changes,
                json!({"timestamp": "17", "normalizedEmailId": 5, "changes": [{"subscriptionId": "41"}]}),
                json!({"timestamp": 17, "normalizedEmailId": "5", "changes": [{"subscriptionId": 41}]}),
            ),
            (
                "a submission",
                form_submissions,
                json!({"submittedAt": 17}),
                json!({"submittedAt": 17, "updatedAt": 17}),
            ),
            (
                "a submission that says when it was updated",
                form_submissions,
                json!({"submittedAt": 17, "updatedAt": 18}),
                json!({"submittedAt": 17, "updatedAt": 18}),
            ),
            (
                "a visit",
                web_analytics,
                json!({"id": "a", "properties": {"hs_url": "u", "hs_screen_width": 1280, "own": 1}}),
                json!({"id": "a", "properties_hs_url": "u", "properties_hs_screen_width": "1280", "properties_own": 1}),
            ),
            (
                "an engagement",
                engagements,
                json!({"engagement": {"id": 5501, "type": "CALL", "lastUpdated": 17},
                    "associations": {"contactIds": [70021]}, "attachments": [],
                    "metadata": {"status": "DONE", "durationMilliseconds": "65"}}),
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
            reshape(&mut record);
            assert_eq!(Value::Object(record), expected, "{case}");
        }
    }
}
