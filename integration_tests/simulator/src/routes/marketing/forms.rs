//! Form definitions.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, iso};
use crate::refusal;
use crate::route::{Bucket, Params, Route};
use crate::routes::cursor::{seal, unseal};
use crate::routes::marketing::form_scopes;
use crate::routes::paging::{flag, limit, next_link};
use crate::routes::param;

const DEFAULT_LIMIT: usize = 20;
const TYPES: &[&str] = &["hubspot", "captured", "flow", "blog_comment", "all"];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "forms.list",
        method: Method::GET,
        paths: &["/marketing/v3/forms", "/marketing/forms/2026-09-beta"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: form_scopes,
        handle: |portal, _, request| list(portal, request).unwrap_or_else(|refusal| refusal),
    },
    Route {
        name: "forms.get",
        method: Method::GET,
        paths: &["/marketing/v3/forms/{}", "/marketing/forms/2026-09-beta/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: form_scopes,
        handle: |portal, params, request| {
            get(portal, params, request).unwrap_or_else(|refusal| refusal)
        },
    },
];

/// Returns the requested form types. HubSpot: only a repeated key works, and the default is
/// `hubspot` alone.
fn types(request: &Request) -> Result<Vec<&str>, Answer> {
    let mut types = Vec::new();
    for (_, value) in request.query.iter().filter(|(key, _)| key == "formTypes") {
        if !TYPES.contains(&value.as_str()) {
            return Err(refusal::validation(&format!("Invalid input: formTypes {value}")));
        }
        types.push(value.as_str());
    }
    Ok(if types.is_empty() { vec!["hubspot"] } else { types })
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let types = types(request)?;
    let most = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, most, portal.settings.over_limit)?;
    let start = match request.query("after") {
        None => 0,
        Some(token) => unseal(token)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| refusal::validation(&format!("Invalid input: after {token}")))?,
    };
    let marketing = portal.marketing();
    let mut forms = marketing.forms.items().filter(|form| {
        let form_type = Marketing::form_type(form);
        form.number >= start
            && form.archived_ms.is_some() == archived
            && types.iter().any(|wanted| *wanted == "all" || *wanted == form_type)
    });
    let page: Vec<Value> = forms.by_ref().take(limit).map(|form| describe(portal, &form)).collect();
    let mut answer = json!({ "results": page });
    if let Some(next) = forms.next()
        && let Some(fields) = answer.as_object_mut()
    {
        let token = seal(&next.number.to_string());
        let link = next_link(request, &token);
        fields.insert("paging".to_owned(), json!({ "next": { "after": token, "link": link } }));
    }
    Ok(Answer::json(200, answer.to_string()))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let archived = flag(request, "archived", false)?;
    let form = portal.marketing().forms.by_guid(param(params, 0));
    let form = form.filter(|form| form.archived_ms.is_some() == archived);
    let form = form.ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, describe(portal, &form).to_string()))
}

fn describe(portal: &Portal, form: &Item) -> Value {
    let marketing = portal.marketing();
    let mut body = json!({
        "id": marketing.forms.guid(form.number),
        "name": format!("Form {}: sign up – „news“", form.number),
        "formType": Marketing::form_type(form),
        "createdAt": iso(form.created_ms),
        "updatedAt": iso(form.updated_ms),
        "archived": form.archived_ms.is_some(),
        "fieldGroups": [
            { "groupType": "default_group", "richTextType": "text", "fields": [field("email")] },
            {
                "groupType": "default_group", "richTextType": "text",
                "fields": [field("firstname"), field("lastname")],
            },
        ],
        "configuration": {
            "language": "en", "cloneable": true, "editable": true, "archivable": true,
            "recaptchaEnabled": form.number.is_multiple_of(2), "notifyContactOwner": false,
            "notifyRecipients": ["771"], "createNewContactForNewEmail": false,
            "prePopulateKnownValues": true, "allowLinkToResetKnownValues": false,
            "lifecycleStages": [],
            "postSubmitAction": { "type": "thank_you", "value": "Thanks for submitting the form." },
        },
        "displayOptions": {
            "renderRawHtml": false, "theme": "default_style", "submitButtonText": "Submit",
            "cssClass": "hs-form stacked",
            "style": {
                "fontFamily": "arial, helvetica, sans-serif", "backgroundWidth": "100%",
                "labelTextColor": "#33475b", "labelTextSize": "13px",
                "helpTextColor": "#7C98B6", "helpTextSize": "11px",
                "legalConsentTextColor": "#33475b", "legalConsentTextSize": "14px",
                "submitColor": "#ff7a59", "submitAlignment": "left",
                "submitFontColor": "#FFFFFF", "submitSize": "12px",
            },
        },
        "legalConsentOptions": { "type": "none" },
    });
    if let Some(at_ms) = form.archived_ms
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("archivedAt".to_owned(), iso(at_ms).into());
    }
    body
}

fn field(name: &str) -> Value {
    let email = name == "email";
    let mut field = json!({
        "objectTypeId": "0-1", "name": name, "label": name, "required": email, "hidden": false,
        "fieldType": if email { "email" } else { "single_line_text" }, "dependentFields": [],
    });
    if email && let Some(fields) = field.as_object_mut() {
        let validation = json!({ "blockedEmailDomains": [], "useDefaultBlockList": false });
        fields.insert("validation".to_owned(), validation);
    }
    field
}
