//! Account information that determines which streams are available.

use futures_util::future::join3;

use super::offer::Offer;
use super::session::{CustomStreams, Session};
use crate::error::Error;
use crate::http::RequestStats;
use crate::hubspot::{self, Granted, ObjectLibrary, Subject};
use crate::streams::{AssociationStream, CustomStream, STREAMS, StreamSpec};

/// Custom streams, granted scopes and object types of the account.
pub(super) struct Found {
    pub(super) custom: CustomStreams,
    pub(super) granted: Granted,
    library: ObjectLibrary,
}

impl Found {
    /// Requests all information concurrently.
    pub(super) async fn of(session: &Session) -> Result<Self, Error> {
        let asked = join3(session.custom_streams(), object_library(session), granted(session));
        let (custom, library, granted) = asked.await;
        let found = Self { custom: custom?, granted, library: library? };
        if matches!(found.granted, Granted::Tried { .. }) {
            log::info!(
                "HubSpot does not tell the scopes of the token: those that open most have been \
                 tried out, and streams of others are taken for readable"
            );
        }
        Ok(found)
    }

    /// Requests only the account's custom streams and assumes that all others exist and are
    /// readable.
    pub(super) async fn everything(session: &Session) -> Result<Self, Error> {
        let custom = session.custom_streams().await?;
        Ok(Self { custom, granted: Granted::unknown(), library: ObjectLibrary::default() })
    }

    /// Returns the streams of the account, grouped by whether the token may read them. Streams
    /// whose object type is disabled in the account are in neither group.
    pub(super) fn offer<'a>(&'a self, session: &'a Session) -> Offer<'a> {
        let built_in = built_in(session).filter(|row| !self.lacks(row));
        let associations = session.associations.iter().map(AssociationStream::row);
        let custom = self.custom.streams.iter().map(CustomStream::row);
        Offer::of(built_in.chain(associations).chain(custom), &self.granted)
    }

    /// Returns the streams whose object types are disabled in the account.
    pub(super) fn switched_off<'a>(&self, session: &'a Session) -> Vec<&'a str> {
        built_in(session).filter(|row| self.lacks(row)).map(|row| row.name).collect()
    }

    fn lacks(&self, row: &StreamSpec<'_>) -> bool {
        row.family.object().is_some_and(|object| self.library.lacks(object))
    }
}

/// Returns the built-in streams that the configuration enables.
fn built_in(session: &Session) -> impl Iterator<Item = StreamSpec<'_>> {
    let experimental = session.config.experimental_streams;
    STREAMS.iter().filter(move |row| experimental || !row.is_experimental()).copied()
}

/// Requests the object types of the account. If this is denied, all object types are assumed to
/// exist.
async fn object_library(session: &Session) -> Result<ObjectLibrary, Error> {
    let stats = RequestStats::default();
    let subject = Subject { stream: "the object library", scopes: &[] };
    match hubspot::object_library(session.api(&stats, subject)).await {
        Err(error) if error.ends_everything() => Err(error),
        Err(error) => {
            log::info!("which object types the account has is not known: {error}");
            Ok(ObjectLibrary::default())
        }
        found => found,
    }
}

/// Returns the scopes of the token, as listed by HubSpot or otherwise determined by test requests.
async fn granted(session: &Session) -> Granted {
    let stats = RequestStats::default();
    let subject = Subject { stream: "the scopes of the token", scopes: &[] };
    let api = session.api(&stats, subject);
    match session.token_scopes.listed(api).await {
        Some(listed) => listed.clone(),
        None => hubspot::tried_scopes(api).await,
    }
}
