//! Configuration as written by the user.

use serde::Deserialize;

use super::{AssociationChoice, FilterChoice};
use crate::secret::Secret;

/// Configuration as written by the user; mirrors `spec.json`.
#[derive(Deserialize)]
pub(super) struct RawConfig {
    pub(super) credentials: RawCredentials,
    #[serde(default)]
    pub(super) start_date: Option<String>,
    #[serde(default)]
    pub(super) lookback_window: u64,
    #[serde(default)]
    pub(super) treat_numbers_and_booleans_as_strings: bool,
    #[serde(default)]
    pub(super) prefix_colliding_custom_objects: bool,
    #[serde(default)]
    pub(super) enable_experimental_streams: bool,
    #[serde(default)]
    pub(super) property_history_lookback_window: u64,
    #[serde(default)]
    pub(super) contacts_property_history_properties: Vec<String>,
    #[serde(default)]
    pub(super) companies_property_history_properties: Vec<String>,
    #[serde(default)]
    pub(super) deals_property_history_properties: Vec<String>,
    #[serde(default)]
    pub(super) association_streams: Vec<AssociationChoice>,
    #[serde(default)]
    pub(super) custom_object_association_streams: Vec<AssociationChoice>,
    #[serde(default)]
    pub(super) record_filters: Vec<FilterChoice>,
    #[serde(default)]
    pub(super) properties_include: Vec<String>,
    #[serde(default)]
    pub(super) properties_exclude: Vec<String>,
    #[serde(default)]
    pub(super) record_ids: Vec<RawRecords>,
    /// If unset, the upper limit applies: the adaptive, latency-based limit then determines the
    /// concurrency.
    #[serde(default = "most_in_flight")]
    pub(super) num_worker: usize,
    #[serde(default = "default_share")]
    pub(super) daily_share: u32,
}

fn most_in_flight() -> usize {
    40
}

fn default_share() -> u32 {
    90
}

#[derive(Deserialize)]
pub(super) struct RawRecords {
    pub(super) object: String,
    pub(super) ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "credentials_title")]
pub(super) enum RawCredentials {
    #[serde(rename = "OAuth Credentials")]
    OAuth { client_id: String, client_secret: Secret<String>, refresh_token: Secret<String> },
    #[serde(rename = "Private App Credentials")]
    PrivateApp { access_token: Secret<String> },
}
