//! A strict, deterministic simulator of HubSpot's REST API.
//!
//! It is written from HubSpot's documentation and from observed responses, never from the
//! connector. [`portal`] is the data, [`routes`] the endpoints; the code around them checks
//! tokens, scopes and quotas, injects faults and keeps a journal. Reading order: [`message`],
//! [`route`], `pipeline` (one request from arrival to response), then the modules it calls.
//! `README.md` describes how to use it.
//!
//! ```
//! use hubspot_simulator::{Config, Simulator};
//!
//! let simulator = Simulator::start(Config::default())?;
//! assert!(simulator.url().starts_with("http://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```

pub mod clock;
pub mod contract;
pub mod fault;
pub mod journal;
pub mod message;
pub mod portal;
pub mod quota;
pub mod refusal;
pub mod route;
pub mod routes;
pub mod scopes;
pub mod script;
pub mod settings;
pub mod token;

mod body;
mod config;
mod control;
mod decode;
mod expected;
mod finish;
mod mangle;
mod pipeline;
mod script_task;
mod server;
mod server_state;
mod sync;

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

pub use clock::ClockConfig;
pub use config::Config;
pub use fault::{Fault, Kind, Partial, Policy, When, Which};
pub use journal::{Entry, JournalConfig, Summary, most_in_window};
pub use portal::{
    AccountSpec, Change, CustomSpec, MarketingSpec, PlanGap, Portal, PortalSpec, Records,
};
pub use route::Bucket;
pub use script::Script;
pub use settings::Settings;
pub use token::{Access, DEFAULT_TOKEN, Granted, OAuthApp, PrivateApp, Tier};

use contract::judge::Judge;
use server_state::ServerState;
use sync::{lock, read};

/// A running server. Dropping it closes its socket.
pub struct Simulator {
    state: Arc<ServerState>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts a server on 127.0.0.1 with its own threads.
    pub fn start(config: Config) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, config.port.unwrap_or(0)))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let script = config.script;
        let state = Arc::new(ServerState::new(config));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("hubspot-simulator")
            .enable_all()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        runtime.spawn(server::serve(listener, Arc::clone(&state)));
        if let Some(script) = script {
            runtime.spawn(script_task::run(Arc::clone(&state), script));
        }
        Ok(Self { state, address, runtime: Some(runtime) })
    }

    /// Returns the base URL without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the retained requests in order of arrival.
    pub fn journal(&self) -> Vec<Entry> {
        lock(&self.state.journal).entries()
    }

    /// Returns the counters of all requests since the start or the last [`Self::clear_journal`].
    pub fn summary(&self) -> Summary {
        lock(&self.state.journal).summary().clone()
    }

    /// Returns method and path of every request other than GET since the start, whatever was
    /// cleared.
    pub fn sent_beside_gets(&self) -> BTreeSet<(String, String)> {
        lock(&self.state.journal).beside_gets().clone()
    }

    /// Returns the differences between requests or responses since the start and HubSpot's
    /// documents, except intended ones. Empty unless [`Config::judged`].
    pub fn complaints(&self) -> Vec<String> {
        self.state.judge.as_ref().map(Judge::complaints).unwrap_or_default()
    }

    /// Clears the journal.
    pub fn clear_journal(&self) {
        lock(&self.state.journal).clear();
    }

    /// Applies a change to the portal now.
    ///
    /// # Panics
    ///
    /// If the change cannot be applied, for instance because its record does not exist.
    pub fn change(&self, change: &Change) {
        if let Err(error) = self.state.change(change) {
            panic!("{error}: {change:?}");
        }
    }

    /// Schedules changes between requests. Each is applied right before the request with its
    /// number, counted from one starting with the next request. A change that cannot be applied at
    /// that point is skipped.
    pub fn schedule(&self, changes: Vec<(u64, Change)>) {
        self.state.schedule(changes);
    }

    /// Cancels the scheduled changes that have not been applied yet.
    pub fn unschedule(&self) {
        self.state.unschedule();
    }

    /// Adds faults; they count requests from now on.
    pub fn plant(&self, faults: Vec<Fault>) {
        lock(&self.state.faults).extend(faults);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// Advances the simulated clock.
    pub fn advance(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// Sets the number of simulated seconds per real second; zero stops the clock.
    pub fn set_speed(&self, speed: f64) {
        self.state.clock.set_speed(speed);
    }

    /// The simulated instant, milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.state.clock.now_ms()
    }

    /// Gives read access to the portal's data. Changes and requests wait until `look` returns.
    pub fn portal<T>(&self, look: impl FnOnce(&Portal) -> T) -> T {
        look(&read(&self.state.portal))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The examples of the README, which `cargo test` compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
