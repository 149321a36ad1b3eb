//! Tests of workflows in both automation APIs.

use hubspot_simulator::{AccountSpec, Portal, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::{START_MS, apply, get, portal, post, scan, small};

fn workflows(portal: &Portal) -> Vec<Value> {
    let (_, answer) = get(portal, "/automation/v3/workflows");
    answer.get("workflows").and_then(Value::as_array).expect("workflows").clone()
}

#[test]
fn both_interfaces_tell_the_same_under_different_ids() {
    let portal = small();
    let old: Vec<u64> =
        workflows(&portal).iter().map(|workflow| workflow["id"].as_u64().unwrap()).collect();
    assert_eq!(old, portal.workflow_ids());
    for path in ["/automation/v4", "/automation/2026-09-beta"] {
        assert_eq!(scan(&portal, &format!("{path}/flows?limit=4")), portal.flow_ids());
        let inputs: Vec<Value> =
            old.iter().map(|id| json!({"type": "WORKFLOW_ID", "workflowId": id})).collect();
        let url = format!("{path}/workflow-id-mappings/batch/read");
        let (status, mapped) = post(&portal, &url, &json!({ "inputs": inputs }));
        assert_eq!((status, mapped["results"].as_array().unwrap().len()), (200, old.len()));
        for pair in mapped["results"].as_array().unwrap() {
            let flow = get(&portal, &format!("{path}/flows/{}", pair["flowId"])).1;
            assert_eq!(
                (&flow["type"], &flow["objectTypeId"]),
                (&json!("CONTACT_FLOW"), &json!("0-1"))
            );
            assert_ne!(pair["flowId"], pair["workflowId"]);
        }
        let inputs: Vec<Value> = portal
            .flow_ids()
            .into_iter()
            .chain([5])
            .map(|id| json!({"type": "FLOW_ID", "flowId": id.to_string()}))
            .collect();
        let url = format!("{path}/flows/batch/read");
        let (status, read) = post(&portal, &url, &json!({ "inputs": inputs }));
        assert_eq!((status, read["results"].as_array().unwrap().len()), (207, 13));
        assert_eq!(read["errors"][0]["context"]["ids"], json!(["5"]));
        assert_eq!(get(&portal, &format!("{path}/flows/5")).0, 404);
        assert_eq!(get(&portal, &format!("{path}/flows?limit=101")).0, 400);
    }
}

#[test]
fn a_batch_read_may_leave_flows_out() {
    let settings = Settings { flows_leave_out_every: 3, ..Settings::default() };
    let portal = crate::support::portal(PortalSpec::default(), settings);
    let ids = portal.flow_ids();
    let inputs: Vec<Value> =
        ids.iter().map(|id| json!({"type": "FLOW_ID", "flowId": id.to_string()})).collect();
    let url = "/automation/v4/flows/batch/read";
    let (status, read) = post(&portal, url, &json!({ "inputs": inputs }));
    let shown = read["results"].as_array().unwrap().len();
    let left_out = read["errors"][0]["context"]["ids"].as_array().unwrap();
    assert_eq!((status, shown + left_out.len()), (207, ids.len()));
    for id in left_out {
        let url = format!("/automation/v4/flows/{}", id.as_str().unwrap());
        assert_eq!(get(&portal, &url).0, 200);
    }
}

#[test]
fn a_workflow_gets_its_update_date_with_the_first_edit() {
    let mut portal = small();
    let untouched = |portal: &Portal| {
        workflows(portal).iter().filter(|workflow| workflow.get("updatedAt").is_none()).count()
    };
    let before = untouched(&portal);
    assert!(before > 0);
    let all = workflows(&portal);
    let place = all.iter().position(|workflow| workflow.get("updatedAt").is_none()).unwrap();
    let flow = all[place]["migrationStatus"]["flowId"].as_u64().expect("a flow");
    apply(&mut portal, json!({"kind": "edit_flow", "id": flow}), START_MS + 7);
    assert_eq!(untouched(&portal), before - 1);
    let edited = &workflows(&portal)[place];
    assert_eq!(edited["updatedAt"], START_MS + 7);
    assert_ne!(edited["enabled"], all[place]["enabled"]);
    apply(&mut portal, json!({"kind": "create_flow"}), START_MS + 8);
    apply(&mut portal, json!({"kind": "create_flow", "contact_based": false}), START_MS + 8);
    assert_eq!((workflows(&portal).len(), portal.flow_ids().len()), (8, 15));
    apply(&mut portal, json!({"kind": "delete_flow", "id": flow}), START_MS + 9);
    assert_eq!((workflows(&portal).len(), portal.flow_ids().len()), (7, 14));
}

#[test]
fn hundreds_of_flows_take_several_pages() {
    let account = AccountSpec { workflows: 150, flows: 140, ..AccountSpec::default() };
    let portal = portal(PortalSpec { account, ..PortalSpec::default() }, Settings::default());
    assert_eq!(scan(&portal, "/automation/v4/flows?x=1").len(), 290);
    assert_eq!(workflows(&portal).len(), 150);
    assert!(scan(&portal, "/automation/v4/flows?limit=100").is_sorted());
}
