//! Initial settings of an account other than records and marketing: available features and sizes.

use clap::Args;
use serde::{Deserialize, Serialize};

/// Sizes of automation, events and settings, and unusual behavior of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct AccountSpec {
    /// Workflows about contacts: both automation APIs know them, under different ids
    #[arg(long, default_value_t = Self::default().workflows)]
    pub workflows: u64,
    /// Flows about other object types, which only the newer automation API knows
    #[arg(long, default_value_t = Self::default().flows)]
    pub flows: u64,
    /// Event occurrences of all records together
    #[arg(long, default_value_t = Self::default().events)]
    pub events: u64,
    /// Custom events, archived ones included
    #[arg(long, default_value_t = Self::default().event_definitions)]
    pub event_definitions: u64,
    /// Teams of users
    #[arg(long, default_value_t = Self::default().teams)]
    pub teams: u64,
    /// Currencies in addition to the company's own
    #[arg(long, value_delimiter = ',', default_values_t = Self::default().currencies)]
    pub currencies: Vec<String>,
    /// Exchange rates of each of these currencies, the current one included
    #[arg(long, default_value_t = Self::default().exchange_rates)]
    pub exchange_rates: u64,
    /// Contacts that were merged into others before the start
    #[arg(long, default_value_t = Self::default().merged_contacts)]
    pub merged_contacts: u64,
    /// Calculated properties per object type whose value and history change with every read
    #[arg(long, default_value_t = Self::default().restless_properties)]
    pub restless_properties: u64,
    /// Object types that are disabled in the account, by any of their names; may be repeated
    #[arg(long = "disabled-object", value_name = "TYPE")]
    pub disabled_objects: Vec<String>,
    /// Endpoints not included in the account's plan, by the start of their name or path, and the
    /// status they answer with (402 or 403); may be repeated
    #[arg(long = "plan-gap", value_name = "ENDPOINT=STATUS", value_parser = plan_gap)]
    pub plan_gaps: Vec<PlanGap>,
}

/// A feature that the account's plan does not include.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanGap {
    /// Prefix of the endpoint's name (`events.`), or of its path if it starts with a slash.
    pub endpoint: String,
    /// 402 or 403.
    pub status: u16,
}

impl PlanGap {
    /// Returns `true` if this endpoint is not included in the plan.
    pub(crate) fn covers(&self, name: &str, path: &str) -> bool {
        let subject = if self.endpoint.starts_with('/') { path } else { name };
        subject.starts_with(&self.endpoint)
    }
}

fn plan_gap(text: &str) -> Result<PlanGap, String> {
    let gap = text.split_once('=').and_then(|(endpoint, status)| {
        let status = status.parse().ok().filter(|status| [402, 403].contains(status))?;
        Some(PlanGap { endpoint: endpoint.to_owned(), status })
    });
    gap.ok_or_else(|| "expected ENDPOINT=402 or ENDPOINT=403".to_owned())
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            workflows: 7,
            flows: 6,
            events: 900,
            event_definitions: 5,
            teams: 1,
            currencies: vec!["USD".to_owned()],
            exchange_rates: 4,
            merged_contacts: 0,
            restless_properties: 0,
            disabled_objects: Vec::new(),
            plan_gaps: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_gaps_are_read_from_flags_and_cover_names_or_paths() {
        for (text, name, path, expected) in [
            ("events.=403", "events.list", "/events/v3/events", true),
            ("events.=403", "owners.list", "/crm/v3/owners", false),
            ("/automation/v4=402", "flows.list", "/automation/v4/flows", true),
            ("/automation/v4=402", "flows.list", "/automation/2026-09-beta/flows", false),
        ] {
            let gap = plan_gap(text).expect("a gap");
            assert_eq!(gap.covers(name, path), expected, "{text} {path}");
        }
        for odd in ["events.", "events.=500", "events.=x"] {
            assert!(plan_gap(odd).is_err(), "{odd}");
        }
    }
}
