//! Portals for tests that cover every stream.

use std::collections::BTreeMap;

use hubspot_simulator::{AccountSpec, ClockConfig, Config, CustomSpec, MarketingSpec, PortalSpec};

use super::{START_MS, calm};

/// Returns a portal in which every stream has a few records.
pub(crate) fn every_stream() -> PortalSpec {
    PortalSpec {
        contacts: 6,
        companies: 5,
        deals: 5,
        tickets: 9,
        owners: 5,
        account: AccountSpec { events: 2_500, ..AccountSpec::default() },
        custom_objects: ["boats", "harbours"]
            .map(|name| CustomSpec { name: name.to_owned(), records: 9 })
            .into(),
        // About one in four calls and meetings has a recording.
        others: BTreeMap::from([
            ("all".to_owned(), 3),
            ("calls".to_owned(), 16),
            ("meetings".to_owned(), 16),
            ("line_items".to_owned(), 9),
        ]),
        properties: 0,
        archived_share: 0.3,
        marketing: MarketingSpec {
            lists: 4,
            largest_list: 5,
            forms: 4,
            form_submissions: 3,
            busiest_form: 6,
            marketing_emails: 8,
            marketing_campaigns: 3,
            email_campaigns: 4,
            email_events: 20,
            subscription_types: 3,
            subscription_changes: 9,
        },
        ..PortalSpec::default()
    }
}

/// Returns a simulator configuration with a stopped clock.
pub(crate) fn stopped(portal: PortalSpec) -> Config {
    Config { clock: ClockConfig { start_ms: Some(START_MS), speed: 0.0 }, ..calm(portal) }
}

/// Returns a small portal with this marketing data and without generated properties.
pub(crate) fn with_marketing(marketing: MarketingSpec) -> PortalSpec {
    PortalSpec { properties: 0, marketing, ..PortalSpec::default() }
}
