//! Reading one selected stream, from STARTED to its receipt.

use std::sync::Arc;

use super::plan::{plan, saved};
use super::read::Run;
use super::receipt::Account;
use crate::error::Error;
use crate::http::Meter;
use crate::hubspot::Subject;
use crate::protocol::{ConfiguredStream, StreamStatus};
use crate::streams::family;
use crate::streams::{Context, Family};

/// Reads the stream to its end. COMPLETE or INCOMPLETE is for the caller to say.
pub(super) async fn read_stream(
    run: &Run<'_>,
    selected: &ConfiguredStream,
    name: &Arc<str>,
) -> Result<(), Error> {
    let row = run.rows.find(name)?;
    let saved = saved(&row, selected, run.state)?;
    run.outlet.status(name, StreamStatus::Started).await?;
    let config = &run.session.config;
    let meter = Meter::default();
    let api = run.session.api(&meter, Subject { stream: row.name, scopes: row.scopes });
    let definitions = &run.session.definitions;
    let properties = definitions.columns(api, &row, config.text_only).await?;
    let stream = plan(&row, selected, saved, properties.unwrap_or_default());
    let (mut lookback, mut history_properties) = (config.lookback, &[][..]);
    if let Family::PropertyHistory { object, .. } = row.family {
        lookback = config.history.lookback;
        history_properties = config.history.properties(object);
    }
    let context = Context {
        api,
        outlet: run.outlet,
        places: &run.places,
        name: Arc::clone(name),
        start_date: config.start_date.map(|date| date.timestamp_millis()),
        lookback,
        history_properties,
        started: run.started,
        asked_for_time: &run.asked_for_time,
    };
    run.outlet.status(name, StreamStatus::Running).await?;
    let receipt = family::read(&context, &stream).await?;
    Account { stream: name, receipt, meter: &meter, took: run.started.elapsed() }
        .give(run.outlet)
        .await
}
