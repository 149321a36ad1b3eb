//! Settings that only the operator of the process can make: environment variables, or the options
//! with the same meaning.

use std::fmt::Display;

use chrono::TimeDelta;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use log::LevelFilter;

use crate::config::did_you_mean;
use crate::error::Error;
use crate::secret::Secret;

const DEFAULT_API_URL: &str = "https://api.hubapi.com";

/// Environment variable with an access token for configurations without credentials. It has no
/// option, because other users of the machine can see the command line.
pub const ACCESS_TOKEN: &str = "HUBSPOT_ACCESS_TOKEN";

/// Returns the value of [`ACCESS_TOKEN`], unless it is unset or empty.
pub fn access_token() -> Option<Secret<String>> {
    let token = std::env::var(ACCESS_TOKEN).ok()?.trim().to_owned();
    (!token.is_empty()).then(|| Secret::new(token))
}

/// Values of the settings, as text without surrounding white space. An empty one counts as unset.
///
/// clap reads them but does not validate them, because it reports errors on stderr, whereas a
/// command has to report an invalid setting as a protocol message. [`EnvArgs::validate`] does it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings, also read from the environment")]
pub struct EnvArgs {
    /// URL to replace HubSpot's with, for a gateway or a test.
    #[arg(long, global = true, env = "HUBSPOT_API_URL", value_name = "URL")]
    #[arg(hide_env_values = true, default_value = DEFAULT_API_URL, value_parser = trimmed())]
    pub api_url: String,
    /// API paths to use: `dated`, or `classic` for those without a date version.
    #[arg(long, global = true, env = "HUBSPOT_API_VERSION", value_name = "VERSION")]
    #[arg(hide_env_values = true, default_value = "dated", value_parser = trimmed())]
    pub api_version: String,
    /// `1`: discover lists all streams, whatever the token may read.
    #[arg(long, global = true, env = "HUBSPOT_ALL_STREAMS", value_name = "0|1")]
    #[arg(hide_env_values = true, default_value = "0", value_parser = trimmed())]
    pub all_streams: String,
    /// Milliseconds to add to the local clock, for machines whose clock cannot be set.
    #[arg(long, global = true, env = "HUBSPOT_CLOCK_OFFSET_MS", value_name = "MILLISECONDS")]
    #[arg(hide_env_values = true, default_value = "0", value_parser = trimmed())]
    #[arg(allow_hyphen_values = true)]
    pub clock_offset_ms: String,
    /// Least severe messages to log: `error`, `warn`, `info` or `debug`.
    #[arg(long, global = true, env = "LOG_LEVEL", value_name = "LEVEL")]
    #[arg(hide_env_values = true, default_value = "info", value_parser = trimmed())]
    pub log_level: String,
}

/// Returns a parser that accepts any text.
fn trimmed() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|text| text.to_string_lossy().trim().to_owned())
}

/// Validated settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    /// Scheme, host, port and path prefix, without a trailing slash.
    pub api_url: String,
    /// Use API paths without a date version.
    pub classic: bool,
    /// List all streams, whatever the token may read.
    pub all_streams: bool,
    /// Offset to add to the local clock.
    pub clock_offset: TimeDelta,
    /// Sentences about settings that are ignored, for the log.
    pub warnings: Vec<String>,
}

impl EnvArgs {
    /// Validates all settings. An unknown log level is a warning.
    ///
    /// # Errors
    /// Returns `Error::Environment` for the first invalid setting.
    pub fn validate(&self) -> Result<Env, Error> {
        let api_url = match &*self.api_url {
            "" => DEFAULT_API_URL,
            url => url.trim_end_matches('/'),
        };
        validate_api_url(api_url).map_err(|problem| invalid("HUBSPOT_API_URL", problem))?;
        let classic = match &*self.api_version {
            "" | "dated" => false,
            "classic" => true,
            _ => return Err(invalid("HUBSPOT_API_VERSION", "must be `dated` or `classic`")),
        };
        let all_streams = match &*self.all_streams {
            "" | "0" => false,
            "1" => true,
            _ => return Err(invalid("HUBSPOT_ALL_STREAMS", "must be `0` or `1`")),
        };
        let clock_offset = match &*self.clock_offset_ms {
            "" => Some(TimeDelta::zero()),
            text => text.parse().ok().and_then(TimeDelta::try_milliseconds),
        };
        let clock_offset = clock_offset.ok_or_else(|| {
            invalid("HUBSPOT_CLOCK_OFFSET_MS", "must be a whole number of milliseconds")
        })?;
        let warnings = self.level_warning().into_iter().collect();
        Ok(Env { api_url: api_url.to_owned(), classic, all_streams, clock_offset, warnings })
    }

    /// Returns the log level, or `info` if it is unknown: orchestrators set `LOG_LEVEL` for their
    /// own programs, so an unknown level is only a warning of [`EnvArgs::validate`].
    pub fn log_level(&self) -> LevelFilter {
        parse_level(&self.log_level).unwrap_or(LevelFilter::Info)
    }

    /// Returns a warning if the log level is unknown.
    fn level_warning(&self) -> Option<String> {
        let unknown = Some(&*self.log_level).filter(|level| parse_level(level).is_none())?;
        let names = LEVELS.iter().map(|(name, _)| *name);
        let meant = did_you_mean(unknown, names);
        Some(format!(
            "LOG_LEVEL is not a log level{meant}, so `info` is used; set it to `error`, `warn`, \
             `info` or `debug`"
        ))
    }
}

/// Names of log levels, with those of other logging libraries.
const LEVELS: [(&str, LevelFilter); 9] = [
    ("off", LevelFilter::Off),
    ("fatal", LevelFilter::Error),
    ("critical", LevelFilter::Error),
    ("error", LevelFilter::Error),
    ("warning", LevelFilter::Warn),
    ("warn", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

/// Parses a log level, in any case; an empty one is `info`.
fn parse_level(text: &str) -> Option<LevelFilter> {
    if text.is_empty() {
        return Some(LevelFilter::Info);
    }
    LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, level)| *level)
}

fn invalid(variable: &'static str, problem: impl Display) -> Error {
    Error::Environment { variable, problem: problem.to_string() }
}

/// Plain HTTP is allowed only to the local machine, because requests carry a token.
fn validate_api_url(url: &str) -> Result<(), &'static str> {
    let url = reqwest::Url::parse(url).map_err(|_| "is not a URL")?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err("must begin with https:// unless the host is this machine"),
        _ => return Err("must begin with https://"),
    }
    if url.query().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("must hold nothing but scheme, host, port and path");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_settings_are_refused() {
        for (url, fits) in [
            ("https://gateway.example.com/hubspot", true),
            ("http://127.0.0.1:8080/", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("ftp://example.com", false),
            ("example.com", false),
            ("https://user:secret@example.com", false),
        ] {
            let args = EnvArgs { api_url: url.to_owned(), ..EnvArgs::default() };
            assert_eq!(args.validate().is_ok(), fits, "{url}");
        }
        for (offset, expected) in
            [("", Some(0)), ("-3600000", Some(-3_600_000)), ("an hour", None), ("1.5", None)]
        {
            let args = EnvArgs { clock_offset_ms: offset.to_owned(), ..EnvArgs::default() };
            let found = args.validate().ok().map(|env| env.clock_offset.num_milliseconds());
            assert_eq!(found, expected, "{offset}");
        }
        let env = EnvArgs::default().validate().unwrap();
        assert_eq!(env.api_url, "https://api.hubapi.com");
    }
    #[test]
    fn log_levels_of_other_libraries_are_accepted_and_unknown_ones_reported() {
        let args = |level: &str| EnvArgs { log_level: level.to_owned(), ..EnvArgs::default() };
        for (level, expected) in [
            ("", LevelFilter::Info),
            ("INFO", LevelFilter::Info),
            ("Warning", LevelFilter::Warn),
            ("fatal", LevelFilter::Error),
            ("CRITICAL", LevelFilter::Error),
            ("trace", LevelFilter::Trace),
            ("off", LevelFilter::Off),
        ] {
            assert_eq!(args(level).log_level(), expected, "{level}");
            assert_eq!(args(level).validate().unwrap().warnings, [""; 0], "{level}");
        }
        for (level, meant) in [("verbose", ""), ("debg", " (did you mean `debug`?)"), ("20", "")] {
            let expected = format!(
                "LOG_LEVEL is not a log level{meant}, so `info` is used; set it to `error`, `warn`, \
                 `info` or `debug`"
            );
            assert_eq!(args(level).validate().unwrap().warnings, [expected], "{level}");
            assert_eq!(args(level).log_level(), LevelFilter::Info, "{level}");
        }
    }
}
