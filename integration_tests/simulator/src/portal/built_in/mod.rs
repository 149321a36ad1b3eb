//! Properties that HubSpot defines, for all types and for each standard type.

mod activity;
mod commerce;
mod service;

use crate::portal::definition::{Definition, Kind, Options, Origin, Role};
use crate::portal::object_type::ObjectType;

const LIFECYCLE: Options =
    &["subscriber", "lead", "marketingqualifiedlead", "opportunity", "customer"];
const DEAL_STAGES: Options = &[
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "contractsent",
    "closedwon",
    "closedlost",
];
const TICKET_STAGES: Options = &["1", "2", "3", "4"];
const PIPELINES: Options = &["default"];
const TICKET_PIPELINES: Options = &["0"];
const PRIORITIES: Options = &["LOW", "MEDIUM", "HIGH"];
const SOURCES: Options = &["ORGANIC_SEARCH", "PAID_SEARCH", "DIRECT_TRAFFIC", "OFFLINE"];
const INDUSTRIES: Options = &["ACCOUNTING", "BANKING", "COMPUTER_SOFTWARE", "SHIPBUILDING"];
const DEAL_TYPES: Options = &["newbusiness", "existingbusiness"];
const CATEGORIES: Options = &["PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST"];
const STATUSES: Options = &["NEW", "OPEN", "IN_PROGRESS", "DONE"];

/// Properties of every object type.
const COMMON: &[(&str, Kind)] = &[
    ("hubspot_owner_id", Kind::Owner),
    ("hubspot_owner_assigneddate", Kind::DateTime),
    ("hubspot_team_id", Kind::Choice(&["12", "13"])),
    ("hs_all_owner_ids", Kind::Choices(&["88", "91", "94"])),
    ("hs_created_by_user_id", Kind::Whole),
    ("hs_updated_by_user_id", Kind::Whole),
    ("hs_object_source", Kind::Choice(&["CRM_UI", "FORM", "IMPORT", "INTEGRATION"])),
    ("hs_object_source_label", Kind::Text),
    ("hs_read_only", Kind::Bool),
    ("hs_was_imported", Kind::Bool),
    ("hs_unique_creation_key", Kind::Text),
    ("hs_user_ids_of_all_owners", Kind::Choices(&["771", "772", "773"])),
];

const CONTACT: &[(&str, Kind)] = &[
    ("firstname", Kind::Text),
    ("lastname", Kind::Text),
    ("phone", Kind::Phone),
    ("mobilephone", Kind::Phone),
    ("company", Kind::Text),
    ("jobtitle", Kind::Text),
    ("lifecyclestage", Kind::Choice(LIFECYCLE)),
    ("hs_lead_status", Kind::Choice(STATUSES)),
    ("hs_analytics_source", Kind::Choice(SOURCES)),
    ("hs_analytics_num_visits", Kind::Whole),
    ("hs_analytics_revenue", Kind::Money),
    ("hs_email_optout", Kind::Bool),
    ("hs_is_unworked", Kind::Bool),
    ("date_of_birth", Kind::Date),
    ("closedate", Kind::DateTime),
    ("notes_last_contacted", Kind::DateTime),
    ("hs_v2_date_entered_lead", Kind::DateTime),
    ("hs_v2_date_entered_customer", Kind::DateTime),
    ("num_associated_deals", Kind::Whole),
    ("num_notes", Kind::Whole),
    ("address", Kind::Text),
    ("city", Kind::Text),
    ("state", Kind::Text),
    ("zip", Kind::Text),
    ("country", Kind::Text),
    ("website", Kind::Text),
    ("message", Kind::LongText),
    ("hubspotscore", Kind::Whole),
];

const COMPANY: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("domain", Kind::Text),
    ("description", Kind::LongText),
    ("phone", Kind::Phone),
    ("industry", Kind::Choice(INDUSTRIES)),
    ("lifecyclestage", Kind::Choice(LIFECYCLE)),
    ("annualrevenue", Kind::Exponent),
    ("numberofemployees", Kind::Whole),
    ("is_public", Kind::Bool),
    ("founded_year", Kind::Text),
    ("hs_analytics_source", Kind::Choice(SOURCES)),
    ("hs_num_child_companies", Kind::Whole),
    ("hs_v2_date_entered_customer", Kind::DateTime),
    ("num_associated_contacts", Kind::Whole),
    ("num_associated_deals", Kind::Whole),
    ("closedate", Kind::DateTime),
    ("city", Kind::Text),
    ("country", Kind::Text),
    ("website", Kind::Text),
    ("total_revenue", Kind::Money),
];

const DEAL: &[(&str, Kind)] = &[
    ("dealname", Kind::Text),
    ("amount", Kind::Money),
    ("amount_in_home_currency", Kind::Money),
    ("closedate", Kind::DateTime),
    ("dealstage", Kind::Choice(DEAL_STAGES)),
    ("pipeline", Kind::Choice(PIPELINES)),
    ("dealtype", Kind::Choice(DEAL_TYPES)),
    ("description", Kind::LongText),
    ("hs_acv", Kind::Money),
    ("hs_forecast_probability", Kind::Exponent),
    ("hs_is_closed", Kind::Bool),
    ("hs_is_closed_won", Kind::Bool),
    ("hs_priority", Kind::Choice(PRIORITIES)),
    ("hs_deal_stage_probability", Kind::Money),
    ("hs_v2_date_entered_appointmentscheduled", Kind::DateTime),
    ("hs_v2_date_entered_closedwon", Kind::DateTime),
    ("hs_v2_date_exited_appointmentscheduled", Kind::DateTime),
    ("hs_v2_time_in_current_stage", Kind::DateTime),
    ("num_associated_contacts", Kind::Whole),
    ("deal_currency_code", Kind::Choice(&["EUR", "USD"])),
    ("hs_next_step", Kind::Text),
];

const TICKET: &[(&str, Kind)] = &[
    ("subject", Kind::Text),
    ("content", Kind::LongText),
    ("hs_pipeline", Kind::Choice(TICKET_PIPELINES)),
    ("hs_pipeline_stage", Kind::Choice(TICKET_STAGES)),
    ("hs_ticket_category", Kind::Choices(CATEGORIES)),
    ("hs_ticket_priority", Kind::Choice(PRIORITIES)),
    ("source_type", Kind::Choice(&["CHAT", "EMAIL", "FORM", "PHONE"])),
    ("closed_date", Kind::DateTime),
    ("time_to_close", Kind::Whole),
    ("hs_v2_date_entered_1", Kind::DateTime),
    ("num_notes", Kind::Whole),
];

/// Properties of a type without a table of its own.
const OTHER: &[(&str, Kind)] = &[("hs_name", Kind::Text)];

const CUSTOM: &[(&str, Kind)] = &[
    ("serial_no", Kind::Text),
    ("display_name", Kind::Text),
    ("length_m", Kind::Money),
    ("launched_on", Kind::Date),
];

fn own(object: &ObjectType) -> &'static [(&'static str, Kind)] {
    if object.custom {
        return CUSTOM;
    }
    match object.plural.as_str() {
        "contacts" => CONTACT,
        "companies" => COMPANY,
        "deals" => DEAL,
        "tickets" => TICKET,
        other => activity::own(other)
            .or_else(|| commerce::own(other))
            .or_else(|| service::own(other))
            .unwrap_or(OTHER),
    }
}

/// Returns the definitions of a type: the built-in ones, then numbered ones up to `count`.
pub(crate) fn definitions(
    object: &ObjectType,
    seed: u64,
    count: usize,
    name_chars: usize,
    restless: u64,
) -> Vec<Definition> {
    let mut all = vec![
        Definition::new(seed, "hs_object_id", Kind::Whole, Role::Id),
        Definition::new(seed, object.created, Kind::DateTime, Role::Created),
        Definition::new(seed, object.modified, Kind::DateTime, Role::Modified),
        Definition::new(seed, "hs_merged_object_ids", Kind::Choices(&[]), Role::MergedIds),
    ];
    if object.id == "0-1" {
        all.push(Definition::new(seed, "email", Kind::Text, Role::Email));
        all.push(Definition::new(
            seed,
            "hs_calculated_merged_vids",
            Kind::Choices(&[]),
            Role::MergedVids,
        ));
    }
    for (name, kind) in COMMON.iter().chain(own(object)) {
        let mut definition = Definition::new(seed, name, *kind, Role::Plain);
        if object.custom && !name.starts_with("hs_") && !name.starts_with("hubspot_") {
            definition.origin = Origin::Account;
        }
        all.push(definition);
    }
    all.extend((0..restless).map(|number| Definition::restless(seed, number)));
    for number in 0..count.saturating_sub(all.len()) {
        all.push(Definition::custom(seed, number, name_chars));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::portal::object_type::STANDARD;

    #[test]
    fn every_standard_type_has_properties_of_its_own_and_no_name_twice() {
        for row in STANDARD {
            let object = ObjectType::standard(row);
            assert!(own(&object).len() > 3, "{}", row.plural);
            let all = definitions(&object, 1, 90, 12, 2);
            let names: BTreeSet<&str> =
                all.iter().map(|definition| definition.name.as_str()).collect();
            assert_eq!(names.len(), all.len(), "{}", row.plural);
            let known = |name: &&str| names.contains(*name);
            assert!(row.defaults.iter().all(known), "{}", row.plural);
        }
    }
}
