//! The account's currencies and their exchange rates to the company currency.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, iso, mix2, name_hash};
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::batch::Id;
use crate::routes::collection::Call;
use crate::routes::inputs::{batch_answer, inputs};

/// The company currency of the account.
pub(crate) const COMPANY_CURRENCY: &str = "EUR";
const MAX_INPUTS: usize = 100;
const DAY_MS: i64 = 86_400_000;
const FIRST_RATE: u64 = 40_117;
/// Currency codes and names that the simulator knows.
pub(crate) const KNOWN: [(&str, &str); 8] = [
    ("AUD", "Australian Dollar"),
    ("CAD", "Canadian Dollar"),
    ("CHF", "Swiss Franc"),
    ("EUR", "Euro"),
    ("GBP", "British Pound"),
    ("JPY", "Japanese Yen"),
    ("SEK", "Swedish Krona"),
    ("USD", "US Dollar"),
];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "currencies.company",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/company-currency",
            "/settings/currencies/2026-09/company-currency",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&[
            "settings.currencies.read",
            "crm.objects.quotes.read",
            "cpq.quotes.read",
        ]),
        handler: Handler::Function(|portal, _, _| {
            Ok({
                let created = iso(day(portal) - DAY_MS * 1_400);
                Answer::json(
                    200,
                    json!({ "id": COMPANY_CURRENCY, "createdAt": created }).to_string(),
                )
            })
        }),
    },
    Route {
        name: "currencies.batch_read",
        method: Method::POST,
        paths: &[
            "/settings/v3/currencies/exchange-rates/batch/read",
            "/settings/currencies/2026-09/exchange-rates/batch/read",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&[
            "settings.currencies.read",
            "crm.objects.quotes.read",
            "cpq.quotes.read",
        ]),
        handler: Handler::Function(|portal, _, request| batch_read(portal, request)),
    },
    Route {
        name: "currencies.central_rates",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/central-fx-rates/information",
            "/settings/currencies/2026-09/central-fx-rates/information",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&[
            "settings.currencies.read",
            "crm.objects.quotes.read",
            "cpq.quotes.read",
        ]),
        handler: Handler::Function(|_, _, _| {
            Ok(Answer::json(200, json!({ "centralExchangeRatesEnabled": false }).to_string()))
        }),
    },
];

fn day(portal: &Portal) -> i64 {
    portal.start_ms - portal.start_ms.rem_euclid(DAY_MS)
}

/// An exchange rate that took effect at an instant.
pub(crate) struct Rate {
    pub(crate) id: u64,
    from: String,
    /// Number of later rates.
    pub(crate) age: u64,
    ten_thousandths: u32,
    effective_ms: i64,
}

impl Rate {
    pub(crate) fn show(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "fromCurrencyCode": self.from,
            "toCurrencyCode": COMPANY_CURRENCY,
            "conversionRate": f64::from(self.ten_thousandths) / 10_000.0,
            "visibleInUI": true,
            "effectiveAt": iso(self.effective_ms),
            "createdAt": iso(self.effective_ms + 4),
            "updatedAt": iso(self.effective_ms + 4),
        })
    }
}

/// Returns all rates, oldest first within a currency. Ids are in that order.
pub(crate) fn rates(portal: &Portal) -> Vec<Rate> {
    let account = &portal.spec().account;
    let mut rates = Vec::new();
    for from in &account.currencies {
        for age in (0..account.exchange_rates).rev() {
            let random = mix2(portal.spec().seed ^ name_hash(from), age);
            rates.push(Rate {
                id: FIRST_RATE + rates.len() as u64 * 3,
                from: from.clone(),
                age,
                ten_thousandths: 8_000 + u32::try_from(random % 4_000).unwrap_or_default(),
                effective_ms: day(portal)
                    - DAY_MS * 30 * i64::try_from(age + 1).unwrap_or_default(),
            });
        }
    }
    rates
}

/// Returns the rates from and to the requested currencies.
pub(crate) fn requested_rates(call: &Call<'_>) -> Vec<Rate> {
    let mut found = rates(call.portal);
    if let Some(from) = call.request.query("fromCurrencyCode") {
        found.retain(|rate| rate.from == from);
    }
    if call.request.query("toCurrencyCode").is_some_and(|to| to != COMPANY_CURRENCY) {
        found.clear();
    }
    found
}

#[derive(Deserialize)]
struct Input {
    id: Id,
}

fn batch_read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let wanted: Vec<String> = inputs.iter().map(|input| input.id.text()).collect();
    let found: Vec<Rate> =
        rates(portal).into_iter().filter(|rate| wanted.contains(&rate.id.to_string())).collect();
    let known: Vec<String> = found.iter().map(|rate| rate.id.to_string()).collect();
    let missing: Vec<&String> = wanted.iter().filter(|id| !known.contains(id)).collect();
    let missing: Vec<String> = missing.into_iter().cloned().collect();
    let results: Vec<Value> = found.iter().map(Rate::show).collect();
    Ok(batch_answer(&results, &missing, "exchange rates", request.now_ms))
}
