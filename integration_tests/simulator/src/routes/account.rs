//! Endpoints for the account: details, API usage, record limits.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Portal, iso};
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::currencies::COMPANY_CURRENCY;

const DAY_MS: i64 = 86_400_000;
/// Maximum number of records of one standard type.
const MAX_RECORDS: u64 = 15_000_000;
const MAX_CUSTOM_RECORDS: u64 = 1_500_000;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "account.details",
        method: Method::GET,
        paths: &[
            "/account-info/v3/details",
            "/account-info/2026-03/details",
            "/account-info/2026-09/details",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, _| Ok(details(portal))),
    },
    Route {
        name: "account.usage",
        method: Method::GET,
        paths: &[
            "/account-info/v3/api-usage/daily/private-apps",
            "/account-info/2026-03/api-usage/daily/private-apps",
            "/account-info/2026-09/api-usage/daily/private-apps",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, request| Ok(usage(portal, request))),
    },
    Route {
        name: "limits.records",
        method: Method::GET,
        paths: &[
            "/crm/v3/limits/records",
            "/crm/limits/2026-03/records",
            "/crm/limits/2026-09/records",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, _| Ok(records(portal))),
    },
];

fn details(portal: &Portal) -> Answer {
    let offset_ms = portal.settings.utc_offset_ms;
    let minutes = offset_ms.abs() / 60_000;
    let sign = if offset_ms < 0 { '-' } else { '+' };
    let body = json!({
        "portalId": portal.portal_id(),
        "accountType": "STANDARD",
        "timeZone": portal.settings.time_zone,
        "companyCurrency": COMPANY_CURRENCY,
        "additionalCurrencies": portal.spec().account.currencies,
        "utcOffset": format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60),
        "utcOffsetMilliseconds": offset_ms,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    });
    Answer::json(200, body.to_string())
}

fn usage(portal: &Portal, request: &Request) -> Answer {
    let local_ms = request.now_ms + portal.settings.utc_offset_ms;
    let resets_ms = request.now_ms + DAY_MS - local_ms.rem_euclid(DAY_MS);
    let body = json!({ "results": [{
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.daily_limit,
        "currentUsage": portal.calls_today.load(Ordering::Relaxed),
        "collectedAt": iso(request.now_ms - request.now_ms.rem_euclid(60_000)),
        "fetchStatus": "CACHED",
        "resetsAt": iso(resets_ms),
    }] });
    Answer::json(200, body.to_string())
}

fn records(portal: &Portal) -> Answer {
    let (custom, standard): (Vec<_>, Vec<_>) =
        portal.stores().iter().partition(|store| store.object.custom);
    let standard: Vec<Value> = standard
        .into_iter()
        .filter(|store| store.live() > 0)
        .map(|store| {
            json!({
                "objectTypeId": store.object.id,
                "singularLabel": store.object.label(false),
                "pluralLabel": store.object.label(true),
                "usage": store.live(),
                "limit": MAX_RECORDS,
                "percentage": percentage(store.live(), MAX_RECORDS),
            })
        })
        .collect();
    let total: u64 = custom.iter().map(|store| store.live()).sum();
    let by_type: Vec<Value> = custom
        .into_iter()
        .map(|store| {
            json!({
                "objectTypeId": store.object.id,
                "singularLabel": store.object.label(false),
                "pluralLabel": store.object.label(true),
                "usage": store.live(),
            })
        })
        .collect();
    let body = json!({
        "hubspotDefinedObjectTypes": standard,
        "customObjectTypes": {
            "overallUsage": total,
            "overallLimit": MAX_CUSTOM_RECORDS,
            "overallPercentage": percentage(total, MAX_CUSTOM_RECORDS),
            "byObjectType": by_type,
        },
    });
    Answer::json(200, body.to_string())
}

/// Returns a percentage with two decimals.
fn percentage(part: u64, whole: u64) -> f64 {
    let hundredths = u32::try_from(part.saturating_mul(10_000) / whole).unwrap_or(u32::MAX);
    f64::from(hundredths) / 100.0
}
