//! Lists, forms, e-mails, campaigns and subscription types.

use super::super::reshape;
use super::super::spec::{CursorField, Family, Otherwise, Pass, Schema, StreamSpec};
use super::{OR_CREATED_AT, PLAIN, UPDATED_AT};
use crate::cursor::CursorFormat;
use crate::hubspot::{Endpoint, PagingKind, Shape};
use crate::record::EmptyText;

/// Sorted by stream name.
pub(super) const ROWS: &[StreamSpec<'static>] = &[
    // E-mail campaigns, one for each e-mail sent; not to be confused with marketing campaigns.
    StreamSpec {
        name: "campaigns",
        family: Family::Detailed {
            endpoint: Endpoint::EmailCampaigns,
            tail: "?limit=500",
            shape: Shape { records: "campaigns", paging: PagingKind::Offset },
            batch: None,
        },
        cursor: Some(CursorField {
            name: "lastUpdatedTime",
            source_defined: true,
            format: CursorFormat::Millis,
        }),
        schema: Schema::Static(include_str!("../../../schemas/campaigns.json")),
        reshape: Some(reshape::email_campaign),
        scopes: &["content"],
        docs: "https://developers.hubspot.com/docs/api-reference/legacy/email-events-v1/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "contact_lists",
        family: Family::Collection {
            endpoint: Endpoint::Lists,
            passes: &[Pass::post("/search", r#"{"count":500}"#)],
            shape: Shape { records: "lists", paging: PagingKind::Offset },
        },
        primary_key: &["listId"],
        cursor: Some(CursorField {
            name: "updatedAt",
            source_defined: true,
            format: CursorFormat::Iso,
        }),
        schema: Schema::Static(include_str!("../../../schemas/contact_lists.json")),
        defaults: OR_CREATED_AT,
        casts: Some(EmptyText::IsNull),
        scopes: &["crm.lists.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/crm-lists-v3/guide",
        ..PLAIN
    },
    // The current API requires a scope that older connections were never granted, so the first
    // version of the endpoint is the fallback.
    StreamSpec {
        name: "email_subscriptions",
        family: Family::Collection {
            endpoint: Endpoint::SubscriptionTypes,
            passes: &[Pass {
                unless_allowed: Otherwise::Read {
                    endpoint: Endpoint::EmailSubscriptions,
                    tail: "",
                    shape: Shape { records: "subscriptionDefinitions", paging: PagingKind::None },
                },
                ..Pass::get("")
            }],
            shape: Shape { records: "results", paging: PagingKind::None },
        },
        schema: Schema::Static(include_str!("../../../schemas/email_subscriptions.json")),
        reshape: Some(reshape::subscription_type),
        casts: Some(EmptyText::IsNull),
        scopes: &["content"],
        or_any_of: &["communication_preferences.read", "communication_preferences.read_write"],
        docs: "https://developers.hubspot.com/docs/api-reference/communication-preferences-subscriptions-v4/guide",
        ..PLAIN
    },
    // Includes blog comment forms, although their submissions cannot be read.
    StreamSpec {
        name: "forms",
        family: Family::Collection {
            endpoint: Endpoint::Forms,
            passes: &[Pass::get("?limit=100&formTypes=hubspot&formTypes=captured&formTypes=flow")],
            shape: Shape::RESULTS,
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
        family: Family::Collection {
            endpoint: Endpoint::MarketingCampaigns,
            // HubSpot returns only the requested properties.
            passes: &[Pass::get(concat!(
                "?limit=100&properties=hs_name,hs_start_date,hs_end_date,hs_notes,hs_audience,",
                "hs_currency_code,hs_campaign_status,hs_utm,hs_color_hex,hs_goal,hs_owner,",
                "hs_created_by_user_id,hs_object_id,hs_budget_items_sum_amount,",
                "hs_spend_items_sum_amount",
            ))],
            shape: Shape::RESULTS,
        },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_campaigns.json")),
        defaults: OR_CREATED_AT,
        reshape: Some(reshape::marketing_campaign),
        casts: Some(EmptyText::IsNull),
        scopes: &["marketing.campaigns.read"],
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-campaigns-public-api-v3/guide",
        ..PLAIN
    },
    StreamSpec {
        name: "marketing_emails",
        family: Family::MarketingEmails { endpoint: Endpoint::MarketingEmails },
        cursor: UPDATED_AT,
        schema: Schema::Static(include_str!("../../../schemas/marketing_emails.json")),
        scopes: &["content"],
        or_any_of: &["marketing.email.read", "marketing.email.write"],
        docs: "https://developers.hubspot.com/docs/api-reference/marketing-marketing-emails-v3/guide",
        ..PLAIN
    },
];
