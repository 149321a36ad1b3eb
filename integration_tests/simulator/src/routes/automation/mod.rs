//! Workflows: the older API with only the contact-based ones, and the newer API.

mod flows;
mod mappings;

use http::Method;
use serde_json::{Value, json};

use crate::message::Answer;
use crate::portal::{Flow, Portal};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::{any_of, param};

pub(crate) use flows::ROUTES as FLOWS;
pub(crate) use mappings::ROUTES as MAPPINGS;

pub(crate) static WORKFLOWS: &[Route] = &[
    Route {
        name: "workflows.list",
        method: Method::GET,
        paths: &["/automation/v3/workflows"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, _, _| {
            let all: Vec<Value> = workflows(portal).map(|(id, flow)| workflow(id, &flow)).collect();
            Answer::json(200, json!({ "workflows": all }).to_string())
        },
    },
    Route {
        name: "workflows.get",
        method: Method::GET,
        paths: &["/automation/v3/workflows/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, params, _| {
            let wanted = param(params, 0);
            let found = workflows(portal).find(|(id, _)| id.to_string() == wanted);
            found.map_or_else(refusal::not_found, |(id, flow)| {
                Answer::json(200, workflow(id, &flow).to_string())
            })
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn automation_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["automation"]))
}

/// Returns the contact-based flows with their ids in the older API.
fn workflows(portal: &Portal) -> impl Iterator<Item = (u64, Flow)> {
    let flows = portal.automation().flows().into_iter();
    flows.filter_map(|flow| Some((flow.workflow_id?, flow)))
}

fn workflow(id: u64, flow: &Flow) -> Value {
    let item = &flow.item;
    let lists = 11 + item.number * 10;
    let mut workflow = json!({
        "id": id,
        "name": name(flow),
        "type": if item.number % 4 == 3 { "PROPERTY_ANCHOR" } else { "DRIP_DELAY" },
        "enabled": flow.enabled,
        "insertedAt": item.created_ms,
        "contactListIds": {
            "enrolled": lists,
            "active": lists + 1,
            "completed": lists + 2,
            "succeeded": lists + 3,
            "steps": [],
        },
        "contactCounts": { "active": item.number * 3, "enrolled": item.number * 40 },
        "personaTagIds": [],
        "description": "",
        "originalAuthorUserId": 771,
        "creationSource": {
            "createdAt": item.created_ms,
            "sourceApplication": { "source": "WORKFLOWS_APP", "serviceName": "workflows" },
        },
        "migrationStatus": {
            "portalId": 0,
            "workflowId": id,
            "flowId": flow.id,
            "migrationStatus": "EXECUTION_MIGRATED",
            "platformOwnsActions": true,
        },
    });
    // HubSpot: a workflow that was never edited has no `updatedAt`.
    if item.edits > 0
        && let Some(fields) = workflow.as_object_mut()
    {
        fields.insert("updatedAt".to_owned(), item.updated_ms.into());
        fields.insert("lastUpdatedByUserId".to_owned(), 771.into());
    }
    workflow
}

fn name(flow: &Flow) -> String {
    let about = if flow.workflow_id.is_some() { "Welcome" } else { "Follow-up" };
    format!("{about} № {}", flow.item.number)
}
