//! What no run may show: the secrets it was given.

use std::process::{Child, Command};

use serde_json::Value;

/// The secrets of one run.
pub(crate) struct Canary {
    secrets: Vec<String>,
}

/// Keys of the configuration whose values are secret.
const KEYS: [&str; 3] = ["access_token", "client_secret", "refresh_token"];
/// How the tokens begin that the simulator grants.
const GRANTED: [&str; 2] = ["CJsim-", "na1-sim-"];

/// Starts the binary. Nothing else does, so no run goes unwatched.
pub(crate) fn spawn(command: &mut Command) -> (Child, Canary) {
    let canary = Canary::of(command);
    (command.spawn().expect("the binary starts"), canary)
}

impl Canary {
    /// The secrets in the configuration that a command names.
    pub(crate) fn of(command: &Command) -> Self {
        let mut arguments = command.get_args();
        arguments.find(|argument| *argument == "--config");
        let config = arguments.next().and_then(|file| std::fs::read_to_string(file).ok());
        let config: Option<Value> = config.and_then(|text| serde_json::from_str(&text).ok());
        let credentials = config.as_ref().and_then(|config| config.get("credentials"));
        let values = KEYS.iter().filter_map(|key| credentials?.get(key)?.as_str());
        // Shorter ones stand in many words.
        let secrets = values.map(str::trim).filter(|value| value.len() >= 6);
        let granted = GRANTED.iter().copied();
        Self { secrets: secrets.chain(granted).map(str::to_owned).collect() }
    }

    /// Looks through what a run said.
    pub(crate) fn look_at(&self, said: &str) {
        for line in said.lines() {
            // A new refresh token has to be told, in the one message that is kept as a secret.
            if line.starts_with("{\"type\":\"CONTROL\"") {
                continue;
            }
            let found = self.secrets.iter().any(|secret| line.contains(secret));
            assert!(!found, "a secret is in the output");
        }
    }
}
