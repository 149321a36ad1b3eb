//! Campaigns of the legacy e-mail API: one per sent e-mail, unrelated to marketing campaigns.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, mix2};
use crate::refusal;
use crate::route::{Bucket, Params, Route};
use crate::routes::cursor::{seal, unseal};
use crate::routes::marketing::content_scopes;
use crate::routes::marketing::email_statistics::{counters, sent};
use crate::routes::paging::limit;
use crate::routes::param;

const DEFAULT_LIMIT: usize = 100;
const MOST: usize = 500;
/// Applications that send e-mails: id and name.
const APPS: &[(u32, &str)] = &[(113, "Batch"), (2_286, "WorkflowEmail"), (20_053, "SmtpApi")];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "email_campaigns.list",
        method: Method::GET,
        paths: &["/email/public/v1/campaigns"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: content_scopes,
        handle: |portal, _, request| list(portal, request, true).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "email_campaigns.by_id",
        method: Method::GET,
        paths: &["/email/public/v1/campaigns/by-id"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: content_scopes,
        handle: |portal, _, request| list(portal, request, false).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "email_campaigns.get",
        method: Method::GET,
        paths: &["/email/public/v1/campaigns/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: content_scopes,
        handle: |portal, params, request| {
            get(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

/// Returns the application that sent a campaign.
pub(crate) fn app(number: u64) -> (u32, &'static str) {
    let place = usize::try_from(number).unwrap_or_default() % APPS.len();
    APPS.get(place).copied().unwrap_or((113, "Batch"))
}

fn list(portal: &Portal, request: &Request, by_activity: bool) -> Result<Answer, Answer> {
    let limit = limit(request, DEFAULT_LIMIT, MOST, portal.settings.over_limit)?;
    let roster = &portal.marketing().email_campaigns;
    let mut campaigns: Vec<Item> = roster.items().collect();
    // HubSpot: one list is sorted by recent activity, the other has no particular order.
    if by_activity {
        campaigns.sort_by_key(|item| (-item.updated_ms, item.number));
    } else {
        campaigns.sort_by_key(|item| mix2(roster.seed, item.number));
    }
    let seen = match request.query("offset").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => unseal(token)
            .and_then(|text| text.parse::<usize>().ok())
            .ok_or_else(|| refusal::validation(&format!("Invalid input: offset {token}")))?,
    };
    let page: Vec<Value> = campaigns
        .iter()
        .skip(seen)
        .take(limit)
        .map(|item| {
            let (app_id, app_name) = app(item.number);
            json!({
                "id": Marketing::email_campaign_id(item.number), "appId": app_id,
                "appName": app_name, "lastUpdatedTime": item.updated_ms,
            })
        })
        .collect();
    let end = seen.saturating_add(page.len());
    // HubSpot: the last page has an offset too.
    let body = json!({
        "hasMore": end < campaigns.len(), "offset": seal(&end.to_string()), "campaigns": page,
    });
    Ok(Answer::json(200, body.to_string()))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let marketing = portal.marketing();
    let found = param(params, 0).parse().ok().and_then(|id| marketing.email_campaign(id));
    let item = found.ok_or_else(refusal::not_found)?;
    let (app_id, app_name) = app(item.number);
    if request.query("appId").is_some_and(|wanted| wanted != app_id.to_string()) {
        return Err(refusal::not_found());
    }
    let dice = mix2(marketing.email_campaigns.seed, item.number);
    let processing = json!({
        "id": Marketing::email_campaign_id(item.number),
        "appId": app_id,
        "appName": app_name,
        "contentId": Marketing::email_id(&Item { number: dice % 50, ..item }),
        "counters": counters(dice, item.created_ms, request.now_ms),
        "name": format!("Mailing {}", item.number),
        "subject": format!("News № {}", item.number),
        "type": if item.number.is_multiple_of(4) { "AB_EMAIL" } else { "BATCH_EMAIL" },
        "subType": "BATCH_STANDARD",
        "numIncluded": sent(dice),
        "numQueued": sent(dice),
        "processingState": "DONE",
        "lastProcessingStartedAt": item.created_ms,
        "lastProcessingFinishedAt": item.created_ms + 42_000,
        "lastProcessingStateChangeAt": item.created_ms + 42_000,
    });
    Ok(Answer::json(200, processing.to_string()))
}
