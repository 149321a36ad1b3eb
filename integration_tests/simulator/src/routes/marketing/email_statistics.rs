//! E-mail statistics. They grow for weeks after an e-mail was sent without changing any date of the
//! e-mail.

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, mix2, parse_ms};
use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::marketing::publication::published_ms;

/// Time within which half of all opens happen.
const HALF_MS: i64 = 3 * 86_400_000;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "marketing_emails.statistics",
    method: Method::GET,
    paths: &[
        "/marketing/v3/emails/statistics/list",
        "/marketing/emails/2026-03/statistics/list",
        "/marketing/emails/2026-09/statistics/list",
    ],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["content", "marketing.email.read", "marketing.email.write"]),
    handler: Handler::Function(|portal, _, request| statistics(portal, request)),
}];

/// Returns the number of recipients.
pub(crate) fn sent(random: u64) -> u64 {
    200 + random % 50_000
}

/// Returns the counters at `now_ms` of an e-mail sent at `sent_ms`.
pub(crate) fn counters(random: u64, sent_ms: i64, now_ms: i64) -> Value {
    let sent = sent(random);
    let passed_ms = u64::try_from(now_ms - sent_ms).unwrap_or_default();
    let half_ms = u64::try_from(HALF_MS).unwrap_or(1);
    // The count approaches `whole` and reaches half of it after `half_ms`.
    let grown = |whole: u64| {
        let grown = u128::from(whole) * u128::from(passed_ms) / u128::from(passed_ms + half_ms);
        u64::try_from(grown).unwrap_or_default()
    };
    let bounce = sent / 40;
    json!({
        "sent": sent, "delivered": sent - bounce, "bounce": bounce, "processed": sent,
        "open": grown(sent / 2), "click": grown(sent / 9), "unsubscribed": grown(sent / 300),
        "spamreport": grown(sent / 2_000), "reply": grown(sent / 1_500), "forward": 0, "print": 0,
        "statuschange": grown(sent / 400), "deferred": 0, "dropped": 1, "mta_dropped": 0,
        "suppressed": 0,
    })
}

/// Returns the `stats` of an e-mail; empty if it has not been published.
pub(crate) fn stats(portal: &Portal, email: &Item, now_ms: i64) -> Value {
    let Some(sent_ms) = published_ms(email, portal.start_ms) else {
        return json!({ "counters": {}, "ratios": {}, "deviceBreakdown": {}, "qualifierStats": {} });
    };
    let random = mix2(portal.marketing().emails.seed, email.number);
    whole(&counters(random, sent_ms, now_ms))
}

/// Returns counters together with the ratios derived from them.
fn whole(counters: &Value) -> Value {
    let count = |name: &str| counters.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (delivered, opened, clicked) = (count("delivered"), count("open"), count("click"));
    let bounced = count("bounce");
    let mobile = opened / 3;
    json!({
        "counters": counters,
        "ratios": {
            "openratio": ratio(opened, delivered),
            "clickratio": ratio(clicked, delivered),
            "clickthroughratio": ratio(clicked, opened),
            "bounceratio": ratio(bounced, count("sent")),
        },
        "deviceBreakdown": {
            "open_device_type": { "computer": opened - mobile, "mobile": mobile, "unknown": 0 },
            "click_device_type": { "computer": clicked, "mobile": 0, "unknown": 0 },
        },
        "qualifierStats": { "BOUNCE": { "HARD": bounced, "SOFT": 0 } },
    })
}

/// Returns a percentage with two decimals.
fn ratio(part: u64, whole: u64) -> f64 {
    let hundredths = (part * 10_000).checked_div(whole).unwrap_or(0);
    f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
}

fn instant(request: &Request, name: &str) -> Result<i64, Answer> {
    let text = request.query(name).unwrap_or_default();
    parse_ms(text).ok_or_else(|| refusal::validation(&format!("Invalid input: {name} {text}")))
}

fn statistics(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let span = instant(request, "startTimestamp")?..=instant(request, "endTimestamp")?;
    let wanted: Vec<&str> = request.query_list("emailIds").collect();
    let mut total: Map<String, Value> = Map::new();
    let mut by_campaign = Map::new();
    let mut ids = Vec::new();
    for email in portal.marketing().emails.items().filter(|email| email.archived_ms.is_none()) {
        let id = Marketing::email_id(&email);
        let sent_ms = published_ms(&email, portal.start_ms);
        let asked = wanted.is_empty() || wanted.contains(&id.to_string().as_str());
        if !asked || !sent_ms.is_some_and(|sent_ms| span.contains(&sent_ms)) {
            continue;
        }
        let stats = stats(portal, &email, request.now_ms);
        for (name, count) in stats.get("counters").and_then(Value::as_object).into_iter().flatten()
        {
            let sum = total.get(name).and_then(Value::as_u64).unwrap_or(0);
            total.insert(name.clone(), (sum + count.as_u64().unwrap_or(0)).into());
        }
        by_campaign.insert(Marketing::email_campaign_id(email.number).to_string(), stats);
        ids.push(id);
    }
    let body = json!({
        "aggregate": whole(&total.into()), "campaignAggregations": by_campaign, "emails": ids,
    });
    Ok(Answer::json(200, body.to_string()))
}
