//! Changes to lists, forms and e-mails.

use serde::{Deserialize, Serialize};

use crate::portal::values::Values;

/// A new list of an object type, which may be given by any of its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewList {
    pub name: String,
    pub object: String,
    /// `MANUAL`, `DYNAMIC` or `SNAPSHOT`.
    #[serde(default = "manual")]
    pub processing: String,
}

/// A list and records of its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRecords {
    pub list: u64,
    pub records: Vec<u64>,
}

/// The id of a list, a marketing e-mail or an e-mail campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    pub id: u64,
}

/// The GUID of a form or a marketing campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guided {
    pub id: String,
}

/// Submissions of a form, all with the same values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submissions {
    /// The form's GUID.
    pub form: String,
    #[serde(default = "one")]
    pub count: u64,
    /// Instant of the submissions; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    #[serde(default)]
    pub values: Values,
}

/// E-mail events, all at the same instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailEvents {
    #[serde(default = "one")]
    pub count: u64,
    /// Instant of the events; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    /// Delay from the change until the events become visible; derived per event if left out.
    #[serde(default)]
    pub delay_ms: Option<i64>,
    /// `OPEN`, `CLICK` …
    #[serde(default)]
    pub event_type: Option<String>,
    #[serde(default)]
    pub recipient: Option<String>,
    /// The id of an e-mail campaign, whose last activity is updated.
    #[serde(default)]
    pub campaign: Option<u64>,
}

/// Entries of the subscription timeline, all at the same instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionChanges {
    #[serde(default = "one")]
    pub count: u64,
    #[serde(default)]
    pub at_ms: Option<i64>,
    #[serde(default)]
    pub recipient: Option<String>,
    /// `SUBSCRIBED`, `UNSUBSCRIBED` …
    #[serde(default)]
    pub change: Option<String>,
}

fn one() -> u64 {
    1
}

fn manual() -> String {
    "MANUAL".to_owned()
}
