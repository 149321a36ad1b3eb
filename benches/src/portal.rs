//! Simulated portals for the measurements.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::{
    ClockConfig, Config, JournalConfig, MarketingSpec, PortalSpec, Settings, Simulator,
};

use crate::Result;

/// Initial time of every simulated portal: 2026-09-21T14:13:20Z.
pub(crate) const START_MS: i64 = 1_790_000_000_000;

/// Response latency of HubSpot that all figures assume.
pub(crate) const LATENCY: Duration = Duration::from_millis(300);

/// Returns a portal with contacts only and the given number of properties (zero for the built-in
/// ones only).
pub(crate) fn contacts(records: u64, properties: u32) -> PortalSpec {
    PortalSpec {
        contacts: records,
        companies: 0,
        deals: 0,
        tickets: 0,
        properties,
        archived_share: 0.0,
        custom_objects: Vec::new(),
        ..PortalSpec::default()
    }
}

/// Returns the portal of a small company: some hundred records of the main object types and a few
/// of all others.
pub(crate) fn small() -> PortalSpec {
    PortalSpec {
        contacts: 400,
        companies: 150,
        deals: 120,
        tickets: 60,
        others: BTreeMap::from([("all".to_owned(), 10)]),
        properties: 0,
        marketing: MarketingSpec { lists: 6, forms: 6, ..MarketingSpec::default() },
        ..PortalSpec::default()
    }
}

/// Starts a simulator without quotas and latency.
pub(crate) fn unbounded(portal: PortalSpec) -> Result<Simulator> {
    let settings = Settings { quota: false, index_lag_ms: (0, 0), ..Settings::default() };
    start(portal, settings, Duration::ZERO)
}

/// Starts a simulator with the quotas of a professional account and [`LATENCY`], sped up by
/// `factor`.
pub(crate) fn bounded(portal: PortalSpec, factor: u32) -> Result<Simulator> {
    let quota_factor = usize::try_from(factor)?;
    let settings = Settings { quota_factor, index_lag_ms: (0, 0), ..Settings::default() };
    start(portal, settings, LATENCY / factor)
}

fn start(portal: PortalSpec, settings: Settings, latency: Duration) -> Result<Simulator> {
    Ok(Simulator::start(Config {
        portal,
        settings,
        latency,
        clock: ClockConfig { start_ms: Some(START_MS), speed: 1.0 },
        journal: JournalConfig { keep: 50_000, ..JournalConfig::default() },
        ..Config::default()
    })?)
}
