//! Workflow records.

use serde_json::{Map, Value};

use super::lift;

/// Fills in `updatedAt` from `insertedAt` if the workflow has never been changed, and flattens
/// `contactListIds`.
pub(in crate::streams) fn workflow(fields: &mut Map<String, Value>) {
    if fields.get("updatedAt").is_none_or(Value::is_null)
        && let Some(inserted) = fields.get("insertedAt").cloned()
    {
        fields.insert("updatedAt".into(), inserted);
    }
    lift(fields, "contactListIds");
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_workflow_has_a_date_and_flat_list_ids() {
        check(
            workflow,
            &[
                (
                    "changed",
                    json!({ "insertedAt": 1, "updatedAt": 2, "contactListIds": { "active": 12 } }),
                    json!({ "insertedAt": 1, "updatedAt": 2, "contactListIds": { "active": 12 },
                        "contactListIds_active": 12 }),
                ),
                (
                    "new",
                    json!({ "insertedAt": 1, "updatedAt": null }),
                    json!({ "insertedAt": 1, "updatedAt": 1 }),
                ),
                (
                    "q34: only a name that is taken is left out",
                    json!({ "updatedAt": 2, "contactListIds_active": 7,
                        "contactListIds": { "active": 12, "enrolled": 11 } }),
                    json!({ "updatedAt": 2, "contactListIds_active": 7,
                        "contactListIds": { "active": 12, "enrolled": 11 },
                        "contactListIds_enrolled": 11 }),
                ),
                ("bare", json!({ "id": 3 }), json!({ "id": 3 })),
            ],
        );
    }
}
