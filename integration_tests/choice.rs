mod support;
use hubspot_simulator::PortalSpec;
use support::{Stage, few};
#[test]
fn probe() {
    let stage =
        Stage::calm(PortalSpec { contacts: 450, properties: 60, archived_share: 0.1, ..few() });
    stage.simulator.portal(|p| {
        for o in ["contacts", "p4455_boats"] {
            let ids: Vec<_> = p.ids(o).collect();
            println!(
                "{o} {} archived {} ids {:?}",
                ids.len(),
                p.archived_ids(o).count(),
                &ids[..5]
            );
            for n in p.property_names(o) {
                let v: Vec<_> = ids
                    .iter()
                    .take(6)
                    .map(|id| p.value(o, *id, &n).map(|v| v.chars().take(30).collect::<String>()))
                    .collect();
                println!("{n}: {v:?}");
            }
        }
    });
}
