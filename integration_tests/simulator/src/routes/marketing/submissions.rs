//! Form submissions, newest first. There is no filter and no other order.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{END, Item, Key, Marketing, Portal, guid};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::cursor::{seal, unseal};
use crate::routes::marketing::window::{below, token};
use crate::routes::paging::limit;
use crate::settings::SubmissionCursor;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 50;
/// Age from which submissions have no `conversionId`, and their values no object type.
const OLD_MS: i64 = 500 * 86_400_000;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "form_submissions.list",
    method: Method::GET,
    paths: &["/form-integrations/v1/submissions/forms/{}"],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["forms"]),
    handler: Handler::Function(list),
}];

fn list(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let marketing = portal.marketing();
    let form = marketing.forms.by_guid(param(params, 0)).ok_or_else(refusal::not_found)?;
    let form_type = Marketing::form_type(&form);
    // HubSpot: blog comments are not available as submissions.
    if form_type == "blog_comment" {
        return Err(refusal::validation("Form type BLOG_COMMENT is not supported"));
    }
    let limit = limit(request, DEFAULT_LIMIT, MAX_LIMIT, portal.settings.over_limit)?;
    let log = marketing.submissions.get(&form.number).ok_or_else(refusal::not_found)?;
    let always = i64::MIN..=i64::MAX;
    let offset = offset(portal, request)?;
    let key = if offset.is_some() { END } else { below(request, "after")? };
    let seen = offset.unwrap_or(0);
    let mut keys = log.newest_first(&always, key, request.now_ms).skip(seen);
    let page: Vec<Key> = keys.by_ref().take(limit).collect();
    let more = keys.next().is_some();
    let results: Vec<Value> = page.iter().map(|key| show(portal, &form, *key)).collect();
    let mut answer = json!({ "results": results });
    if more
        && let Some(last) = page.last()
        && let Some(fields) = answer.as_object_mut()
    {
        let after = match portal.settings.submission_cursor {
            SubmissionCursor::Key => token(*last, i64::MAX),
            SubmissionCursor::Offset => seal(&(seen + page.len()).to_string()),
        };
        fields.insert("paging".to_owned(), json!({ "next": { "after": after } }));
    }
    Ok(Answer::json(200, answer.to_string()))
}

/// Returns the number of submissions that the token skips; `None` if tokens are keys.
fn offset(portal: &Portal, request: &Request) -> Result<Option<usize>, Answer> {
    if portal.settings.submission_cursor == SubmissionCursor::Key {
        return Ok(None);
    }
    let Some(token) = request.query("after") else { return Ok(Some(0)) };
    let seen = unseal(token).and_then(|text| text.parse().ok());
    let refused = || refusal::validation(&format!("Invalid input: after {token}"));
    seen.map(Some).ok_or_else(refused)
}

fn show(portal: &Portal, form: &Item, key: Key) -> Value {
    let (at_ms, sequence) = key;
    let marketing = portal.marketing();
    let log = marketing.submissions.get(&form.number);
    let random = log.map_or(0, |log| log.random(sequence));
    let old = portal.start_ms - at_ms > OLD_MS;
    let value = |name: &str, value: &str| {
        if old {
            json!({ "name": name, "value": value })
        } else {
            json!({ "name": name, "value": value, "objectTypeId": "0-1" })
        }
    };
    let given = log.and_then(|log| log.entry(key)).filter(|values| !values.is_empty());
    let values: Vec<Value> = if let Some(given) = given {
        given.iter().map(|(name, text)| value(name, text.as_deref().unwrap_or_default())).collect()
    } else {
        let first = if random.is_multiple_of(7) { "Zoë \"Z\"" } else { "Ada" };
        let mut values =
            vec![value("email", &portal.some_recipient(random)), value("firstname", first)];
        // HubSpot: a field with several checked boxes has one value per box.
        if random.is_multiple_of(3) {
            values.extend([value("interests", "sailing"), value("interests", "rowing")]);
        }
        values
    };
    let mut body = json!({
        "submittedAt": at_ms,
        "values": values,
        "pageUrl": format!("https://example.test/landing/{}", random % 20),
    });
    if !old && let Some(fields) = body.as_object_mut() {
        let id = guid(marketing.seed ^ form.number, sequence);
        fields.insert("conversionId".to_owned(), id.into());
    }
    body
}
