//! Error responses and invalid responses: each affects only the stream it belongs to, and the user
//! sees HubSpot's message.

use std::collections::BTreeSet;

use hubspot_simulator::settings::TokenInfo;
use hubspot_simulator::{Config, Fault, Kind, Records, Settings, Which};
use serde_json::json;

use crate::support::changes::set;
use crate::support::{
    CLIENT_SECRET, Catalog, Mode, Output, Stage, access_to, calm, few, oauth_access,
};

fn literal(code: u16, body: &str) -> Kind {
    Kind::Literal { code, body: body.to_owned() }
}

fn staged(faults: Vec<Fault>) -> Stage {
    Stage::new(Config { faults, ..calm(few()) })
}

/// Returns the warnings and the error messages.
fn said(output: &Output) -> String {
    let errors = output.errors().into_iter().map(|error| error["message"].to_string());
    let warnings = output.warnings().into_iter().map(str::to_owned);
    warnings.chain(errors).collect::<Vec<_>>().join("\n")
}

/// Returns `true` if a request with this response is retried before it fails. In a `read` that
/// takes minutes.
fn is_asked_again(code: u16, body: &str) -> bool {
    match code {
        403 => !body.starts_with('{'),
        200 => !["7", r#"{"results":{}}"#].contains(&body),
        _ => false,
    }
}

/// Unusable responses for one object type, one list or one definition.
const ODD: &[(u16, &str)] = &[
    (400, r#"{"status":"error","message":"odd","category":"VALIDATION_ERROR"}"#),
    (403, r#"{"status":"error","message":"odd"}"#),
    (403, "<html>"),
    (404, r#"{"status":"error","message":"odd"}"#),
    (405, ""),
    (409, "{}"),
    (410, r#"{"status":"error","message":"odd"}"#),
    (418, "[]"),
    (451, r#"{"message":null,"errors":null}"#),
    (200, "{}"),
    (200, "[]"),
    (200, "7"),
    (200, "<html>"),
    (200, r#"{"results":null}"#),
    (200, r#"{"results":{}}"#),
    (200, r#"{"status":"error","message":"odd"}"#),
];

#[test]
fn one_object_type_that_is_not_answered_for_costs_its_streams_alone() {
    for &(code, body) in ODD {
        let path = Which::path("/crm/properties/2026-09/companies");
        let classic = Which::path("/crm/v3/properties/companies");
        let faults = [path, classic].map(|on| Fault::new(on, literal(code, body)));
        let stage = staged(faults.into());
        let output = stage.discover().succeeded();
        let offered = output.offered();
        assert!(!offered.contains(&"companies"), "{code} {body}");
        assert!(offered.contains(&"contacts") && offered.contains(&"boats"), "{code} {body}");
        let is_told = |warning: &&str| warning.contains("`companies`");
        assert!(output.warnings().iter().any(is_told), "{code} {body}: {:?}", output.warnings());
        if body.contains("odd") {
            assert!(said(&output).contains("odd"), "{code} {body}: {}", said(&output));
        }
    }
}

#[test]
fn lists_of_custom_things_that_cannot_be_had_cost_their_streams_alone() {
    for &(code, body) in ODD {
        let lists = ["schemas.list", "event_definitions.list", "object_library.enablement"];
        let faults = lists.map(|list| Fault::new(Which::endpoint(list), literal(code, body)));
        let mut stage = staged(faults.into());
        stage.config["enable_experimental_streams"] = true.into();
        let output = stage.discover().succeeded();
        let offered = output.offered();
        assert!(offered.contains(&"contacts") && !offered.contains(&"boats"), "{code} {body}");
        let check = stage.check().succeeded();
        assert_eq!(check.connection().0, "SUCCEEDED", "{code} {body}");
        if is_asked_again(code, body) {
            continue;
        }
        // A stream that does not depend on them is read; one that does is not reported as unknown.
        let output = stage.read(&Catalog::of(&["boats", "owners"], Mode::Full));
        assert_eq!(output.statuses("owners").last(), Some(&"COMPLETE"), "{code} {body}");
        let is_named = |error: &&serde_json::Value| error["message"].to_string().contains("boats");
        assert!(code == 403 && body.starts_with('{') || output.errors().iter().any(is_named));
        assert!(!said(&output).contains("does not exist in this portal") || code == 403, "{code}");
    }
}

#[test]
fn streams_over_all_object_types_go_on_with_the_next() {
    for &(code, body) in ODD.iter().filter(|(code, body)| !is_asked_again(*code, body)) {
        let faults = ["/crm/properties/2026-09/company", "/crm/v3/properties/company"]
            .map(|path| Fault::new(Which::path(path), literal(code, body)));
        let stage = staged(faults.into());
        let output = stage.read(&Catalog::of(&["properties"], Mode::Full)).succeeded();
        let types = output.records("properties").into_iter().map(|record| &record["objectType"]);
        let types: BTreeSet<_> = types.filter_map(serde_json::Value::as_str).collect();
        let rest = ["contact", "deal", "ticket"];
        assert!(rest.iter().all(|object| types.contains(object)), "{code} {body}: {types:?}");
        assert!(!types.contains("company"), "{code} {body}");
        let is_told = |log: &&str| log.contains("without /company");
        let logs = [output.logs("WARN"), output.logs("INFO")].concat();
        assert!(logs.iter().any(is_told), "{code} {body}: {logs:?}");
    }
}

#[test]
fn labels_of_one_pair_of_types_cost_no_other_pair() {
    for &(code, body) in ODD.iter().filter(|(code, body)| !is_asked_again(*code, body)) {
        let faults = [
            "/crm/associations/2026-09/deals/contacts/labels",
            "/crm/v4/associations/deals/contacts/labels",
        ]
        .map(|path| Fault::new(Which::path(path), literal(code, body)));
        let stage = staged(faults.into());
        let output = stage.read(&Catalog::of(&["association_labels"], Mode::Full)).succeeded();
        let has = |from: &str, to: &str| {
            output
                .records("association_labels")
                .iter()
                .any(|label| label["fromObjectType"] == from && label["toObjectType"] == to)
        };
        assert!(!has("deals", "contacts"), "{code} {body}");
        let others = [("deals", "companies"), ("contacts", "deals"), ("tickets", "contacts")];
        assert!(others.iter().all(|(from, to)| has(from, to)), "{code} {body}");
        let logs = [output.logs("WARN"), output.logs("INFO")].concat();
        let is_named = |log: &&str| log.contains("without /deals/contacts/labels");
        assert!(logs.iter().any(is_named), "{code} {body}: {logs:?}");
    }
}

#[test]
fn where_search_is_refused_the_list_is_read() {
    for (code, body) in [
        (400, r#"{"status":"error","message":"Search is not supported for this object type"}"#),
        (403, r#"{"status":"error","message":"Search is not available"}"#),
        (404, r#"{"status":"error","message":"resource not found"}"#),
        (405, ""),
        (410, "<html>"),
    ] {
        let stage = staged(Vec::new());
        let catalog = Catalog::of(&["companies", "owners"], Mode::Incremental);
        let first = stage.read(&catalog).succeeded();
        stage.simulator.advance(std::time::Duration::from_hours(2));
        let records = Records::Sample { share: 0.3, seed: 5 };
        let change = set("companies", records, "hs_object_source_label", "changed");
        stage.simulator.change(&change);
        stage.simulator.advance(std::time::Duration::from_mins(1));
        let expected =
            stage.read_on(&catalog, &first.state()).succeeded().distinct_ids("companies");
        assert!(expected.len() > 20 && expected.len() < 60, "{}", expected.len());
        stage
            .simulator
            .plant(vec![Fault::new(Which::endpoint("objects.search"), literal(code, body))]);
        let output = stage.read_on(&catalog, &first.state()).succeeded();
        assert_eq!(output.distinct_ids("companies"), expected, "{code}");
        let warned =
            output.warnings().iter().filter(|log| log.contains("refuses the search")).count();
        assert_eq!(warned, 1, "{code}: {:?}", output.warnings());
        stage.simulator.clear_faults();
        let third = stage.read_on(&catalog, &output.state()).succeeded();
        assert!(
            third.records("companies").len() <= expected.len(),
            "{code}: the window is claimed"
        );
    }
}

#[test]
fn an_associated_type_without_scope_costs_its_column_alone() {
    const GRANTED: &[&str] = &["crm.objects.contacts.read", "crm.objects.deals.read", "oauth"];
    for token_info in [TokenInfo::Given, TokenInfo::NotThere] {
        let calm = calm(few());
        let settings = Settings { token_info, ..calm.settings };
        let stage = Stage::new(Config { access: access_to(GRANTED), settings, ..calm });
        let catalog = Catalog::of(&["deals"], Mode::Incremental);
        let first = stage.read(&catalog).succeeded();
        assert_eq!(first.distinct_ids("deals").len(), 110);
        stage.simulator.advance(std::time::Duration::from_hours(2));
        let records = Records::Sample { share: 0.3, seed: 5 };
        let change = set("deals", records, "hs_object_source_label", "changed");
        stage.simulator.change(&change);
        stage.simulator.advance(std::time::Duration::from_mins(1));
        let output = stage.read_on(&catalog, &first.state()).succeeded();
        let found = output.records("deals");
        assert!(found.len() > 20, "{}", found.len());
        for record in found {
            let data = record.as_object().expect("an object");
            assert!(data.contains_key("contacts"), "{data:?}");
            assert!(!data.contains_key("companies") && !data.contains_key("line_items"));
        }
        let warnings = output.warnings();
        for (column, scope) in [
            ("companies", "crm.objects.companies.read"),
            ("line_items", "crm.objects.line_items.read"),
        ] {
            let told = format!("without the column `{column}`, which takes ");
            let scope = format!("{scope}: grant it");
            let is_told = |warning: &&&str| warning.contains(&told) && warning.contains(&scope);
            assert_eq!(warnings.iter().filter(is_told).count(), 1, "{column}: {warnings:?}");
        }
        assert_eq!(warnings.len(), 2, "{warnings:?}");
    }
}

#[test]
fn a_list_that_is_refused_for_an_associated_type_is_read_without_it() {
    let refused = json!({ "status": "error", "category": "MISSING_SCOPES", "errors": [{
        "message": "All of the following scopes are required.",
        "context": { "requiredGranularScopes": ["crm.objects.deals.read", "crm.objects.companies.read"] },
    }] });
    let companies = "associations=companies";
    let stage = staged(vec![Fault::new(
        Which { query: Some(companies.to_owned()), ..Which::endpoint("objects.list") },
        literal(403, &refused.to_string()),
    )]);
    let output = stage.read(&Catalog::of(&["deals"], Mode::Full)).succeeded();
    let found = output.records("deals");
    assert_eq!(found.len(), 110);
    let has = |column: &str| found.iter().filter(|record| record.get(column).is_some()).count();
    assert_eq!((has("companies"), has("contacts"), has("line_items")), (0, 110, 110));
    let warnings = output.warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("without the column `companies`"), "{warnings:?}");
}

#[test]
fn check_and_discover_know_which_columns_records_come_without() {
    let stage = Stage::new(Config {
        access: access_to(&["crm.objects.contacts.read", "oauth"]),
        ..calm(few())
    });
    let output = stage.discover().succeeded();
    let told = "records come without these columns until the token has the scope \
                crm.objects.companies.read: ";
    let warnings = output.warnings();
    let columns = warnings.iter().find_map(|warning| warning.strip_prefix(told));
    assert!(
        columns.is_some_and(|columns| columns.contains("`contacts.companies`")),
        "{warnings:?}"
    );
    let check = stage.check().succeeded();
    let (_, sentence) = check.connection();
    assert!(sentence.contains("columns of associated ids until then"), "{sentence}");
}

#[test]
fn a_403_of_something_else_is_asked_again() {
    for body in ["", "<html>", "error code: 1020", r#"{"message":"Forbidden"}"#, "[]"] {
        let once = Fault::new(Which::nth_of("objects.list", 2), literal(403, body));
        let output = staged(vec![once]).read(&Catalog::of(&["contacts"], Mode::Full)).succeeded();
        assert_eq!(output.distinct_ids("contacts").len(), 230, "{body}");
        let always = Fault::new(Which::endpoint("account.details"), literal(403, body));
        let output = staged(vec![always]).check();
        let (message, kind) = output.error();
        assert!(message.contains("by something other than HubSpot's API"), "{message}");
        assert_eq!(kind, "transient_error");
    }
}

#[test]
fn a_success_that_is_an_error_is_asked_again_and_quoted() {
    const ERROR: &str = r#"{"status":"error","message":"internal trouble","correlationId":"c-9"}"#;
    for body in [
        ERROR,
        "{}",
        r#"{"results":null}"#,
        r#"{"results":[],"status":"error","message":"internal trouble"}"#,
    ] {
        for endpoint in ["objects.list", "objects.search", "owners.list", "properties.list"] {
            let stage = staged(Vec::new());
            let catalog = Catalog::of(&["companies", "owners"], Mode::Incremental);
            let first = stage.read(&catalog).succeeded();
            stage.simulator.plant(vec![Fault::new(Which::nth_of(endpoint, 1), literal(200, body))]);
            let saved = if endpoint == "objects.search" { first.state() } else { json!(null) };
            let output = stage.read_on(&catalog, &saved).succeeded();
            let is_first = endpoint != "objects.search";
            assert!(!is_first || output.ids("companies").len() == 120, "{endpoint} {body}");
            assert!(!is_first || !output.records("owners").is_empty(), "{endpoint} {body}");
        }
    }
    let always = Fault::new(Which::endpoint("account.details"), literal(200, ERROR));
    let output = staged(vec![always]).check();
    let (message, kind) = output.error();
    assert!(message.contains("(its last answer was 200, and said: internal trouble)"), "{message}");
    assert_eq!(kind, "transient_error");
}

#[test]
fn internal_messages_quote_hubspot() {
    let body = r#"{"status":"error","message":"no such luck","category":"LUCK"}"#;
    for code in [400, 405, 409, 410] {
        let fault = Fault::new(Which::endpoint("objects.list"), literal(code, body));
        let output = staged(vec![fault]).read(&Catalog::of(&["deals"], Mode::Full));
        let internal = output.errors()[0]["internal_message"].to_string();
        for part in [&code.to_string(), "LUCK", "correlation id ", "no such luck"] {
            assert!(internal.contains(part), "{code}: {internal}");
        }
    }
}

#[test]
fn an_endpoint_that_is_gone_is_named_with_what_to_do() {
    for (code, body) in [(410, r#"{"message":"This API was sunset"}"#), (404, "<html>"), (405, "")]
    {
        let fault = Fault::new(Which::path("/email/public/v1/events"), literal(code, body));
        let output = staged(vec![fault]).read(&Catalog::of(&["email_events"], Mode::Full));
        let (message, kind) = output.error();
        assert!(message.contains("the endpoint of `email_events` (GET /email/public/v1/events)"));
        assert!(message.ends_with("update the connector, or deselect the stream."), "{message}");
        assert_eq!(kind, "config_error");
    }
}

#[test]
fn a_type_that_is_switched_off_is_called_so() {
    let message = "The object type leads is not enabled for this account";
    let body = json!({ "status": "error", "message": message }).to_string();
    let fault = Fault::new(Which::path("/crm/properties/2026-09/leads"), literal(403, &body));
    let output = staged(vec![fault]).read(&Catalog::of(&["leads"], Mode::Incremental));
    let warning = said(&output);
    assert!(warning.contains("the object type of `leads` is switched off"), "{warning}");
    assert!(!warning.contains("grant it"), "{warning}");
}

#[test]
fn scopes_that_cannot_be_granted_are_quoted() {
    let message = "EXTERNAL auth request is missing required 'workflows-access-public-api' scope.";
    let body = json!({ "status": "error", "message": message, "category": "MISSING_SCOPES" });
    let fault = |body: &serde_json::Value| {
        vec![Fault::new(Which::path("/automation/v3/workflows"), literal(403, &body.to_string()))]
    };
    let output = staged(fault(&body)).read(&Catalog::of(&["workflows"], Mode::Incremental));
    let warning = said(&output);
    assert!(warning.contains(message) && warning.contains("subscription"), "{warning}");
    assert!(!warning.contains("grant it"), "{warning}");
}

#[test]
fn secrets_in_a_refusal_are_not_repeated() {
    let mut stage = Stage::new(Config { access: oauth_access(), ..calm(few()) });
    let secret = CLIENT_SECRET;
    let body = json!({ "status": "error", "message": format!("no: {}", secret.to_uppercase()) });
    stage
        .simulator
        .plant(vec![Fault::new(Which::endpoint("objects.list"), literal(400, &body.to_string()))]);
    stage.set("LOG_LEVEL", "debug");
    let output = stage.read(&Catalog::of(&["deals"], Mode::Full));
    let (message, _) = output.error();
    assert!(message.contains("no: [redacted]"), "{message}");
}
