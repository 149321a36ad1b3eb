//! Object types: the table of the standard ones, and the type that custom ones share with it.

use crate::scopes::Scopes;

/// A row of [`STANDARD`].
pub(crate) struct StandardType {
    pub(crate) id: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) created: &'static str,
    pub(crate) modified: &'static str,
    /// Alternatives; scopes joined by `+` are required together.
    pub(crate) scopes: &'static [&'static str],
    /// Properties returned if a read names none, in addition to the three that are always present.
    pub(crate) defaults: &'static [&'static str],
}

/// Creates a row with a `hs_` creation date, no defaults and one scope.
const fn plain(
    id: &'static str,
    singular: &'static str,
    plural: &'static str,
    scopes: &'static [&'static str],
) -> StandardType {
    StandardType {
        id,
        singular,
        plural,
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        scopes,
        defaults: &[],
    }
}

/// Creates a row whose creation date is `createdate`.
const fn classic(
    id: &'static str,
    singular: &'static str,
    plural: &'static str,
    scopes: &'static [&'static str],
    defaults: &'static [&'static str],
) -> StandardType {
    StandardType {
        id,
        singular,
        plural,
        created: "createdate",
        modified: "hs_lastmodifieddate",
        scopes,
        defaults,
    }
}

const CONTACTS: &[&str] = &["crm.objects.contacts.read"];

/// All standard types.
pub(crate) const STANDARD: &[StandardType] = &[
    StandardType {
        id: "0-1",
        singular: "contact",
        plural: "contacts",
        created: "createdate",
        // HubSpot: only contacts use this name for the modified date.
        modified: "lastmodifieddate",
        scopes: CONTACTS,
        defaults: &["email", "firstname", "lastname"],
    },
    classic("0-2", "company", "companies", &["crm.objects.companies.read"], &["name", "domain"]),
    classic(
        "0-3",
        "deal",
        "deals",
        &["crm.objects.deals.read"],
        &["dealname", "amount", "closedate", "pipeline", "dealstage"],
    ),
    classic(
        "0-5",
        "ticket",
        "tickets",
        &["tickets"],
        &[
            "subject",
            "content",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
        ],
    ),
    classic(
        "0-7",
        "product",
        "products",
        &["crm.objects.products.read", "e-commerce"],
        &["name", "description", "price"],
    ),
    classic(
        "0-8",
        "line_item",
        "line_items",
        &["crm.objects.line_items.read", "e-commerce"],
        &["quantity", "amount", "price"],
    ),
    StandardType {
        defaults: &["hs_title", "hs_status", "hs_expiration_date", "hs_public_url_key"],
        ..plain("0-14", "quote", "quotes", &["crm.objects.quotes.read", "e-commerce"])
    },
    plain("0-48", "call", "calls", CONTACTS),
    plain("0-49", "email", "emails", &["crm.objects.contacts.read+sales-email-read"]),
    plain("0-47", "meeting", "meetings", CONTACTS),
    plain("0-46", "note", "notes", CONTACTS),
    plain("0-27", "task", "tasks", CONTACTS),
    plain("0-18", "communication", "communications", CONTACTS),
    plain("0-116", "postal_mail", "postal_mail", CONTACTS),
    plain("0-136", "lead", "leads", &["crm.objects.leads.read"]),
    plain(
        "0-19",
        "feedback_submission",
        "feedback_submissions",
        &["crm.objects.feedback_submissions.read"],
    ),
    plain("0-74", "goal_target", "goal_targets", &["crm.objects.goals.read"]),
    plain("0-115", "user", "users", &["crm.objects.users.read"]),
    plain("0-72", "deal_split", "deal_splits", &["crm.dealsplits.read_write"]),
    plain("0-53", "invoice", "invoices", &["crm.objects.invoices.read"]),
    plain("0-69", "subscription", "subscriptions", &["crm.objects.subscriptions.read"]),
    plain("0-101", "commerce_payment", "commerce_payments", &["crm.objects.commercepayments.read"]),
    plain("0-123", "order", "orders", &["crm.objects.orders.read"]),
    plain("0-142", "cart", "carts", &["crm.objects.carts.read"]),
    plain("0-84", "discount", "discounts", &["crm.objects.line_items.read", "e-commerce"]),
    plain("0-85", "fee", "fees", &["crm.objects.line_items.read", "e-commerce"]),
    plain("0-86", "tax", "taxes", &["crm.objects.line_items.read"]),
    plain("0-54", "marketing_event", "marketing_events", &["crm.objects.marketing_events.read"]),
    plain("0-162", "service", "services", &["crm.objects.services.read"]),
    plain("0-410", "course", "courses", &["crm.objects.courses.read"]),
    plain("0-420", "listing", "listings", &["crm.objects.listings.read"]),
    plain("0-421", "appointment", "appointments", &["crm.objects.appointments.read"]),
    plain("0-970", "project", "projects", &["crm.objects.projects.read"]),
];

/// Object types of the Engagements v1 API. They share one range of ids.
pub(crate) const ENGAGEMENTS: [&str; 5] = ["calls", "emails", "meetings", "notes", "tasks"];

/// One object type of a portal, standard or custom.
#[derive(Debug, Clone)]
pub struct ObjectType {
    /// Such as `0-1` or `2-31337`.
    pub id: String,
    pub singular: String,
    pub plural: String,
    /// `p<portal>_<name>` for custom types, the plural name for standard ones.
    pub full_name: String,
    pub created: &'static str,
    pub modified: &'static str,
    pub scopes: Scopes,
    pub defaults: &'static [&'static str],
    pub custom: bool,
}

impl ObjectType {
    pub(crate) fn standard(row: &StandardType) -> Self {
        Self {
            id: row.id.to_owned(),
            singular: row.singular.to_owned(),
            plural: row.plural.to_owned(),
            full_name: row.plural.to_owned(),
            created: row.created,
            modified: row.modified,
            scopes: row
                .scopes
                .iter()
                .map(|all| all.split('+').map(str::to_owned).collect())
                .collect(),
            defaults: row.defaults,
            custom: false,
        }
    }

    pub(crate) fn custom(name: &str, number: u64, portal_id: u64) -> Self {
        Self {
            id: format!("2-{number}"),
            singular: name.trim_end_matches('s').to_owned(),
            plural: name.to_owned(),
            full_name: format!("p{portal_id}_{name}"),
            created: "hs_createdate",
            modified: "hs_lastmodifieddate",
            scopes: vec![vec!["crm.objects.custom.read".to_owned()]],
            defaults: &[],
            custom: true,
        }
    }

    /// Returns the display label, such as `Line items`.
    pub fn label(&self, plural: bool) -> String {
        let name = if plural { &self.plural } else { &self.singular };
        let mut label = name.replace('_', " ");
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        label
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_means_two_types() {
        let mut names = HashSet::new();
        for row in STANDARD {
            let distinct: HashSet<_> = [row.id, row.singular, row.plural].into();
            for name in distinct {
                assert!(names.insert(name), "{name} is taken twice");
            }
        }
    }

    #[test]
    fn scopes_joined_by_plus_belong_together() {
        let emails = STANDARD.iter().find(|row| row.plural == "emails").expect("a row");
        let scopes = ObjectType::standard(emails).scopes;
        assert_eq!(scopes, [["crm.objects.contacts.read", "sales-email-read"]]);
    }
}
