//! Account details, currencies, logins, owners, roles, teams and users.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{Collection, Conversions, Pass, ReadStrategy, Single};
use super::{OR_CREATED_AT, UPDATED_AT};
use crate::hubspot::{Endpoint, ListRequest, PageLayout, Parameter};

const OWNERS: ListRequest<'static> = ListRequest::get(Endpoint::OWNERS, PageLayout::RESULTS);
const OWNERS_GUIDE: &str = "https://developers.hubspot.com/docs/api-reference/crm-owners-v3/guide";

/// Users; their roles and teams have paths below it.
const USERS: ListRequest<'static> = ListRequest::get(
    Endpoint::new("/settings/users/2026-03", "/settings/v3/users"),
    PageLayout::RESULTS,
);
const USERS_GUIDE: &str =
    "https://developers.hubspot.com/docs/api-reference/settings-user-provisioning-v3/guide";

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    StreamSpec {
        name: "account_details",
        strategy: ReadStrategy::Single(Single {
            endpoint: Endpoint::ACCOUNT,
            conversions: Conversions::NONE,
        }),
        primary_key: &[],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/account_details.json")),
        scopes: Scopes::all(&["oauth"]),
        docs: "https://developers.hubspot.com/docs/api-reference/account-info-v3/guide",
    },
    // Exchange rates with their history, so that an amount can be converted at the rate of its day.
    // The currency codes alone add nothing to any public list of currencies.
    StreamSpec {
        name: "currencies",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                ListRequest::get(
                    Endpoint::new("/settings/currencies/2026-09", "/settings/v3/currencies"),
                    PageLayout::RESULTS,
                )
                .path("/exchange-rates")
                .query(&[Parameter::limit(100)]),
            )],
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/currencies.json")),
        scopes: Scopes::all(&["settings.currencies.read"])
            .or_any_of(&["crm.objects.quotes.read", "cpq.quotes.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/settings-multicurrency-v3/guide",
    },
    StreamSpec {
        name: "login_history",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                ListRequest::get(
                    Endpoint::new("/account-info/2026-09", "/account-info/v3"),
                    PageLayout::RESULTS,
                )
                .path("/activity/login")
                .query(&[Parameter::limit(100)]),
            )],
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: Some(CursorField::iso("loginAt")),
        schema: Schema::Static(include_str!("../../../schemas/login_history.json")),
        scopes: Scopes::all(&["account-info.security.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/account-account-activity-v3/guide",
    },
    StreamSpec {
        name: "owners",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(OWNERS.query(&[Parameter::limit(500)]))],
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/owners.json")),
        scopes: Scopes::all(&["crm.objects.owners.read"]).or_any_of(&["automation", "contacts"]),
        docs: OWNERS_GUIDE,
    },
    StreamSpec {
        name: "owners_archived",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                OWNERS.query(&[Parameter::limit(500), Parameter::Encoded("archived=true")]),
            )],
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/owners.json")),
        scopes: Scopes::all(&["crm.objects.owners.read"]).or_any_of(&["automation", "contacts"]),
        docs: OWNERS_GUIDE,
    },
    StreamSpec {
        name: "roles",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(USERS.path("/roles"))],
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/roles.json")),
        scopes: Scopes::all(&["settings.users.read"]).or_any_of(&["crm.objects.users.read"]),
        docs: USERS_GUIDE,
    },
    StreamSpec {
        name: "teams",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(USERS.path("/teams"))],
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/teams.json")),
        scopes: Scopes::all(&["settings.users.teams.read"]),
        docs: USERS_GUIDE,
    },
    StreamSpec {
        name: "users",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(USERS.query(&[Parameter::limit(100)]))],
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/users.json")),
        scopes: Scopes::all(&["settings.users.read"]).or_any_of(&["crm.objects.users.read"]),
        docs: USERS_GUIDE,
    },
];
