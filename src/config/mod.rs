//! Configuration of the connector.

mod credentials;
mod nearest;
mod raw;
mod selection;
mod unknown;
mod violations;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::input::parse_json;
use crate::secret::Secret;
use crate::time::parse_iso;
use credentials::{inferred_title, problem, token_problem};
use raw::{RawConfig, RawCredentials, RawRecords};
use unknown::unknown_keys;
use violations::violations;

pub use credentials::with_access_token;
pub use nearest::{did_you_mean, nearest};
pub use selection::{FilterChoice, RecordChoice, Selection};

/// Output of `spec`; configurations are validated against it.
pub const SPEC: &str = include_str!("spec.json");

/// Validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub credentials: Credentials,
    /// The complete configuration as received.
    whole: Secret<Value>,
    /// Records last changed before this instant are skipped.
    pub start_date: Option<DateTime<Utc>>,
    /// Overlap of an incremental sync with the previous one, before the saved cursor.
    pub lookback: Duration,
    /// `true` if number and boolean properties are text columns.
    pub text_only: bool,
    /// `true` if a custom object whose name collides with another stream gets the Python
    /// connector's prefix.
    pub prefix_as_python: bool,
    /// `true` if streams that take a very large number of requests are available.
    pub experimental_streams: bool,
    /// Settings of the property history streams.
    pub history: History,
    /// Association streams between standard or custom objects.
    pub associations: Vec<AssociationChoice>,
    /// Selected records and properties.
    pub choice: Selection,
    /// Maximum number of concurrent requests.
    pub in_flight: usize,
    /// Percentage of the account's daily quota at which a sync stops.
    pub daily_share: u32,
    /// Sentences about keys that are ignored, for the log.
    pub warnings: Vec<String>,
}

/// Settings of the property history streams.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Overlap of their incremental syncs with the previous one, before the saved cursor.
    pub lookback: Duration,
    contacts: Vec<String>,
    companies: Vec<String>,
    deals: Vec<String>,
}

impl History {
    /// Returns the selected properties of an object type; empty means all.
    pub fn properties(&self, object: &str) -> &[String] {
        match object {
            "contacts" => &self.contacts,
            "companies" => &self.companies,
            "deals" => &self.deals,
            _ => &[],
        }
    }
}

/// Association stream requested by the user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct AssociationChoice {
    #[serde(rename = "from_object")]
    pub from: String,
    #[serde(rename = "to_object")]
    pub to: String,
    #[serde(default)]
    pub stream_name: String,
}

#[derive(Debug, Clone)]
pub enum Credentials {
    /// Access token of a private app, or a service key.
    Token(Secret<String>),
    OAuth {
        client_id: String,
        client_secret: Secret<String>,
        refresh_token: Secret<String>,
    },
}

impl Config {
    /// Validates a configuration against the spec.
    ///
    /// # Errors
    /// If any field is invalid; the error lists every violation.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let one = |violation: String| Error::Config { violations: vec![violation] };
        let whole = parse_json(text).map_err(|problem| one(format!("it {problem}")))?;
        if let Some(problem) = another_file(&whole) {
            return Err(one(problem.to_owned()));
        }
        let (schema, value) = (schema(), completed(&whole));
        let warnings = unknown_keys(&whole, &schema);
        let mut violations = violations(&value, &schema);
        if violations.is_empty() {
            violations = credential_problems(&value);
        }
        if !violations.is_empty() {
            violations.extend(warnings);
            return Err(Error::Config { violations });
        }
        // A serde error message could quote a secret.
        let misfit = || one("a value has an unexpected type".into());
        let raw = RawConfig::deserialize(&value).map_err(|_| misfit())?;
        let start_date = match raw.start_date.as_deref() {
            None | Some("") => None,
            Some(text) => Some(parse_iso(text).ok_or_else(|| {
                one("`start_date` is not a date; write it like 2017-01-25T00:00:00Z".into())
            })?),
        };
        let credentials = match raw.credentials {
            RawCredentials::OAuth { client_id, client_secret, refresh_token } => {
                Credentials::OAuth { client_id, client_secret, refresh_token }
            }
            RawCredentials::PrivateApp { access_token } => {
                Credentials::Token(trimmed(&access_token))
            }
        };
        let records = raw.record_ids.into_iter().map(records).collect::<Option<_>>();
        let choice = Selection {
            filters: raw.record_filters,
            include: raw.properties_include,
            exclude: raw.properties_exclude,
            records: records.ok_or_else(misfit)?,
        };
        Ok(Self {
            credentials,
            whole: Secret::new(whole),
            start_date,
            lookback: Duration::from_secs(raw.lookback_window * 60),
            text_only: raw.treat_numbers_and_booleans_as_strings,
            prefix_as_python: raw.prefix_colliding_custom_objects,
            experimental_streams: raw.enable_experimental_streams,
            history: History {
                lookback: Duration::from_secs(raw.property_history_lookback_window * 60),
                contacts: raw.contacts_property_history_properties,
                companies: raw.companies_property_history_properties,
                deals: raw.deals_property_history_properties,
            },
            associations: [raw.association_streams, raw.custom_object_association_streams].concat(),
            choice,
            in_flight: raw.num_worker,
            daily_share: raw.daily_share,
            warnings,
        })
    }
}

impl Config {
    /// Returns the configuration as received, with the refresh token replaced.
    pub fn with_refresh_token(&self, token: &Secret<String>) -> Secret<Value> {
        let mut whole = self.whole.clone();
        if let Some(place) = whole.expose_mut().pointer_mut("/credentials/refresh_token") {
            *place = token.expose().as_str().into();
        }
        whole
    }
}

/// Returns the JSON schema of the configuration.
fn schema() -> Value {
    let mut spec: Value = serde_json::from_str(SPEC).expect("spec.json is JSON");
    spec.get_mut("connectionSpecification").map(Value::take).unwrap_or_default()
}

/// Returns the configuration with the title of the credentials, if it can be inferred, and with
/// whole numbers written without a fraction.
fn completed(whole: &Value) -> Value {
    let mut config = whole.clone();
    for (_, value) in config.as_object_mut().into_iter().flatten() {
        if let Value::Number(number) = value
            && let Some(whole) = number.as_f64().filter(|number| number.fract() == 0.0)
            && let Ok(whole) = format!("{whole:.0}").parse::<u64>()
        {
            *value = whole.into();
        }
    }
    if let Some(credentials) = config.get_mut("credentials").and_then(Value::as_object_mut)
        && credentials.get("credentials_title").is_none_or(|title| title.is_null() || title == "")
        && let Some(title) = inferred_title(credentials)
    {
        credentials.insert("credentials_title".to_owned(), title.into());
    }
    config
}

/// Returns the problem of a file that is not a configuration but another file of the protocol.
fn another_file(value: &Value) -> Option<&'static str> {
    if value.get("credentials").is_some() {
        return None;
    }
    if value.get("streams").is_some_and(Value::is_array) {
        return Some("it is a catalog; pass it with --catalog");
    }
    let is_message = |value: &Value| {
        ["STREAM", "GLOBAL", "LEGACY", "STATE"]
            .iter()
            .any(|kind| value.get("type").is_some_and(|of| of == *kind))
    };
    let is_state = match value.as_array() {
        Some(entries) => entries.first().is_some_and(is_message),
        None => is_message(value),
    };
    if is_state {
        return Some("it is a saved state; pass it with --state");
    }
    if value.get("connectionSpecification").is_some() || value.get("spec").is_some() {
        return Some("it is the specification of the configuration, which `spec` prints");
    }
    None
}

/// Returns a sentence for each credential whose value cannot be one.
fn credential_problems(config: &Value) -> Vec<String> {
    let credentials = config.get("credentials").and_then(Value::as_object);
    let title = credentials.and_then(|credentials| credentials.get("credentials_title"));
    let is_oauth = title.is_some_and(|title| title == "OAuth Credentials");
    let keys: &[&str] =
        if is_oauth { &["client_id", "client_secret", "refresh_token"] } else { &["access_token"] };
    let problems = keys.iter().filter_map(|key| {
        let value = credentials?.get(*key)?.as_str()?;
        let problem = if is_oauth { problem(value) } else { token_problem(value) }?;
        Some(format!("`credentials.{key}` {problem}"))
    });
    problems.collect()
}

/// Parses the ids of selected records. The spec rejects ids that are too long.
fn records(RawRecords { object, ids }: RawRecords) -> Option<RecordChoice> {
    let ids = ids.iter().map(|id| id.parse().ok()).collect::<Option<_>>()?;
    Some(RecordChoice { object, ids })
}

/// Removes surrounding whitespace, which is often copied along with a token.
fn trimmed(token: &Secret<String>) -> Secret<String> {
    Secret::new(token.expose().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_id::RecordId;

    const TOKEN: &str = r#""credentials":{"credentials_title":"Private App Credentials","access_token":"pat-canary-1"}"#;

    #[test]
    fn a_config_of_the_python_connector_fits_unchanged() {
        let config = Config::parse(&format!(
            r#"{{{TOKEN},"start_date":"2017-01-25T00:00:00Z","enable_experimental_streams":true,
                "num_worker":7,"daily_share":50,"lookback_window":60,"__airbyte_x":1,"association_streams":[]}}"#
        ))
        .unwrap();
        assert_eq!((config.in_flight, config.daily_share), (7, 50));
        assert!(config.experimental_streams);
        assert_eq!(config.lookback, Duration::from_hours(1));
        assert_eq!(config.start_date.unwrap().to_rfc3339(), "2017-01-25T00:00:00+00:00");
        let config = Config::parse(&format!("{{{TOKEN}}}")).unwrap();
        assert_eq!((config.in_flight, config.daily_share), (40, 90));
        assert_eq!((config.text_only, config.start_date), (false, None));
    }

    #[test]
    fn histories_and_associations_are_chosen() {
        let config = Config::parse(&format!(
            r#"{{{TOKEN},"property_history_lookback_window":43200,
                "deals_property_history_properties":["dealstage"],
                "companies_property_history_properties":[],
                "association_streams":[{{"from_object":"deals","to_object":"contacts"}}],
                "custom_object_association_streams":[
                    {{"from_object":"2-7","to_object":"deals","stream_name":"links"}}]}}"#
        ))
        .unwrap();
        assert_eq!(config.history.lookback, Duration::from_hours(720));
        for (object, expected) in [("deals", &["dealstage"][..]), ("companies", &[])] {
            assert_eq!(config.history.properties(object), expected);
        }
        let found: Vec<_> = config
            .associations
            .iter()
            .map(|choice| [&choice.from, &choice.to, &choice.stream_name].map(String::as_str))
            .collect();
        assert_eq!(found, [["deals", "contacts", ""], ["2-7", "deals", "links"]]);
        let refused = Config::parse(&format!(
            r#"{{{TOKEN},"association_streams":[{{"from_object":"contact"}}]}}"#
        ));
        let Err(Error::Config { mut violations }) = refused else { panic!("accepted") };
        violations.sort();
        assert_eq!(
            violations.join("; "),
            "`association_streams.0.from_object` has an unknown value (did you mean `contacts`?); \
             `association_streams.0.to_object` is missing"
        );
    }

    #[test]
    fn a_new_refresh_token_changes_nothing_else() {
        let text = |token: &str| {
            format!(
                r#"{{"credentials":{{"credentials_title":"OAuth Credentials","client_id":"c",
                    "client_secret":"s","refresh_token":"{token}","access_token":"old"}},
                    "start_date":"2024-01-01","__airbyte_x":[1,null]}}"#
            )
        };
        let config = Config::parse(&text("na1-canary-1")).unwrap();
        let expected: Value = serde_json::from_str(&text("na1-canary-2")).unwrap();
        let changed = config.with_refresh_token(&Secret::new("na1-canary-2".to_owned()));
        assert_eq!(changed.expose(), &expected);
        assert!(!format!("{config:?}").contains("canary"), "{config:?}");
    }

    #[test]
    fn records_and_properties_are_chosen() {
        let config = Config::parse(&format!(
            r#"{{{TOKEN},"record_ids":[{{"object":"deals","ids":["7","9999999999999999999"]}}],
                "record_filters":[{{"object":"deals","property":"amount","operator":"GT","value":"1"}}],
                "properties_include":["a*"],"properties_exclude":["deals.b?"]}}"#
        ));
        let Selection { filters, include, exclude, records } = config.unwrap().choice;
        assert_eq!((include, exclude), (vec!["a*".to_owned()], vec!["deals.b?".to_owned()]));
        let ids = [7, 9_999_999_999_999_999_999].map(RecordId::new).to_vec();
        assert_eq!(records, [RecordChoice { object: "deals".into(), ids }]);
        let [filter] = &*filters else { panic!("{filters:?}") };
        assert_eq!((filter.operator.as_str(), filter.value.as_deref()), ("GT", Some("1")));
        assert!(filter.values.is_empty() && filter.high_value.is_none());
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn every_violation_is_named_and_no_value_is_shown() {
        const TITLES: &str = "`credentials.credentials_title` must be `OAuth Credentials` or `Private \
             App Credentials`, or be left out";
        const NO_TOKEN: &str = "`credentials.access_token` holds a blank, a quotation mark, a control \
             character or a character that is not ASCII, which no token has; copy the token from \
             HubSpot again, in full";
        const TOKEN: &str = r#"{"credentials": {"access_token": "pat-na1-…"}}"#;
        for (case, text, expected) in [
            ("empty", " \n", "it is empty".to_owned()),
            ("not JSON", "{", "it is not JSON (it ends too early, at line 1 column 1)".into()),
            ("a list", "[]", "it must be a JSON object {…}, not a list".into()),
            ("a text", "\"canary-1\"", "it must be a JSON object {…}, not a text".into()),
            ("a catalog", r#"{"streams":[]}"#, "it is a catalog; pass it with --catalog".into()),
            (
                "a state",
                r#"[{"type":"STREAM","stream":{}}]"#,
                "it is a saved state; pass it with --state".into(),
            ),
            ("nothing", "{}", "`credentials` is missing".into()),
            (
                "a misspelled key",
                r#"{"credential":{"access_token":"canary-1"}}"#,
                "`credential` is not a key of the configuration and is ignored (did you mean \
                 `credentials`?); `credentials` is missing"
                    .into(),
            ),
            (
                "a token at the top level",
                r#"{"access_token":"canary-1"}"#,
                format!("`access_token` belongs inside `credentials`: {TOKEN}"),
            ),
            (
                "a token in place of the credentials",
                r#"{"credentials":"canary-1"}"#,
                format!("`credentials` is a text; write an object: {TOKEN}"),
            ),
            (
                "an unknown title",
                r#"{"credentials":{"credentials_title":"API Key Credentials","access_token":"canary-1"}}"#,
                TITLES.into(),
            ),
            (
                "no title and no token",
                r#"{"credentials":{}}"#,
                "`credentials` holds neither an `access_token` (of a service key or a private app) nor \
                 the `client_id`, `client_secret` and `refresh_token` of an OAuth app"
                    .into(),
            ),
            (
                "half of an OAuth grant",
                r#"{"credentials":{"client_id":"canary-1","client_secret":17}}"#,
                "`credentials.client_secret` is a number; write a text in double quotes; \
                 `credentials.refresh_token` is missing"
                    .into(),
            ),
            (
                "numbers, booleans and lists of another type",
                r#"{"credentials":{"access_token":"canary-1"},"num_worker":"4","daily_share":2.5,
                    "lookback_window":-1,"enable_experimental_streams":"true","start_date":null,
                    "properties_include":"hs_*","record_ids":{},"record_filters":[7]}"#,
                "`daily_share` is a number with a fraction; write a whole number from 1 to 100; \
                 `enable_experimental_streams` is a text; write true or false without quotes; \
                 `lookback_window` is too small; write a whole number from 0 to 576000; \
                 `num_worker` is a text; write a whole number from 1 to 40 without quotes; \
                 `properties_include` is a text; write a list such as [\"contacts.hs_*\",\"*name\"]; \
                 `record_filters.0` is a number; write an object {…}; \
                 `record_ids` is an object; write a list of objects [{\"object\": …, \"ids\": …}]; \
                 `start_date` is null; write a text in double quotes, or leave the key out"
                    .into(),
            ),
            (
                "an operator",
                r#"{"credentials":{"access_token":"canary-1"},
                    "record_filters":[{"object":"deals","property":"amount","operator":">="}]}"#,
                "`record_filters.0.operator` has an unknown value (did you mean `GTE`?); write one of \
                 EQ, NEQ, LT, LTE, GT, GTE, BETWEEN, IN, NOT_IN, HAS_PROPERTY, NOT_HAS_PROPERTY, \
                 CONTAINS_TOKEN, NOT_CONTAINS_TOKEN"
                    .into(),
            ),
            (
                "an id",
                r#"{"credentials":{"access_token":"canary-1"},"record_ids":[{"object":"deals","ids":["x1"]}]}"#,
                "`record_ids.0.ids.0` is not an id; write its digits, at most 19, in quotes".into(),
            ),
            (
                "a token with a line end in it",
                "{\"credentials\":{\"access_token\":\"pat-canary\\n-1\"}}",
                NO_TOKEN.into(),
            ),
            (
                "a token that is masked",
                r#"{"credentials":{"credentials_title":"Private App Credentials","access_token":"pat-canary-••••"}}"#,
                NO_TOKEN.into(),
            ),
            (
                "an OAuth app whose secret is a placeholder",
                r#"{"credentials":{"client_id":"","client_secret":"${SECRET}","refresh_token":"canary-1"}}"#,
                "`credentials.client_id` is empty; `credentials.client_secret` is a placeholder; write \
                 the value itself in its place"
                    .into(),
            ),
            (
                "a start date that is none",
                r#"{"start_date":"soon","credentials":{"access_token":"x"}}"#,
                "`start_date` is not a date; write it like 2017-01-25T00:00:00Z".into(),
            ),
        ] {
            let Err(Error::Config { mut violations }) = Config::parse(text) else {
                panic!("{case} was accepted")
            };
            violations.sort();
            let violations = violations.join("; ");
            assert_eq!(violations, expected, "{case}");
            assert!(!violations.contains("canary"), "{case}");
        }
    }

    #[test]
    fn the_kind_of_credentials_is_inferred_and_a_byte_order_mark_skipped() {
        let config = Config::parse("\u{feff}{\"credentials\":{\"access_token\":\" x \"}}").unwrap();
        assert!(matches!(&config.credentials, Credentials::Token(token) if token.expose() == "x"));
        let text = r#"{"credentials":{"access_token":"4","client_id":"1","client_secret":"2","refresh_token":"3"},"num_worker":4.0}"#;
        let config = Config::parse(text).unwrap();
        assert!(matches!(&config.credentials, Credentials::OAuth { .. }));
        assert_eq!(config.in_flight, 4);
        let changed = config.with_refresh_token(&Secret::new("5".to_owned()));
        assert_eq!(changed.expose().to_string(), text.replace("\"3\"", "\"5\""));
    }

    #[test]
    fn unknown_keys_are_warnings() {
        let config = Config::parse(&format!(r#"{{{TOKEN},"startdate":"2024-01-01"}}"#)).unwrap();
        assert_eq!(
            config.warnings,
            [
                "`startdate` is not a key of the configuration and is ignored (did you mean `start_date`?)"
            ]
        );
    }
}
