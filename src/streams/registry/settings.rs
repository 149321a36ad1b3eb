//! Account details, currencies, owners, roles, teams and users.

use super::super::spec::{Pass, ReadStrategy, Schema, StreamSpec};
use super::{OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::hubspot::{Endpoint, ListRequest, PageLayout, Parameter};

/// Users, roles and teams.
const USERS: Endpoint = Endpoint::new("/settings/users/2026-03", "/settings/v3/users");

const USERS_GUIDE: &str =
    "https://developers.hubspot.com/docs/api-reference/settings-user-provisioning-v3/guide";

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "account_details",
        strategy: ReadStrategy::Single { endpoint: Endpoint::ACCOUNT },
        primary_key: &[],
        schema: Schema::Static(include_str!("../../../schemas/account_details.json")),
        scopes: &["oauth"],
        docs: "https://developers.hubspot.com/docs/api-reference/account-info-v3/guide",
        ..PLAIN
    },
    // Exchange rates with their history, so that an amount can be converted at the rate of its day.
    // The currency codes alone add nothing to any public list of currencies.
    StreamSpec {
        name: "currencies",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(
                    Endpoint::new("/settings/currencies/2026-09", "/settings/v3/currencies"),
                    PageLayout::RESULTS,
                )
                .path("/exchange-rates")
                .query(&[Parameter::limit(100)]),
            )],
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/currencies.json")),
        defaults: OR_CREATED_AT,
        scopes: &["settings.currencies.read"],
        or_any_of: &["crm.objects.quotes.read", "cpq.quotes.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/settings-multicurrency-v3/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "owners",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::OWNERS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(500)]),
            )],
        },
        ..OWNERS
    },
    StreamSpec {
        name: "owners_archived",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::OWNERS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(500), Parameter::Encoded("archived=true")]),
            )],
        },
        ..OWNERS
    },
    StreamSpec {
        name: "roles",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(ListRequest::get(USERS, PageLayout::RESULTS).path("/roles"))],
        },
        schema: Schema::Static(include_str!("../../../schemas/roles.json")),
        scopes: &["settings.users.read"],
        or_any_of: &["crm.objects.users.read"],
        docs: USERS_GUIDE,
        ..PLAIN
    },
    StreamSpec {
        name: "teams",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(ListRequest::get(USERS, PageLayout::RESULTS).path("/teams"))],
        },
        schema: Schema::Static(include_str!("../../../schemas/teams.json")),
        scopes: &["settings.users.teams.read"],
        docs: USERS_GUIDE,
        ..PLAIN
    },
    StreamSpec {
        name: "users",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(USERS, PageLayout::RESULTS).query(&[Parameter::limit(100)]),
            )],
        },
        schema: Schema::Static(include_str!("../../../schemas/users.json")),
        scopes: &["settings.users.read"],
        or_any_of: &["crm.objects.users.read"],
        docs: USERS_GUIDE,
        ..PLAIN
    },
];

/// Base definition of the streams of live and of archived owners.
const OWNERS: StreamSpec<'static> = StreamSpec {
    cursor: UPDATED_AT,
    schema: Schema::Static(include_str!("../../../schemas/owners.json")),
    defaults: OR_CREATED_AT,
    scopes: &["crm.objects.owners.read"],
    or_any_of: &["automation", "contacts"],
    docs: "https://developers.hubspot.com/docs/api-reference/crm-owners-v3/guide",
    ..PLAIN
};
