//! Reads from a [`OpenApiServer`] server, and comparison of the emitted records with the served bodies.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, Utc};
use hubspot_simulator::DEFAULT_TOKEN;
use serde_json::Value;

use super::invariants::Findings;
use super::openapi_server::{Entries, OpenApiServer};
use super::random_json::Variant;
use super::{Bench, Catalog, Mode, Output, token_config};

/// Checks that everything a server with these bodies returns is read.
pub(crate) fn reads_without_loss(variant: Variant, seed: u64, is_classic: bool) {
    let server = OpenApiServer::start(variant, seed, None);
    let (discovered, output) = read_all(&server, is_classic);
    let what = format!("{variant:?}, seed {seed}, classic: {is_classic}");
    let mut findings = Findings::default();
    compare(&server.served(), &discovered, &output, &mut findings);
    for problem in server.problems() {
        findings.add("requests", &format!("no document knows {problem}"));
    }
    assert!(server.served().len() > 150, "{what}: {} entries", server.served().len());
    findings.none();
}

/// Returns the errors of `check`, `discover` and a read of all streams if one optional field in
/// each response is null.
pub(crate) fn harms_of_null(number: usize) -> Vec<String> {
    let server = OpenApiServer::start(Variant::Full, 8, Some(number));
    let (bench, config) = (bench(&server, false), config());
    let mut harms = Vec::new();
    let look = |output: &Output, command: &str, harms: &mut Vec<String>| {
        for error in output.errors() {
            let internal = error["internal_message"].as_str().unwrap_or_default();
            harms.push(format!("field {number}, {command}: {} ({internal})", error["message"]));
        }
        output.errors().is_empty()
    };
    let check = bench.run("check", &[("config", &config)]);
    if look(&check, "check", &mut harms) && check.connection().0 != "SUCCEEDED" {
        harms.push(format!("field {number}, check: {}", check.connection().1));
    }
    let discovered = bench.run("discover", &[("config", &config)]);
    if look(&discovered, "discover", &mut harms) {
        let catalog = Catalog::discovered(&discovered, Mode::Full);
        let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
        look(&output, "read", &mut harms);
    }
    harms
}

fn config() -> Value {
    let mut config = token_config(DEFAULT_TOKEN);
    config["enable_experimental_streams"] = true.into();
    config
}

fn bench(server: &OpenApiServer, is_classic: bool) -> Bench {
    let mut bench = Bench::new(&server.url);
    if is_classic {
        bench.environment.push(("HUBSPOT_API_VERSION", "classic".to_owned()));
    }
    bench
}

fn read_all(server: &OpenApiServer, is_classic: bool) -> (Output, Output) {
    let (bench, config) = (bench(server, is_classic), config());
    let discovered = bench.run("discover", &[("config", &config)]);
    assert_eq!(discovered.errors(), Vec::<&Value>::new());
    let catalog = Catalog::discovered(&discovered, Mode::Full);
    let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
    (discovered, output)
}

/// Checks that every entry has a record with all fields that its stream has a column for.
fn compare(served: &Entries, discovered: &Output, output: &Output, findings: &mut Findings) {
    let streams = discovered.catalog()["streams"].as_array().expect("streams");
    let schemas: BTreeMap<&str, &Value> = streams
        .iter()
        .map(|stream| (stream["name"].as_str().expect("a name"), &stream["json_schema"]))
        .collect();
    for name in schemas.keys() {
        let statuses = output.statuses(name);
        findings.check(statuses.last() == Some(&"COMPLETE"), name, || format!("{statuses:?}"));
    }
    for error in output.errors() {
        findings.add("errors", &error["message"].to_string());
    }
    let mut records: BTreeMap<String, Vec<(&str, &Value)>> = BTreeMap::new();
    for record in output.lines.iter().map(|line| &line["record"]).filter(|one| one.is_object()) {
        let stream = record["stream"].as_str().expect("a stream");
        for key in ["id", "listId", "recordId", "name", "pipelineId", "typeId"] {
            let mark = match &record["data"][key] {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => continue,
            };
            records.entry(mark).or_default().push((stream, &record["data"]));
        }
    }
    for (mark, entry) in served {
        let Some(found) = records.get(mark) else {
            findings.add(&entry.of, &format!("{mark} has no record: {}", entry.body));
            continue;
        };
        for (stream, record) in found {
            let columns = schemas[stream]["properties"].as_object().expect("columns");
            for (name, value) in entry.body.as_object().expect("an object") {
                let Some(column) = columns.get(name) else { continue };
                same(column, value, &record[name], &format!("{name} of {mark}"), stream, findings);
            }
        }
    }
}

/// Checks that a value was emitted as served, except for the type of its column.
fn same(
    column: &Value,
    served: &Value,
    found: &Value,
    place: &str,
    stream: &str,
    findings: &mut Findings,
) {
    let fits = match (served, found) {
        (Value::Null, found) => {
            found.is_null() || place.contains("updatedAt") || place.contains("businessUnitId")
        }
        (Value::Object(fields), Value::Object(_)) => {
            let columns = &column["properties"];
            for (name, value) in fields {
                // Nested fields that are not in the schema may be omitted.
                if found.get(name).is_some() || !columns[name].is_null() {
                    same(
                        &columns[name],
                        value,
                        &found[name],
                        &format!("{place}.{name}"),
                        stream,
                        findings,
                    );
                }
            }
            true
        }
        (Value::Array(served), Value::Array(found)) => {
            for (served, found) in served.iter().zip(found) {
                same(&column["items"], served, found, &format!("{place}[]"), stream, findings);
            }
            served.len() == found.len()
        }
        (Value::String(text), Value::Null) => text.is_empty(),
        (Value::String(text), found) => is_text(text, found),
        (served, Value::String(text)) => {
            serde_json::from_str(text).is_ok_and(|found: Value| found == *served)
        }
        (Value::Number(served), Value::Number(found)) => {
            served.to_string() == found.to_string() || served.as_f64() == found.as_f64()
        }
        (served, found) => served == found,
    };
    findings.check(fits, stream, || format!("{place}: {served} became {found}"));
}

fn is_text(served: &str, found: &Value) -> bool {
    // The precision of records is microseconds.
    let instant = |text: &str| {
        let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
        Some(instant.trunc_subsecs(6))
    };
    match found {
        Value::String(found) => {
            served == found || instant(served).is_some_and(|served| Some(served) == instant(found))
        }
        Value::Number(found) => {
            let as_ms = |instant: DateTime<Utc>| instant.timestamp_millis();
            served == found.to_string()
                || served.parse::<f64>().ok().is_some_and(|served| Some(served) == found.as_f64())
                || instant(served).map(as_ms) == found.as_i64()
        }
        Value::Bool(found) => served == found.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
