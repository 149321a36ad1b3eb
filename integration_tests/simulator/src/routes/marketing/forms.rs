//! Form definitions.

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, iso};
use crate::refusal;
use crate::route::param;
use crate::routes::collection::Call;

const TYPES: &[&str] = &["hubspot", "captured", "flow", "blog_comment", "all"];

/// Returns the requested form types. HubSpot: only a repeated key works, and the default is
/// `hubspot` alone.
pub(crate) fn types(request: &Request) -> Result<Vec<&str>, Answer> {
    let mut types = Vec::new();
    for (_, value) in request.query.iter().filter(|(key, _)| key == "formTypes") {
        if !TYPES.contains(&value.as_str()) {
            return Err(refusal::validation(&format!("Invalid input: formTypes {value}")));
        }
        types.push(value.as_str());
    }
    Ok(if types.is_empty() { vec!["hubspot"] } else { types })
}

/// Returns the forms of the requested types.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<Item>, Answer> {
    let types = types(call.request)?;
    let forms = call.portal.marketing().forms.items().filter(|form| {
        let form_type = Marketing::form_type(form);
        form.archived_ms.is_some() == call.archived
            && types.iter().any(|wanted| *wanted == "all" || *wanted == form_type)
    });
    Ok(forms.collect())
}

/// Returns the form with the GUID in the path.
pub(crate) fn find(call: &Call<'_>) -> Option<Item> {
    let form = call.portal.marketing().forms.by_guid(param(call.params, 0));
    form.filter(|form| form.archived_ms.is_some() == call.archived)
}

pub(crate) fn describe(portal: &Portal, form: &Item) -> Value {
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
