//! What all commands share: the client of one connection.

use std::collections::HashSet;

use futures_util::future::join;

use super::definitions::Definitions;
use crate::config::{AssociationChoice, Config, Credentials};
use crate::error::Error;
use crate::http::{Client, ClientOptions, KeepToken, Limits, Meter, Patience, Stop, Tokens};
use crate::hubspot::{
    self, Api, CustomObject, DIALECT, EventDefinition, Paths, Subject, Version, limits,
};
use crate::operator::Operator;
use crate::protocol::{Message, Outlet};
use crate::streams::{AssociationStream, CustomStream, Names};

/// One connection to one portal, for the length of a command.
pub struct Session {
    pub config: Config,
    pub paths: Paths,
    pub client: Client,
    /// The streams of associations that the configuration asks for.
    pub associations: Vec<AssociationStream>,
    /// Names of all streams that are known without asking the portal.
    names: Names,
    pub definitions: Definitions,
    /// Are streams offered whatever the token may read?
    pub all_streams: bool,
}

const USER_AGENT: &str = concat!("source-hubspot/", env!("CARGO_PKG_VERSION"));

impl Session {
    /// Opens the connection. Should HubSpot replace the refresh token, `outlet` tells of it.
    pub fn open(
        config: Config,
        operator: &Operator,
        patience: Patience,
        stop: Stop,
        outlet: &Outlet,
    ) -> Result<Self, Error> {
        let paths = Paths::new(if operator.classic { Version::Classic } else { Version::Dated });
        let tokens = match &config.credentials {
            Credentials::Token(token) => Tokens::Fixed(token.clone()),
            Credentials::OAuth { client_id, client_secret, refresh_token } => {
                Tokens::renewing(hubspot::renewal(
                    &paths,
                    client_id.clone(),
                    client_secret.clone(),
                    refresh_token.clone(),
                    keep_by(outlet, &config),
                ))
            }
        };
        let options = ClientOptions {
            base: operator.api_url.clone(),
            dialect: DIALECT,
            limits: Limits {
                general: limits::GENERAL_WINDOW,
                search: limits::SEARCH_WINDOW,
                associations: limits::ASSOCIATIONS_WINDOW,
                in_flight: config.in_flight,
            },
            patience,
            tokens,
            user_agent: USER_AGENT,
            stop,
        };
        let client = Client::new(options).map_err(|source| Error::Tls {
            host: operator.api_url.clone(),
            problem: "SSL_CERT_FILE names no file with certificates in it; mend or unset it".into(),
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
        let all_streams = operator.all_streams;
        Ok(Self { config, paths, client, associations, names, definitions, all_streams })
    }

    /// The way to HubSpot on behalf of one stream.
    pub fn api<'a>(&'a self, meter: &'a Meter, subject: Subject<'a>) -> Api<'a> {
        Api { client: &self.client, paths: &self.paths, meter, subject }
    }

    /// The streams of what the portal has of its own.
    pub async fn custom_streams(&self) -> Result<Vec<CustomStream>, Error> {
        let (objects, events) = join(self.custom_objects(), self.custom_events()).await;
        let mut names = self.names.clone();
        let mut streams = CustomStream::of_objects(seen("custom objects", objects)?, &mut names);
        if self.config.experimental_streams {
            let analytics: Vec<_> =
                streams.iter().filter_map(|stream| stream.web_analytics(&mut names)).collect();
            streams.extend(analytics);
            streams.extend(CustomStream::events(seen("custom events", events)?, &mut names));
        }
        Ok(streams)
    }

    async fn custom_objects(&self) -> Result<Vec<CustomObject>, Error> {
        let meter = Meter::default();
        let subject = Subject { stream: "custom objects", scopes: &["crm.objects.custom.read"] };
        hubspot::custom_objects(self.api(&meter, subject)).await
    }

    /// The account's own events, if its streams are wanted.
    async fn custom_events(&self) -> Result<Vec<EventDefinition>, Error> {
        if !self.config.experimental_streams {
            return Ok(Vec::new());
        }
        let meter = Meter::default();
        let scopes = &["behavioral_events.event_definitions.read_write"];
        let subject = Subject { stream: "custom events", scopes };
        hubspot::event_definitions(self.api(&meter, subject)).await
    }
}

/// A new refresh token is kept by whoever keeps the configuration, which is given a new one.
fn keep_by(outlet: &Outlet, config: &Config) -> KeepToken {
    let (tap, config) = (outlet.tap(), config.clone());
    Box::new(move |token| {
        tap.say(&Message::config(config.with_refresh_token(token).expose()));
        log::info!("HubSpot has replaced the refresh token: the configuration holds the new one");
    })
}

/// A portal that does not let its definitions be seen has none.
fn seen<T>(what: &str, found: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match found {
        Err(error @ (Error::MissingScope { .. } | Error::Plan { .. })) => {
            log::info!("{what} are left out: {error}");
            Ok(Vec::new())
        }
        found => found,
    }
}
