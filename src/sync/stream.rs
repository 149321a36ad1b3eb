//! Read of one selected stream, from STARTED to its final report.

use std::sync::Arc;

use super::choice::{columns, conditions, ids};
use super::plan::{plan, saved};
use super::read::Run;
use super::receipt::Account;
use super::watch::Track;
use crate::error::Error;
use crate::hubspot::{RecordId, Subject};
use crate::protocol::{ConfiguredStream, StreamStatus};
use crate::streams::family;
use crate::streams::{Context, Family, Planned, Schema, Targets};

/// Reads the stream to its end. The caller sends COMPLETE or INCOMPLETE.
pub(super) async fn read_stream(run: &Run<'_>, track: &Track<'_>) -> Result<(), Error> {
    let Track { selected, name, stats, tally, .. } = track;
    let mut row = run.rows.find(name)?;
    if matches!(row.schema, Schema::Static(_))
        && let Some(custom) = run.rows.meant_instead(&row, selected, None).await?
    {
        row = custom;
    }
    let saved = saved(&row, run.rows.name_in(run.state, name), selected, run.state)?;
    run.outlet.status(name, StreamStatus::Started).await?;
    let config = &run.session.config;
    let api_of = |scopes| run.session.api(stats, Subject { stream: name, scopes });
    let mut api = api_of(row.scopes);
    let mut properties = columns(run.session, api, &row).await;
    if matches!(row.schema, Schema::Properties { .. })
        && !properties.as_ref().is_err_and(Error::ends_everything)
    {
        let known = properties.as_ref().ok().and_then(Option::as_deref);
        if let Some(custom) = run.rows.meant_instead(&row, selected, known).await? {
            row = custom;
            api = api_of(row.scopes);
            properties = columns(run.session, api, &row).await;
        }
    }
    let properties = properties?;
    let conditions = conditions(run.session, api, &row).await?;
    let (mut lookback, mut history_properties) = (config.lookback, &[][..]);
    if let Family::PropertyHistory { object, .. } = row.family {
        lookback = config.history.lookback;
        history_properties = config.history.properties(object);
    }
    let context = Context {
        api,
        outlet: run.outlet,
        places: &run.places,
        tally,
        name: Arc::clone(name),
        start_date: config.start_date.map(|date| date.timestamp_millis()),
        lookback,
        history_properties,
        started: run.started,
        asked_for_time: &run.asked_for_time,
    };
    let saved = saved.under(conditions.fingerprint().as_deref());
    let saved = context.reliable(saved).await?;
    let targets = ids(&config.choice, &row).map(|ids| targets(run, selected, ids));
    let planned = plan(&row, selected, saved, properties.unwrap_or_default());
    let stream = Planned { conditions, targets, ..planned };
    run.outlet.status(name, StreamStatus::Running).await?;
    let receipt = family::read(&context, &stream).await?;
    Account { stream: name, receipt, stats, took: run.started.elapsed() }.give(run.outlet).await
}

/// Returns the single records to read, with the state, which is kept unchanged.
fn targets(run: &Run<'_>, selected: &ConfiguredStream, ids: Vec<RecordId>) -> Targets {
    let name = &selected.stream.name;
    if selected.replaces_its_table() {
        log::warn!(
            "`{name}`: its table will hold nothing but the records of `record_ids`, because the \
             destination replaces it; choose a mode that appends to keep the others"
        );
    }
    let state = run.state.of(name).ok().flatten().cloned().unwrap_or_default();
    Targets { ids, state }
}
