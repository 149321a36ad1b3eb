//! Lists, forms, e-mails, campaigns and subscription types.

use super::super::spec::{CursorField, OnForbidden, Pass, ReadStrategy, Schema, StreamSpec};
use super::super::transform;
use super::{ALL_LISTS, FORM_TYPES, OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::cursor::CursorFormat;
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
        strategy: ReadStrategy::Detailed {
            list: ListRequest::get(
                Endpoint::EMAIL_CAMPAIGNS,
                PageLayout { records: "campaigns", paging: PagingKind::Offset },
            )
            .query(&[Parameter::limit(500)]),
            batch: None,
        },
        cursor: Some(CursorField {
            name: "lastUpdatedTime",
            source_defined: true,
            format: CursorFormat::Millis,
        }),
        schema: Schema::Static(include_str!("../../../schemas/campaigns.json")),
        transform: Some(transform::email_campaign),
        scopes: &["content"],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "contact_lists",
        strategy: ReadStrategy::Collection { passes: &[Pass::of(ALL_LISTS)] },
        primary_key: &["listId"],
        cursor: Some(CursorField {
            name: "updatedAt",
            source_defined: true,
            format: CursorFormat::Iso,
        }),
        schema: Schema::Static(include_str!("../../../schemas/contact_lists.json")),
        defaults: OR_CREATED_AT,
        coercions: Some(EmptyString::IsNull),
        scopes: &["crm.lists.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
        ..PLAIN
    },
    // The current API requires a scope that older connections were never granted, so the first
    // version of the endpoint is the fallback.
    StreamSpec {
        name: "email_subscriptions",
        strategy: ReadStrategy::Collection {
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
        },
        schema: Schema::Static(include_str!("../../../schemas/email_subscriptions.json")),
        transform: Some(transform::subscription_type),
        coercions: Some(EmptyString::IsNull),
        scopes: &["content"],
        or_any_of: &["communication_preferences.read", "communication_preferences.read_write"],
        docs: "https://developers.hubspot.com/docs/api-reference/communication-preferences-subscriptions-v4/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "forms",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(Endpoint::FORMS, PageLayout::RESULTS)
                    .query(&[Parameter::limit(100), FORM_TYPES]),
            )],
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/forms.json")),
        defaults: OR_CREATED_AT,
        scopes: &["forms"],
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-forms-v3/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "marketing_campaigns",
        strategy: ReadStrategy::Collection {
            passes: &[Pass::of(
                ListRequest::get(
                    Endpoint::new("/marketing/campaigns/2026-09", "/marketing/v3/campaigns"),
                    PageLayout::RESULTS,
                )
                .query(&[Parameter::limit(100), CAMPAIGN_PROPERTIES]),
            )],
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_campaigns.json")),
        defaults: OR_CREATED_AT,
        transform: Some(transform::marketing_campaign),
        coercions: Some(EmptyString::IsNull),
        scopes: &["marketing.campaigns.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-campaigns-public-api-v3/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "marketing_emails",
        strategy: ReadStrategy::MarketingEmails {
            endpoint: Endpoint::new("/marketing/emails/2026-09", "/marketing/v3/emails"),
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_emails.json")),
        scopes: &["content"],
        or_any_of: &["marketing.email.read", "marketing.email.write"],
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-marketing-emails-v3/guide",
        ..PLAIN
    },
];
