//! Pipelines and their stages, in the current and in the v1 format.

use serde_json::{Value, json};

use crate::message::Answer;
use crate::portal::{ObjectType, Portal, iso};
use crate::refusal;
use crate::route::{Params, param};
use crate::routes::collection::Call;
use crate::routes::object_types::store_of;

/// A stage: id, label, and either a deal's probability or the state for other types.
type Stage = (&'static str, &'static str, &'static str);

const DEAL_STAGES: &[Stage] = &[
    ("appointmentscheduled", "Appointment", "0.2"),
    ("qualifiedtobuy", "Qualified", "0.4"),
    ("presentationscheduled", "Presentation", "0.6"),
    ("contractsent", "Contract sent", "0.9"),
    ("closedwon", "Closed won", "1.0"),
    ("closedlost", "Closed lost", "0.0"),
];
const TICKET_STAGES: &[Stage] = &[
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
];

const TASK_STAGES: &[Stage] = &[
    ("880ab7a3-2e2d-4c0c-a5d5-20e2c4b1a511", "Not started", "NOT_STARTED"),
    ("dd5826e4-c976-4654-a527-b59ada542e52", "In progress", "IN_PROGRESS"),
    ("60dc0c3a-7cc4-4a8c-8fd0-7b1b5a8a9c0e", "Completed", "COMPLETED"),
];
const LEAD_STAGES: &[Stage] = &[
    ("new-stage-id", "New", "NEW"),
    ("connected-stage-id", "Connected", "CONNECTED"),
    ("qualified-stage-id", "Qualified", "QUALIFIED"),
    ("unqualified-stage-id", "Disqualified", "UNQUALIFIED"),
];

/// Returns the pipelines of a type, as id and label, and the stages of each.
fn known(object: &ObjectType) -> (&'static [(&'static str, &'static str)], &'static [Stage]) {
    match object.plural.as_str() {
        _ if object.custom => (&[("7bd1d1a1-default", "Default")], TICKET_STAGES),
        "deals" => (&[("default", "Sales"), ("75001", "Renewals")], DEAL_STAGES),
        "tickets" => (&[("0", "Support")], TICKET_STAGES),
        "tasks" => (&[("d2a50cb4-6d61-5e1c-8e14-3a2f0c6b9d11", "Tasks")], TASK_STAGES),
        "leads" => (&[("lead-pipeline-id", "Lead pipeline")], LEAD_STAGES),
        "orders" | "services" | "appointments" | "courses" | "listings" | "projects" => {
            (&[("default", "Default")], TICKET_STAGES)
        }
        _ => (&[], &[]),
    }
}

/// Returns the pipelines of the object type in the path.
pub(crate) fn pipelines(portal: &Portal, params: &Params) -> Result<Vec<Value>, Answer> {
    let store = store_of(portal, params, 0)?;
    let (pipelines, stages) = known(&store.object);
    let times = times(portal);
    Ok(pipelines
        .iter()
        .enumerate()
        .map(|(place, (id, label))| {
            let mut pipeline = json!({
                "id": id,
                "label": label,
                "displayOrder": place,
                "archived": false,
                "stages": stages
                    .iter()
                    .enumerate()
                    .map(|(place, stage)| describe(portal, place, *stage))
                    .collect::<Vec<_>>(),
            });
            // HubSpot: some built-in pipelines have no dates.
            if *id != "0"
                && let Some(fields) = pipeline.as_object_mut()
            {
                fields.insert("createdAt".to_owned(), iso(times.0).into());
                // HubSpot: a pipeline that was never edited may have no `updatedAt`.
                let updated = match store.object.plural.as_str() {
                    "tasks" => Value::Null,
                    _ => iso(times.1).into(),
                };
                fields.insert("updatedAt".to_owned(), updated);
            }
            pipeline
        })
        .collect())
}

fn describe(portal: &Portal, place: usize, (id, label, outcome): Stage) -> Value {
    let (created_ms, updated_ms) = times(portal);
    json!({
        "id": id,
        "label": label,
        "displayOrder": place,
        "metadata": metadata(outcome),
        "archived": false,
        "createdAt": iso(created_ms),
        "updatedAt": iso(updated_ms),
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    })
}

fn metadata(outcome: &str) -> Value {
    match outcome {
        "OPEN" | "CLOSED" => {
            json!({ "ticketState": outcome, "isClosed": (outcome == "CLOSED").to_string() })
        }
        "NOT_STARTED" | "IN_PROGRESS" | "COMPLETED" => {
            json!({ "state": outcome, "isClosed": (outcome == "COMPLETED").to_string() })
        }
        "NEW" | "CONNECTED" | "QUALIFIED" | "UNQUALIFIED" => {
            let closed = outcome == "QUALIFIED" || outcome == "UNQUALIFIED";
            json!({ "leadState": outcome, "isClosed": closed.to_string() })
        }
        _ => {
            let closed = outcome == "1.0" || outcome == "0.0";
            json!({ "probability": outcome, "isClosed": closed.to_string() })
        }
    }
}

/// Returns the pipeline in the path.
pub(crate) fn one(portal: &Portal, params: &Params) -> Result<Value, Answer> {
    let wanted = param(params, 1);
    let found = pipelines(portal, params)?;
    let mut found = found.into_iter().filter(|found| found.get("id") == Some(&wanted.into()));
    found.next().ok_or_else(refusal::not_found)
}

/// Returns the stages of the pipeline in the path.
pub(crate) fn stages(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let found = one(call.portal, call.params)?;
    let stages = found.get("stages").and_then(Value::as_array);
    Ok(stages.cloned().unwrap_or_default())
}

/// Returns the changes of the pipeline in the path.
pub(crate) fn audit(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let Call { portal, params, .. } = *call;
    one(portal, params)?;
    let (created_ms, updated_ms) = times(portal);
    let entry = |action: &str, at_ms: i64| {
        json!({
            "portalId": portal.portal_id(), "identifier": param(params, 1), "action": action,
            "timestamp": iso(at_ms), "fromUserId": 771,
        })
    };
    Ok(vec![entry("UPDATE", updated_ms), entry("CREATE", created_ms)])
}

/// Returns the pipelines of the object type in the path, in the v1 format.
pub(crate) fn list_v1(call: &Call<'_>) -> Result<Vec<Value>, Answer> {
    let Call { portal, params, .. } = *call;
    let store = store_of(portal, params, 0)?;
    let (pipelines, stages) = known(&store.object);
    let (created_ms, updated_ms) = times(portal);
    Ok(pipelines
        .iter()
        .enumerate()
        .map(|(place, (id, label))| {
            let stages: Vec<Value> = stages
                .iter()
                .enumerate()
                .map(|(place, (id, label, outcome))| {
                    json!({
                        "stageId": id, "label": label, "displayOrder": place, "active": true,
                        "createdAt": created_ms, "updatedAt": updated_ms,
                        "metadata": metadata(outcome),
                    })
                })
                .collect();
            json!({
                "pipelineId": id, "label": label, "displayOrder": place, "active": true,
                "default": place == 0, "objectType": store.object.singular.to_uppercase(),
                "objectTypeId": store.object.id, "createdAt": if place == 0 { 0 } else { created_ms },
                "updatedAt": updated_ms, "stages": stages,
            })
        })
        .collect())
}

/// Creation and modification dates of all pipelines.
fn times(portal: &Portal) -> (i64, i64) {
    let day = portal.start_ms - portal.start_ms % 86_400_000;
    (day - 86_400_000 * 1_000, day - 86_400_000 * 40 + 30_600_123)
}
