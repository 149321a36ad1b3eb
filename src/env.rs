//! Settings that only the operator of the process can make, through environment variables.

use chrono::TimeDelta;

use crate::error::Error;

/// Validated environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Env {
    /// `HUBSPOT_API_URL`: scheme, host, port and path prefix, without a trailing slash.
    pub api_url: String,
    /// `HUBSPOT_API_VERSION=classic`: use API paths without a date version.
    pub classic: bool,
    /// `HUBSPOT_ALL_STREAMS=1`: list all streams, whatever the token may read.
    pub all_streams: bool,
    /// `HUBSPOT_CLOCK_OFFSET_MS`: milliseconds to add to the local clock, for machines whose clock
    /// cannot be set.
    pub clock_offset: TimeDelta,
}

impl Env {
    /// Reads the environment variables through `lookup`.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let set = |variable: &str| lookup(variable).filter(|value| !value.trim().is_empty());
        let api_url = match set("HUBSPOT_API_URL") {
            None => "https://api.hubapi.com".to_owned(),
            Some(url) => check_api_url(url.trim().trim_end_matches('/'))?,
        };
        let classic = match set("HUBSPOT_API_VERSION").as_deref() {
            None | Some("dated") => false,
            Some("classic") => true,
            Some(_) => {
                return Err(Error::Environment {
                    variable: "HUBSPOT_API_VERSION",
                    problem: "must be `dated` or `classic`".into(),
                });
            }
        };
        let all_streams = match set("HUBSPOT_ALL_STREAMS").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => {
                return Err(Error::Environment {
                    variable: "HUBSPOT_ALL_STREAMS",
                    problem: "must be `0` or `1`".into(),
                });
            }
        };
        let clock_offset = match set("HUBSPOT_CLOCK_OFFSET_MS") {
            None => TimeDelta::zero(),
            Some(text) => {
                let offset = text.trim().parse().ok().and_then(TimeDelta::try_milliseconds);
                offset.ok_or_else(|| Error::Environment {
                    variable: "HUBSPOT_CLOCK_OFFSET_MS",
                    problem: "must be a whole number of milliseconds".into(),
                })?
            }
        };
        Ok(Self { api_url, classic, all_streams, clock_offset })
    }
}

/// Validates the API URL. Plain HTTP is allowed only to the local machine, because requests carry a
/// token.
fn check_api_url(url: &str) -> Result<String, Error> {
    let problem = |problem: &str| Error::Environment {
        variable: "HUBSPOT_API_URL",
        problem: problem.to_owned(),
    };
    let parsed = reqwest::Url::parse(url).map_err(|_| problem("is not a URL"))?;
    let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match parsed.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err(problem("must begin with https:// unless the host is this machine")),
        _ => return Err(problem("must begin with https://")),
    }
    if parsed.query().is_some() || !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(problem("must hold nothing but scheme, host, port and path"));
    }
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_operator_moves_the_host_and_only_safely() {
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
            let env = Env::from_environment(|variable| {
                (variable == "HUBSPOT_API_URL").then(|| url.to_owned())
            });
            assert_eq!(env.is_ok(), fits, "{url}");
        }
        for (offset, expected) in
            [("", Some(0)), (" -3600000", Some(-3_600_000)), ("an hour", None), ("1.5", None)]
        {
            let env = Env::from_environment(|variable| {
                (variable == "HUBSPOT_CLOCK_OFFSET_MS").then(|| offset.to_owned())
            });
            let found = env.ok().map(|env| env.clock_offset.num_milliseconds());
            assert_eq!(found, expected, "{offset}");
        }
        let env = Env::from_environment(|_| None).unwrap();
        assert_eq!(env.api_url, "https://api.hubapi.com");
    }
}
