//! Workflows in the older API, which only shows the contact-based ones.

use serde_json::{Value, json};

use crate::portal::{Flow, Portal};
use crate::routes::automation::flows::name;

/// Returns the contact-based flows with their ids in the older API.
pub(crate) fn workflows(portal: &Portal) -> impl Iterator<Item = (u64, Flow)> {
    let flows = portal.automation().flows().into_iter();
    flows.filter_map(|flow| Some((flow.workflow_id?, flow)))
}

pub(crate) fn workflow(id: u64, flow: &Flow) -> Value {
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
