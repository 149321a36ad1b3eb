//! Marketing e-mails.

use std::cmp::Ordering;

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, iso, mix2, parse_ms};
use crate::refusal;
use crate::route::{Bucket, Params, Route, Scopes};
use crate::routes::marketing::email_statistics::stats;
use crate::routes::paging::{by_offset, flag, limit};
use crate::routes::{any_of, param};

const DEFAULT_LIMIT: usize = 10;
const MOST: usize = 250;
const DAY_MS: i64 = 86_400_000;
/// Type, subcategory and state of the e-mails, in a cycle.
const KINDS: &[(&str, &str, &str)] = &[
    ("BATCH_EMAIL", "batch", "PUBLISHED"),
    ("AUTOMATED_EMAIL", "automated", "AUTOMATED"),
    ("BATCH_EMAIL", "batch", "DRAFT"),
    ("AB_EMAIL", "ab_master", "PUBLISHED_AB"),
    ("BLOG_EMAIL", "blog_email", "BLOG_EMAIL_PUBLISHED"),
    ("BATCH_EMAIL", "batch", "SCHEDULED"),
];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "marketing_emails.list",
        method: Method::GET,
        paths: &["/marketing/v3/emails", "/marketing/emails/2026-03", "/marketing/emails/2026-09"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: email_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "marketing_emails.get",
        method: Method::GET,
        paths: &[
            "/marketing/v3/emails/{}",
            "/marketing/emails/2026-03/{}",
            "/marketing/emails/2026-09/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: email_scopes,
        handle: |portal, params, request| {
            get(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

#[expect(clippy::unnecessary_wraps, reason = "the signature of a route's row")]
pub(crate) fn email_scopes(_: &Portal, _: &Params) -> Result<Scopes, Answer> {
    Ok(any_of(&["content", "marketing.email.read", "marketing.email.write"]))
}

fn kind(email: &Item) -> (&'static str, &'static str, &'static str) {
    let place = usize::try_from(email.number).unwrap_or_default() % KINDS.len();
    KINDS.get(place).copied().unwrap_or(("BATCH_EMAIL", "batch", "DRAFT"))
}

/// Returns the instant at which the e-mail was published, if it was. E-mails created by a change
/// are drafts.
///
/// HubSpot: a scheduled e-mail is sent without an edit, so an old e-mail may have been sent
/// recently.
pub(crate) fn published_ms(email: &Item, start_ms: i64) -> Option<i64> {
    let draft = matches!(kind(email).2, "DRAFT" | "SCHEDULED") || email.created_ms >= start_ms;
    let days = i64::try_from(email.number % 25).unwrap_or_default();
    let lately = email.number.is_multiple_of(10).then_some(start_ms - days * DAY_MS);
    let soon = || email.created_ms + 5 * DAY_MS;
    (!draft).then(|| lately.unwrap_or_else(soon).min(start_ms - 7_200_000))
}

/// Returns the legacy e-mail campaign of an e-mail.
pub(crate) fn campaign_id(number: u64) -> u64 {
    Marketing::email_campaign_id(number)
}

/// Filters of a list request.
struct Filter<'a> {
    archived: bool,
    published: Option<bool>,
    kind: Option<&'a str>,
    campaign: Option<&'a str>,
    /// Conditions on dates: name, required ordering, and instant to compare with.
    dates: Vec<(&'static str, Ordering, i64)>,
    with_stats: bool,
}

impl<'a> Filter<'a> {
    fn of(request: &'a Request) -> Result<Self, Answer> {
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
            with_stats: flag(request, "includeStats", false)?,
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

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let filter = Filter::of(request)?;
    let limit = limit(request, DEFAULT_LIMIT, MOST, portal.settings.over_limit)?;
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
    by_offset(request, &emails, limit, true, |email| {
        show(portal, request, email, filter.with_stats)
    })
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let with_stats = flag(request, "includeStats", false)?;
    let found = param(params, 0).parse().ok().and_then(|id| portal.marketing().email(id));
    let email = found.filter(|email| email.archived_ms.is_some() == archived);
    let email = email.ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, show(portal, request, &email, with_stats).to_string()))
}

/// Returns the marketing campaign of every second e-mail.
fn campaign(portal: &Portal, email: &Item) -> Option<String> {
    let campaigns = &portal.marketing().campaigns;
    let number = email.number.checked_rem(campaigns.len())?;
    email.number.is_multiple_of(2).then(|| campaigns.guid(number))
}

/// Returns the whole e-mail, or the requested properties, with its statistics if requested.
fn show(portal: &Portal, request: &Request, email: &Item, with_stats: bool) -> Value {
    let mut fields = describe(portal, email);
    let included: Vec<&str> = request.query_list("includedProperties").collect();
    if !included.is_empty() {
        fields.retain(|name, _| {
            matches!(name.as_str(), "id" | "isAb") || included.contains(&name.as_str())
        });
    }
    if with_stats {
        fields.insert("stats".to_owned(), stats(portal, email, request.now_ms));
    }
    fields.into()
}

fn describe(portal: &Portal, email: &Item) -> Map<String, Value> {
    let (kind, subcategory, state) = kind(email);
    let published_ms = published_ms(email, portal.start_ms);
    let draft = email.created_ms >= portal.start_ms;
    let user = (771 + email.number % 5).to_string();
    let dice = mix2(portal.marketing().emails.seed, email.number);
    let campaign_ids = [campaign_id(email.number).to_string()];
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
        "emailCampaignGroupId": (dice % 1_000_000_007).to_string(),
        "emailTemplateMode": "DRAG_AND_DROP",
        "activeDomain": "example.test",
        "jitterSendTime": false,
        "sendOnPublish": true,
        "folderIdV2": 0,
        "businessUnitId": "0",
        "previewKey": format!("pk{dice:08x}"),
        "teamsWithAccess": [],
        "usersWithAccess": [],
        "workflowNames": if subcategory == "automated" { vec!["Welcome"] } else { Vec::new() },
        "from": { "fromName": "Team", "replyTo": "team@example.test", "customReplyTo": "" },
        "to": {
            "contactIds": { "include": [], "exclude": [] },
            "contactIlsLists": { "include": ["311"], "exclude": [] },
            "contactLists": { "include": [], "exclude": [] },
            "limitSendFrequency": false,
            "suppressGraymail": dice.is_multiple_of(2),
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
        fields.insert("clonedFrom".to_owned(), (dice % 100_000_007).to_string().into());
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
