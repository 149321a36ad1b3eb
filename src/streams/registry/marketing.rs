//! Lists, forms, e-mails, campaigns and subscription types.

use super::super::spec::{CursorField, Schema, Scopes, StreamSpec};
use super::super::strategy::{
    Collection, Conversions, Detailed, MarketingEmails, OnForbidden, Pass, ReadStrategy,
};
use super::super::transform;
use super::{ALL_LISTS, FORM_TYPES, OR_CREATED_AT, UPDATED_AT};
use crate::hubspot::{Endpoint, ListRequest, PageLayout, PagingKind, Parameter};
use crate::record::EmptyString;

/// Columns of marketing campaigns: HubSpot returns only the requested properties.
const CAMPAIGN_PROPERTIES: Parameter<'static> = Parameter::Encoded(concat!(
    "properties=hs_name,hs_start_date,hs_end_date,hs_notes,hs_audience,hs_currency_code,",
    "hs_campaign_status,hs_utm,hs_color_hex,hs_goal,hs_owner,hs_created_by_user_id,hs_object_id,",
    "hs_budget_items_sum_amount,hs_spend_items_sum_amount",
));

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    // E-mail campaigns, one for each e-mail sent; not to be confused with marketing campaigns.
    StreamSpec {
        name: "campaigns",
        strategy: ReadStrategy::Detailed(Detailed {
            list: ListRequest::get(
                Endpoint::EMAIL_CAMPAIGNS,
                PageLayout { records: "campaigns", paging: PagingKind::Offset },
            )
            .query(&[Parameter::limit(500)]),
            batch: None,
            conversions: Conversions::NONE.transform(transform::email_campaign),
        }),
        primary_key: &["id"],
        cursor: Some(CursorField::millis("lastUpdatedTime")),
        schema: Schema::Static(include_str!("../../../schemas/campaigns.json")),
        scopes: Scopes::all(&["content"]),
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
    },
    StreamSpec {
        name: "contact_lists",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(ALL_LISTS)],
            conversions: Conversions::NONE.coercions(EmptyString::IsNull).defaults(OR_CREATED_AT),
        }),
        primary_key: &["listId"],
        cursor: Some(CursorField::iso("updatedAt")),
        schema: Schema::Static(include_str!("../../../schemas/contact_lists.json")),
        scopes: Scopes::all(&["crm.lists.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
    },
    // The current API requires a scope that older connections were never granted, so the first
    // version of the endpoint is the fallback.
    StreamSpec {
        name: "email_subscriptions",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass {
                list: ListRequest::get(
                    Endpoint::new(
                        "/communication-preferences/2026-09/definitions",
                        "/communication-preferences/v4/definitions",
                    ),
                    PageLayout { records: "results", paging: PagingKind::None },
                ),
                constants: &[],
                unless_allowed: OnForbidden::Read(ListRequest::get(
                    Endpoint::unversioned("/email/public/v1/subscriptions"),
                    PageLayout { records: "subscriptionDefinitions", paging: PagingKind::None },
                )),
            }],
            conversions: Conversions::NONE
                .transform(transform::subscription_type)
                .coercions(EmptyString::IsNull),
        }),
        primary_key: &["id"],
        cursor: None,
        schema: Schema::Static(include_str!("../../../schemas/email_subscriptions.json")),
        scopes: Scopes::all(&["content"])
            .or_any_of(&["communication_preferences.read", "communication_preferences.read_write"]),
        docs: "https://developers.hubspot.com/docs/api-reference/communication-preferences-subscriptions-v4/guide",
    },
    StreamSpec {
        name: "forms",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::FORMS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(100), FORM_TYPES]),
            )],
            conversions: Conversions::NONE.defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/forms.json")),
        scopes: Scopes::all(&["forms"]),
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-forms-v3/guide",
    },
    StreamSpec {
        name: "marketing_campaigns",
        strategy: ReadStrategy::Collection(Collection {
            passes: &[Pass::of(
                ListRequest::get(
                    Endpoint::new("/marketing/campaigns/2026-09", "/marketing/v3/campaigns"),
                    PageLayout::RESULTS,
                )
                .query(&[Parameter::limit(100), CAMPAIGN_PROPERTIES]),
            )],
            conversions: Conversions::NONE
                .transform(transform::marketing_campaign)
                .coercions(EmptyString::IsNull)
                .defaults(OR_CREATED_AT),
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_campaigns.json")),
        scopes: Scopes::all(&["marketing.campaigns.read"]),
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-campaigns-public-api-v3/guide",
    },
    StreamSpec {
        name: "marketing_emails",
        strategy: ReadStrategy::MarketingEmails(MarketingEmails {
            endpoint: Endpoint::new("/marketing/emails/2026-09", "/marketing/v3/emails"),
            conversions: Conversions::NONE,
        }),
        primary_key: &["id"],
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_emails.json")),
        scopes: Scopes::all(&["content"])
            .or_any_of(&["marketing.email.read", "marketing.email.write"]),
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-marketing-emails-v3/guide",
    },
];
