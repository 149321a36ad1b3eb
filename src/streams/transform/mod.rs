//! Converts records to the shape that their streams have always had, where the API now returns
//! another one.
//!
//! Each function changes the fields of one record and has no other inputs.

mod automation;
pub(super) mod events;
mod marketing;
mod pipelines;
pub(super) mod recordings;

pub(super) use automation::workflow;
pub(super) use marketing::{email_campaign, marketing_campaign, subscription_type};
pub(super) use pipelines::deal_pipeline;

use serde_json::{Map, Value};

/// Copies the fields of a nested object to the top level, as `<name>_<field>`. Existing fields are
/// not overwritten.
fn lift(fields: &mut Map<String, Value>, name: &str) {
    let Some(Value::Object(nested)) = fields.get(name) else { return };
    for (field, value) in nested.clone() {
        fields.entry(format!("{name}_{field}")).or_insert(value);
    }
}

/// Renames a field; `to` is set to null if `from` is absent.
fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    let value = fields.remove(from).unwrap_or_default();
    fields.insert(to.into(), value);
}

#[cfg(test)]
fn check(transform: super::strategy::Transform, cases: &[(&str, Value, Value)]) {
    for (case, sent, expected) in cases {
        let mut fields = sent.as_object().unwrap().clone();
        transform(&mut fields);
        assert_eq!(Value::Object(fields), *expected, "{case}");
    }
}
