//! Configuration of the connector.

mod nearest;
mod raw;
mod selection;
mod violations;

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::secret::Secret;
use crate::time::parse_iso;
use raw::{RawConfig, RawCredentials, RawRecords};
use violations::violations;

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
        let value: Value =
            serde_json::from_str(text).map_err(|error| one(format!("it is not JSON ({error})")))?;
        let violations = violations(&value);
        if !violations.is_empty() {
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
                let token = trimmed(&access_token);
                if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(one(
                        "`credentials.access_token` holds a blank, a control character or a \
                         character that is not ASCII, which no token has; copy the token from \
                         HubSpot again, in full"
                            .into(),
                    ));
                }
                Credentials::Token(token)
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
            whole: Secret::new(value),
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
            r#"{{{TOKEN},"association_streams":[{{"from_object":"boats"}}]}}"#
        ));
        let Err(Error::Config { mut violations }) = refused else { panic!("accepted") };
        violations.sort();
        assert_eq!(
            violations.join("; "),
            "`association_streams.0.from_object`: the value is not one of \"appointments\", \
             \"calls\" or 27 other candidates; `association_streams.0.to_object` is missing"
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
        let ids = vec![7, 9_999_999_999_999_999_999];
        assert_eq!(records, [RecordChoice { object: "deals".into(), ids }]);
        let [filter] = &*filters else { panic!("{filters:?}") };
        assert_eq!((filter.operator.as_str(), filter.value.as_deref()), ("GT", Some("1")));
        assert!(filter.values.is_empty() && filter.high_value.is_none());
    }

    #[test]
    fn every_violation_is_named_and_no_value_is_shown() {
        for (case, text, expected) in [
            ("not JSON", "{", "it is not JSON (EOF while parsing an object at line 1 column 1)".to_owned()),
            ("a list", "[]", "it has the wrong type".into()),
            ("nothing", "{}", "`credentials` is missing".into()),
            (
                "an unknown title",
                r#"{"credentials":{"credentials_title":"API Key Credentials","api_key":"canary-1"}}"#,
                "`credentials.credentials_title` must be `OAuth Credentials` or `Private App Credentials`".into(),
            ),
            (
                "no title",
                r#"{"credentials":{"access_token":"canary-1"}}"#,
                "`credentials.credentials_title` must be `OAuth Credentials` or `Private App Credentials`".into(),
            ),
            (
                "half of an OAuth grant",
                r#"{"credentials":{"credentials_title":"OAuth Credentials","client_id":"canary-1","client_secret":17}}"#,
                "`credentials.client_secret` has the wrong type; `credentials.refresh_token` is missing".into(),
            ),
            (
                "several fields",
                r#"{"num_worker":0,"lookback_window":"canary-1"}"#,
                "`credentials` is missing; `lookback_window` has the wrong type; `num_worker`: the value is less than the minimum of 1".into(),
            ),
            (
                "a token with a line end in it",
                "{\"credentials\":{\"credentials_title\":\"Private App Credentials\",\"access_token\":\"pat-canary\\n-1\"}}",
                "`credentials.access_token` holds a blank, a control character or a character that is not ASCII, which no token has; copy the token from HubSpot again, in full".into(),
            ),
            (
                "a token that is masked",
                r#"{"credentials":{"credentials_title":"Private App Credentials","access_token":"pat-canary-••••"}}"#,
                "`credentials.access_token` holds a blank, a control character or a character that is not ASCII, which no token has; copy the token from HubSpot again, in full".into(),
            ),
            (
                "a start date that is none",
                r#"{"start_date":"soon","credentials":{"credentials_title":"Private App Credentials","access_token":"x"}}"#,
                "`start_date` is not a date; write it like 2017-01-25T00:00:00Z".into(),
            ),
        ] {
            let Err(Error::Config { mut violations }) = Config::parse(text) else {
                panic!("{case} was accepted")
            };
            violations.sort();
            assert_eq!(violations.join("; "), expected, "{case}");
        }
    }
}
