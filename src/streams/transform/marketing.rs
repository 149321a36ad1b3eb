//! E-mail campaigns, marketing campaigns and subscription types.

use serde_json::{Map, Value};

use super::{lift, rename};

/// Adds flattened copies of the counters.
pub(in crate::streams) fn email_campaign(fields: &mut Map<String, Value>) {
    lift(fields, "counters");
}

/// Adds flattened copies of the properties, as in CRM records.
pub(in crate::streams) fn marketing_campaign(fields: &mut Map<String, Value>) {
    lift(fields, "properties");
}

/// Converts a subscription type from the current API to the shape of the first version. Fields that
/// the current API lacks are null. Records already in the old shape are unchanged.
pub(in crate::streams) fn subscription_type(fields: &mut Map<String, Value>) {
    if !fields.contains_key("isActive") {
        return;
    }
    for (from, to) in [
        ("isActive", "active"),
        ("isInternal", "internal"),
        ("purpose", "category"),
        ("communicationMethod", "channel"),
        ("", "internalName"),
        ("", "order"),
        ("", "portalId"),
    ] {
        rename(fields, from, to);
    }
    for field in ["isDefault", "createdAt", "updatedAt", "subscriptionTranslations"] {
        fields.remove(field);
    }
    // Subscription types of the account itself belong to business unit 0.
    fields.entry("businessUnitId").or_insert_with(|| 0.into());
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;
    use serde_json::json;

    #[test]
    fn counters_and_properties_are_flat_as_well() {
        check(
            email_campaign,
            &[
                (
                    "with counters",
                    json!({ "id": 1, "counters": { "open": 2 } }),
                    json!({ "id": 1, "counters": { "open": 2 }, "counters_open": 2 }),
                ),
                ("without", json!({ "id": 1 }), json!({ "id": 1 })),
            ],
        );
        check(
            marketing_campaign,
            &[(
                "a campaign",
                json!({ "properties": { "hs_name": "Launch" } }),
                json!({ "properties": { "hs_name": "Launch" }, "properties_hs_name": "Launch" }),
            )],
        );
    }

    #[test]
    fn q34_only_the_clashing_key_is_left_out() {
        check(
            email_campaign,
            &[(
                "a name that is taken",
                json!({ "counters_open": "taken", "counters": { "open": 2, "sent": 3 } }),
                json!({ "counters_open": "taken", "counters": { "open": 2, "sent": 3 },
                    "counters_sent": 3 }),
            )],
        );
    }

    #[test]
    fn subscription_types_keep_their_first_shape() {
        let first = json!({ "id": 41, "portalId": 4455, "name": "News", "active": true, "order": 3,
            "internal": false, "internalName": "news", "category": "Marketing",
            "channel": "Email", "businessUnitId": 0 });
        check(
            subscription_type,
            &[
                (
                    "of the account",
                    json!({ "id": "41", "name": "News", "description": "", "purpose": "Marketing",
                        "communicationMethod": "Email", "isActive": true, "isDefault": false,
                        "isInternal": false, "createdAt": "2024-01-01T00:00:00Z",
                        "updatedAt": "2024-01-01T00:00:00Z" }),
                    json!({ "id": "41", "name": "News", "description": "", "category": "Marketing",
                        "channel": "Email", "active": true, "internal": false,
                        "internalName": null, "order": null, "portalId": null,
                        "businessUnitId": 0 }),
                ),
                (
                    "of a business unit",
                    json!({ "id": "48", "isActive": false, "isInternal": true, "purpose": "Sales",
                        "communicationMethod": "Email", "businessUnitId": 17 }),
                    json!({ "id": "48", "active": false, "internal": true, "category": "Sales",
                        "channel": "Email", "internalName": null, "order": null,
                        "portalId": null, "businessUnitId": 17 }),
                ),
                ("the first version", first.clone(), first),
            ],
        );
    }
}
