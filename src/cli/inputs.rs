//! Files and environment variables that commands take as input.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::config::{Config, with_access_token};
use crate::env::ACCESS_TOKEN;
use crate::error::Error;
use crate::input;
use crate::protocol::{ConfiguredCatalog, IncomingState};
use crate::secret::Secret;

/// File name that stands for stdin.
const STDIN: &str = "-";

/// Reads the configuration. Without a file, it is empty except for the credentials in `token`.
pub(super) fn read_config(
    path: Option<&Path>,
    token: Option<&Secret<String>>,
) -> Result<Config, Error> {
    let text = match path {
        Some(path) => read_text("configuration", path)?,
        None if token.is_some() => "{}".to_owned(),
        None => return Err(Error::NoConfiguration { variable: ACCESS_TOKEN }),
    };
    match token.and_then(|token| with_access_token(&text, token)) {
        Some(text) => Config::parse(text.expose()),
        None => Config::parse(&text),
    }
}

pub(super) fn read_catalog(path: &Path) -> Result<ConfiguredCatalog, Error> {
    ConfiguredCatalog::parse(&read_text("catalog", path)?, &path.display().to_string())
}

pub(super) fn read_state(path: Option<&Path>) -> Result<IncomingState, Error> {
    let Some(path) = path else { return Ok(IncomingState::default()) };
    IncomingState::parse(&read_text("state", path)?)
        .map_err(|problem| input_error("state", path, problem))
}

/// Reads a text file, or stdin if its name is `-`, without a byte order mark.
pub(super) fn read_text(file: &'static str, path: &Path) -> Result<String, Error> {
    let bytes = if path == Path::new(STDIN) {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_length| bytes)
    } else {
        fs::read(path)
    };
    let text = bytes.map_err(|error| format!("cannot be opened: {error}")).and_then(input::decode);
    let text = text.map_err(|problem| input_error(file, path, problem))?;
    Ok(input::without_bom(&text).to_owned())
}

/// Returns the error for a file that cannot be used.
pub(super) fn input_error(file: &'static str, path: &Path, problem: String) -> Error {
    Error::Input { file, path: path.display().to_string(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Credentials;

    #[test]
    fn the_token_of_the_environment_is_used_where_the_configuration_has_none() {
        let token = Secret::new("pat-canary-env".to_owned());
        let title = r#""credentials_title":"Private App Credentials""#;
        let own = format!(r#"{{"credentials":{{{title},"access_token":"pat-canary-own"}}}}"#);
        for (config, expected) in [
            ("{}", Some("pat-canary-env")),
            (r#"{"start_date":"2024-01-01"}"#, Some("pat-canary-env")),
            (&own, Some("pat-canary-own")),
            (r#"{"access_token":"pat-canary-top"}"#, None),
            (r#"{"client_id":"canary-top","refresh_token":"canary-top"}"#, None),
            (r#"{"credentials":null}"#, None),
            ("[]", None),
            ("", None),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("config.json");
            fs::write(&file, format!("\u{feff}{config}")).unwrap();
            let found = read_config(Some(&file), Some(&token));
            let found = found.ok().map(|config| match config.credentials {
                Credentials::Token(token) => token.expose().clone(),
                Credentials::OAuth { .. } => panic!("{config:?}"),
            });
            assert_eq!(found.as_deref(), expected, "{config}");
        }
        assert!(read_config(None, Some(&token)).is_ok());
        assert!(matches!(read_config(None, None), Err(Error::NoConfiguration { .. })));
    }
}
