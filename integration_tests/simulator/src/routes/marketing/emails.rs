//! Marketing e-mails.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, iso, mix2, parse_ms};
use crate::refusal;
use crate::route::param;
use crate::routes::collection::Call;
use crate::routes::marketing::email_statistics::stats;
use crate::routes::marketing::publication::{kind, published_ms};
use crate::routes::paging::flag;

/// Filters of a list request.
pub(crate) struct Filter<'a> {
    archived: bool,
    published: Option<bool>,
    kind: Option<&'a str>,
    campaign: Option<&'a str>,
    /// Conditions on dates: name, required ordering, and instant to compare with.
    dates: Vec<(&'static str, Ordering, i64)>,
    with_stats: bool,
}

impl<'a> Filter<'a> {
    pub(crate) fn of(request: &'a Request) -> Result<Self, Answer> {
        let mut dates = Vec::new();
        for date in ["created", "updated", "published"] {
            // HubSpot: `After` and `Before` exclude the instant itself.
            for (suffix, order) in
                [("At", Ordering::Equal), ("After", Ordering::Greater), ("Before", Ordering::Less)]
            {
                let name = format!("{date}{suffix}");
                let Some(text) = request.query(&name) else { continue };
                let refused = || refusal::validation(&format!("Invalid input: {name} {text}"));
                dates.push((date, order, parse_ms(text).ok_or_else(refused)?));
            }
        }
        let kind = request.query("type");
        if let Some(unknown) =
            kind.filter(|kind| !kind.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        {
            return Err(refusal::validation(&format!("Invalid input: type {unknown}")));
        }
        Ok(Self {
            archived: flag(request, "archived", false)?,
            published: match request.query("isPublished") {
                None => None,
                Some(_) => Some(flag(request, "isPublished", false)?),
            },
            kind,
            campaign: request.query("campaign"),
            dates,
            with_stats: with_stats(request)?,
        })
    }

    fn wants(&self, portal: &Portal, email: &Item) -> bool {
        let published_ms = published_ms(email, portal.start_ms);
        let every = portal.settings.stats_leave_out_every;
        let date = |name: &str| match name {
            "created" => Some(email.created_ms),
            "updated" => Some(email.updated_ms),
            _ => published_ms,
        };
        email.archived_ms.is_some() == self.archived
            && self.published.is_none_or(|wanted| wanted == published_ms.is_some())
            && self.kind.is_none_or(|wanted| wanted == kind(email).0)
            && self.campaign.is_none_or(|wanted| campaign(portal, email).as_deref() == Some(wanted))
            && self.dates.iter().all(|(name, order, limit_ms)| {
                date(name).is_some_and(|date_ms| date_ms.cmp(limit_ms) == *order)
            })
            // HubSpot: with statistics some e-mails are missing, according to reports by other
            // developers.
            && !(self.with_stats && every > 0 && email.number % every == every - 1)
    }
}

/// Returns the requested e-mails in the requested order.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<Item>, Answer> {
    let Call { portal, request, .. } = *call;
    let filter = Filter::of(request)?;
    let items = portal.marketing().emails.items();
    let mut emails: Vec<Item> = items.filter(|email| filter.wants(portal, email)).collect();
    for sort in request.query_list("sort").collect::<Vec<_>>().into_iter().rev() {
        let by: fn(&Item) -> i64 = match sort.trim_start_matches('-') {
            "createdAt" => |email| email.created_ms,
            "updatedAt" => |email| email.updated_ms,
            "id" | "name" => |email| i64::try_from(email.number).unwrap_or_default(),
            _ => return Err(refusal::validation(&format!("Invalid input: sort {sort}"))),
        };
        emails.sort_by_key(|email| if sort.starts_with('-') { -by(email) } else { by(email) });
    }
    Ok(emails)
}

/// Returns the e-mail with the id in the path.
pub(crate) fn find(call: &Call<'_>) -> Result<Option<Item>, Answer> {
    with_stats(call.request)?;
    let id = param(call.params, 0).parse().ok();
    let found = id.and_then(|id| call.portal.marketing().email(id));
    Ok(found.filter(|email| email.archived_ms.is_some() == call.archived))
}

/// Returns `true` if the request asks for the statistics.
fn with_stats(request: &Request) -> Result<bool, Answer> {
    flag(request, "includeStats", false)
}

/// Returns the marketing campaign of every second e-mail.
fn campaign(portal: &Portal, email: &Item) -> Option<String> {
    let campaigns = &portal.marketing().campaigns;
    let number = email.number.checked_rem(campaigns.len())?;
    email.number.is_multiple_of(2).then(|| campaigns.guid(number))
}

/// Returns the whole e-mail, or the requested properties, with its statistics if requested.
pub(crate) fn show(portal: &Portal, request: &Request, email: &Item) -> Value {
    let mut fields = describe(portal, email);
    let included: Vec<&str> = request.query_list("includedProperties").collect();
    if !included.is_empty() {
        fields.retain(|name, _| {
            matches!(name.as_str(), "id" | "isAb") || included.contains(&name.as_str())
        });
    }
    if with_stats(request).unwrap_or_default() {
        fields.insert("stats".to_owned(), stats(portal, email, request.now_ms));
    }
    fields.into()
}

fn describe(portal: &Portal, email: &Item) -> Map<String, Value> {
    let (kind, subcategory, state) = kind(email);
    let published_ms = published_ms(email, portal.start_ms);
    let draft = email.created_ms >= portal.start_ms;
    let user = (771 + email.number % 5).to_string();
    let random = mix2(portal.marketing().emails.seed, email.number);
    let campaign_ids = [Marketing::email_campaign_id(email.number).to_string()];
    let body = json!({
        "id": Marketing::email_id(email).to_string(),
        "name": format!("Letter {}", email.number),
        "subject": format!("Hello – „{}“ \u{1F44B}", email.number),
        "state": if draft { "DRAFT" } else { state },
        "type": kind,
        "subcategory": subcategory,
        "language": "en",
        "isAb": kind == "AB_EMAIL",
        "isPublished": published_ms.is_some(),
        "isTransactional": false,
        "archived": email.archived_ms.is_some(),
        "createdAt": iso(email.created_ms),
        "createdById": user.clone(),
        "updatedAt": iso(email.updated_ms),
        "updatedById": user.clone(),
        "primaryEmailCampaignId": campaign_ids.first(),
        "allEmailCampaignIds": campaign_ids,
        "emailCampaignGroupId": (random % 1_000_000_007).to_string(),
        "emailTemplateMode": "DRAG_AND_DROP",
        "activeDomain": "example.test",
        "jitterSendTime": false,
        "sendOnPublish": true,
        "folderIdV2": 0,
        "businessUnitId": "0",
        "previewKey": format!("pk{random:08x}"),
        "teamsWithAccess": [],
        "usersWithAccess": [],
        "workflowNames": if subcategory == "automated" { vec!["Welcome"] } else { Vec::new() },
        "from": { "fromName": "Team", "replyTo": "team@example.test", "customReplyTo": "" },
        "to": {
            "contactIds": { "include": [], "exclude": [] },
            "contactIlsLists": { "include": ["311"], "exclude": [] },
            "contactLists": { "include": [], "exclude": [] },
            "limitSendFrequency": false,
            "suppressGraymail": random.is_multiple_of(2),
        },
        "content": {
            "templatePath": "@hubspot/email/dnd/welcome.html", "plainTextVersion": "Hello\n\nBye",
            "widgets": { "module_0": { "body": { "html": "<p>Hello</p>" }, "id": "module_0" } },
            "flexAreas": {}, "widgetContainers": {}, "styleSettings": {},
        },
        "subscriptionDetails": {
            "officeLocationId": "12", "preferencesGroupId": "3", "subscriptionId": "41",
        },
        "testing": {
            "testId": "", "isAbVariation": false, "abTestPercentage": 0, "hoursToWait": 0,
        },
        "webversion": {
            "enabled": true, "domain": "example.test", "slug": format!("letter-{}", email.number),
            "isPageRedirected": false, "pageExpiryEnabled": false,
        },
    });
    let Value::Object(mut fields) = body else { return Map::new() };
    if let Some(at_ms) = published_ms {
        fields.insert("publishDate".to_owned(), iso(at_ms).into());
        fields.insert("publishedAt".to_owned(), iso(at_ms).into());
        fields.insert("publishedById".to_owned(), user.into());
        fields.insert("publishedByName".to_owned(), "Grace H".into());
        fields.insert("publishedByEmail".to_owned(), "grace@example.test".into());
    }
    if email.number % 7 == 3 {
        fields.insert("clonedFrom".to_owned(), (random % 100_000_007).to_string().into());
    }
    if email.number % 11 == 4 {
        fields.insert("unpublishedAt".to_owned(), iso(email.updated_ms - 1).into());
    }
    if subcategory == "blog_email" {
        let rss = json!({
            "blogEmailType": "instant", "blogImageMaxWidth": 300, "blogLayout": "FULL_POST",
            "hubspotBlogId": "5", "maxEntries": 10, "rssEntryTemplate": "<b>{{ title }}</b>",
            "timing": { "daily": { "hour": 9 } }, "url": "https://example.test/rss.xml",
            "useHeadlineAsSubject": true,
        });
        fields.insert("rssData".to_owned(), rss);
    }
    if let Some(campaign) = campaign(portal, email) {
        fields.insert("campaignUtm".to_owned(), "launch".into());
        fields.insert("campaign".to_owned(), campaign.into());
        fields.insert("campaignName".to_owned(), "Launch".into());
    }
    if let Some(at_ms) = email.archived_ms {
        fields.insert("deletedAt".to_owned(), iso(at_ms).into());
    }
    fields
}
