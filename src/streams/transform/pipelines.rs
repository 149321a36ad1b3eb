//! Deal pipelines in the shape of the first version of the API.

use serde_json::{Map, Value, json};

use super::rename;
use crate::time::parse_instant;

/// Converts a pipeline from the current API to the shape of the first version.
///
/// HubSpot no longer returns which pipeline is the default, so `default` is null.
pub(in crate::streams) fn deal_pipeline(fields: &mut Map<String, Value>) {
    rename(fields, "id", "pipelineId");
    dates_and_activity(fields);
    if let Some(stages) = fields.get_mut("stages").and_then(Value::as_array_mut) {
        for stage in stages.iter_mut().filter_map(Value::as_object_mut) {
            rename(stage, "id", "stageId");
            dates_and_activity(stage);
        }
    }
    for (field, value) in
        [("objectType", json!("DEAL")), ("objectTypeId", json!("0-3")), ("default", Value::Null)]
    {
        fields.insert(field.into(), value);
    }
}

/// Converts dates to milliseconds, and `archived` to its negation, `active`.
fn dates_and_activity(fields: &mut Map<String, Value>) {
    for date in ["createdAt", "updatedAt"] {
        if let Some(value) = fields.get_mut(date)
            && let Some(instant) = value.as_str().and_then(parse_instant)
        {
            *value = instant.timestamp_millis().into();
        }
    }
    fields.remove("archivedAt");
    let archived = fields.remove("archived").and_then(|archived| archived.as_bool());
    fields.insert("active".into(), archived.map(|archived| !archived).into());
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    #[test]
    fn deal_pipelines_keep_their_first_shape() {
        let metadata = json!({ "isClosed": "false", "probability": "0.2" });
        check(
            deal_pipeline,
            &[
                (
                    "with a stage",
                    json!({ "id": "default", "label": "Sales", "displayOrder": 0, "archived": false,
                        "createdAt": "1970-01-01T00:00:00Z", "updatedAt": "2024-03-01T12:00:00.123Z",
                        "stages": [{ "id": "won", "label": "Won", "displayOrder": 1,
                            "metadata": metadata, "archived": true,
                            "archivedAt": "2024-03-01T12:00:00Z",
                            "createdAt": "2024-03-01T12:00:00Z", "updatedAt": null,
                            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT" }] }),
                    json!({ "pipelineId": "default", "label": "Sales", "displayOrder": 0,
                        "active": true, "default": null, "objectType": "DEAL",
                        "objectTypeId": "0-3", "createdAt": 0, "updatedAt": 1_709_294_400_123_i64,
                        "stages": [{ "stageId": "won", "label": "Won", "displayOrder": 1,
                            "metadata": metadata, "active": false,
                            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
                            "createdAt": 1_709_294_400_000_i64, "updatedAt": null }] }),
                ),
                (
                    "bare",
                    json!({ "id": "7" }),
                    json!({ "pipelineId": "7", "active": null, "default": null,
                        "objectType": "DEAL", "objectTypeId": "0-3" }),
                ),
            ],
        );
    }
}
