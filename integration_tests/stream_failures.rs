//! A failure affects only its own stream and is reported.

use hubspot_simulator::{AccountSpec, Config, Fault, Kind, Policy, PortalSpec, Which};
use serde_json::json;

use crate::support::expected_records::live_ids;
use crate::support::{Catalog, Mode, Stage, access_to, calm, few};

const NO_DEALS: &[&str] = &[
    "oauth",
    "crm.objects.companies.read",
    "crm.objects.contacts.read",
    "crm.objects.custom.read",
    "crm.objects.owners.read",
    "crm.schemas.custom.read",
    "tickets",
];
const MISSING: &str = "he token may not read `deals`: grant it the scope crm.objects.deals.read \
                       in HubSpot under Settings > Integrations > Private Apps or Service Keys \
                       (an OAuth app: in its own settings, then authenticate again), then run \
                       again";

fn without_deals() -> Stage {
    Stage::new(Config { access: access_to(NO_DEALS), ..calm(few()) })
}

#[test]
fn q02_a_stream_without_its_scope_is_skipped_with_a_warning() {
    let stage = without_deals();
    for mode in [Mode::Full, Mode::Incremental] {
        let output = stage.read(&Catalog::of(&["companies", "deals", "owners"], mode));
        assert_eq!((output.errors().len(), output.code), (0, Some(0)));
        assert_eq!(output.statuses("deals"), ["STARTED", "INCOMPLETE"]);
        assert_eq!(output.warnings(), [format!("`deals` is skipped: t{MISSING}")]);
        assert_eq!(output.ids("companies"), live_ids(&stage.simulator, "companies"));
        assert_eq!(output.statuses("owners").last(), Some(&"COMPLETE"));
    }
}

#[test]
fn where_a_success_would_empty_the_table_the_run_fails() {
    let stage = without_deals();
    let catalog = Catalog::of(&["companies", "deals"], Mode::Full);
    let overwrite = catalog.clone().with("destination_sync_mode", &json!("overwrite"));
    let refresh = catalog
        .with("generation_id", &json!(3))
        .with("minimum_generation_id", &json!(3))
        .with("sync_id", &json!(7));
    for catalog in [overwrite, refresh] {
        let output = stage.read(&catalog);
        let expected = format!("T{MISSING}.");
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
        assert_eq!(output.errors()[0]["stream_descriptor"], json!({ "name": "deals" }));
        assert_eq!(output.statuses("deals"), ["STARTED", "INCOMPLETE"]);
        assert_eq!(output.statuses("companies").last(), Some(&"COMPLETE"));
        assert_eq!(output.ids("companies").len(), 120);
    }
}

#[test]
fn q01_a_refused_property_list_leaves_out_its_streams_alone() {
    let output = without_deals().discover().succeeded();
    let names = output.offered();
    for (name, expected) in [
        ("boats", true),
        ("companies", true),
        ("deals", false),
        ("deals_archived", false),
        ("owners", true),
        ("tickets_archived", true),
    ] {
        assert_eq!(names.contains(&name), expected, "{name}");
    }
}

#[test]
fn discover_leaves_out_object_types_that_are_switched_off() {
    let account =
        AccountSpec { disabled_objects: vec!["0-136".to_owned()], ..AccountSpec::default() };
    let stage = Stage::calm(PortalSpec { account, ..few() });
    let output = stage.discover().succeeded();
    let names = output.offered();
    assert!(!names.iter().any(|name| name.starts_with("leads")), "{names:?}");
    assert!(names.contains(&"services"), "{names:?}");
    let said = output.logs("INFO").into_iter().filter(|line| line.contains("switched")).count();
    assert_eq!(said, 1, "one line for all of them");
    assert_eq!(stage.simulator.summary().endpoints["object_library.enablement"].requests, 1);
}

#[test]
fn without_the_object_library_everything_is_offered() {
    let library = Which::endpoint("object_library.enablement");
    let faults = vec![Fault::new(library, Kind::Gone { code: 404 })];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let output = stage.discover().succeeded();
    assert!(output.offered().contains(&"leads"));
}

#[test]
fn q18_the_properties_of_an_object_type_are_listed_once_a_run() {
    let stage = Stage::calm(few());
    let streams = ["deals", "deals_archived", "contacts", "contacts_archived"];
    stage.read(&Catalog::of(&streams, Mode::Full)).succeeded();
    assert_eq!(stage.simulator.summary().endpoints["properties.list"].requests, 2);
}

#[test]
fn a_broken_stream_harms_no_other() {
    let gone = |path: &str| Fault::new(Which::path(path), Kind::Gone { code: 404 });
    let faults = vec![gone("/crm/owners/2026-09"), gone("/crm/v3/owners")];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let catalog = Catalog::of(&["companies", "contacts", "deals_archived", "owners"], Mode::Full);
    let output = stage.read(&catalog);
    let expected = "HubSpot does not offer the endpoint of `owners` (GET /crm/v3/owners), or has \
                    removed it; update the connector, or deselect the stream.";
    assert_eq!((output.error(), output.code), ((expected, "config_error"), Some(1)));
    for name in catalog.names() {
        let last = if name == "owners" { "INCOMPLETE" } else { "COMPLETE" };
        assert_eq!(output.statuses(name).last(), Some(&last), "{name}");
    }
    assert_eq!(output.ids("contacts"), live_ids(&stage.simulator, "contacts"));
    assert!(output.states("owners").is_empty(), "nothing is claimed for it");
}

#[test]
fn a_day_that_is_used_up_ends_the_run_to_be_continued() {
    let kind = Kind::RateLimited { policy: Policy::Daily, retry_after_s: None };
    let faults = vec![Fault::new(Which::nth_of("objects.list", 4), kind)];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let output = stage.read(&Catalog::of(&["contacts", "deals"], Mode::Full));
    let expected = "The HubSpot account has used up its requests for today; run the sync after \
                    midnight in the account's time zone, and it resumes where it stopped.";
    assert_eq!((output.error(), output.code), ((expected, "transient_error"), Some(1)));
    // Whichever stream requested the fourth page.
    let is_stopped = |name: &&str| output.statuses(name).ends_with(&["INCOMPLETE"]);
    assert!(["contacts", "deals"].iter().any(is_stopped));
}

#[test]
fn a_missing_scope_harms_the_stream_alone() {
    let config = Config { access: access_to(&["oauth", "content"]), ..calm(few()) };
    let stage = Stage::new(config);
    let streams = ["email_events", "form_submissions", "list_memberships", "engagements"];
    let output = stage.read(&Catalog::of(&streams, Mode::Incremental));
    assert_eq!(output.statuses("email_events").last(), Some(&"COMPLETE"));
    for (stream, scope) in [("form_submissions", "forms"), ("list_memberships", "crm.lists.read")] {
        assert_eq!(output.statuses(stream).last(), Some(&"INCOMPLETE"), "{stream}");
        let said = output
            .warnings()
            .iter()
            .any(|warning| warning.contains(&format!("`{stream}`")) && warning.contains(scope));
        assert!(said, "{:?}", output.warnings());
    }
    assert_eq!(output.code, Some(0));
}
