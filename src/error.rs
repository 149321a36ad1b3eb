//! All errors that end a command or a stream, with messages for the user.
//!
//! This is the only place that assigns a failure type, so Airbyte's reaction (ask the user, retry,
//! report a bug) is determined by one `match`.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

/// Underlying cause; shown in `internal_message`, never to the user.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Location of a token's scopes in HubSpot's settings.
pub const WHERE_TO_GRANT: &str = "in HubSpot under Settings > Integrations > Private Apps or \
                                  Service Keys (an OAuth app: in its own settings, then \
                                  authenticate again)";

/// Failure type, which determines Airbyte's reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureType {
    /// The user has to act; a retry is useless until then.
    Config,
    /// The failure is temporary; a later run may succeed.
    Transient,
    /// The connector has to be fixed.
    System,
}

/// Scopes required for a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredScopes {
    AllOf(Vec<String>),
    AnyOf(Vec<String>),
}

impl RequiredScopes {
    /// Returns the scopes that are missing if `there` are granted, or all of them if none would be
    /// missing.
    #[must_use]
    pub fn without(&self, there: &[&str]) -> Self {
        let is_missing = |scope: &&String| !there.contains(&scope.as_str());
        let (Self::AllOf(scopes) | Self::AnyOf(scopes)) = self;
        let left: Vec<_> = scopes.iter().filter(is_missing).cloned().collect();
        match self {
            _ if left.is_empty() => self.clone(),
            Self::AllOf(_) => Self::AllOf(left),
            Self::AnyOf(_) => Self::AnyOf(left),
        }
    }

    /// Returns `true` if the required scopes are unknown.
    pub fn is_unnamed(&self) -> bool {
        let (Self::AllOf(scopes) | Self::AnyOf(scopes)) = self;
        scopes.is_empty()
    }
}

impl fmt::Display for RequiredScopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllOf(scopes) => formatter.write_str(&scopes_in_words(scopes)),
            Self::AnyOf(scopes) if scopes.len() < 2 => {
                formatter.write_str(&scopes_in_words(scopes))
            }
            Self::AnyOf(scopes) => write!(formatter, "one of the scopes {}", scopes.join(" or ")),
        }
    }
}

/// Reason that a command, a stream or a sync ended.
///
/// `Display` is the message for the user: cause and next step, no secrets. The `source` chain is
/// for developers.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file given on the command line cannot be used.
    #[error("the {file} file `{path}` {problem}")]
    Input { file: &'static str, path: String, problem: String },
    /// The configuration is invalid; the user can fix it in the connection form.
    #[error("the configuration does not fit: {}", violations.join("; "))]
    Config { violations: Vec<String> },
    /// No configuration was given, neither as a file nor in the environment.
    #[error("there is no configuration: pass --config FILE, or set {variable} to an access token")]
    NoConfiguration { variable: &'static str },
    /// A stream named on the command line is not among those that the token can read.
    #[error(
        "the token can read no stream `{stream}`{meant}; `source-hubspot catalog` lists the streams \
         that it can read"
    )]
    NotOffered { stream: String, meant: String },
    /// An environment variable has an invalid value.
    #[error("the environment variable {variable} {problem}")]
    Environment { variable: &'static str, problem: String },
    /// The catalog cannot be used.
    #[error("the configured catalog {problem}")]
    Catalog { problem: String },
    /// The state of a stream has a format or value that no version of this connector has written.
    #[error(
        "the saved state of `{stream}` cannot be read ({problem}); reset the stream to read it \
         from the beginning"
    )]
    State { stream: String, problem: String },
    /// A selected stream does not exist in the portal.
    ///
    /// `meant` is the name of a similar stream, if there is one.
    #[error(
        "the stream `{stream}` does not exist in this portal{}; refresh the source schema, \
         then select the stream again or leave it out",
        meant.as_deref().map_or(String::new(), |meant| format!(" (did you mean `{meant}`?)"))
    )]
    UnknownStream { stream: String, meant: Option<String> },
    /// The name of a custom object's stream is now the name of a built-in stream.
    #[error(
        "`{stream}`: its columns in the catalog are not those of the built-in stream but seem to be \
         those of the custom object `{stream}`, whose stream is called `{instead}`; refresh the source \
         schema, then select the one that is meant"
    )]
    NameTaken { stream: String, instead: String },
    /// The stream may be a custom object, but the custom objects could not be read.
    #[error(
        "`{stream}` cannot be found, because the portal's custom objects could not be read \
         ({problem}); run the sync again later"
    )]
    CustomObjects { stream: String, problem: String },
    /// The token or the OAuth grant is rejected.
    #[error("HubSpot refuses the credentials: {problem}")]
    Credentials { problem: String, source: Option<BoxError> },
    /// The token is valid but lacks a scope.
    ///
    /// `said` is HubSpot's message if it asks for something that cannot be granted.
    #[error(
        "the token may not read `{stream}`: grant it {needed} {WHERE_TO_GRANT}, then run again{}",
        said.as_deref().map_or(String::new(), |said| format!(
            "; if it already has it, the account's subscription does not include the stream{}",
            quoted(Some(said))
        ))
    )]
    MissingScope {
        stream: String,
        needed: RequiredScopes,
        said: Option<String>,
        source: Option<BoxError>,
    },
    /// The token is valid but may not read anything in the account.
    #[error(
        "the token may read nothing in the HubSpot account {portal_id}: grant it scopes such as \
         crm.objects.contacts.read {WHERE_TO_GRANT}, then run again"
    )]
    NothingToRead { portal_id: u64 },
    /// The account's subscription does not include the stream, so no scope makes it available.
    #[error(
        "the subscription of the HubSpot account does not include `{stream}`{}; upgrade the \
         subscription or deselect the stream",
        quoted(said.as_deref())
    )]
    Plan { stream: String, said: Option<String>, source: Option<BoxError> },
    /// The object type exists but is disabled in the account.
    #[error(
        "the object type of `{stream}` is switched off in the HubSpot account; activate it in \
         HubSpot's object library, or deselect the stream"
    )]
    SwitchedOff { stream: String, source: Option<BoxError> },
    /// Access is denied permanently, for a reason other than scopes or the subscription.
    #[error(
        "HubSpot does not let this token read `{stream}`{}; deselect the stream unless you can \
         change the reason",
        quoted(said.as_deref())
    )]
    Forbidden { stream: String, said: Option<String>, source: Option<BoxError> },
    /// HubSpot has removed the endpoint or does not offer it to this type of app.
    #[error(
        "HubSpot does not offer the endpoint of `{stream}` ({endpoint}), or has removed it; \
         update the connector, or deselect the stream"
    )]
    Gone { stream: String, endpoint: String, source: Option<BoxError> },
    /// The account has no object type of this name.
    #[error(
        "the HubSpot account does not have the object type of `{stream}`; deselect the stream, or \
         refresh the source schema"
    )]
    UnknownObjectType { stream: String, source: Option<BoxError> },
    /// The token is valid, but its user lacks permission or has been deactivated.
    #[error(
        "HubSpot refuses `{stream}` to the user behind the token, who was deactivated or has lost \
         permissions; let a super admin create a new token or authorize the app again"
    )]
    User { stream: String, source: Option<BoxError> },
    /// HubSpot rejected a request because of the request itself.
    #[error(
        "HubSpot refused {endpoint}: {said}; run the sync again, and report the error if it \
         persists"
    )]
    Refused { endpoint: String, said: String, source: Option<BoxError> },
    /// HubSpot kept failing until the retry budget was exhausted.
    #[error(
        "HubSpot did not answer {endpoint} in {attempts} attempts over {} s ({last}); \
         run the sync again later",
        elapsed.as_secs()
    )]
    Unavailable {
        endpoint: String,
        attempts: u32,
        elapsed: Duration,
        last: String,
        /// `true` if the last attempt was answered with a success response that could not be used.
        answered: bool,
        source: Option<BoxError>,
    },
    /// No request of the run reached the host.
    #[error("the host {host} {problem}")]
    Unreachable { host: String, problem: String, source: Option<BoxError> },
    /// Something between the connector and HubSpot rejects the request.
    #[error(
        "{endpoint} was refused {attempts} times over {} s with status 403 by something other than \
         HubSpot's API, such as a proxy or a firewall on the way; let requests to {host} through, \
         then run the sync again",
        elapsed.as_secs()
    )]
    Blocked {
        endpoint: String,
        host: String,
        attempts: u32,
        elapsed: Duration,
        source: Option<BoxError>,
    },
    /// A batch read stayed incomplete until the retry budget was exhausted.
    #[error(
        "HubSpot answered {endpoint} only in part, in {attempts} attempts: {missing} of {total} \
         records are missing ({reason}); run the sync again later"
    )]
    Incomplete { endpoint: String, missing: usize, total: usize, attempts: u32, reason: String },
    /// HubSpot cannot return one record, not even in a page of its own.
    #[error(
        "HubSpot cannot return {} of {endpoint}, even in a request of its own ({last}, in \
         {attempts} attempts); run the sync again later, and contact HubSpot support about that \
         record if the error persists",
        record.as_ref().map_or("a record".into(), |record| format!("the record {record}"))
    )]
    SingleRecord { endpoint: String, record: Option<String>, attempts: u32, last: String },
    /// Rate limits delayed a request for longer than the maximum wait.
    #[error(
        "HubSpot's rate limit blocked {endpoint} for {} s{}; run the sync again later, or reduce \
         the number of apps that use the account at the same time",
        waited.as_secs(),
        asked.map(|asked| format!(", and HubSpot asked to wait another {} s", asked.as_secs()))
            .unwrap_or_default()
    )]
    Throttled { endpoint: String, waited: Duration, asked: Option<Duration> },
    /// No secure connection to the host can be established.
    #[error("no secure connection to {host}: {problem}")]
    Tls { host: String, problem: String, source: Option<BoxError> },
    /// A proxy between the connector and HubSpot blocks the connection.
    #[error("the proxy in HTTPS_PROXY refuses connections to {host}: {problem}")]
    Proxy { host: String, problem: &'static str, source: Option<BoxError> },
    /// The response redirects to another address.
    #[error(
        "the response to {endpoint} is a redirect, which is not followed because the token must \
         not be sent to another host; check HUBSPOT_API_URL and the network path to HubSpot"
    )]
    Redirected { endpoint: String, source: Option<BoxError> },
    /// A response is larger than the size limit.
    #[error(
        "the response to {endpoint} is larger than the limit of {megabytes} MB; deselect long \
         columns of the stream, or report the error"
    )]
    TooLarge { endpoint: String, megabytes: usize },
    /// The daily request quota is exhausted.
    #[error(
        "the HubSpot account has used up its requests for today; run the sync after midnight in \
         the account's time zone, and it resumes where it stopped"
    )]
    DayUsedUp { source: Option<BoxError> },
    /// The account has used the configured share of its daily request quota.
    #[error(
        "the sync stops early: {used} of the account's {limit} requests for today are used, and \
         `daily_share` limits the sync to {share} %; run it after {}, and it resumes where it \
         stopped",
        resets.as_deref().unwrap_or("midnight of the account's time zone")
    )]
    DayShare { used: u64, limit: u64, share: u32, resets: Option<String> },
    /// A signal requested the end of the sync.
    #[error("the sync was asked to stop; the next sync resumes where it stopped")]
    Stopped,
    /// A 2xx response body does not have the expected format.
    #[error(
        "this version cannot read the response to {endpoint}; update the connector, or report \
         the error"
    )]
    Contract { endpoint: String, source: BoxError },
    /// The reader of stdout has closed the pipe, so nothing more can be reported.
    #[error("the destination closed the pipe")]
    OutputClosed,
    /// The system does not provide a resource that the process needs.
    #[error(
        "the machine gives the connector no {what} ({source}); raise the limits of its container or \
         user (processes, open files, memory), then run again"
    )]
    Machine { what: &'static str, source: BoxError },
    /// A panic, caught in `main`.
    #[error("the connector failed unexpectedly; report it with the internal message")]
    Bug { detail: String },
}

/// Formats the names of missing scopes.
pub fn scopes_in_words(scopes: &[impl Borrow<str>]) -> String {
    match scopes {
        [] => "the scope for it".to_owned(),
        [scope] => format!("the scope {}", scope.borrow()),
        scopes => format!("the scopes {}", scopes.join(" and ")),
    }
}

/// Formats HubSpot's own message, to follow a sentence.
fn quoted(said: Option<&str>) -> String {
    said.map_or(String::new(), |said| format!(" (HubSpot says: {said})"))
}

impl Error {
    /// Returns the failure type. The match has no wildcard arm, so every new error has to be
    /// classified.
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Input { .. }
            | Self::Config { .. }
            | Self::NoConfiguration { .. }
            | Self::NotOffered { .. }
            | Self::Environment { .. }
            | Self::Catalog { .. }
            | Self::State { .. }
            | Self::UnknownStream { .. }
            | Self::NameTaken { .. }
            | Self::Credentials { .. }
            | Self::MissingScope { .. }
            | Self::NothingToRead { .. }
            | Self::Plan { .. }
            | Self::SwitchedOff { .. }
            | Self::Forbidden { .. }
            | Self::Gone { .. }
            | Self::UnknownObjectType { .. }
            | Self::User { .. }
            | Self::Proxy { .. }
            | Self::Redirected { .. }
            | Self::Tls { .. }
            | Self::Machine { .. } => FailureType::Config,
            Self::CustomObjects { .. }
            | Self::Unavailable { .. }
            | Self::Unreachable { .. }
            | Self::Incomplete { .. }
            | Self::SingleRecord { .. }
            | Self::Throttled { .. }
            | Self::Blocked { .. }
            | Self::DayUsedUp { .. }
            | Self::DayShare { .. }
            | Self::Stopped => FailureType::Transient,
            Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::Contract { .. }
            | Self::OutputClosed
            | Self::Bug { .. } => FailureType::System,
        }
    }

    /// Returns `true` if the error ends all streams, not only its own.
    ///
    /// Without valid credentials, daily quota or stdout, or after a stop signal, or if no request
    /// has ever reached the host, further requests are useless.
    pub fn ends_everything(&self) -> bool {
        matches!(
            self,
            Self::Credentials { .. }
                | Self::Unreachable { .. }
                | Self::DayUsedUp { .. }
                | Self::DayShare { .. }
                | Self::Stopped
                | Self::OutputClosed
        )
    }

    /// Returns `true` if the host cannot be reached, or not securely.
    pub fn is_about_the_connection(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Tls { .. } | Self::Proxy { .. })
    }

    /// Returns `true` if the token may not read the stream, which is then skipped.
    pub fn is_no_access(&self) -> bool {
        matches!(
            self,
            Self::MissingScope { .. }
                | Self::Plan { .. }
                | Self::SwitchedOff { .. }
                | Self::Forbidden { .. }
        )
    }

    /// Returns `true` if HubSpot refused this request, for any reason. Other requests may succeed.
    pub fn is_refusal(&self) -> bool {
        self.is_no_access()
            || matches!(
                self,
                Self::UnknownObjectType { .. }
                    | Self::User { .. }
                    | Self::Gone { .. }
                    | Self::Refused { .. }
            )
    }

    /// Returns `true` if the error concerns one request and its response, so that others may
    /// succeed; `false` if HubSpot could not be reached or rejects the credentials.
    pub fn is_about_one_answer(&self) -> bool {
        self.is_refusal()
            || matches!(
                self,
                Self::Contract { .. }
                    | Self::TooLarge { .. }
                    | Self::Blocked { .. }
                    | Self::Unavailable { answered: true, .. }
            )
    }

    /// Returns `true` if all streams end by themselves with a final checkpoint. This is the case if
    /// no more requests can be sent but stdout is still open.
    pub fn ends_gently(&self) -> bool {
        matches!(self, Self::DayUsedUp { .. } | Self::DayShare { .. } | Self::Stopped)
    }

    /// Returns the message with its causes, for warnings about skipped streams.
    pub fn with_cause(&self) -> String {
        match self.internal_message() {
            cause if cause.is_empty() => self.to_string(),
            cause => format!("{self} ({cause})"),
        }
    }

    /// Returns the `source` chain in one line, for `internal_message`; empty if there is none.
    pub fn internal_message(&self) -> String {
        if let Self::Bug { detail } = self {
            return detail.clone();
        }
        let first = std::error::Error::source(self);
        let causes: Vec<_> =
            std::iter::successors(first, |error| error.source()).map(ToString::to_string).collect();
        causes.join(": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_to_do_and_the_chain_says_why() {
        let cause: BoxError = "GET /crm/objects/2026-09/deals: 403 (correlation 17)".into();
        let error = Error::MissingScope {
            stream: "deals".into(),
            needed: RequiredScopes::AllOf(vec!["crm.objects.deals.read".into()]),
            said: None,
            source: Some(cause),
        };
        assert_eq!(
            error.to_string(),
            "the token may not read `deals`: grant it the scope crm.objects.deals.read in HubSpot \
             under Settings > Integrations > Private Apps or Service Keys (an OAuth app: in its own \
             settings, then authenticate again), then run again"
        );
        assert_eq!(
            error.internal_message(),
            "GET /crm/objects/2026-09/deals: 403 (correlation 17)"
        );
        assert_eq!(error.failure_type(), FailureType::Config);
    }
}
