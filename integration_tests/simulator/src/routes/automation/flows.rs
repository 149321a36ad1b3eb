//! Flows of all object types: summaries in lists, full definitions one by one or in batches.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Flow, Portal, guid, iso};
use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::batch::Id;
use crate::routes::collection::Call;
use crate::routes::inputs::{batch_answer, inputs};

const MAX_INPUTS: usize = 100;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "flows.batch_read",
    method: Method::POST,
    paths: &["/automation/v4/flows/batch/read", "/automation/2026-09-beta/flows/batch/read"],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["automation"]),
    handler: Handler::Function(|portal, _, request| batch_read(portal, request)),
}];

/// Returns the flow with an id.
pub(crate) fn find(portal: &Portal, wanted: &str) -> Option<Flow> {
    portal.automation().flows().into_iter().find(|flow| flow.id.to_string() == wanted)
}

/// Returns the summary of a flow.
pub(crate) fn summary(portal: &Portal, flow: &Flow) -> Value {
    let item = &flow.item;
    json!({
        "id": flow.id.to_string(),
        "name": name(flow),
        "flowType": if item.number % 5 == 4 { "ACTION_SET" } else { "WORKFLOW" },
        "isEnabled": flow.enabled,
        "objectTypeId": flow.object_type,
        "revisionId": (item.edits + 1).to_string(),
        "uuid": guid(portal.spec().seed, flow.id),
        "createdAt": iso(item.created_ms),
        "updatedAt": iso(item.updated_ms),
    })
}

/// Returns the full definition of a flow.
pub(crate) fn details(portal: &Portal, flow: &Flow) -> Value {
    let mut full = summary(portal, flow);
    let contact = flow.workflow_id.is_some();
    let more = json!({
        "type": if contact { "CONTACT_FLOW" } else { "PLATFORM_FLOW" },
        "startActionId": "1",
        "nextAvailableActionId": "2",
        "actions": [{
            "type": "SINGLE_CONNECTION", "actionId": "1", "actionTypeId": "0-1",
            "actionTypeVersion": 0, "fields": { "delta": "10", "time_unit": "MINUTES" },
        }],
        "enrollmentCriteria": { "type": "MANUAL", "shouldReEnroll": false },
        "timeWindows": [],
        "blockedDates": [],
        "customProperties": {},
        "dataSources": [],
        "crmObjectCreationStatus": "COMPLETE",
        "description": "What it does",
    });
    if let (Some(fields), Value::Object(more)) = (full.as_object_mut(), more) {
        fields.extend(more);
        if contact {
            fields.insert("canEnrollFromSalesforce".to_owned(), false.into());
            fields.insert("suppressionListIds".to_owned(), json!([]));
        }
    }
    full
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Input {
    flow_id: Id,
    #[serde(rename = "type")]
    kind: String,
}

fn batch_read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let every = portal.settings.flows_leave_out_every;
    let is_shown = |flow: &Flow| every == 0 || flow.item.number % every != every - 1;
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for input in &inputs {
        if input.kind != "FLOW_ID" {
            return Err(refusal::validation(&format!("Invalid input: type {}", input.kind)));
        }
        let id = input.flow_id.text();
        match find(portal, &id).filter(is_shown) {
            Some(flow) => results.push(details(portal, &flow)),
            None => missing.push(id),
        }
    }
    Ok(batch_answer(&results, &missing, "flows", request.now_ms))
}

/// Returns the requested flows that send e-mails: every third contact-based one.
pub(crate) fn sending(call: &Call<'_>) -> Vec<Flow> {
    let wanted: Vec<&str> = call.request.query_list("flowId").collect();
    let sends = |flow: &Flow| {
        let asked = wanted.is_empty() || wanted.contains(&flow.id.to_string().as_str());
        flow.workflow_id.is_some() && flow.item.number.is_multiple_of(3) && asked
    };
    call.portal.automation().flows().into_iter().filter(sends).collect()
}

/// Returns the e-mail campaign of a flow.
pub(crate) fn email_campaign(flow: &Flow) -> Value {
    json!({
        "flowId": flow.id.to_string(),
        "emailCampaignId": (330_011 + flow.item.number * 3).to_string(),
        "emailContentId": (92_300_011 + flow.item.number * 37).to_string(),
    })
}

/// Returns the name of a flow, which both APIs show.
pub(crate) fn name(flow: &Flow) -> String {
    let about = if flow.workflow_id.is_some() { "Welcome" } else { "Follow-up" };
    format!("{about} № {}", flow.item.number)
}
