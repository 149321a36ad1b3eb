//! What all commands share: the client of one connection.

use crate::config::{Config, Credentials, Operator};
use crate::error::Error;
use crate::http::{Client, ClientOptions, Limits, Meter, Patience, Tokens};
use crate::hubspot::{self, Api, DIALECT, Paths, Subject, Version, limits};
use crate::streams::CustomStream;

/// One connection to one portal, for the length of a command.
pub struct Session {
    pub config: Config,
    pub paths: Paths,
    pub client: Client,
}

const USER_AGENT: &str = concat!("source-hubspot/", env!("CARGO_PKG_VERSION"));

impl Session {
    pub fn open(config: Config, operator: &Operator, patience: Patience) -> Result<Self, Error> {
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
        };
        let client = Client::new(options).map_err(|source| Error::Tls {
            host: operator.api_url.clone(),
            problem: "the certificates of this machine cannot be loaded; point SSL_CERT_FILE at \
                      a file of them"
                .into(),
            source: Some(source),
        })?;
        Ok(Self { config, paths, client })
    }

    /// The way to HubSpot on behalf of one stream.
    pub fn api<'a>(&'a self, meter: &'a Meter, subject: Subject<'a>) -> Api<'a> {
        Api { client: &self.client, paths: &self.paths, meter, subject }
    }

    /// The portal's custom objects. A portal that does not let them be seen has none.
    pub async fn custom_streams(&self) -> Result<Vec<CustomStream>, Error> {
        let meter = Meter::default();
        let subject = Subject { stream: "custom objects", scopes: &["crm.schemas.custom.read"] };
        match hubspot::custom_objects(self.api(&meter, subject)).await {
            Ok(objects) => Ok(objects.into_iter().map(CustomStream::new).collect()),
            Err(error @ (Error::MissingScope { .. } | Error::Plan { .. })) => {
                log::info!("custom objects are left out: {error}");
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }
}
