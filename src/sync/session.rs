//! What all commands share: the client of one connection.

use std::collections::HashSet;

use super::definitions::Definitions;
use crate::config::{AssociationChoice, Config, Credentials, Operator};
use crate::error::Error;
use crate::http::{Client, ClientOptions, Limits, Meter, Patience, Stop, Tokens};
use crate::hubspot::{self, Api, DIALECT, Paths, Subject, Version, limits};
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
}

const USER_AGENT: &str = concat!("source-hubspot/", env!("CARGO_PKG_VERSION"));

impl Session {
    pub fn open(
        config: Config,
        operator: &Operator,
        patience: Patience,
        stop: Stop,
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
            problem: "the certificates of this machine cannot be loaded; point SSL_CERT_FILE at \
                      a file of them"
                .into(),
            source: Some(source),
        })?;
        let mut names = Names::built_in();
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
        Ok(Self { config, paths, client, associations, names, definitions })
    }

    /// The way to HubSpot on behalf of one stream.
    pub fn api<'a>(&'a self, meter: &'a Meter, subject: Subject<'a>) -> Api<'a> {
        Api { client: &self.client, paths: &self.paths, meter, subject }
    }

    /// The streams of what the portal has of its own.
    pub async fn custom_streams(&self) -> Result<Vec<CustomStream>, Error> {
        let meter = Meter::default();
        let subject = Subject { stream: "custom objects", scopes: &["crm.schemas.custom.read"] };
        let objects = hubspot::custom_objects(self.api(&meter, subject)).await;
        let mut names = self.names.clone();
        let mut streams = CustomStream::of_objects(seen("custom objects", objects)?, &mut names);
        if self.config.experimental_streams {
            let analytics: Vec<_> =
                streams.iter().filter_map(|stream| stream.web_analytics(&mut names)).collect();
            streams.extend(analytics);
            let scopes = &["behavioral_events.event_definitions.read_write"];
            let subject = Subject { stream: "custom events", scopes };
            let events = hubspot::event_definitions(self.api(&meter, subject)).await;
            streams.extend(CustomStream::events(seen("custom events", events)?, &mut names));
        }
        Ok(streams)
    }
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
