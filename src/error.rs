//! Every way a command or a stream can end badly, in the words its reader needs.
//!
//! This is the one place where a failure type is chosen, so what Airbyte does next (ask the user,
//! run again, tell us) can be read off one `match`.

use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;

/// A cause from below: shown in `internal_message`, never to the user.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where a user finds the scopes of a token.
pub const WHERE_TO_GRANT: &str = "in HubSpot under Settings > Integrations > Private Apps or \
                                  Service Keys (an OAuth app: in its own settings, then \
                                  authenticate again)";

/// What Airbyte does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureType {
    /// The user has to act: retrying is useless until then.
    Config,
    /// It will pass: run again later.
    Transient,
    /// Ours to fix.
    System,
}

/// Scopes that something takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needed {
    AllOf(Vec<String>),
    AnyOf(Vec<String>),
}

impl Needed {
    /// What is left if these are there; all of it if nothing would be.
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

    /// Is it not known which scopes they are?
    pub fn is_unnamed(&self) -> bool {
        let (Self::AllOf(scopes) | Self::AnyOf(scopes)) = self;
        scopes.is_empty()
    }
}

impl fmt::Display for Needed {
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

/// Why a command, a stream or a sync ended.
///
/// `Display` is the sentence for the user: cause and next step, no secrets. The `source` chain is
/// for the maker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the command line cannot be used.
    #[error("the {file} file `{path}` {problem}")]
    Input { file: &'static str, path: String, problem: String },
    /// The user can fix this in the connection form.
    #[error("the configuration does not fit: {}", violations.join("; "))]
    Config { violations: Vec<String> },
    /// An operator set an environment variable that cannot work.
    #[error("the environment variable {variable} {problem}")]
    Environment { variable: &'static str, problem: String },
    /// The catalog asks for something that cannot be read.
    #[error("the configured catalog {problem}")]
    Catalog { problem: String },
    /// The state of one stream has a shape or value no version of this connector has written.
    #[error(
        "the saved state of `{stream}` cannot be read ({problem}); reset the stream to read it anew"
    )]
    State { stream: String, problem: String },
    /// A stream was selected that the portal does not have.
    #[error(
        "the stream `{stream}` does not exist in this portal; refresh the source schema, \
         then select the stream again or leave it out"
    )]
    UnknownStream { stream: String },
    /// A stream whose name was that of a custom object and is that of a built-in stream now.
    #[error(
        "`{stream}`: its columns in the catalog are not those of the built-in stream but seem to be \
         those of the custom object `{stream}`, whose stream is called `{instead}`; refresh the source \
         schema, then select the one that is meant"
    )]
    NameTaken { stream: String, instead: String },
    /// A stream that may be a custom object, and the custom objects are not known.
    #[error(
        "`{stream}` cannot be found, because the portal's custom objects could not be read \
         ({problem}); run the sync again later"
    )]
    CustomObjects { stream: String, problem: String },
    /// The token or the OAuth grant is refused.
    #[error("HubSpot refuses the credentials: {problem}")]
    Credentials { problem: String, source: Option<BoxError> },
    /// The token works, and may not read this.
    ///
    /// `said` is what HubSpot said, where it asks for something that cannot be granted.
    #[error(
        "the token may not read `{stream}`: grant it {needed} {WHERE_TO_GRANT}, then run again{}",
        said.as_deref().map_or(String::new(), |said| format!(
            "; if it has that already, the account's subscription lacks the stream{}", quoted(Some(said))
        ))
    )]
    MissingScope { stream: String, needed: Needed, said: Option<String>, source: Option<BoxError> },
    /// The token works, and may read nothing that the account holds.
    #[error(
        "the token may read nothing in the HubSpot account {portal_id}: grant it scopes such as \
         crm.objects.contacts.read {WHERE_TO_GRANT}, then run again"
    )]
    NothingToRead { portal_id: u64 },
    /// The account's plan does not include this, so no scope opens it.
    #[error(
        "the HubSpot account has no access to `{stream}`, its subscription lacks it{}; upgrade the \
         subscription or deselect the stream",
        quoted(said.as_deref())
    )]
    Plan { stream: String, said: Option<String>, source: Option<BoxError> },
    /// The account has the object type, and has it switched off.
    #[error(
        "the HubSpot account has switched the object type of `{stream}` off; activate it in \
         HubSpot's object library, or deselect the stream"
    )]
    SwitchedOff { stream: String, source: Option<BoxError> },
    /// A refusal that is about neither scopes nor the plan, and that asking again does not change.
    #[error(
        "HubSpot does not let this token read `{stream}`{}; deselect the stream unless you can \
         change the reason",
        quoted(said.as_deref())
    )]
    Forbidden { stream: String, said: Option<String>, source: Option<BoxError> },
    /// HubSpot has taken the endpoint away, or has never offered it to this kind of app.
    #[error(
        "HubSpot does not offer, or no longer offers, what `{stream}` is read from ({endpoint}); \
         update the connector, or deselect the stream"
    )]
    Gone { stream: String, endpoint: String, source: Option<BoxError> },
    /// The account has no object type of this name.
    #[error(
        "the HubSpot account does not have the object type of `{stream}`; deselect the stream, or \
         refresh the source schema"
    )]
    UnknownObjectType { stream: String, source: Option<BoxError> },
    /// The token works, and the user it stands for may not read this, or nothing any more.
    #[error(
        "HubSpot refuses `{stream}` to the user behind the token, who was deactivated or has lost \
         permissions; let a super admin create a new token or authorize the app again"
    )]
    User { stream: String, source: Option<BoxError> },
    /// HubSpot refused a request for a reason of the request itself.
    #[error(
        "HubSpot refused {endpoint}: {said}; run the sync again, and report it if that stays so"
    )]
    Refused { endpoint: String, said: String, source: Option<BoxError> },
    /// HubSpot kept failing until the retry budget ran out.
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
        /// Was the last attempt answered by a success that could not be used?
        answered: bool,
        source: Option<BoxError>,
    },
    /// Something between here and HubSpot refuses the request.
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
    /// A batch read stayed incomplete until the retry budget ran out.
    #[error(
        "HubSpot answered {endpoint} only in part, in {attempts} attempts: {missing} of {total} \
         records are missing ({reason}); run the sync again later"
    )]
    Incomplete { endpoint: String, missing: usize, total: usize, attempts: u32, reason: String },
    /// HubSpot cannot give one record, not even in a page of its own.
    #[error(
        "HubSpot cannot give {} of {endpoint}, not even alone ({last}, in {attempts} attempts); run \
         the sync again later, and ask HubSpot's support about that record if it stays so",
        record.as_ref().map_or("a record".into(), |record| format!("the record {record}"))
    )]
    SingleRecord { endpoint: String, record: Option<String>, attempts: u32, last: String },
    /// Rate limits kept a request waiting for longer than any may wait.
    #[error(
        "HubSpot's rate limit did not let {endpoint} through: it waited {} s{}; run the sync again \
         later, or let fewer apps use the account at the same time",
        waited.as_secs(),
        asked.map(|asked| format!(", and was asked to wait {} s more", asked.as_secs()))
            .unwrap_or_default()
    )]
    Throttled { endpoint: String, waited: Duration, asked: Option<Duration> },
    /// The host cannot be talked to safely.
    #[error("no secure connection to {host}: {problem}")]
    Tls { host: String, problem: String, source: Option<BoxError> },
    /// A proxy stands between the connector and HubSpot, and does not let it through.
    #[error("the proxy that HTTPS_PROXY names lets nothing through to {host}: {problem}")]
    Proxy { host: String, problem: &'static str, source: Option<BoxError> },
    /// The answer points to another address.
    #[error(
        "{endpoint} was answered with a redirect, which is not followed, so that the token goes \
         nowhere else; check HUBSPOT_API_URL, and what stands between here and HubSpot"
    )]
    Redirected { endpoint: String, source: Option<BoxError> },
    /// An answer larger than any that is meant.
    #[error(
        "{endpoint} was answered with more than {megabytes} MB, which is not read; deselect long \
         columns of the stream, or report it"
    )]
    TooLarge { endpoint: String, megabytes: usize },
    /// The day's requests are used up.
    #[error(
        "the HubSpot account has used up its requests for today; the sync goes on where it stopped \
         when it runs after midnight of the account's time zone"
    )]
    DayUsedUp { source: Option<BoxError> },
    /// The account has used the share of its day that a sync may take it to.
    #[error(
        "the sync stops early: {used} of the account's {limit} requests for today are used, and \
         `daily_share` lets it take them to {share} % only; it goes on where it stopped when it \
         runs after {}",
        resets.as_deref().unwrap_or("midnight of the account's time zone")
    )]
    DayShare { used: u64, limit: u64, share: u32, resets: Option<String> },
    /// A signal asked for the end.
    #[error("the sync was asked to stop; it goes on where it stopped when it runs again")]
    Stopped,
    /// A 2xx body that contradicts what we know of the endpoint.
    #[error(
        "{endpoint} answered in a shape this version does not understand; update the connector or \
         report it"
    )]
    Contract { endpoint: String, source: BoxError },
    /// The reader of stdout has gone: nothing can be said any more.
    #[error("the destination closed the pipe")]
    OutputClosed,
    /// The machine does not give what every program needs.
    #[error(
        "the machine gives the connector no {what} ({source}); raise the limits of its container or \
         user (processes, open files, memory), then run again"
    )]
    Machine { what: &'static str, source: BoxError },
    /// A panic, caught at the edge.
    #[error("the connector failed unexpectedly; report it with the internal message")]
    Bug { detail: String },
}

/// What a token lacks, in words.
pub fn scopes_in_words(scopes: &[impl Borrow<str>]) -> String {
    match scopes {
        [] => "the scope for it".to_owned(),
        [scope] => format!("the scope {}", scope.borrow()),
        scopes => format!("the scopes {}", scopes.join(" and ")),
    }
}

/// HubSpot's own words, behind a sentence.
fn quoted(said: Option<&str>) -> String {
    said.map_or(String::new(), |said| format!(" (HubSpot says: {said})"))
}

impl Error {
    /// What Airbyte does next. Never a wildcard arm: a new error has to decide.
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Input { .. }
            | Self::Config { .. }
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

    /// Does this end every stream, not just the one it happened to?
    ///
    /// With the credentials, the day, the time or stdout gone, asking on behalf of other streams is useless.
    pub fn ends_everything(&self) -> bool {
        matches!(
            self,
            Self::Credentials { .. }
                | Self::DayUsedUp { .. }
                | Self::DayShare { .. }
                | Self::Stopped
                | Self::OutputClosed
        )
    }

    /// Does it say that the token may not read this? A stream is then skipped.
    pub fn is_no_access(&self) -> bool {
        matches!(
            self,
            Self::MissingScope { .. }
                | Self::Plan { .. }
                | Self::SwitchedOff { .. }
                | Self::Forbidden { .. }
        )
    }

    /// Did HubSpot refuse this one request, whatever the reason? Others may be answered.
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

    /// Is it about this one request and its answer, so that others may do better? Not so if HubSpot
    /// could not be reached, or refuses the credentials.
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

    /// Does every stream end by itself now, with what it can claim? So it is when nothing can be
    /// asked for any more, and stdout still takes what is said.
    pub fn ends_gently(&self) -> bool {
        matches!(self, Self::DayUsedUp { .. } | Self::DayShare { .. } | Self::Stopped)
    }

    /// The sentence with the causes behind it, for warnings about what is left out.
    pub fn with_cause(&self) -> String {
        match self.internal_message() {
            cause if cause.is_empty() => self.to_string(),
            cause => format!("{self} ({cause})"),
        }
    }

    /// The `source` chain in one line, for `internal_message`; empty if there is none.
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
            needed: Needed::AllOf(vec!["crm.objects.deals.read".into()]),
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
