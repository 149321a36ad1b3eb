//! `discover`: the streams of this portal, with their columns.

use futures_util::future::join_all;

use super::definitions::properties_of;
use super::session::Session;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::Subject;
use crate::protocol::CatalogStream;
use crate::schema::build;
use crate::streams::{STREAMS, StreamSpec};

/// Describes every stream that the token may read, by name.
///
/// A stream that may not be read is left out, and a LOG message says why.
pub async fn discover(session: &Session) -> Result<Vec<CatalogStream>, Error> {
    let custom = session.custom_streams().await?;
    let rows = STREAMS.iter().copied().chain(custom.iter().map(|stream| stream.row()));
    let described = join_all(rows.map(|row| describe(session, row))).await;
    let mut streams = Vec::new();
    for stream in described {
        match stream {
            Ok(stream) => streams.push(stream),
            Err(error @ (Error::MissingScope { .. } | Error::Plan { .. })) => {
                log::warn!("left out: {error}");
            }
            Err(error) => return Err(error),
        }
    }
    streams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(streams)
}

async fn describe(session: &Session, row: StreamSpec<'_>) -> Result<CatalogStream, Error> {
    let meter = Meter::default();
    let api = session.api(&meter, Subject { stream: row.name, scopes: row.scopes });
    let properties = properties_of(api, &row, session.config.text_only).await?;
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
        is_resumable: row.cursor.is_some(),
    })
}
