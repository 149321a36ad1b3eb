//! Configuration of a simulator.

use std::time::Duration;

use crate::clock::ClockConfig;
use crate::fault::Fault;
use crate::journal::JournalConfig;
use crate::portal::PortalSpec;
use crate::script::Script;
use crate::settings::Settings;
use crate::token::Access;

/// Configuration of a simulator. The default is a small portal with one private app
/// ([`DEFAULT_TOKEN`](crate::token::DEFAULT_TOKEN)) that may read everything.
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub portal: PortalSpec,
    pub settings: Settings,
    pub access: Access,
    pub faults: Vec<Fault>,
    pub clock: ClockConfig,
    pub journal: JournalConfig,
    /// Simulated delay of every response.
    pub latency: Duration,
    /// Maximum additional random delay.
    pub jitter: Duration,
    /// `true` if requests and responses are checked against HubSpot's documents. See
    /// [`Simulator::complaints`](crate::Simulator::complaints).
    pub judged: bool,
    /// Scripted random changes to the portal while the simulator runs.
    pub script: Option<Script>,
    /// `None` for any free port.
    pub port: Option<u16>,
}
