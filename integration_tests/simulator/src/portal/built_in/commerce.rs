//! Properties of commerce objects: products, orders, payments and the like.

use crate::portal::definition::{Kind, Options};

type Own = &'static [(&'static str, Kind)];

const CURRENCIES: Options = &["EUR", "USD"];
const QUOTE_STATUSES: Options = &["DRAFT", "APPROVAL_NOT_NEEDED", "PENDING_APPROVAL", "REJECTED"];
const INVOICE_STATUSES: Options = &["draft", "open", "paid", "voided"];
const SUBSCRIPTION_STATUSES: Options = &["active", "past_due", "canceled", "expired", "scheduled"];
const PAYMENT_STATUSES: Options = &["succeeded", "processing", "failed", "refunded"];
const ORDER_STATUSES: Options = &["OPEN", "PROCESSED", "SHIPPED", "DELIVERED", "CANCELLED"];
const FREQUENCIES: Options = &["weekly", "monthly", "quarterly", "annually"];

const LINE_ITEM: Own = &[
    ("name", Kind::Text),
    ("quantity", Kind::Whole),
    ("price", Kind::Money),
    ("amount", Kind::Money),
    ("discount", Kind::Money),
    ("hs_product_id", Kind::Whole),
    ("description", Kind::LongText),
    ("hs_sku", Kind::Text),
    ("recurringbillingfrequency", Kind::Choice(FREQUENCIES)),
    ("hs_line_item_currency_code", Kind::Choice(CURRENCIES)),
];

const PRODUCT: Own = &[
    ("name", Kind::Text),
    ("description", Kind::LongText),
    ("price", Kind::Money),
    ("hs_sku", Kind::Text),
    ("hs_cost_of_goods_sold", Kind::Money),
    ("recurringbillingfrequency", Kind::Choice(FREQUENCIES)),
    ("hs_product_type", Kind::Choice(&["inventory", "non_inventory", "service"])),
];

const QUOTE: Own = &[
    ("hs_title", Kind::Text),
    ("hs_status", Kind::Choice(QUOTE_STATUSES)),
    ("hs_expiration_date", Kind::Date),
    ("hs_public_url_key", Kind::Text),
    ("hs_quote_amount", Kind::Money),
    ("hs_currency", Kind::Choice(CURRENCIES)),
    ("hs_terms", Kind::LongText),
];

const INVOICE: Own = &[
    ("hs_title", Kind::Text),
    ("hs_number", Kind::Text),
    ("hs_invoice_status", Kind::Choice(INVOICE_STATUSES)),
    ("hs_amount_billed", Kind::Money),
    ("hs_balance_due", Kind::Money),
    ("hs_currency", Kind::Choice(CURRENCIES)),
    ("hs_invoice_date", Kind::DateTime),
    ("hs_due_date", Kind::DateTime),
];

const SUBSCRIPTION: Own = &[
    ("hs_name", Kind::Text),
    ("hs_status", Kind::Choice(SUBSCRIPTION_STATUSES)),
    ("hs_recurring_revenue", Kind::Money),
    ("hs_recurring_billing_frequency", Kind::Choice(FREQUENCIES)),
    ("hs_recurring_billing_start_date", Kind::Date),
    ("hs_next_payment_due_date", Kind::Date),
    ("hs_currency_code", Kind::Choice(CURRENCIES)),
];

const PAYMENT: Own = &[
    ("hs_initial_amount", Kind::Money),
    ("hs_refunds_amount", Kind::Money),
    ("hs_currency_code", Kind::Choice(CURRENCIES)),
    ("hs_initiated_date", Kind::DateTime),
    ("hs_latest_status", Kind::Choice(PAYMENT_STATUSES)),
    ("hs_customer_email", Kind::Text),
    ("hs_payment_method_type", Kind::Choice(&["credit_or_debit_card", "ach", "sepa"])),
];

const ORDER: Own = &[
    ("hs_order_name", Kind::Text),
    ("hs_external_order_id", Kind::Text),
    ("hs_external_order_status", Kind::Choice(ORDER_STATUSES)),
    ("hs_currency_code", Kind::Choice(CURRENCIES)),
    ("hs_total_price", Kind::Money),
    ("hs_fulfillment_status", Kind::Choice(ORDER_STATUSES)),
    ("hs_processed_date", Kind::DateTime),
];

const CART: Own = &[
    ("hs_cart_name", Kind::Text),
    ("hs_external_cart_id", Kind::Text),
    ("hs_external_status", Kind::Choice(&["pending", "completed", "abandoned"])),
    ("hs_currency_code", Kind::Choice(CURRENCIES)),
    ("hs_total_price", Kind::Money),
];

/// Discounts, fees and taxes.
const ADJUSTMENT: Own = &[
    ("hs_label", Kind::Text),
    ("hs_type", Kind::Choice(&["PERCENT", "FIXED"])),
    ("hs_value", Kind::Money),
    ("hs_sort_order", Kind::Whole),
];

const DEAL_SPLIT: Own = &[
    ("hs_deal_split_percentage", Kind::Fixed("0.5")),
    ("hs_deal_split_amount", Kind::Money),
    ("hs_deal_split_dependency", Kind::Text),
    ("hs_deal_name", Kind::Text),
];

/// Returns the properties of a type by its plural name, if this module defines them.
pub(super) fn own(plural: &str) -> Option<Own> {
    Some(match plural {
        "line_items" => LINE_ITEM,
        "products" => PRODUCT,
        "quotes" => QUOTE,
        "invoices" => INVOICE,
        "subscriptions" => SUBSCRIPTION,
        "commerce_payments" => PAYMENT,
        "orders" => ORDER,
        "carts" => CART,
        "discounts" | "fees" | "taxes" => ADJUSTMENT,
        "deal_splits" => DEAL_SPLIT,
        _ => return None,
    })
}
