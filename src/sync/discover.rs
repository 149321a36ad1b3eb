//! The `discover` command: the streams of the account, with their columns.

use futures_util::future::join_all;

use super::access::AccountAccess;
use super::choice::{check_choice, columns};
use super::session::Session;
use crate::error::{Error, WHERE_TO_GRANT, scopes_in_words};
use crate::http::RequestStats;
use crate::hubspot::RequestContext;
use crate::protocol::CatalogStream;
use crate::schema::build;
use crate::streams::{Schema, StreamSpec};

/// Describes every stream that the token may read, sorted by name.
///
/// Streams that may not be read, and streams of object types that the account does not have, are
/// omitted, and a LOG message gives the reason. With `HUBSPOT_ALL_STREAMS`, all streams are
/// included.
pub async fn discover(session: &Session) -> Result<Vec<CatalogStream>, Error> {
    let found = if session.all_streams {
        AccountAccess::full_refresh(session).await?
    } else {
        AccountAccess::of(session).await?
    };
    check_choice(session, Some(&found.custom)).await?;
    let offer = found.offer(session);
    let switched_off = found.switched_off(session);
    if !switched_off.is_empty() {
        log::info!(
            "not offered, because their object types are switched off in the account: {}",
            quoted(&switched_off)
        );
    }
    for (scopes, streams) in &offer.shut {
        log::warn!(
            "not offered, because the token does not have {}: {}; grant {} {WHERE_TO_GRANT}, then \
             refresh the source schema",
            scopes_in_words(scopes),
            quoted(streams),
            if scopes.len() == 1 { "it" } else { "them" },
        );
    }
    for (scopes, columns) in &offer.columns {
        let columns: Vec<_> = columns.iter().map(String::as_str).collect();
        log::warn!(
            "records come without these columns until the token has {}: {}",
            scopes_in_words(scopes),
            quoted(&columns)
        );
    }
    let described = offer.readable.iter().map(async |spec| (spec, describe(session, spec).await));
    let (mut streams, mut is_answered, mut failure) = (Vec::new(), false, None);
    for (spec, stream) in join_all(described).await {
        match stream {
            Ok(stream) => {
                is_answered |= matches!(spec.schema, Schema::Properties { .. });
                streams.push(stream);
            }
            Err(error @ Error::UnknownObjectType { .. }) => log::warn!("left out: {error}"),
            Err(error) if error.is_no_access() => log::warn!("left out: {error}"),
            Err(error) if error.is_about_one_answer() => {
                log::warn!("`{}` is left out: {}", spec.name, error.with_cause());
                failure = failure.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    // If no object type could be described, the error is not specific to one of them.
    if let Some(error) = failure.filter(|_| !is_answered) {
        return Err(error);
    }
    streams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(streams)
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

async fn describe(session: &Session, spec: &StreamSpec<'_>) -> Result<CatalogStream, Error> {
    let stats = RequestStats::default();
    let api = session.api(&stats, RequestContext { stream: spec.name, scopes: spec.scopes.all });
    let properties = match columns(session, api, spec).await {
        Err(error) if session.all_streams && error.is_refusal() => None,
        found => found?,
    };
    Ok(CatalogStream {
        name: spec.name.to_owned(),
        json_schema: build(
            spec.static_fields(),
            spec.strategy.associations(),
            properties.as_deref(),
        ),
        supported_sync_modes: match spec.cursor {
            Some(_) => &["full_refresh", "incremental"],
            None => &["full_refresh"],
        },
        source_defined_cursor: spec.cursor.map(|cursor| cursor.source_defined),
        default_cursor_field: spec
            .cursor
            .map(|cursor| cursor.name.to_owned())
            .into_iter()
            .collect(),
        source_defined_primary_key: spec
            .primary_key
            .iter()
            .map(|&field| vec![field.to_owned()])
            .collect(),
        is_resumable: spec.is_resumable(),
    })
}
