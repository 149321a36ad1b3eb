//! Messages for violations of the spec.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

use super::{SPEC, did_you_mean};

/// Returns a message for each violation of the spec by `config`. Messages contain no values.
pub(super) fn violations(config: &Value) -> Vec<String> {
    let spec: Value = serde_json::from_str(SPEC).expect("spec.json is JSON");
    let schema = spec.get("connectionSpecification").unwrap_or(&Value::Null);
    // `start_date` accepts more formats than the spec declares.
    let validator = jsonschema::options()
        .should_validate_formats(false)
        .build(schema)
        .expect("spec.json holds a schema");
    validator.iter_errors(config).flat_map(|error| in_words(&error)).collect()
}

fn in_words(error: &ValidationError<'_>) -> Vec<String> {
    let ValidationErrorKind::OneOfNotValid { context } = error.kind() else {
        let path = error.instance_path().as_str().trim_start_matches('/').replace('/', ".");
        let place = if path.is_empty() { "it".to_owned() } else { format!("`{path}`") };
        return vec![if let ValidationErrorKind::Required { property } = error.kind() {
            let name = property.as_str().unwrap_or_default();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            format!("`{path}` is missing")
        } else if matches!(error.kind(), ValidationErrorKind::Type { .. }) {
            format!("{place} has the wrong type")
        } else {
            format!("{place}: {}{}", error.masked_with("the value"), meant(error))
        }];
    };
    // The intended variant is the one whose constant matches.
    let meant = context.iter().find(|variant| {
        !variant.iter().any(|error| error.instance_path().as_str().ends_with("/credentials_title"))
            && !variant.iter().any(|error| {
                matches!(error.kind(), ValidationErrorKind::Required { property } if property == "credentials_title")
            })
    });
    match meant {
        Some(errors) => errors.iter().flat_map(in_words).collect(),
        None => vec![
            "`credentials.credentials_title` must be `OAuth Credentials` or `Private App Credentials`"
                .into(),
        ],
    }
}

/// Suggests the allowed value that was probably meant. Allowed values come from the spec, so none
/// is a secret.
fn meant(error: &ValidationError<'_>) -> String {
    let ValidationErrorKind::Enum { options } = error.kind() else { return String::new() };
    let options = options.as_array().into_iter().flatten().filter_map(Value::as_str);
    did_you_mean(error.instance().as_str().unwrap_or_default(), options)
}
