//! The account's currencies and their exchange rates to the company currency.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, iso, mix2, name_hash};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::batch::Id;
use crate::routes::inputs::inputs;
use crate::routes::paging::{by_offset, limit};
use crate::routes::{any_of, param};

/// The company currency of the account.
pub(crate) const COMPANY_CURRENCY: &str = "EUR";
const DEFAULT_LIMIT: usize = 100;
const MOST_INPUTS: usize = 100;
const DAY_MS: i64 = 86_400_000;
const FIRST_RATE: u64 = 40_117;
/// Currency codes and names that the simulator knows.
const KNOWN: [(&str, &str); 8] = [
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
        name: "currencies.codes",
        method: Method::GET,
        paths: &["/settings/v3/currencies/codes", "/settings/currencies/2026-09/codes"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: currency_scopes,
        handle: |_, _, _| codes(),
    },
    Route {
        name: "currencies.company",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/company-currency",
            "/settings/currencies/2026-09/company-currency",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: currency_scopes,
        handle: |portal, _, _| {
            let created = iso(day(portal) - DAY_MS * 1_400);
            Answer::json(200, json!({ "id": COMPANY_CURRENCY, "createdAt": created }).to_string())
        },
    },
    Route {
        name: "currencies.rates",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/exchange-rates",
            "/settings/currencies/2026-09/exchange-rates",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: currency_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "currencies.current_rates",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/exchange-rates/current",
            "/settings/currencies/2026-09/exchange-rates/current",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: currency_scopes,
        handle: |portal, _, _| {
            let current: Vec<Value> =
                rates(portal).iter().filter(|rate| rate.age == 0).map(Rate::show).collect();
            Answer::json(200, json!({ "results": current }).to_string())
        },
    },
    Route {
        name: "currencies.rate",
        method: Method::GET,
        paths: &[
            "/settings/v3/currencies/exchange-rates/{}",
            "/settings/currencies/2026-09/exchange-rates/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: currency_scopes,
        handle: |portal, params, _| {
            let wanted = param(params, 0);
            let found = rates(portal).into_iter().find(|rate| rate.id.to_string() == wanted);
            found.map_or_else(refusal::not_found, |rate| Answer::json(200, rate.show().to_string()))
        },
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
        scopes: currency_scopes,
        handle: |portal, _, request| batch_read(portal, request).unwrap_or_else(|refusal| refusal),
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
        scopes: currency_scopes,
        handle: |_, _, _| {
            Answer::json(200, json!({ "centralExchangeRatesEnabled": false }).to_string())
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
fn currency_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["settings.currencies.read", "crm.objects.quotes.read", "cpq.quotes.read"]))
}

fn day(portal: &Portal) -> i64 {
    portal.start_ms - portal.start_ms.rem_euclid(DAY_MS)
}

fn codes() -> Answer {
    let all: Vec<Value> = KNOWN
        .iter()
        .map(|(code, name)| json!({ "currencyCode": code, "currencyName": name }))
        .collect();
    Answer::json(200, json!({ "results": all }).to_string())
}

/// An exchange rate that took effect at an instant.
struct Rate {
    id: u64,
    from: String,
    /// Number of later rates.
    age: u64,
    ten_thousandths: u32,
    effective_ms: i64,
}

impl Rate {
    fn show(&self) -> Value {
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
fn rates(portal: &Portal) -> Vec<Rate> {
    let account = &portal.spec().account;
    let mut rates = Vec::new();
    for from in &account.currencies {
        for age in (0..account.exchange_rates).rev() {
            let dice = mix2(portal.spec().seed ^ name_hash(from), age);
            rates.push(Rate {
                id: FIRST_RATE + rates.len() as u64 * 3,
                from: from.clone(),
                age,
                ten_thousandths: 8_000 + u32::try_from(dice % 4_000).unwrap_or_default(),
                effective_ms: day(portal)
                    - DAY_MS * 30 * i64::try_from(age + 1).unwrap_or_default(),
            });
        }
    }
    rates
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let mut found = rates(portal);
    if let Some(from) = request.query("fromCurrencyCode") {
        found.retain(|rate| rate.from == from);
    }
    if request.query("toCurrencyCode").is_some_and(|to| to != COMPANY_CURRENCY) {
        found.clear();
    }
    by_offset(request, &found, limit, false, Rate::show)
}

#[derive(Deserialize)]
struct Input {
    id: Id,
}

fn batch_read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MOST_INPUTS)?;
    let wanted: Vec<String> = inputs.iter().map(|input| input.id.text()).collect();
    let found: Vec<Rate> =
        rates(portal).into_iter().filter(|rate| wanted.contains(&rate.id.to_string())).collect();
    let known: Vec<String> = found.iter().map(|rate| rate.id.to_string()).collect();
    let missing: Vec<&String> = wanted.iter().filter(|id| !known.contains(id)).collect();
    let mut answer = json!({
        "status": "COMPLETE",
        "results": found.iter().map(Rate::show).collect::<Vec<Value>>(),
        "startedAt": iso(request.now_ms),
        "completedAt": iso(request.now_ms + 12),
    });
    if missing.is_empty() {
        return Ok(Answer::json(200, answer.to_string()));
    }
    if let Some(fields) = answer.as_object_mut() {
        let errors = json!([{
            "status": "error", "category": "OBJECT_NOT_FOUND",
            "message": "Some exchange rates do not exist.", "context": { "ids": missing },
        }]);
        fields.insert("numErrors".to_owned(), 1.into());
        fields.insert("errors".to_owned(), errors);
    }
    Ok(Answer::json(207, answer.to_string()))
}
