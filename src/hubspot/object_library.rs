//! Standard object types that are enabled in an account.

use std::collections::HashMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::api::Api;
use super::endpoint::Endpoint;
use super::tolerant::null_as_default;
use crate::error::Error;
use crate::http::DecodeError;

/// Type ids of HubSpot's standard object types, by their name in paths.
///
/// <https://developers.hubspot.com/docs/guides/crm/understanding-the-crm>, read 2026-11.
const OBJECT_TYPES: &[(&str, &str)] = &[
    ("appointments", "0-421"),
    ("calls", "0-48"),
    ("carts", "0-142"),
    ("commerce_payments", "0-101"),
    ("communications", "0-18"),
    ("companies", "0-2"),
    ("contacts", "0-1"),
    ("courses", "0-410"),
    ("deals", "0-3"),
    ("discounts", "0-84"),
    ("emails", "0-49"),
    ("feedback_submissions", "0-19"),
    ("fees", "0-85"),
    ("goal_targets", "0-74"),
    ("invoices", "0-53"),
    ("leads", "0-136"),
    ("line_items", "0-8"),
    ("listings", "0-420"),
    ("marketing_events", "0-54"),
    ("meetings", "0-47"),
    ("notes", "0-46"),
    ("orders", "0-123"),
    ("postal_mail", "0-116"),
    ("products", "0-7"),
    ("projects", "0-970"),
    ("quotes", "0-14"),
    ("services", "0-162"),
    ("subscriptions", "0-69"),
    ("tasks", "0-27"),
    ("taxes", "0-86"),
    ("tickets", "0-5"),
    ("users", "0-115"),
];

/// The object types enabled in the account, as far as it reports them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectLibrary {
    #[serde(default, deserialize_with = "null_as_default")]
    enablement_by_object_type_id: HashMap<String, Value>,
}

impl ObjectLibrary {
    /// Returns `true` if the account has disabled this object type. Types missing from the response
    /// count as enabled.
    pub fn is_disabled(&self, object: &str) -> bool {
        let row = OBJECT_TYPES.iter().find(|(name, _)| *name == object);
        let is_enabled = row.and_then(|(_, id)| self.enablement_by_object_type_id.get(*id));
        is_enabled == Some(&Value::Bool(false))
    }
}

/// Requests the object types of the account.
pub async fn object_library(api: Api<'_>) -> Result<ObjectLibrary, Error> {
    api.get(Endpoint::OBJECT_LIBRARY, "/enablement", decode).await
}

pub(super) fn decode(body: &Bytes) -> Result<ObjectLibrary, DecodeError> {
    Ok(serde_json::from_slice(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_to_be_off_is_lacking() {
        let body =
            r#"{"enablementByObjectTypeId":{"0-136":false,"0-162":true,"0-410":null,"0-8":"no"}}"#;
        let library = decode(&Bytes::from_static(body.as_bytes())).unwrap();
        for (object, expected) in
            [("leads", true), ("services", false), ("deals", false), ("p4455_boats", false)]
        {
            assert_eq!(library.is_disabled(object), expected, "{object}");
        }
        assert!(!decode(&Bytes::from_static(b"{}")).unwrap().is_disabled("leads"));
    }

    #[test]
    fn no_name_and_no_id_is_given_twice() {
        assert!(OBJECT_TYPES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        let ids: std::collections::HashSet<_> = OBJECT_TYPES.iter().map(|(_, id)| id).collect();
        assert_eq!(ids.len(), OBJECT_TYPES.len());
    }
}
