//! Flows of all object types: summaries in lists, full definitions one by one or in batches.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{automation_scopes, name};
use crate::message::{Answer, Request};
use crate::portal::{Flow, Portal, guid, iso};
use crate::refusal;
use crate::route::{Bucket, Route};
use crate::routes::batch::Id;
use crate::routes::inputs::inputs;
use crate::routes::paging::{by_offset, limit};
use crate::routes::param;

const DEFAULT_LIMIT: usize = 100;
const MOST_INPUTS: usize = 100;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "flows.list",
        method: Method::GET,
        paths: &["/automation/v4/flows", "/automation/2026-09-beta/flows"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "flows.get",
        method: Method::GET,
        paths: &["/automation/v4/flows/{}", "/automation/2026-09-beta/flows/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, params, _| {
            let wanted = param(params, 0);
            find(portal, wanted).map_or_else(refusal::not_found, |flow| {
                Answer::json(200, in_full(portal, &flow).to_string())
            })
        },
    },
    Route {
        name: "flows.batch_read",
        method: Method::POST,
        paths: &["/automation/v4/flows/batch/read", "/automation/2026-09-beta/flows/batch/read"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, _, request| batch_read(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "flows.email_campaigns",
        method: Method::GET,
        paths: &[
            "/automation/v4/flows/email-campaigns",
            "/automation/2026-09-beta/flows/email-campaigns",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: automation_scopes,
        handle: |portal, _, request| {
            email_campaigns(portal, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    by_offset(request, &portal.automation().flows(), limit, false, |flow| in_short(portal, flow))
}

fn find(portal: &Portal, wanted: &str) -> Option<Flow> {
    portal.automation().flows().into_iter().find(|flow| flow.id.to_string() == wanted)
}

fn in_short(portal: &Portal, flow: &Flow) -> Value {
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

fn in_full(portal: &Portal, flow: &Flow) -> Value {
    let mut full = in_short(portal, flow);
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
    let inputs: Vec<Input> = inputs(request, MOST_INPUTS)?;
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
            Some(flow) => results.push(in_full(portal, &flow)),
            None => missing.push(id),
        }
    }
    Ok(batch_answer(&results, &missing, request.now_ms))
}

/// Returns a batch response, with status 207 if an input was not found.
pub(super) fn batch_answer(results: &[Value], missing: &[String], now_ms: i64) -> Answer {
    let mut answer = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(now_ms),
        "completedAt": iso(now_ms + 12),
    });
    if missing.is_empty() {
        return Answer::json(200, answer.to_string());
    }
    if let Some(fields) = answer.as_object_mut() {
        let errors = json!([{
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": "Some flows do not exist.", "context": { "ids": missing },
        }]);
        fields.insert("numErrors".to_owned(), 1.into());
        fields.insert("errors".to_owned(), errors);
    }
    Answer::json(207, answer.to_string())
}

/// Returns the e-mail campaigns of flows: every third contact-based flow has one.
fn email_campaigns(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let wanted: Vec<&str> = request.query_list("flowId").collect();
    let sends = |flow: &Flow| {
        let asked = wanted.is_empty() || wanted.contains(&flow.id.to_string().as_str());
        flow.workflow_id.is_some() && flow.item.number.is_multiple_of(3) && asked
    };
    let flows: Vec<Flow> = portal.automation().flows().into_iter().filter(sends).collect();
    by_offset(request, &flows, limit, false, |flow| {
        json!({
            "flowId": flow.id.to_string(),
            "emailCampaignId": (330_011 + flow.item.number * 3).to_string(),
            "emailContentId": (92_300_011 + flow.item.number * 37).to_string(),
        })
    })
}
