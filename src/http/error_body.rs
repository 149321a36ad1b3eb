//! Lenient parsing of error response bodies.
//!
//! No field is required: real bodies omit any of them, contain null or another type, are truncated,
//! or are not JSON at all.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Maximum number of characters quoted from HubSpot's message.
const MAX_QUOTED: usize = 500;

/// The fields of an error body that are present and of a usable type.
#[derive(Debug, Default)]
pub struct ErrorBody {
    pub status: Option<String>,
    pub message: Option<String>,
    pub category: Option<String>,
    pub sub_category: Option<String>,
    pub correlation_id: Option<String>,
    pub policy_name: Option<String>,
    pub group_name: Option<String>,
    /// The error code of RFC 6749, sent by the token endpoint.
    pub error: Option<String>,
    is_object: bool,
    has_errors: bool,
    /// Required scopes, from fields that list them.
    scopes: Vec<String>,
    /// `true` if any one of these scopes is sufficient.
    any_scope: bool,
}

impl ErrorBody {
    /// Parses what is readable. Of a truncated or otherwise invalid body, everything before the
    /// error is used.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut body = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        // Fields read before an error are kept.
        let _cut = deserializer.deserialize_map(FieldVisitor(&mut body));
        body
    }

    /// Returns `true` if the body is a JSON object, or the beginning of one.
    pub fn is_object(&self) -> bool {
        self.is_object
    }

    fn set_field(&mut self, key: &str, value: &Value) {
        let field = match key {
            "status" => &mut self.status,
            "message" => &mut self.message,
            "error_description" if self.message.is_none() => &mut self.message,
            "category" => &mut self.category,
            "subCategory" => &mut self.sub_category,
            "correlationId" => &mut self.correlation_id,
            "policyName" => &mut self.policy_name,
            "groupName" => &mut self.group_name,
            "error" => &mut self.error,
            "context" => return self.add_scopes(value),
            "errors" => return self.add_errors(value),
            _ => return,
        };
        if let Some(text) = text_of(value) {
            *field = Some(text);
        }
    }

    fn add_errors(&mut self, errors: &Value) {
        let errors = errors.as_array().map(Vec::as_slice).unwrap_or_default();
        self.has_errors |= !errors.is_empty();
        for error in errors {
            let message = text_of(error).or_else(|| text_of(error.get("message")?));
            let message = message.unwrap_or_default();
            self.any_scope |= requires_any(&message);
            if let Some(context) = error.get("context") {
                self.add_scopes(context);
            }
            if self.message.is_none() && !message.is_empty() {
                self.message = Some(message);
            }
        }
    }

    fn add_scopes(&mut self, context: &Value) {
        for key in ["requiredGranularScopes", "requiredScopes"] {
            let scopes = match context.get(key) {
                Some(Value::Array(scopes)) => scopes.as_slice(),
                Some(one) => std::slice::from_ref(one),
                None => continue,
            };
            for scope in scopes.iter().filter_map(text_of) {
                if !self.scopes.contains(&scope) {
                    self.scopes.push(scope);
                }
            }
        }
    }

    /// Returns the message in lower case, for keyword searches.
    pub fn lowercase_message(&self) -> String {
        self.message.as_deref().unwrap_or_default().to_ascii_lowercase()
    }

    /// Returns the message as shown to users, or `None` if there is none.
    pub fn quoted_message(&self) -> Option<String> {
        let message = self.message.as_deref()?;
        let line = message.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ");
        Some(if line.chars().count() > MAX_QUOTED {
            line.chars().take(MAX_QUOTED).chain(['…']).collect()
        } else {
            line
        })
    }

    pub fn is_category(&self, category: &str) -> bool {
        self.category.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(category))
    }

    /// Returns `true` if the body declares itself an error, as HubSpot's do.
    pub fn is_error(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("error"))
    }

    /// Returns `true` if the body comes from HubSpot. A message alone is not enough, since gateways
    /// send one too.
    pub fn is_from_hubspot(&self) -> bool {
        let keys = [&self.category, &self.sub_category, &self.correlation_id, &self.policy_name];
        self.is_error() || self.has_errors || keys.iter().any(|key| key.is_some())
    }

    /// Returns the scopes named in fields or in the message, without duplicates, and `true` if any
    /// one of them is sufficient.
    pub fn named_scopes(&self) -> (Vec<String>, bool) {
        if !self.scopes.is_empty() {
            return (self.scopes.clone(), self.any_scope);
        }
        let message = self.message.as_deref().unwrap_or_default();
        (scopes_in(message), requires_any(message))
    }

    /// Returns `true` if the error is about scopes, whether it names them or not.
    pub fn is_about_scopes(&self) -> bool {
        const PHRASES: &[&str] = &["required scope", "permissions"];
        let message = self.lowercase_message();
        self.is_category("MISSING_SCOPES")
            || !self.named_scopes().0.is_empty()
            || PHRASES.iter().any(|known| message.contains(known))
    }
}

/// Returns the error message of a success response whose body is that of an error, or `None` for
/// other bodies.
pub fn reported_error(body: &[u8]) -> Option<String> {
    let body = ErrorBody::parse(body);
    let is_reported = body.is_error()
        && (body.message.is_some() || body.category.is_some() || body.correlation_id.is_some());
    let message = || body.quoted_message().or(body.category);
    is_reported.then(|| message().unwrap_or_else(|| "status error, without a reason".to_owned()))
}

/// Reads the fields of an object one by one.
struct FieldVisitor<'a>(&'a mut ErrorBody);

impl<'de> Visitor<'de> for FieldVisitor<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.0.is_object = true;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            let value: &RawValue = map.next_value()?;
            // Values nested too deeply hold nothing of interest.
            if let Ok(value) = serde_json::from_str(value.get()) {
                self.0.set_field(&key, &value);
            }
        }
        Ok(())
    }
}

/// Returns the text of a string or number; `None` if it is empty or of another type.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    (!text.is_empty()).then_some(text)
}

/// Returns `true` if a message about scopes requires only one of them.
fn requires_any(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["one or more of", "one of", "any of"].iter().any(|phrase| message.contains(phrase))
}

/// Returns the scopes that a message lists: in brackets after `requires`, or in quotes before
/// `scope`.
///
/// HubSpot: `docs/hubspot.md` note 30.
fn scopes_in(message: &str) -> Vec<String> {
    let listed = message
        .find("requires")
        .and_then(|from| message.get(from..)?.split_once('['))
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(list, _)| {
            list.split(',').map(|scope| scope.trim_matches(['\'', '"', ' '])).collect()
        });
    let quoted = || {
        let (_, rest) = message.split_once("missing required '")?;
        let (scope, rest) = rest.split_once('\'')?;
        rest.trim_start().starts_with("scope").then(|| vec![scope])
    };
    let scopes: Vec<&str> = listed.or_else(quoted).unwrap_or_default();
    let is_scope = |scope: &&str| {
        !scope.is_empty() && scope.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    scopes.into_iter().filter(is_scope).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All relevant fields of an error body.
    const KEYS: &[(&str, &str)] = &[
        ("status", r#""error""#),
        ("message", r#""The day is over""#),
        ("category", r#""EXPIRED_AUTHENTICATION""#),
        ("subCategory", r#""S""#),
        ("correlationId", r#""c""#),
        ("errors", r#"[{"message":"m","context":{"requiredScopes":["a.read"]}}]"#),
        ("context", r#"{"requiredGranularScopes":["b.read"]}"#),
        ("policyName", r#""DAILY""#),
        ("groupName", r#""g""#),
        ("errorType", r#""RATE_LIMIT""#),
    ];

    #[test]
    fn no_key_spoils_another() {
        const ODD: &[&str] = &[
            "null",
            "7",
            "true",
            "\"\"",
            "[]",
            "{}",
            "[null]",
            r#"["x"]"#,
            r#"[{"context":null}]"#,
        ];
        for (odd_key, _) in KEYS {
            for odd in ODD {
                let value = |(key, value): &(&str, &str)| {
                    format!("\"{key}\":{}", if key == odd_key { odd } else { value })
                };
                let text: Vec<_> = KEYS.iter().map(value).collect();
                let body = ErrorBody::parse(format!("{{{}}}", text.join(",")).as_bytes());
                let is_odd = |key: &str| *odd_key == key;
                let case = format!("{odd_key}: {odd}");
                let is_expired = body.is_category("EXPIRED_AUTHENTICATION");
                assert_eq!(is_expired, !is_odd("category"), "{case}");
                let is_daily = body.policy_name.as_deref() == Some("DAILY");
                assert_eq!(is_daily, !is_odd("policyName"), "{case}");
                assert!(is_odd("errors") || body.scopes.contains(&"a.read".to_owned()), "{case}");
                assert!(is_odd("context") || body.scopes.contains(&"b.read".to_owned()), "{case}");
                assert!(
                    is_odd("message") || body.quoted_message().unwrap() == "The day is over",
                    "{case}"
                );
            }
        }
    }

    #[test]
    fn a_body_counts_as_far_as_it_goes() {
        let long = "é".repeat(2_000);
        let body = format!(r#"{{"status":"error","message":"{long}","category":"X","rest":"#);
        let body = ErrorBody::parse(body.as_bytes());
        assert!(body.is_object() && body.is_error() && body.is_category("x"));
        let message = body.quoted_message().unwrap();
        assert_eq!((message.chars().count(), message.ends_with("é…")), (MAX_QUOTED + 1, true));
        let deep =
            format!(r#"{{"errors":{}1{},"category":"X"}}"#, "[".repeat(500), "]".repeat(500));
        assert!(ErrorBody::parse(deep.as_bytes()).is_category("X"));
        for body in ["", "<html>", "[]", "7"] {
            assert!(!ErrorBody::parse(body.as_bytes()).is_object(), "{body}");
        }
    }

    #[test]
    fn scopes_are_named_in_words_too() {
        for (message, expected) in [
            (
                "You do not have permissions to view_schema object type ObjectTypeId{legacyObjectType=LEAD} in portal 4 (requires one of [leads-read])",
                "leads-read",
            ),
            (
                "EXTERNAL auth request is missing required 'workflows-access-public-api' scope.",
                "workflows-access-public-api",
            ),
            (
                "This oauth-token (CJ) does not have proper permissions! (requires any of [content, forms])",
                "content forms",
            ),
            ("The scope needed for this API call isn't available for public use", ""),
            ("it requires [] and more", ""),
            ("requires", ""),
        ] {
            assert_eq!(scopes_in(message).join(" "), expected, "{message}");
        }
    }
}
