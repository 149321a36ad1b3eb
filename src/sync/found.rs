//! What is found out about an account before its streams are offered.

use futures_util::future::join3;

use super::offer::Offer;
use super::session::{CustomStreams, Session};
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::{self, Granted, ObjectLibrary, Subject};
use crate::streams::{AssociationStream, CustomStream, STREAMS, StreamSpec};

/// What decides which streams there are.
pub(super) struct Found {
    pub(super) custom: CustomStreams,
    pub(super) granted: Granted,
    library: ObjectLibrary,
}

impl Found {
    /// Asks for all of it at once.
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

    /// Asks for the account's own streams only, and takes all others for there and readable.
    pub(super) async fn everything(session: &Session) -> Result<Self, Error> {
        let custom = session.custom_streams().await?;
        Ok(Self { custom, granted: Granted::unknown(), library: ObjectLibrary::default() })
    }

    /// The streams of the account, parted by what the token may read. A stream whose object type
    /// the account has switched off is in neither part.
    pub(super) fn offer<'a>(&'a self, session: &'a Session) -> Offer<'a> {
        let built_in = built_in(session).filter(|row| !self.lacks(row));
        let associations = session.associations.iter().map(AssociationStream::row);
        let custom = self.custom.streams.iter().map(CustomStream::row);
        Offer::of(built_in.chain(associations).chain(custom), &self.granted)
    }

    /// The streams whose object types the account has switched off.
    pub(super) fn switched_off<'a>(&self, session: &'a Session) -> Vec<&'a str> {
        built_in(session).filter(|row| self.lacks(row)).map(|row| row.name).collect()
    }

    fn lacks(&self, row: &StreamSpec<'_>) -> bool {
        row.family.object().is_some_and(|object| self.library.lacks(object))
    }
}

/// The streams that need no portal to be known, as far as the configuration wants them.
fn built_in(session: &Session) -> impl Iterator<Item = StreamSpec<'_>> {
    let experimental = session.config.experimental_streams;
    STREAMS.iter().filter(move |row| experimental || !row.is_experimental()).copied()
}

/// What the account says of its object types. A portal that does not let that be seen may have
/// them all.
async fn object_library(session: &Session) -> Result<ObjectLibrary, Error> {
    let meter = Meter::default();
    let subject = Subject { stream: "the object library", scopes: &[] };
    match hubspot::object_library(session.api(&meter, subject)).await {
        Err(error) if error.ends_everything() => Err(error),
        Err(error) => {
            log::info!("which object types the account has is not known: {error}");
            Ok(ObjectLibrary::default())
        }
        found => found,
    }
}

/// What the token may read: as HubSpot lists it, or else as it turns out.
async fn granted(session: &Session) -> Granted {
    let meter = Meter::default();
    let subject = Subject { stream: "the scopes of the token", scopes: &[] };
    let api = session.api(&meter, subject);
    match session.token_scopes.listed(api).await {
        Some(listed) => listed.clone(),
        None => hubspot::tried_scopes(api).await,
    }
}
