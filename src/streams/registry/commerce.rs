//! Commerce objects: products, orders, invoices, payments and related types.

use super::super::spec::{ReadStrategy, Schema, StreamSpec};
use super::crm::{CRM_OBJECT, CRM_RECORD, OWN_UPDATED_AT};
use super::{CrmRow, MODIFIED};

/// Sorted by stream name.
pub(super) const ROWS: &[CrmRow] = &[
    CrmRow {
        stream: StreamSpec {
            name: "carts",
            strategy: ReadStrategy::CrmObject { object: "carts", modified: MODIFIED },
            associations: &["contacts", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "carts" },
            scopes: &["crm.objects.carts.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-carts-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("carts_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "commerce_payments",
            strategy: ReadStrategy::CrmObject { object: "commerce_payments", modified: MODIFIED },
            associations: &["companies", "contacts", "deals"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "commerce_payments" },
            scopes: &["crm.objects.commercepayments.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-commerce-payments-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("commerce_payments_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "commerce_subscriptions",
            strategy: ReadStrategy::CrmObject { object: "subscriptions", modified: MODIFIED },
            associations: &["companies", "contacts", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "subscriptions" },
            scopes: &["crm.objects.subscriptions.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-commerce-subscriptions-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("commerce_subscriptions_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "discounts",
            strategy: ReadStrategy::CrmObject { object: "discounts", modified: MODIFIED },
            schema: Schema::Properties { fields: CRM_RECORD, object: "discounts" },
            scopes: &["crm.objects.line_items.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-discounts-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("discounts_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "fees",
            strategy: ReadStrategy::CrmObject { object: "fees", modified: MODIFIED },
            schema: Schema::Properties { fields: CRM_RECORD, object: "fees" },
            scopes: &["crm.objects.line_items.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-fees-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("fees_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "invoices",
            strategy: ReadStrategy::CrmObject { object: "invoices", modified: MODIFIED },
            associations: &["companies", "contacts", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "invoices" },
            scopes: &["crm.objects.invoices.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-invoices-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("invoices_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "line_items",
            strategy: ReadStrategy::CrmObject { object: "line_items", modified: MODIFIED },
            cursor: OWN_UPDATED_AT,
            schema: Schema::Properties { fields: CRM_RECORD, object: "line_items" },
            scopes: &["crm.objects.line_items.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-line-items-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("line_items_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "orders",
            strategy: ReadStrategy::CrmObject { object: "orders", modified: MODIFIED },
            associations: &["companies", "contacts", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "orders" },
            scopes: &["crm.objects.orders.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-orders-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("orders_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "products",
            strategy: ReadStrategy::CrmObject { object: "products", modified: MODIFIED },
            cursor: OWN_UPDATED_AT,
            schema: Schema::Properties { fields: CRM_RECORD, object: "products" },
            scopes: &["crm.objects.products.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-products-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("products_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "quotes",
            strategy: ReadStrategy::CrmObject { object: "quotes", modified: MODIFIED },
            associations: &["companies", "contacts", "deals", "line_items"],
            schema: Schema::Properties { fields: CRM_RECORD, object: "quotes" },
            scopes: &["crm.objects.quotes.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-quotes-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("quotes_archived"),
    },
    CrmRow {
        stream: StreamSpec {
            name: "taxes",
            strategy: ReadStrategy::CrmObject { object: "taxes", modified: MODIFIED },
            schema: Schema::Properties { fields: CRM_RECORD, object: "taxes" },
            scopes: &["crm.objects.line_items.read"],
            docs: "https://developers.hubspot.com/docs/api-reference/crm-taxes-v3/guide",
            ..CRM_OBJECT
        },
        archived: Some("taxes_archived"),
    },
];
