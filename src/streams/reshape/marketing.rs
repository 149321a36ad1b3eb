//! E-mail campaigns, marketing campaigns, subscription types.

use serde_json::{Map, Value};

use super::{lift, rename};

/// Counters stand nested and flat.
pub(in crate::streams) fn email_campaign(fields: &mut Map<String, Value>) {
    lift(fields, "counters");
}

/// Properties stand nested and flat, as they do in CRM records.
pub(in crate::streams) fn marketing_campaign(fields: &mut Map<String, Value>) {
    lift(fields, "properties");
}

/// From the present definition of a subscription type to that of the first version, which is left
/// as it is. What the present one does not say is null.
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
    // The account's own types belong to business unit 0.
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
