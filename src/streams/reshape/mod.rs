//! Records in the shape their streams have always had, where HubSpot's is another by now.
//!
//! Each function changes the fields of one record, and knows of nothing else.

mod automation;
pub(super) mod events;
mod marketing;
mod pipelines;
pub(super) mod recordings;

pub(super) use automation::workflow;
pub(super) use marketing::{email_campaign, marketing_campaign, subscription_type};
pub(super) use pipelines::deal_pipeline;

use serde_json::{Map, Value};

/// Shows the fields of a nested object at the top as well, as `<name>_<field>`. A name that is
/// taken stays as it is.
fn lift(fields: &mut Map<String, Value>, name: &str) {
    let Some(Value::Object(nested)) = fields.get(name) else { return };
    for (field, value) in nested.clone() {
        fields.entry(format!("{name}_{field}")).or_insert(value);
    }
}

/// Moves a field to another name, or fills that with null.
fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    let value = fields.remove(from).unwrap_or_default();
    fields.insert(to.into(), value);
}

#[cfg(test)]
fn check(reshape: super::spec::Reshape, cases: &[(&str, Value, Value)]) {
    for (case, sent, expected) in cases {
        let mut fields = sent.as_object().unwrap().clone();
        reshape(&mut fields);
        assert_eq!(Value::Object(fields), *expected, "{case}");
    }
}
