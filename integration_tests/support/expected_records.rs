//! Comparison of records with the actual contents of the portal.

use chrono::DateTime;
use hubspot_simulator::Simulator;
use serde_json::Value;

use super::output::id;

/// Checks every property of records of an object type against the portal: its value inside
/// `properties` and flattened, converted to the type in the stream's schema. Returns the number of
/// values compared.
pub(crate) fn check_properties(
    simulator: &Simulator,
    object: &str,
    schema: &Value,
    records: &[&Value],
) -> usize {
    let names = simulator.portal(|portal| portal.property_names(object));
    assert!(!names.is_empty(), "{object} has properties");
    let mut values = 0;
    for record in records {
        let id = id(record);
        for name in &names {
            let raw = simulator.portal(|portal| portal.value(object, id, name));
            let column = &schema["properties"]["properties"]["properties"][name];
            let nested = &record["properties"][name];
            check_value(column, raw.as_deref(), nested, &format!("{object} {id} {name}"));
            let flat = record.get(format!("properties_{name}"));
            assert_eq!(flat.unwrap_or(&Value::Null), nested, "{object} {id} {name}, flat");
            values += usize::from(!nested.is_null());
        }
    }
    values
}

fn check_value(column: &Value, raw: Option<&str>, found: &Value, what: &str) {
    let declared = column["type"][1].as_str().unwrap_or_else(|| panic!("{what}: no column"));
    let format = column["format"].as_str();
    let Some(raw) = raw.filter(|raw| !raw.is_empty() || declared == "string" && format.is_none())
    else {
        assert_eq!(found, &Value::Null, "{what}");
        return;
    };
    let fits = match (declared, format) {
        ("string", None) => found == raw,
        ("string", Some("date")) => found.as_str() == raw.get(..10),
        ("string", Some("date-time")) => {
            let instant = |text| DateTime::parse_from_rfc3339(text).ok();
            instant(raw).is_some() && found.as_str().and_then(instant) == instant(raw)
        }
        ("boolean", _) => found.as_bool().map(|found| found.to_string()).as_deref() == Some(raw),
        // Integers are exact, whatever their length.
        ("number", _) if raw.bytes().all(|byte| byte.is_ascii_digit()) => {
            found.as_i64().map(|found| found.to_string()).as_deref() == Some(raw)
        }
        ("number", _) => found.as_f64().is_some() && found.as_f64() == raw.parse().ok(),
        _ => panic!("{what}: a column of type {column}"),
    };
    assert!(fits, "{what}: {raw:?} became {found} in a column of {column}");
}

/// Checks the associated ids of records of an object type. Returns the largest number of ids in one
/// record.
pub(crate) fn check_associations(
    simulator: &Simulator,
    object: &str,
    to: &str,
    records: &[&Value],
) -> usize {
    let mut most = 0;
    for record in records {
        let id = id(record);
        let expected = simulator.portal(|portal| portal.associations(object, id, to));
        let expected: Vec<_> = expected.iter().map(u64::to_string).collect();
        assert_eq!(record[to], Value::from(expected.as_slice()), "{to} of {object} {id}");
        most = most.max(expected.len());
    }
    most
}

/// Returns the ids of the live records of an object type, ascending.
pub(crate) fn live_ids(simulator: &Simulator, object: &str) -> Vec<u64> {
    simulator.portal(|portal| portal.ids(object).collect())
}
