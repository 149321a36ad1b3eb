//! Read of one selected stream, from STARTED to its final report.

use std::sync::Arc;

use super::choice::{columns, conditions, ids};
use super::plan::{codec, plan, saved};
use super::report::StreamReport;
use super::run::Run;
use super::unknown_columns::{are_listed, unknown_columns};
use super::watch::StreamProgress;
use crate::error::Error;
use crate::hubspot::{Api, RequestContext};
use crate::protocol::{ConfiguredStream, StreamStatus};
use crate::record_id::RecordId;
use crate::streams::readers;
use crate::streams::{Context, PlannedStream, ReadStrategy, Schema, StreamSpec, Targets};
use crate::time::Millis;

/// Reads the stream to its end. The caller sends COMPLETE or INCOMPLETE.
pub(super) async fn read_stream(run: &Run<'_>, track: &StreamProgress<'_>) -> Result<(), Error> {
    let StreamProgress { selected, name, stats, counter, .. } = track;
    let mut spec = run.rows.find(name)?;
    if matches!(spec.schema, Schema::Static(_))
        && let Some(custom) = run.rows.meant_instead(&spec, selected, None).await?
    {
        spec = custom;
    }
    let saved =
        saved(&spec, run.rows.name_in(run.state, name), &codec(&spec, selected), run.state)?;
    run.sender.status(name, StreamStatus::Started).await?;
    let config = &run.session.config;
    let api_of = |scopes| run.session.api(stats, RequestContext { stream: name, scopes });
    let mut api = api_of(spec.scopes.all);
    let mut properties = columns(run.session, api, &spec).await;
    if matches!(spec.schema, Schema::Properties { .. })
        && !properties.as_ref().is_err_and(Error::ends_everything)
    {
        let known = properties.as_ref().ok().and_then(Option::as_deref);
        if let Some(custom) = run.rows.meant_instead(&spec, selected, known).await? {
            spec = custom;
            api = api_of(spec.scopes.all);
            properties = columns(run.session, api, &spec).await;
        }
    }
    let properties = properties?;
    warn_of_unknown_columns(run, api, &spec, selected).await?;
    let conditions = conditions(run.session, api, &spec).await?;
    let (mut lookback, mut history_properties) = (config.lookback, &[][..]);
    if let ReadStrategy::PropertyHistory(definition) = &spec.strategy {
        lookback = config.history.lookback;
        history_properties = config.history.properties(definition.object.name);
    }
    let context = Context {
        api,
        sender: run.sender,
        page_budget: &run.page_budget,
        counter,
        name: Arc::clone(name),
        start_date: config.start_date.map(Millis::from),
        lookback,
        history_properties,
        started: run.started,
        asked_for_time: &run.asked_for_time,
    };
    let saved = saved.under(conditions.fingerprint().as_deref());
    let saved = context.reliable(saved).await?;
    let targets = ids(&config.choice, &spec).map(|ids| targets(run, selected, ids));
    let codec = codec(&spec, selected);
    let planned = plan(&spec, selected, codec, saved, properties.unwrap_or_default());
    let stream = PlannedStream { conditions, targets, ..planned };
    run.sender.status(name, StreamStatus::Running).await?;
    let totals = readers::read(&context, &stream).await?;
    StreamReport { stream: name, totals, stats, took: run.started.elapsed() }.emit(run.sender).await
}

/// Logs a warning if the catalog lists columns that the stream does not have. Properties that the
/// configuration excludes are columns of the stream.
async fn warn_of_unknown_columns(
    run: &Run<'_>,
    api: Api<'_>,
    spec: &StreamSpec<'_>,
    selected: &ConfiguredStream,
) -> Result<(), Error> {
    let configured = &selected.stream.json_schema;
    if are_listed(configured) {
        let all = run.session.definitions.columns(api, spec, run.session.config.text_only).await?;
        if let Some(warning) = unknown_columns(spec, configured, all.as_deref()) {
            log::warn!("{warning}");
        }
    }
    Ok(())
}

/// Returns the single records to read, with the state, which is kept unchanged.
fn targets(run: &Run<'_>, selected: &ConfiguredStream, ids: Vec<RecordId>) -> Targets {
    let name = &selected.stream.name;
    if selected.replaces_its_table() {
        log::warn!(
            "`{name}`: the destination replaces the table, which then contains only the records \
             of `record_ids`; choose a sync mode that appends to keep the others"
        );
    }
    let state = run.state.of(name).ok().flatten().cloned().unwrap_or_default();
    Targets { ids, state }
}
