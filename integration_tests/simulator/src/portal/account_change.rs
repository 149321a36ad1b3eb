//! Changes to flows and events.

use serde::{Deserialize, Serialize};

use crate::portal::values::Values;

/// Occurrences of an event, all of one record and at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrences {
    pub object: String,
    pub id: u64,
    #[serde(default = "one")]
    pub count: u64,
    /// Such as `e_visited_page` or `pe4455_demo_booked`; any type if left out.
    #[serde(default)]
    pub event_type: Option<String>,
    /// Instant of the occurrence, which may be in the past; the instant of the change if left out.
    #[serde(default)]
    pub at_ms: Option<i64>,
    /// Delay until it becomes visible; chosen by the simulator if left out.
    #[serde(default)]
    pub delay_ms: Option<i64>,
    #[serde(default)]
    pub properties: Values,
}

/// A new flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFlow {
    /// `true` if the flow is about contacts, so that the older automation API shows it too.
    #[serde(default = "yes")]
    pub contact_based: bool,
}

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}
