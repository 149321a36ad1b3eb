//! The connection shared by all commands.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::join;
use tokio_util::sync::CancellationToken;

use super::definitions::Definitions;
use crate::config::{AssociationChoice, Config, Credentials};
use crate::env::Env;
use crate::error::Error;
use crate::http::{Client, ClientOptions, KeepToken, RequestStats, RetryBudget, TokenProvider};
use crate::hubspot::{
    self, Api, ApiVersion, CustomObject, EventDefinition, OAuthApp, Paths, Readable,
    RequestContext, TokenScopes,
};
use crate::protocol::{Message, MessageSender};
use crate::streams::{AssociationStream, CustomStream, Names};
use crate::time::now;

/// Connection to one portal for the duration of a command.
pub struct Session {
    pub config: Config,
    pub paths: Paths,
    pub client: Client,
    /// Configured association streams.
    pub associations: Vec<AssociationStream>,
    /// Names of all streams that are known without a request.
    names: Names,
    pub definitions: Definitions,
    /// Scopes of the token, requested when first needed.
    pub token_scopes: TokenScopes,
    /// `true` if all streams are listed whatever the token may read.
    pub all_streams: bool,
}

const USER_AGENT: &str = concat!("source-hubspot/", env!("CARGO_PKG_VERSION"));

impl Session {
    /// Opens the connection. If HubSpot replaces the refresh token, the new configuration is sent
    /// to `sender`.
    pub fn open(
        config: Config,
        env: &Env,
        retry_budget: RetryBudget,
        stop: CancellationToken,
        sender: &MessageSender,
    ) -> Result<Self, Error> {
        let now = now().checked_add_signed(env.clock_offset).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let warnings = env.warnings.iter().chain(&config.warnings).cloned();
        warnings.chain(future_start(&config, now)).for_each(|warning| log::warn!("{warning}"));
        let paths = Paths::new(if env.classic { ApiVersion::Classic } else { ApiVersion::Dated });
        let tokens = match &config.credentials {
            Credentials::Token(token) => TokenProvider::Fixed(token.clone()),
            Credentials::OAuth { client_id, client_secret, refresh_token } => {
                TokenProvider::renewing(hubspot::renewal(
                    &paths,
                    client_id.clone(),
                    client_secret.clone(),
                    refresh_token.clone(),
                    keep_by(sender, &config),
                ))
            }
        };
        let options = ClientOptions {
            base: env.api_url.clone(),
            in_flight: config.in_flight,
            retry_budget,
            provider: tokens,
            secrets: match &config.credentials {
                Credentials::Token(_) => Vec::new(),
                Credentials::OAuth { client_secret, refresh_token, .. } => {
                    vec![client_secret.clone(), refresh_token.clone()]
                }
            },
            user_agent: USER_AGENT,
            stop,
            clock_offset: env.clock_offset,
        };
        let client = Client::new(options).map_err(|source| Error::Tls {
            host: env.api_url.clone(),
            problem: "SSL_CERT_FILE does not name a file with certificates; correct or unset \
                      it"
            .into(),
            source: Some(source),
        })?;
        let mut names = Names::built_in(config.prefix_as_python);
        let mut seen = HashSet::new();
        let associations = config
            .associations
            .iter()
            .filter(|choice| seen.insert(*choice))
            .map(|choice| {
                let AssociationChoice { from, to, stream_name } = choice;
                AssociationStream::new(from, to, stream_name, &mut names)
            })
            .collect();
        let definitions = Definitions::default();
        let all_streams = env.all_streams;
        let token_scopes = TokenScopes::of(match &config.credentials {
            Credentials::Token(_) => None,
            Credentials::OAuth { client_id, client_secret, .. } => Some(OAuthApp {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
            }),
        });
        Ok(Self {
            config,
            paths,
            client,
            associations,
            names,
            definitions,
            token_scopes,
            all_streams,
        })
    }

    /// Returns API access on behalf of one stream.
    pub fn api<'a>(
        &'a self,
        stats: &'a RequestStats,
        request_context: RequestContext<'a>,
    ) -> Api<'a> {
        let scopes = &self.token_scopes;
        Api { client: &self.client, paths: &self.paths, stats, request_context, scopes }
    }

    /// Requests the portal's custom objects and events and returns their streams.
    pub async fn custom_streams(&self) -> Result<CustomStreams, Error> {
        let (objects, events) = join(self.custom_objects(), self.custom_events()).await;
        let mut problems = Vec::new();
        let mut names = self.names.clone();
        let objects = seen("custom objects", objects, &mut problems)?;
        let events = seen("custom events", events, &mut problems)?;
        let mut streams = CustomStream::of_objects(objects, &mut names);
        if self.config.experimental_streams {
            let analytics: Vec<_> =
                streams.iter().filter_map(|stream| stream.web_analytics(&mut names)).collect();
            streams.extend(analytics);
            streams.extend(CustomStream::events(events, &mut names));
        }
        let problem = (!problems.is_empty()).then(|| problems.join("; "));
        Ok(CustomStreams { streams, problem })
    }

    async fn custom_objects(&self) -> Result<Readable<CustomObject>, Error> {
        let stats = RequestStats::default();
        let request_context =
            RequestContext { stream: "custom objects", scopes: &["crm.objects.custom.read"] };
        hubspot::custom_objects(self.api(&stats, request_context)).await
    }

    /// Requests the account's custom events, if their streams are enabled.
    async fn custom_events(&self) -> Result<Readable<EventDefinition>, Error> {
        if !self.config.experimental_streams {
            return Ok(Readable::default());
        }
        let stats = RequestStats::default();
        let scopes = &["behavioral_events.event_definitions.read_write"];
        let request_context = RequestContext { stream: "custom events", scopes };
        hubspot::event_definitions(self.api(&stats, request_context)).await
    }
}

/// Returns a warning if the start date is after this instant.
fn future_start(config: &Config, now: DateTime<Utc>) -> Option<String> {
    let start = config.start_date.filter(|start| *start > now)?;
    let start = start.to_rfc3339_opts(SecondsFormat::Secs, true);
    Some(format!(
        "`start_date` is in the future ({start}): records that changed earlier are left out, so \
         nothing is read; set it to a date in the past, or leave it out"
    ))
}

/// Returns a callback that sends the configuration with a new refresh token to the client, which
/// stores it.
fn keep_by(sender: &MessageSender, config: &Config) -> KeepToken {
    let (out_of_band, config) = (sender.out_of_band(), config.clone());
    Box::new(move |token| {
        out_of_band.say(&Message::config(config.with_refresh_token(token).expose()));
        log::info!("HubSpot has replaced the refresh token: the configuration holds the new one");
    })
}

/// Streams of a portal's custom objects and events.
#[derive(Debug, Default)]
pub struct CustomStreams {
    pub streams: Vec<CustomStream>,
    /// Reason that the list may be incomplete.
    pub problem: Option<String>,
}

/// Returns the definitions that could be read. A portal that denies access to them is treated as
/// having none, and unreadable definitions affect only their own streams.
fn seen<T>(
    what: &str,
    found: Result<Readable<T>, Error>,
    problems: &mut Vec<String>,
) -> Result<Vec<T>, Error> {
    match found {
        Ok(Readable { entries, unreadable }) => {
            if !unreadable.is_empty() {
                let unreadable = unreadable.join(", ");
                log::warn!("{what} that cannot be read are left out: {unreadable}");
                problems.push(format!("some cannot be read: {unreadable}"));
            }
            Ok(entries)
        }
        Err(error) if error.is_no_access() => {
            log::info!("{what} are left out: {error}");
            Ok(Vec::new())
        }
        Err(error) if error.is_about_one_answer() => {
            log::warn!("{what} are left out: {}", error.with_cause());
            problems.push(error.to_string());
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}
