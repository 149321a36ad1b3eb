//! Shared code of the tests of streams that are lists.

use hubspot_simulator::{AccountSpec, Entry, MarketingSpec, PortalSpec};
use serde_json::Value;

use super::{Catalog, Output};

/// Streams with a modification date, and the field that holds it.
pub(crate) const DATED: &[(&str, &str)] = &[
    ("campaigns", "lastUpdatedTime"),
    ("contact_lists", "updatedAt"),
    ("currencies", "updatedAt"),
    ("deal_pipelines", "updatedAt"),
    ("engagements_task_pipelines", "updatedAt"),
    ("event_definitions", "updatedAt"),
    ("flows", "updatedAt"),
    ("forms", "updatedAt"),
    ("lead_pipelines", "updatedAt"),
    ("login_history", "loginAt"),
    ("marketing_campaigns", "updatedAt"),
    ("marketing_emails", "updatedAt"),
    ("workflows", "updatedAt"),
];
/// The other streams that always have records in these portals.
pub(crate) const UNDATED: &[&str] =
    &["association_labels", "email_subscriptions", "properties", "roles", "teams", "users"];

/// Returns a portal with more than one page of everything.
pub(crate) fn several_pages() -> PortalSpec {
    PortalSpec {
        contacts: 60,
        companies: 20,
        deals: 20,
        tickets: 10,
        owners: 130,
        properties: 0,
        account: AccountSpec {
            workflows: 90,
            flows: 40,
            event_definitions: 130,
            currencies: vec!["GBP".into(), "USD".into()],
            exchange_rates: 70,
            ..AccountSpec::default()
        },
        marketing: MarketingSpec {
            lists: 520,
            largest_list: 40,
            forms: 230,
            form_submissions: 1,
            busiest_form: 1,
            marketing_emails: 230,
            marketing_campaigns: 120,
            email_campaigns: 510,
            ..MarketingSpec::default()
        },
        ..PortalSpec::default()
    }
}

/// Returns a portal with a few records of everything.
pub(crate) fn little() -> PortalSpec {
    PortalSpec { contacts: 40, companies: 20, deals: 20, tickets: 10, ..PortalSpec::default() }
}

pub(crate) fn names() -> Vec<&'static str> {
    DATED.iter().map(|(name, _)| *name).chain(UNDATED.iter().copied()).collect()
}

/// Returns the records of a stream, except workflows that were never edited, which are emitted by
/// every sync.
pub(crate) fn changed<'a>(output: &'a Output, stream: &str) -> Vec<&'a Value> {
    let records = output.records(stream).into_iter();
    records
        .filter(|record| stream != "workflows" || record["updatedAt"] != record["insertedAt"])
        .collect()
}

/// Returns a column of a stream's records as text, in order.
pub(crate) fn column(output: &Output, stream: &str, column: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    output.records(stream).iter().map(|record| text(&record[column])).collect()
}

/// Returns a column as text, sorted.
pub(crate) fn sorted(output: &Output, stream: &str, name: &str) -> Vec<String> {
    let mut found = column(output, stream, name);
    found.sort();
    found
}

pub(crate) fn texts<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut ids: Vec<_> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.sort();
    ids
}

/// Returns the queries of the journal's requests to an endpoint.
pub(crate) fn asked<'a>(journal: &'a [Entry], endpoint: &str) -> Vec<&'a str> {
    let entries = journal.iter().filter(|entry| entry.endpoint == endpoint);
    entries.map(|entry| entry.query.as_str()).collect()
}

/// Checks that every record is valid for the schema that `discover` returned.
pub(crate) fn check_schemas(catalog: &Catalog, output: &Output) {
    for configured in catalog.json()["streams"].as_array().expect("streams") {
        let stream = &configured["stream"];
        let name = stream["name"].as_str().expect("a name");
        let schema = jsonschema::validator_for(&stream["json_schema"]).expect(name);
        for record in output.records(name) {
            let problem = schema.iter_errors(record).next().map(|error| error.to_string());
            assert_eq!(problem, None, "{name}: {record}");
        }
    }
}
