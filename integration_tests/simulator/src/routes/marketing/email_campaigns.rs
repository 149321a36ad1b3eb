//! Campaigns of the legacy e-mail API: one per sent e-mail, unrelated to marketing campaigns.

use serde_json::{Value, json};

use crate::portal::{Item, Marketing, Portal, mix2};
use crate::route::param;
use crate::routes::collection::Call;
use crate::routes::marketing::email_statistics::{counters, sent};

/// Applications that send e-mails: id and name.
const APPS: &[(u32, &str)] = &[(113, "Batch"), (2_286, "WorkflowEmail"), (20_053, "SmtpApi")];

/// Returns the application that sent a campaign.
pub(crate) fn app(number: u64) -> (u32, &'static str) {
    let place = usize::try_from(number).unwrap_or_default() % APPS.len();
    APPS.get(place).copied().unwrap_or((113, "Batch"))
}

/// Returns the campaigns. HubSpot: one list is sorted by recent activity, the other has no
/// particular order.
pub(crate) fn all(portal: &Portal, by_activity: bool) -> Vec<Item> {
    let item_set = &portal.marketing().email_campaigns;
    let mut campaigns: Vec<Item> = item_set.items().collect();
    if by_activity {
        campaigns.sort_by_key(|item| (-item.updated_ms, item.number));
    } else {
        campaigns.sort_by_key(|item| mix2(item_set.seed, item.number));
    }
    campaigns
}

/// Returns the summary of a campaign.
pub(crate) fn summary(item: &Item) -> Value {
    let (app_id, app_name) = app(item.number);
    json!({
        "id": Marketing::email_campaign_id(item.number), "appId": app_id, "appName": app_name,
        "lastUpdatedTime": item.updated_ms,
    })
}

/// Returns the campaign with the id in the path, if the requested application sent it.
pub(crate) fn find(call: &Call<'_>) -> Option<Item> {
    let id = param(call.params, 0).parse().ok()?;
    let item = call.portal.marketing().email_campaign(id)?;
    let (app_id, _) = app(item.number);
    let wanted = call.request.query("appId");
    wanted.is_none_or(|wanted| wanted == app_id.to_string()).then_some(item)
}

/// Returns a campaign with its counters.
pub(crate) fn details(portal: &Portal, item: &Item, now_ms: i64) -> Value {
    let marketing = portal.marketing();
    let (app_id, app_name) = app(item.number);
    let random = mix2(marketing.email_campaigns.seed, item.number);
    json!({
        "id": Marketing::email_campaign_id(item.number),
        "appId": app_id,
        "appName": app_name,
        "contentId": Marketing::email_id(&Item { number: random % 50, ..*item }),
        "counters": counters(random, item.created_ms, now_ms),
        "name": format!("Mailing {}", item.number),
        "subject": format!("News № {}", item.number),
        "type": if item.number.is_multiple_of(4) { "AB_EMAIL" } else { "BATCH_EMAIL" },
        "subType": "BATCH_STANDARD",
        "numIncluded": sent(random),
        "numQueued": sent(random),
        "processingState": "DONE",
        "lastProcessingStartedAt": item.created_ms,
        "lastProcessingFinishedAt": item.created_ms + 42_000,
        "lastProcessingStateChangeAt": item.created_ms + 42_000,
    })
}
