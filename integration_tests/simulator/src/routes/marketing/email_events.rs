//! Events of single e-mails, newest first.

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Key, Marketing, Portal, mix, mix2};
use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::marketing::email_campaigns::app;
use crate::routes::marketing::window::{below, number, token, window};
use crate::routes::paging::limit;

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;
/// Types of the events, in a cycle; repeated ones are more frequent.
const KINDS: &[&str] = &[
    "SENT",
    "DELIVERED",
    "OPEN",
    "SENT",
    "DELIVERED",
    "CLICK",
    "OPEN",
    "PROCESSED",
    "OPEN",
    "BOUNCE",
    "DEFERRED",
    "DROPPED",
    "STATUSCHANGE",
    "SPAMREPORT",
    "SUPPRESSED",
    "MTA_DROPPED",
    "UNBOUNCE",
    "FORWARD",
    "PRINT",
    "REPLY",
];

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "email_events.list",
    method: Method::GET,
    paths: &["/email/public/v1/events"],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["content"]),
    handler: Handler::Function(|portal, _, request| list(portal, request)),
}];

/// Data of an event.
struct Event<'a> {
    key: Key,
    random: u64,
    kind: &'a str,
    recipient: String,
    /// Number of the campaign.
    campaign: u64,
}

impl<'a> Event<'a> {
    fn of(portal: &'a Portal, key: Key) -> Self {
        let marketing = portal.marketing();
        let random = marketing.email_events.random(key.1);
        let note = marketing.email_events.entry(key);
        let place = usize::try_from(random >> 8).unwrap_or_default() % KINDS.len();
        let kind = note.and_then(|note| note.kind.as_deref());
        let recipient = note.and_then(|note| note.recipient.clone());
        let campaign = note.and_then(|note| marketing.email_campaign(note.campaign?));
        let campaigns = marketing.email_campaigns.len().max(1);
        Self {
            key,
            random,
            kind: kind.or_else(|| KINDS.get(place).copied()).unwrap_or("SENT"),
            recipient: recipient.unwrap_or_else(|| portal.some_recipient(random)),
            campaign: campaign.map_or_else(|| mix(random) % campaigns, |item| item.number),
        }
    }
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let limit = limit(request, DEFAULT_LIMIT, MAX_LIMIT, portal.settings.over_limit)?;
    let window = window(request)?;
    let start = below(request, "offset")?;
    let campaign: Option<u64> = number(request, "campaignId")?;
    let app_id: Option<u32> = number(request, "appId")?;
    let kind = request.query("eventType");
    if let Some(unknown) = kind.filter(|kind| !KINDS.contains(kind)) {
        return Err(refusal::validation(&format!("Invalid input: eventType {unknown}")));
    }
    let wanted = |event: &Event<'_>| {
        kind.is_none_or(|kind| kind == event.kind)
            && request.query("recipient").is_none_or(|recipient| recipient == event.recipient)
            && campaign.is_none_or(|id| id == Marketing::email_campaign_id(event.campaign))
            && app_id.is_none_or(|id| id == app(event.campaign).0)
    };
    let log = &portal.marketing().email_events;
    let mut events = log
        .newest_first(&window, start, request.now_ms)
        .map(|key| Event::of(portal, key))
        .filter(wanted);
    let page: Vec<Event<'_>> = events.by_ref().take(limit).collect();
    let more = events.next().is_some();
    let end = page.last().map_or(start, |event| event.key);
    let shown: Vec<Value> = page.iter().map(|event| show(portal, event)).collect();
    // HubSpot: the last page has an offset too.
    let body = json!({ "hasMore": more, "offset": token(end, i64::MAX), "events": shown });
    Ok(Answer::json(200, body.to_string()))
}

fn show(portal: &Portal, event: &Event<'_>) -> Value {
    let (at_ms, sequence) = event.key;
    let (app_id, app_name) = app(event.campaign);
    let cause = |salt: u64, earlier_ms: i64| {
        let id = crate::portal::guid(portal.marketing().seed ^ salt, sequence);
        json!({ "id": id, "created": at_ms - earlier_ms })
    };
    let mut fields: Map<String, Value> = [
        ("id", portal.email_event_id(event.key).into()),
        ("created", at_ms.into()),
        ("type", event.kind.into()),
        ("recipient", event.recipient.clone().into()),
        ("portalId", portal.portal_id().into()),
        ("appId", app_id.into()),
        ("appName", app_name.into()),
        ("emailCampaignId", Marketing::email_campaign_id(event.campaign).into()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if event.kind != "SENT" {
        fields.insert("sentBy".to_owned(), cause(0x5E, 3_600_000));
    }
    let own = match event.kind {
        "SENT" => json!({
            "subject": "News – „today“", "from": "\"Team\" <team@example.test>",
            "replyTo": ["team@example.test"], "cc": [], "bcc": [],
        }),
        "DELIVERED" => json!({ "response": "250 2.0.0 OK", "attempt": 1, "smtpId": null }),
        "OPEN" | "CLICK" => opened(event, &cause(0xCA, 60_000)),
        "BOUNCE" => json!({
            "category": "UNKNOWN_USER", "status": "5.1.1", "response": "550 no such user",
            "bounced": true, "obsoletedBy": cause(0x0B, -5_000),
        }),
        "DROPPED" | "MTA_DROPPED" => json!({
            "dropReason": "PREVIOUSLY_BOUNCED", "dropMessage": "bounced before",
        }),
        "DEFERRED" => json!({ "response": "451 try again", "attempt": 2 }),
        "STATUSCHANGE" => json!({
            "source": "SOURCE_RECIPIENT", "requestedBy": event.recipient,
            "portalSubscriptionStatus": "SUBSCRIBED",
            "subscriptions": [{ "id": 41, "status": "UNSUBSCRIBED" }],
        }),
        _ => json!({}),
    };
    if let Value::Object(own) = own {
        fields.extend(own);
    }
    fields.into()
}

fn opened(event: &Event<'_>, cause: &Value) -> Value {
    let mut body = json!({
        "deviceType": if event.random.is_multiple_of(2) { "MOBILE" } else { "COMPUTER" },
        "userAgent": "Mozilla/5.0 (compatible)",
        "ipAddress": format!("192.0.2.{}", event.random % 250),
        "filteredEvent": mix2(event.random, 1).is_multiple_of(5),
        "browser": {
            "name": "Apple Mail", "family": "Apple Mail", "producer": "Apple Inc.",
            "producerUrl": "", "type": "Email client", "url": "", "version": [],
        },
        "location": {
            "city": "Köln", "country": "de", "state": "nordrhein-westfalen",
            "latitude": 50.94, "longitude": 6.96, "zipcode": "50667",
        },
    });
    if let Some(fields) = body.as_object_mut() {
        if event.kind == "OPEN" {
            fields.insert("duration".to_owned(), (event.random % 20_000).into());
        } else {
            fields.insert("url".to_owned(), "https://example.test/a?b=1&c=ü".into());
            fields.insert("linkId".to_owned(), (event.random % 9).into());
            fields.insert("referer".to_owned(), "https://mail.example.test/".into());
            fields.insert("causedBy".to_owned(), cause.clone());
        }
    }
    body
}
