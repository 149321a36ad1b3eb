//! Check that no run prints the secrets it was given.

use std::process::{Child, Command};

use serde_json::Value;

/// The secrets of one run.
pub(crate) struct Canary {
    secrets: Vec<String>,
}

/// Keys of the configuration whose values are secret.
const KEYS: [&str; 3] = ["access_token", "client_secret", "refresh_token"];
/// Prefixes of the tokens that the simulator issues.
const GRANTED: [&str; 2] = ["CJsim-", "na1-sim-"];

/// Starts the binary. All tests start it through this function, so that every run is checked.
pub(crate) fn spawn(command: &mut Command) -> (Child, Canary) {
    let canary = Canary::of(command);
    (command.spawn().expect("the binary starts"), canary)
}

impl Canary {
    /// Returns the secrets in the configuration file of a command.
    pub(crate) fn of(command: &Command) -> Self {
        let mut arguments = command.get_args();
        arguments.find(|argument| *argument == "--config");
        let config = arguments.next().and_then(|file| std::fs::read_to_string(file).ok());
        let config: Option<Value> = config.and_then(|text| serde_json::from_str(&text).ok());
        let credentials = config.as_ref().and_then(|config| config.get("credentials"));
        let values = KEYS.iter().filter_map(|key| credentials?.get(key)?.as_str());
        // Shorter values occur in ordinary words.
        let secrets = values.map(str::trim).filter(|value| value.len() >= 6);
        let granted = GRANTED.iter().copied();
        Self { secrets: secrets.chain(granted).map(str::to_owned).collect() }
    }

    /// Panics if the output of a run contains a secret.
    pub(crate) fn look_at(&self, said: &str) {
        for line in said.lines() {
            // A CONTROL message is the only one that may contain a new refresh token.
            if line.starts_with("{\"type\":\"CONTROL\"") {
                continue;
            }
            let found = self.secrets.iter().any(|secret| line.contains(secret));
            assert!(!found, "a secret is in the output");
        }
    }
}
