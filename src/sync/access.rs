//! Account information that determines which streams are available.

use futures_util::future::join3;

use super::available::AvailableStreams;
use super::session::{CustomStreams, Session};
use crate::error::Error;
use crate::http::RequestStats;
use crate::hubspot::{self, GrantedScopes, ObjectLibrary, RequestContext};
use crate::streams::{AssociationStream, CustomStream, STREAMS, StreamSpec};

/// Custom streams, granted scopes and object types of the account.
pub(super) struct AccountAccess {
    pub(super) custom: CustomStreams,
    pub(super) granted: GrantedScopes,
    library: ObjectLibrary,
}

impl AccountAccess {
    /// Requests all information concurrently.
    pub(super) async fn of(session: &Session) -> Result<Self, Error> {
        let asked = join3(session.custom_streams(), object_library(session), granted(session));
        let (custom, library, granted) = asked.await;
        let found = Self { custom: custom?, granted, library: library? };
        if matches!(found.granted, GrantedScopes::Tried { .. }) {
            log::info!(
                "HubSpot does not list the scopes of the token: the most important ones have \
                been tested, and streams that need others are assumed to be readable"
            );
        }
        Ok(found)
    }

    /// Requests only the account's custom streams and assumes that all others exist and are
    /// readable.
    pub(super) async fn full_refresh(session: &Session) -> Result<Self, Error> {
        let custom = session.custom_streams().await?;
        Ok(Self { custom, granted: GrantedScopes::unknown(), library: ObjectLibrary::default() })
    }

    /// Returns the streams of the account, grouped by whether the token may read them. Streams
    /// whose object type is disabled in the account are in neither group.
    pub(super) fn offer<'a>(&'a self, session: &'a Session) -> AvailableStreams<'a> {
        let built_in = built_in(session).filter(|spec| !self.is_without_type(spec));
        let associations = session.associations.iter().map(AssociationStream::spec);
        let custom = self.custom.streams.iter().map(CustomStream::spec);
        AvailableStreams::of(built_in.chain(associations).chain(custom), &self.granted)
    }

    /// Returns the streams whose object types are disabled in the account.
    pub(super) fn switched_off<'a>(&self, session: &'a Session) -> Vec<&'a str> {
        built_in(session).filter(|spec| self.is_without_type(spec)).map(|spec| spec.name).collect()
    }

    fn is_without_type(&self, spec: &StreamSpec<'_>) -> bool {
        spec.strategy.object().is_some_and(|object| self.library.is_disabled(object))
    }
}

/// Returns the built-in streams that the configuration enables.
fn built_in(session: &Session) -> impl Iterator<Item = StreamSpec<'_>> {
    let experimental = session.config.experimental_streams;
    STREAMS.iter().filter(move |spec| experimental || !spec.is_experimental()).copied()
}

/// Requests the object types of the account. If this is denied, all object types are assumed to
/// exist.
async fn object_library(session: &Session) -> Result<ObjectLibrary, Error> {
    let stats = RequestStats::default();
    let request_context = RequestContext { stream: "the object library", scopes: &[] };
    match hubspot::object_library(session.api(&stats, request_context)).await {
        Err(error) if error.ends_everything() => Err(error),
        Err(error) => {
            log::info!("the object types of the account cannot be determined: {error}");
            Ok(ObjectLibrary::default())
        }
        found => found,
    }
}

/// Returns the scopes of the token, as listed by HubSpot or otherwise determined by test requests.
async fn granted(session: &Session) -> GrantedScopes {
    let stats = RequestStats::default();
    let request_context = RequestContext { stream: "the scopes of the token", scopes: &[] };
    let api = session.api(&stats, request_context);
    match session.token_scopes.listed(api.client, api.paths, api.stats).await {
        Some(listed) => listed.clone(),
        None => hubspot::tried_scopes(api).await,
    }
}
