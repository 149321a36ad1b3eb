//! `discover`: the streams of this portal, with their columns.

use futures_util::future::join_all;

use super::session::Session;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::{self, ObjectLibrary, Subject};
use crate::protocol::CatalogStream;
use crate::schema::build;
use crate::streams::{AssociationStream, CustomStream, STREAMS, StreamSpec};

/// Describes every stream that the token may read, by name.
///
/// A stream that may not be read is left out, and so is one of an object type that the account
/// does not have; a LOG message says why.
pub async fn discover(session: &Session) -> Result<Vec<CatalogStream>, Error> {
    let custom = session.custom_streams().await?;
    let library = object_library(session).await?;
    let is_offered =
        |row: &&StreamSpec<'_>| session.config.experimental_streams || !row.is_experimental();
    let (lacking, built_in): (Vec<&StreamSpec<'_>>, Vec<_>) = STREAMS
        .iter()
        .filter(is_offered)
        .partition(|row| row.family.object().is_some_and(|object| library.lacks(object)));
    if !lacking.is_empty() {
        let names: Vec<_> = lacking.iter().map(|row| format!("`{}`", row.name)).collect();
        log::info!(
            "left out, because the account has switched their object types off: {}",
            names.join(", ")
        );
    }
    let associations = session.associations.iter().map(AssociationStream::row);
    let custom = custom.iter().map(CustomStream::row);
    let rows: Vec<_> = built_in.into_iter().copied().chain(associations).chain(custom).collect();
    let described = join_all(rows.iter().map(|row| describe(session, row))).await;
    let mut streams = Vec::new();
    for stream in described {
        match stream {
            Ok(stream) => streams.push(stream),
            Err(
                error @ (Error::MissingScope { .. }
                | Error::Plan { .. }
                | Error::UnknownObjectType { .. }),
            ) => {
                log::warn!("left out: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    streams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(streams)
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

async fn describe(session: &Session, row: &StreamSpec<'_>) -> Result<CatalogStream, Error> {
    let meter = Meter::default();
    let api = session.api(&meter, Subject { stream: row.name, scopes: row.scopes });
    let text_only = session.config.text_only;
    let properties = session.definitions.columns(api, row, text_only).await?;
    Ok(CatalogStream {
        name: row.name.to_owned(),
        json_schema: build(row.static_fields(), row.associations, properties.as_deref()),
        supported_sync_modes: match row.cursor {
            Some(_) => &["full_refresh", "incremental"],
            None => &["full_refresh"],
        },
        source_defined_cursor: row.cursor.map(|cursor| cursor.source_defined),
        default_cursor_field: row.cursor.map(|cursor| cursor.name.to_owned()).into_iter().collect(),
        source_defined_primary_key: row
            .primary_key
            .iter()
            .map(|&field| vec![field.to_owned()])
            .collect(),
        is_resumable: row.is_resumable(),
    })
}
