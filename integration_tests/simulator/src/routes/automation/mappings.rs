//! Mapping between workflow ids of the older API and flow ids of the newer one.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::message::{Answer, Request};
use crate::portal::Portal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::batch::Id;
use crate::routes::inputs::{batch_answer, inputs};

const MAX_INPUTS: usize = 100;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "flows.id_mappings",
    method: Method::POST,
    paths: &[
        "/automation/v4/workflow-id-mappings/batch/read",
        "/automation/2026-09-beta/workflow-id-mappings/batch/read",
    ],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["automation"]),
    handler: Handler::Function(|portal, _, request| read(portal, request)),
}];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "type", rename_all_fields = "camelCase")]
enum Input {
    #[serde(rename = "FLOW_ID")]
    Flow { flow_id: Id },
    #[serde(rename = "WORKFLOW_ID")]
    Workflow { workflow_id: Id },
}

fn read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let flows = portal.automation().flows();
    let mut results = Vec::new();
    let mut missing = Vec::new();
    for input in &inputs {
        let (text, by_flow) = match input {
            Input::Flow { flow_id } => (flow_id.text(), true),
            Input::Workflow { workflow_id } => (workflow_id.text(), false),
        };
        let mut mapped = flows.iter().filter_map(|flow| Some((flow.id, flow.workflow_id?)));
        let found = mapped.find(|(flow_id, workflow_id)| {
            text == if by_flow { flow_id.to_string() } else { workflow_id.to_string() }
        });
        match found {
            Some((flow_id, workflow_id)) => {
                results.push(json!({ "flowId": flow_id, "workflowId": workflow_id }));
            }
            None => missing.push(text),
        }
    }
    Ok(batch_answer(&results, &missing, "flows", request.now_ms))
}
